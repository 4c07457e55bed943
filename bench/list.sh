#!/bin/bash
# bench list: the GraphQL list of 50 reports with vehicle, driver and photos through a whole running fleet (HTTP, token, GraphQL,
# row security, JSON), beside the ceiling: libpq's pipeline with the same statements and nothing else (bench_list).
#
# Both ask the same database, in turns, and what is printed are medians; the figure is the ratio, since rates also measure what
# else the machine does. Target: 50 % of the ceiling.
#
# usage: bench/list.sh [--build DIR] [--rounds N] [--seconds N] [--connections N] [--reports N] [--json]
set -euo pipefail
cd "$(dirname "$0")/.."
build=build rounds=5 seconds=3 connections=32 reports=20000 json=
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2; shift 2 ;;
	--rounds) rounds=$2; shift 2 ;;
	--seconds) seconds=$2; shift 2 ;;
	--connections) connections=$2; shift 2 ;;
	--reports) reports=$2; shift 2 ;;
	--json) json=1; shift ;;
	*) sed -n '2,8s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
	esac
done
command -v wrk >/dev/null || { echo "bench list: wrk is missing (package wrk, see packages/test.txt)" >&2; exit 1; }
ninja -C "$build" fleet bench/bench_list >/dev/null

tmp=$(mktemp -d)
chmod 711 "$tmp" # started as root, fleet becomes another user, who has to get in
fleet=
stop() {
	[ -n "$fleet" ] && kill "$fleet" 2>/dev/null && wait "$fleet" 2>/dev/null
	rm -rf "$tmp"
}
trap stop EXIT
"$build/fleet" up --json --home "$tmp/home" --port 0 --seed-reports "$reports" --demo-photos 0 >"$tmp/ready" 2>"$tmp/notes" &
fleet=$!
for _ in $(seq 600); do
	[ -s "$tmp/ready" ] && break
	kill -0 "$fleet" 2>/dev/null || { cat "$tmp/notes" >&2; exit 1; }
	sleep 0.2
done
[ -s "$tmp/ready" ] || { echo "bench list: fleet did not become ready in 2 minutes" >&2; exit 1; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$tmp/ready"; }

cat >"$tmp/ask.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $(field admin)"
wrk.body = '{"query":"{ damageReports(first: 50) { nodes { id number status severity damageType priority description reportedAt' ..
	' incidentAt updatedAt version vehicle { id name plate vin make model year } driver { id name } estimatedCost { amount currency }' ..
	' photos { id sha256 mediaType sizeBytes width height } } } }"}'
LUA

# one: appends "rate p50 p99" of the server
one() {
	local out
	out=$(wrk --latency -t1 -c"$connections" -d"$1" -s "$tmp/ask.lua" "$(field url)/graphql")
	if grep -qE 'Socket errors|Non-2xx' <<<"$out"; then
		grep -E 'Socket errors|Non-2xx' <<<"$out" >&2
		exit 1
	fi
	awk 'function ms(t) { return t ~ /us$/ ? t / 1000 : t ~ /ms$/ ? t + 0 : t * 1000 }
		/Requests\/sec/ { rps = $2 } $1 == "50%" { p50 = ms($2) } $1 == "99%" { p99 = ms($2) }
		END { printf "%.1f %.2f %.2f\n", rps, p50, p99 }' <<<"$out"
}

ceiling() {
	"$build/bench/bench_list" --url "host=$tmp/home/run dbname=fleet user=$(stat -c %U "$tmp/home/pg")" --tenant demo --json --seconds "$1" |
		sed 's/.*"requests_per_s": \([0-9.]*\), "p50_ms": \([0-9.]*\), "p99_ms": \([0-9.]*\).*/\1 \2 \3/'
}

one 2 >/dev/null
ceiling 1 >/dev/null
for _ in $(seq "$rounds"); do
	ceiling "$seconds" >>"$tmp/bare"
	one "$seconds" >>"$tmp/ours"
done

median() { sort -n -k"$2" "$tmp/$1" | awk -v k="$2" '{ v[NR] = $k } END { print v[int((NR + 1) / 2)] }'; }
# Of each round its own ratio: what else the machine did then, it did to both.
ratio=$(paste "$tmp/ours" "$tmp/bare" | awk '{ printf "%.1f\n", 100 * $1 / $4 }' | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
if [ -n "$json" ]; then
	printf '{"connections":%d,"reports":%d,"rounds":%d,"ours":{"rps":%s,"p50_ms":%s,"p99_ms":%s},"ceiling":{"rps":%s},"ratio_percent":%s}\n' \
		"$connections" "$reports" "$rounds" "$(median ours 1)" "$(median ours 2)" "$(median ours 3)" "$(median bare 1)" "$ratio"
else
	echo "lists of 50 with vehicle, driver, photos; $reports reports, $connections connections, medians of $rounds rounds of $seconds s"
	printf '%-16s %12s %10s %10s\n' '' lists/s 'p50 ms' 'p99 ms'
	printf '%-16s %12s %10s %10s\n' "libpq pipeline" "$(median bare 1)" "$(median bare 2)" "$(median bare 3)"
	printf '%-16s %12s %10s %10s\n' fleet "$(median ours 1)" "$(median ours 2)" "$(median ours 3)"
	echo "fleet is at $ratio % of the ceiling (target: 50 %)"
fi
awk -v r="$ratio" 'BEGIN { exit !(r >= 50) }'
