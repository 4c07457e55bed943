#!/bin/bash
# bench data: the database at the size of a large platform. Makes a private fleet, loads it with `fleet seed` (timed), puts one plain
# table with a b-tree a column beside it, and measures the questions of the API and the writes (bench/data_bench.c). Latencies are of
# one round trip as role fleet_app, row security on, everything warm. Takes about half an hour and 25 GB at the full size; figures
# of fewer reports are not the targets' figures.
#
# usage: bench/data.sh [--build DIR] [--reports N] [--companies N] [--rounds N] [--home DIR] [--json]
#   --home DIR  keep the data there, and use what is there already
set -euo pipefail
cd "$(dirname "$0")/.."
build=build reports=5000000 companies=2000 rounds=200 json= home=
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2; shift 2 ;;
	--reports) reports=$2; shift 2 ;;
	--companies) companies=$2; shift 2 ;;
	--rounds) rounds=$2; shift 2 ;;
	--home) home=$2; shift 2 ;;
	--json) json=--json; shift ;;
	*) sed -n '2,10s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
	esac
done
ninja -C "$build" fleet bench/bench_data >/dev/null

tmp=$(mktemp -d)
chmod 711 "$tmp" # started as root, fleet becomes another user, who has to get in
[ -n "$home" ] || home=$tmp/home
fleet=
stop() {
	[ -n "$fleet" ] && kill "$fleet" 2>/dev/null && wait "$fleet" 2>/dev/null
	rm -rf "$tmp"
}
trap stop EXIT
"$build/fleet" up --json --home "$home" --port 0 --seed-reports 0 --demo-photos 0 >"$tmp/ready" 2>"$tmp/notes" &
fleet=$!
for _ in $(seq 3000); do
	[ -s "$tmp/ready" ] && break
	kill -0 "$fleet" 2>/dev/null || { cat "$tmp/notes" >&2; exit 1; }
	sleep 0.2
done
[ -s "$tmp/ready" ] || { echo "bench data: fleet did not become ready in 10 minutes" >&2; exit 1; }
url="host=$home/run dbname=fleet user=$(stat -c %U "$home/pg")"
sql() { psql -X -q -v ON_ERROR_STOP=1 -At "$url" "$@"; }

if [ "$(sql -c 'SELECT count(*) FROM fleet.tenants')" -lt "$companies" ]; then
	seeded=$("$build/fleet" seed --home "$home" --reports "$reports" --companies "$companies")
	rate=$(sed 's/.*(\([0-9]*\) a second)/\1/' <<<"$seeded")
	if [ -n "$json" ]; then
		printf '{"name":"fleet seed","unit":"a second","got":%s,"p50":0,"target":10000,"met":%s}\n' "$rate" "$([ "$rate" -ge 10000 ] && echo true || echo false)"
	else
		printf 'fleet seed --reports %s --companies %s: %s (target: 10000 a second; 5,000,000 in 600 s)\n' "$reports" "$companies" "$seeded"
	fi
fi
if [ -z "$(sql -c "SELECT to_regclass('bench.reports_claim_no')")" ]; then
	sql <<-'SQL'
		SET client_min_messages = warning; SET maintenance_work_mem = '512MB';
		CREATE SCHEMA IF NOT EXISTS bench; DROP TABLE IF EXISTS bench.reports;
		CREATE UNLOGGED TABLE bench.reports AS SELECT * FROM fleet.damage_reports ORDER BY id;
		ALTER TABLE bench.reports ADD PRIMARY KEY (id);
		CREATE INDEX reports_tenant_id ON bench.reports (tenant_id);
		CREATE INDEX reports_reported_at ON bench.reports (reported_at);
		CREATE INDEX reports_incident_at ON bench.reports (incident_at);
		CREATE INDEX reports_vehicle_id ON bench.reports (vehicle_id);
		CREATE INDEX reports_status ON bench.reports (status);
		CREATE INDEX reports_severity ON bench.reports (severity);
		CREATE INDEX reports_claim_no ON bench.reports (claim_no);
	SQL
fi
sql -c 'VACUUM (ANALYZE) bench.reports' -c 'VACUUM (ANALYZE) fleet.damage_reports' -c 'VACUUM (ANALYZE) fleet.report_search' \
	-c 'VACUUM (ANALYZE) fleet.rollup_day' -c 'VACUUM (ANALYZE) fleet.rollup_month' -c 'REFRESH MATERIALIZED VIEW platform.month_overview' -c 'CHECKPOINT'
[ -n "$json" ] || printf '%-58s %10s %-9s    %8s\n' "$(sql -c "SELECT sum(n) FROM fleet.rollup_day") reports" got '' target
"$build/bench/bench_data" --url "$url" --rounds "$rounds" $json
