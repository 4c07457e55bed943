#!/bin/bash
# bench http: our server beside a bare epoll loop, in one run. GET of a short JSON body, keep-alive, 64 connections.
#
# Requests per second also measure the client, which shares the machine; requests per second of the server's own CPU
# time (user + system) do not. That ratio is the figure: the target is 80 % of the bare loop, which does no routing,
# no Date, no limits and no deadlines. Medians over rounds in which both take turns.
#
# usage: bench/http.sh [--build DIR] [--rounds N] [--seconds N] [--connections N] [--pipeline N] [--json]
set -euo pipefail
cd "$(dirname "$0")/.."
build=build rounds=5 seconds=3 connections=64 pipeline=1 json=
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2; shift 2 ;;
	--rounds) rounds=$2; shift 2 ;;
	--seconds) seconds=$2; shift 2 ;;
	--connections) connections=$2; shift 2 ;;
	--pipeline) pipeline=$2; shift 2 ;;
	--json) json=1; shift ;;
	*) sed -n '2,8s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
	esac
done
command -v wrk >/dev/null || { echo "bench http: wrk is missing (package wrk, see packages/test.txt)" >&2; exit 1; }
ninja -C "$build" bench/bench_http_serve bench/bench_bare_epoll >/dev/null

tmp=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT
cat >"$tmp/pipeline.lua" <<LUA
init = function(args)
	local r = {}
	for i = 1, $pipeline do r[i] = wrk.format("GET", "/") end
	all = table.concat(r)
end
request = function() return all end
LUA
script=()
[ "$pipeline" -gt 1 ] && script=(-s "$tmp/pipeline.lua")

# With two cores or more the server keeps the first, the client the last.
pin_server=() pin_client=()
if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
	pin_server=(taskset -c 0)
	pin_client=(taskset -c "$(($(nproc) - 1))")
fi

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }

# one NAME: a run of $seconds; appends "requests/s requests/cpu-s p50 p99" to $tmp/NAME
one() {
	local name=$1 before after port out
	"${pin_server[@]}" "$build/bench/bench_$name" >"$tmp/port" &
	server=$!
	for _ in $(seq 100); do [ -s "$tmp/port" ] && break; sleep 0.02; done
	port=$(cat "$tmp/port")
	"${pin_client[@]}" wrk -t1 -c"$connections" -d1 "${script[@]}" "http://127.0.0.1:$port/" >/dev/null
	before=$(ticks "$server")
	out=$("${pin_client[@]}" wrk --latency -t1 -c"$connections" -d"$seconds" "${script[@]}" "http://127.0.0.1:$port/")
	after=$(ticks "$server")
	kill "$server"; wait "$server" 2>/dev/null || true
	server=
	: >"$tmp/port"
	if grep -qE 'Socket errors|Non-2xx' <<<"$out"; then
		echo "bench http: $name: $(grep -E 'Socket errors|Non-2xx' <<<"$out")" >&2
		exit 1
	fi
	awk -v cpu="$((after - before))" -v hz="$(getconf CLK_TCK)" '
		function ms(t) { return t ~ /us$/ ? t / 1000 : t ~ /ms$/ ? t + 0 : t * 1000 }
		/Requests\/sec/ { rps = $2 } /requests in/ { n = $1 } $1 == "50%" { p50 = ms($2) } $1 == "99%" { p99 = ms($2) }
		END { printf "%.0f %.0f %.2f %.2f\n", rps, n / (cpu / hz), p50, p99 }' <<<"$out" >>"$tmp/$name"
}

for _ in $(seq "$rounds"); do
	one bare_epoll
	one http_serve
done

median() { sort -n -k"$2" "$tmp/$1" | awk -v k="$2" '{ v[NR] = $k } END { print v[int((NR + 1) / 2)] }'; }
ours=$(median http_serve 2) bare=$(median bare_epoll 2)
ratio=$(awk -v a="$ours" -v b="$bare" 'BEGIN { printf "%.1f", 100 * a / b }')
if [ -n "$json" ]; then
	printf '{"connections":%d,"pipeline":%d,"rounds":%d,"ours":{"rps":%d,"rpcpus":%d},"bare":{"rps":%d,"rpcpus":%d},"ratio_percent":%s}\n' \
		"$connections" "$pipeline" "$rounds" "$(median http_serve 1)" "$ours" "$(median bare_epoll 1)" "$bare" "$ratio"
else
	echo "GET, $connections connections, pipeline $pipeline, medians of $rounds rounds of $seconds s"
	printf '%-12s %12s %24s %10s %10s\n' server requests/s requests/server-CPU-s 'p50 ms' 'p99 ms'
	printf '%-12s %12d %24d %10s %10s\n' "bare epoll" "$(median bare_epoll 1)" "$bare" "$(median bare_epoll 3)" "$(median bare_epoll 4)"
	printf '%-12s %12d %24d %10s %10s\n' fleet "$(median http_serve 1)" "$ours" "$(median http_serve 3)" "$(median http_serve 4)"
	echo "fleet is at $ratio % of the bare loop per server-CPU-second (target: 80 %)"
fi
awk -v r="$ratio" 'BEGIN { exit !(r >= 80) }'
