# ./fleet dev ...: one word each for those who work on the code. Read by ./fleet, which has say, die, progress, install,
# configure and compile.

dev_help() {
	cat <<-'TEXT'
		./fleet dev build            the program and every test, in build/
		./fleet dev check            layers, banned calls, stale generated files, both compilers with -Werror,
		                             gcc -fanalyzer, cppcheck
		./fleet dev fmt [FILE...]    clang-format on changed files, or on those named
		./fleet dev fuzz NAME [S]    fuzz one parser for S seconds (60), keeping what it finds in fuzz/corpus/NAME
		./fleet dev bench [NAME]     as ./fleet bench
		./fleet dev clean            removes build folders; data in .fleet stays
	TEXT
}

dev_build() {
	install build run test
	make_user
	build_page
	configure "$build"
	compile "$build"
}

step() { # NAME COMMAND...: one line a check, its output only when it fails
	local name=$1 output start=$SECONDS
	shift
	if output=$("$@" 2>&1); then
		printf 'ok      %s (%d s)\n' "$name" $((SECONDS - start))
	else
		printf 'FAILED  %s\n%s\n' "$name" "$output" | head -n 60
		checks_failed=$((checks_failed + 1))
	fi
}

# Another compiler or other warnings, in a folder of its own: only changed files compile again.
check_build() { # FOLDER CC CXX TARGET MESON-OPTION...
	local folder=$root/$1 cc=$2 cxx=$3 target=$4
	shift 4
	CC=$cc CXX=$cxx configure "$folder" "$@" && ninja -C "$folder" -k 0 "$target" >"$folder/ninja.log" 2>&1 && return
	grep -E 'error|warning' "$folder/ninja.log" | head -n 40
	return 1
}

check_analyzer() {
	check_build build-analyze gcc g++ fleet --werror -Doptimization=g -Dc_args='-fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-fd-leak'
}

check_cppcheck() {
	cppcheck --quiet --std=c11 --library=posix --enable=warning,portability --inline-suppr --error-exitcode=1 -j 2 \
		--suppressions-list="$root/tools/cppcheck.txt" -I "$root/src" -D_GNU_SOURCE "$root/src"
}

# What schema/ makes and the repository keeps (people and editors read it there) must be what it makes now.
check_generated() {
	configure "$build" && ninja -C "$build" src/graphql/api-types.ts src/graphql/api.md >/dev/null &&
		cmp "$build/src/graphql/api-types.ts" "$root/web/src/api-types.ts" && cmp "$build/src/graphql/api.md" "$root/docs/api.md" && return
	echo "copy them: cp build/src/graphql/api-types.ts web/src/; cp build/src/graphql/api.md docs/"
	return 1
}

dev_check() {
	install build run test
	build_page
	checks_failed=0
	step "layers (src/LAYERS)" "$root/tools/check_layers"
	step "banned calls, unfinished work" "$root/tools/check_calls"
	step "files made from schema/ are up to date" check_generated
	step "gcc, warnings are errors" check_build build-gcc gcc g++ all --werror
	step "clang, warnings are errors" check_build build-clang clang clang++ all --werror
	step "gcc -fanalyzer" check_analyzer
	step "cppcheck" check_cppcheck
	[ "$checks_failed" = 0 ] || die "$checks_failed checks failed"
}

dev_fmt() {
	install test
	local files=("$@")
	[ $# -gt 0 ] || mapfile -t files < <(cd "$root" && git diff --name-only --diff-filter=d HEAD -- '*.c' '*.h' '*.cc')
	[ "${#files[@]}" = 0 ] || (cd "$root" && clang-format -i --style=file "${files[@]}")
}

dev_fuzz() {
	local name=${1:?name a parser: ./fleet dev fuzz jwt} seconds=${2:-60}
	install build test
	CC=clang CXX=clang++ configure "$root/build-fuzz" -Dfuzz=true -Dpage=disabled
	compile "$root/build-fuzz" "fuzz/fuzz_$name"
	mkdir -p "$root/fuzz/corpus/$name"
	"$root/build-fuzz/fuzz/fuzz_$name" -max_total_time="$seconds" -print_final_stats=1 "$root/fuzz/corpus/$name"
}

dev() {
	local verb=${1:-help}
	[ $# = 0 ] || shift
	case $verb in
	build) dev_build ;;
	check) dev_check ;;
	fmt) dev_fmt "$@" ;;
	fuzz) dev_fuzz "$@" ;;
	bench) exec 9<&-; exec "$root/fleet" bench "$@" ;;
	clean) rm -rf "$root"/build "$root"/build-* ;;
	help | --help) dev_help ;;
	*) die "there is no './fleet dev $verb'"$'\n'"$(dev_help)" ;;
	esac
}
