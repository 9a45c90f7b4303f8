#!/usr/bin/env bash
# Follows README's "Serve it for real" in a clean folder: Redis, a node behind nginx
# with TLS, staff and a key, a held call, a second node, the first one drained, a
# backup, everything deleted, restored, and the sealed record verified at the end.
# Needs redis-server, nginx, openssl, curl, unzip; deploy/try.sh [PROGRAM]
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
for tool in redis-server redis-cli nginx openssl curl; do
	command -v "$tool" >/dev/null || { echo "try: $tool is missing" >&2; exit 2; }
done
work=$(mktemp -d)
started=()
stop_all() {
	for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap stop_all EXIT
program=${1:-}
if [ -z "$program" ]; then
	program=$work/verifycall
	(cd "$here" && go build -trimpath -o "$program" ./cmd/verifycall)
fi
cd "$work"

step() { echo "== $*"; }
# port: one that nobody listens on, unlike those before
next=$((20000 + RANDOM % 9000))
port() {
	while (: <"/dev/tcp/127.0.0.1/$next") 2>/dev/null; do next=$((next + 1)); done
	ports=$next
	next=$((next + 1))
}
# until_ok SECONDS COMMAND…
until_ok() {
	local n=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		n=$((n - 1))
		[ "$n" -gt 0 ] || { echo "try: not reached: $*" >&2; tail -n 20 ./*.log >&2; exit 1; }
		sleep 0.2
	done
}

step "Redis that keeps what it acknowledged, a certificate, the nodes' secret"
port && redis=$ports
mkdir redis
redis-server --port "$redis" --bind 127.0.0.1 --dir "$work/redis" --appendonly yes --appendfsync always --maxmemory-policy noeviction >redis.log 2>&1 &
started+=($!)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout privkey.pem -out fullchain.pem 2>/dev/null
export SSL_CERT_FILE=$work/fullchain.pem CURL_CA_BUNDLE=$work/fullchain.pem
(umask 077 && head -c 32 /dev/urandom | base64 >cluster.secret)
until_ok 10 redis-cli -p "$redis" ping

port && pages=$ports
public=https://localhost:$pages
places=(--redis "redis://127.0.0.1:$redis/0" --store "$work/store" --keys "$work/keys")
listens=() opses=() nodes=()
for name in one two; do
	port && listen=$ports
	port && media=$ports
	port && ops=$ports
	port && peer=$ports
	listens+=("$listen") opses+=("$ops")
	cat >"serve-$name" <<-END
		#!/bin/sh
		exec "$program" serve ${places[*]} --data "$work/$name" --public-url $public --tls-cert proxy:127.0.0.1 --listen 127.0.0.1:$listen --media-listen 127.0.0.1:$media \\
		  --ops-listen 127.0.0.1:$ops --cluster-secret-file cluster.secret --node-listen 127.0.0.1:$peer --node-cidr 127.0.0.0/8
	END
	chmod +x "serve-$name"
done
serve() { # NAME INDEX
	"./serve-$1" >"$1.log" 2>&1 &
	nodes[$2]=$!
	started+=($!)
	until_ok 20 curl -fsS "http://127.0.0.1:${listens[$2]}/readyz"
}

step "nginx as deploy/nginx.conf has it, with these names and ports"
port && plain=$ports
mkdir nginx
{
	echo "pid $work/nginx.pid; error_log $work/nginx.log; events {} http {"
	for part in client_body proxy fastcgi uwsgi scgi; do echo "${part}_temp_path $work/nginx/$part;"; done
	sed -e "s|server 127.0.0.1:8080;.*|server 127.0.0.1:${listens[0]}; server 127.0.0.1:${listens[1]};|" \
		-e "s|listen 443 ssl|listen 127.0.0.1:$pages ssl|; /listen \[::\]/d; s|calls.example;|localhost;|" \
		-e "s|/etc/ssl/calls.example|$work|; s|/var/log/nginx/|$work/|g" -e "s|listen 80;|listen 127.0.0.1:$plain;|" "$here/deploy/nginx.conf"
	echo "}"
} >nginx.conf
nginx -p "$work" -c "$work/nginx.conf" -g 'daemon off;' &
started+=($!)

step "the first node; what check says of it; staff and a key"
serve one 0
until_ok 10 curl -fsS "$public/healthz"
"$program" check "${places[@]}" --data "$work/one" --public-url "$public" --tls-cert proxy:127.0.0.1 --listen "127.0.0.1:${listens[0]}" --ops-listen "127.0.0.1:${opses[0]}" || true
"$program" invite manager m17 "Maria König" Europe/Berlin "${places[@]}" --data "$work/cli" --public-url "$public"
"$program" invite auditor a3 "Ada Stone" Europe/London "${places[@]}" --data "$work/cli" --public-url "$public"
"$program" admin invite o1 "Olga Brandt" Europe/Berlin "${places[@]}" --data "$work/cli" --public-url "$public"
key=$("$program" apikey create try rooms evidence test "${places[@]}" --data "$work/cli" | cut -d' ' -f2)

step "a call is held behind nginx, while a second node joins and the first is drained"
"$program" bench --url "$public" --apikey "$key" --calls 1 --ramp 2s --hold 15s >held.log 2>&1 &
held=$!
sleep 5
serve two 1
"$program" drain --ops "http://127.0.0.1:${opses[0]}" --wait 60s
wait "$held" || { cat held.log; exit 1; }
tail -n 1 held.log
kill "${nodes[0]}" && wait "${nodes[0]}"
echo "the first node has ended"
"$program" bench --url "$public" --apikey "$key" --calls 1 --ramp 2s --hold 3s | tail -n 1

step "a backup while the second node serves"
room=$(sed -nE 's/.*msg="record sealed".* room=(R-[0-9A-Z]+).*/\1/p' two.log one.log | head -n 1)
[ -n "$room" ] || { echo "try: no record was sealed" >&2; exit 1; }
curl -fsS -H "Authorization: Bearer $key" "$public/api/v1/rooms/$room/bundle.zip" -o before.zip
"$program" backup --to "$work/backup" --evidence "${places[@]}" --data "$work/cli"

step "everything is deleted but the backup and the copy of the key folder"
kill "${nodes[1]}" && wait "${nodes[1]}"
redis-cli -p "$redis" flushall
rm -rf store one two cli

step "restored"
"$program" restore backup/*-rooms.backup --key-table backup/*-keys-*.backup --evidence backup/evidence --bundles "${places[@]}" --data "$work/cli"
serve two 1
curl -fsS -H "Authorization: Bearer $key" "$public/api/v1/rooms/$room/bundle.zip" -o after.zip
code=0
"$program" verify after.zip --key keys/verifycall.pub || code=$?
[ "$code" = 0 ] || exit 1
"$program" bench --url "$public" --apikey "$key" --calls 1 --ramp 2s --hold 3s | tail -n 1
step "done"
