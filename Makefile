# `make help` lists the targets; each does one thing and says what is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build release web generate lint test bench soak attack fuzz screenshots clean

help: ## this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## bring what the tests need (apt packages, npm modules), or say what is missing
	@scripts/setup

build: ## the program, into ./verifycall
	go build -trimpath -o verifycall ./cmd/verifycall

release: ## packages into dist/release: static programs, checked to be reproducible
	@scripts/release

web: ## build the pages into web/dist
	npm --prefix web ci --no-audit --no-fund && npm --prefix web run build

generate: ## web/src/protocol.ts and docs/protocol.md from calls/protocol
	go generate ./...

lint: ## gofmt, vet, staticcheck, gosec, known vulnerabilities, tidy, tsc, drift of generated files
	@scripts/lint

test: ## everything: setup, lint, all tiers
	@scripts/test lint pure store media product fault

test-%: ## one tier: test-pure, -store, -media, -product, -fault
	@scripts/test $*

bench: ## figures of a call as JSON lines, from robots on loopback
	go run ./bench

bench-%: ## a comparison with its baseline in one run: bench-media, …
	go run ./bench/$*

soak: ## the long rows, one after the other
	@scripts/soak

soak-%: ## one long row; scripts/soak names them
	@scripts/soak $*

attack: ## a scripted attacker against a server beside a call: tried, refused, harm (must be 0)
	@scripts/setup && go run ./bench/attack

fuzz: ## each fuzz target for 60 s
	@scripts/fuzz 60s

screenshots: ## renew docs/screens from a real demo run
	@scripts/screenshots

clean: ## remove what was built
	rm -rf verifycall .cache test/node_modules web/node_modules
