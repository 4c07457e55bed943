# ./fleet test [SUITE...]: every suite, or those named. Read by ./fleet, which has say, progress, configure and compile.
# Each suite prints a line a test or a group, and counts; the last line of all is 'N passed, N failed'.

suites_all=(
	layers unit asan
	graphql federation api
	crossing
	commands claims quote inspect day
	explain
	faults store backup replicas
	maintain notices
	e2e photos
)
passed=0
failed=0

count() { # PASSED FAILED
	passed=$((passed + $1))
	failed=$((failed + $2))
}

title() { printf '\n== %s\n' "$1"; }

# Runs meson's tests of a build folder; each program is one test.
meson_tests() { # FOLDER ARGUMENT...
	local folder=$1 output=$work/output ok bad
	shift
	{ meson test -C "$folder" --no-rebuild --print-errorlogs "$@" 2>&1 || true; } | tee "$output" |
		grep --line-buffered -E '^ *[0-9]+/[0-9]+ ' || true
	ok=$(sed -n 's/^Ok: *//p' "$output")
	bad=$(awk '/^(Fail|Timeout|Unexpected Pass): / { n += $NF } END { print n + 0 }' "$output")
	if [ -z "$ok" ] || [ "$bad" != 0 ]; then grep -v -E '^ *[0-9]+/[0-9]+ ' "$output" | tail -n 80; fi
	[ -n "$ok" ] || bad=1
	count "${ok:-0}" "$bad"
}

# Runs a suite that ends with 'N passed, N failed' itself.
counting() { # COMMAND...
	local output=$work/output line
	"$@" 2>&1 | tee "$output" | grep -v -E '^[0-9]+ passed, [0-9]+ failed' || true
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$output" | tail -n 1) || true
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
		count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
	else
		echo "FAILED  the suite ended before its count"
		count 0 1
	fi
}

suite_layers() {
	title "layers and banned calls"
	if "$root/tools/check_layers" && "$root/tools/check_calls"; then count 1 0; else count 0 1; fi
}

suite_unit() {
	title "units, and the corpus of every fuzzer"
	meson_tests "$build" --num-processes 2
}

# The same programs with AddressSanitizer and UndefinedBehaviorSanitizer.
suite_asan() {
	title "units with address and undefined-behaviour sanitizers"
	configure "$root/build-asan" -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
	compile "$root/build-asan" || return
	ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		meson_tests "$root/build-asan" --num-processes 2 --timeout-multiplier 4
}

suite_graphql() {
	title "the GraphQL engine beside graphql-js: the same answers to thousands of random documents"
	npm_install "$root/tests/graphql"
	counting node "$root/tests/graphql/differential.mjs" "$build/tests/unit/graphql/graphql_probe" "$root"
	title "schemas: what the engine and graphql-js refuse"
	counting node "$root/tests/graphql/sdl.mjs" "$build/tests/unit/graphql/graphql_probe" "$root"
	counting node "$root/tests/graphql/changes.mjs" "$build/tests/unit/graphql/graphql_probe"
	title "@defer and @stream beside graphql-js 17: the same data once all parts are there"
	counting node "$root/tests/graphql/incremental.mjs" "$build/tests/unit/graphql/graphql_probe" "$root"
	title "GraphQL over HTTP: the audits of graphql-http"
	counting node "$root/tests/graphql/audits.mjs"
	title "responses in parts over multipart/mixed, events and WebSocket"
	counting node "$root/tests/graphql/parts.mjs"
	title "live transports: graphql-ws, graphql-sse, raw messages"
	counting node "$root/tests/graphql/live.mjs"
	title "traces and explanations"
	counting node "$root/tests/graphql/tracing.mjs"
	title "GraphQL over HTTP: limits, cost, caching and documents (tests/http)"
	counting node "$root/tests/http/run.mjs"
}

# Composition and gateway are under the Elastic License: a tool of the tests, nothing that is shipped.
suite_federation() {
	title "the API as a subgraph: composed with others, and asked through a gateway"
	npm_install "$root/tests/federation"
	counting node "$root/tests/federation/run.mjs" "$build/tests/unit/graphql/subgraph_probe"
}

suite_api() {
	title "the API against a real server (tests/api/*.test)"
	counting node "$root/tests/api/run.mjs"
}

suite_crossing() {
	title "two companies: one tries to reach the other through everything there is"
	counting node "$root/tests/crossing/run.mjs"
}

suite_commands() {
	title "the command line: import, export, company, overview"
	counting node "$root/tests/commands/run.mjs"
}

suite_claims() {
	title "claim packs, from the damage to the verified file"
	counting node "$root/tests/claims/run.mjs"
}

suite_day() {
	title "a manager's day, through the API alone"
	counting node "$root/tests/day/run.mjs"
}

suite_explain() {
	title "the plans of every list, search, place and number, at 50,000 reports"
	counting node "$root/tests/explain/run.mjs"
}

suite_faults() {
	title "faults: kill -9 of each process, and what must survive it"
	counting node "$root/tests/faults/run.mjs"
}

suite_store() {
	title "the store: bytes whose rows are gone leave it, all others stay"
	counting node "$root/tests/store/run.mjs"
}

suite_backup() {
	title "backup: a fleet is lost and restored to a moment"
	counting node "$root/tests/backup/run.mjs"
}

suite_replicas() {
	title "replicas: a primary and two of them; one is killed, one promoted"
	counting node "$root/tests/replicas/run.mjs"
}

suite_maintain() {
	title "maintenance: a healthy fleet, and one with every problem planted"
	counting node "$root/tests/maintain/run.mjs"
}

suite_notices() {
	title "webhooks and alerts, with real receivers"
	counting node "$root/tests/notices/run.mjs"
}

suite_inspect() {
	title "inspections: the driver's page without script, three signatures, the report as PDF"
	counting node "$root/tests/inspect/run.mjs"
}
suite_quote() {
	title "estimates by a link: the vendor's page, without account and without script"
	counting node "$root/tests/quote/run.mjs"
}

suite_e2e() {
	[ -f "$root/tests/e2e/run.mjs" ] || return 0
	title "the page in a real browser"
	[ ! -f "$root/tests/e2e/package-lock.json" ] || npm_install "$root/tests/e2e"
	counting node "$root/tests/e2e/run.mjs"
}

# Photos that are too many for the repository; nothing here needs them.
suite_photos() {
	[ -f "$root/tests/photos/run.mjs" ] || return 0
	if [ ! -d "$root/../shared/data/vision" ]; then
		title "real photos: ../shared/data/vision is not here; skipped"
		return 0
	fi
	title "real photos (../shared/data/vision)"
	counting node "$root/tests/photos/run.mjs"
}

# ---- the whole

build_for_tests() {
	build_page
	# A build folder that was configured before the test packages were there knows no tests.
	if [ -f "$build/build.ninja" ] && ! grep -q 'test_base_base' "$build/build.ninja"; then rm -f "$build/.root"; fi
	configure "$build"
	compile "$build"
}

run_suites() {
	local suite start
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	build_for_tests
	export FLEET_PROGRAM=$build/fleet
	for suite in "${@:-${suites_all[@]}}"; do
		declare -F "suite_$suite" >/dev/null || die "there is no suite '$suite'; there are: ${suites_all[*]}"
		start=$SECONDS
		"suite_$suite"
		printf '   %d s\n' $((SECONDS - start))
	done
	printf '\n%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" = 0 ]
}
