#!/bin/bash
# bench graphql: our server beside Mercurius (JIT, loaders), Apollo Server (DataLoader) and PostGraphile, one process each with
# a pool of 10, all on the same PostgreSQL and the same rows; and the list beside libpq's pipeline with the statements alone.
#
# The answers are compared first; then all are asked in turns. What counts are the ratios: rates also measure what else the
# machine does. The peers come from npm into bench/graphql/node_modules (350 MB) and need Node.js 20 or newer.
#
# usage: ./fleet bench graphql [--rounds N] [--seconds N] [--connections N] [--reports N] [--build DIR] [--json]
set -euo pipefail
cd "$(dirname "$0")/.."
build=build args=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2; shift 2 ;;
	--rounds | --seconds | --connections | --reports) shift 2 ;;
	--json) shift ;;
	*) sed -n '2,9s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
	esac
done
die() { echo "bench graphql: $*" >&2; exit 1; }
command -v wrk >/dev/null || die "wrk is missing (package wrk, see packages/test.txt)"
node=$(node --version)
major=${node#v}
[ "${major%%.*}" -ge 20 ] || die "the peers need Node.js 20 or newer, and this is $node; put a newer one first in PATH"
ninja -C "$build" fleet bench/bench_list >/dev/null
if ! cmp -s bench/graphql/package-lock.json bench/graphql/node_modules/.fleet-lock; then
	echo "bench graphql: fetching the peers" >&2
	(cd bench/graphql && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || die "npm could not fetch the peers"
	cp bench/graphql/package-lock.json bench/graphql/node_modules/.fleet-lock
fi
exec node bench/graphql/run.mjs "${args[@]}"
