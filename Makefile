# `make help` lists the targets; each does one thing and says what is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build run web generate lint test test-pure test-store test-media test-product test-fault \
	bench fuzz screenshots specimen clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## bring what the tests need (apt packages, npm modules), or say what is missing
	@scripts/setup

build: ## the program, into ./verifycall
	go build -trimpath -o verifycall ./cmd/verifycall

run: ## the demo on http://127.0.0.1:8080
	go run ./cmd/verifycall serve --demo

web: ## build the pages into web/dist
	npm --prefix web ci --no-audit --no-fund && npm --prefix web run build

generate: ## web/src/protocol.ts and docs/protocol.md from calls/protocol
	go generate ./...

lint: ## gofmt, vet, staticcheck, tidy, tsc, drift of generated files
	@scripts/lint

test: ## everything: setup, lint, all tiers
	@scripts/test lint pure store media product fault

test-pure: ## Go tests without the store and media tiers, with -race
	@scripts/test pure

test-store: ## rooms on the embedded Redis and on redis-server, with -race
	@scripts/test store

test-media: ## peers over a lossy virtual network, with -race
	@scripts/test media

test-product: ## the built program in real Chromium
	@scripts/test product

test-fault: ## kill -9 in a call
	@scripts/test fault

bench: ## figures as JSON lines, from robots on loopback
	go run ./bench

fuzz: ## each fuzz target for 20 s
	@scripts/fuzz 20s

screenshots: ## renew docs/screenshots from a real demo run
	@scripts/screenshots

specimen: ## draw the specimen card of the demo anew
	node test/specimen/draw.mjs cmd/verifycall/demo

clean: ## remove what was built
	rm -rf verifycall .cache test/node_modules web/node_modules
