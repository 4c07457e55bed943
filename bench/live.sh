#!/bin/bash
# bench live: many subscribers over WebSocket to one process with one loop. For each row a fresh server: what an idle socket and a
# subscription cost it in memory, how long after its event (the moment it is written, before its commit) a change reaches each
# subscriber, and how many answers a second go out when changes come one after the other.
#
# usage: bench/live.sh [--build DIR] [--subscribers N] [--events N] [--groups "1 100"]
set -euo pipefail
cd "$(dirname "$0")/.."
build=build subscribers=10000 events=20 groups="1 100"
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2; shift 2 ;;
	--subscribers) subscribers=$2; shift 2 ;;
	--events) events=$2; shift 2 ;;
	--groups) groups=$2; shift 2 ;;
	*) sed -n '2,6s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
	esac
done
ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" -gt $((subscribers + 200)) ] || { echo "bench live: $subscribers subscribers need more open files than ulimit -Hn" >&2; exit 1; }
ninja -C "$build" fleet bench/bench_live >/dev/null

tmp=$(mktemp -d)
chmod 711 "$tmp" # started as root, fleet becomes another user, who has to get in
fleet=
stop() {
	[ -n "$fleet" ] && kill "$fleet" 2>/dev/null && wait "$fleet" 2>/dev/null
	fleet=
	rm -rf "$tmp/home" "$tmp/ready"
}
trap 'stop; rm -rf "$tmp"' EXIT
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$tmp/ready"; }

server() { # the pid of `fleet serve`
	local pid
	for pid in $(cat /proc/"$fleet"/task/*/children); do
		tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q ' serve ' && echo "$pid"
	done
}

row() { # GROUPS
	"$build/fleet" up --json --home "$tmp/home" --port 0 --threads 1 --seed-reports 200 --demo-photos 0 >"$tmp/ready" 2>"$tmp/notes" &
	fleet=$!
	for _ in $(seq 600); do
		[ -s "$tmp/ready" ] && break
		kill -0 "$fleet" 2>/dev/null || { cat "$tmp/notes" >&2; exit 1; }
		sleep 0.2
	done
	local url answer report
	url=$(field url)
	answer=$(curl -sS "$url/graphql" -H "Authorization: Bearer $(field manager)" -H 'Content-Type: application/json' \
		-d '{"query":"mutation { createDamageReport(input: { vehicleName: \"VAN-12\", description: \"bench\" }) { report { id } } }"}')
	report=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' <<<"$answer")
	[ -n "$report" ] || { echo "bench live: $answer" >&2; exit 1; }
	"$build/bench/bench_live" "${url##*:}" "$(field manager)" "$report" "$(server)" "$subscribers" "$1" "$events" |
		awk '{ printf "%8d %8d %12d %14d %10.1f %10.1f %12d\n", $1, $2, $5, $6, $7, $8, $9 }'
	stop
}

printf '%8s %8s %12s %14s %10s %10s %12s\n' sockets groups 'B a socket' 'B a following' 'p50 ms' 'p99 ms' 'answers/s'
for count in $groups; do row "$count"; done
