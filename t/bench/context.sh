#!/bin/sh
# SPDX-License-Identifier: MIT
# context.sh [FILES...]: a hit on an image with a context of that many files
# (10000 and 100000), beside `docker buildx build` of the same context with all
# of it cached, in turn, and beside a walk that does nothing else: the floor.
# BENCH_CONTEXT_RUNS (9) rounds.
set -eu
cd "$(dirname "$0")/../.."
. t/bench/lib.sh
runs=${BENCH_CONTEXT_RUNS:-9}
bench_engine
bench_clean
[ $# -gt 0 ] || set -- 10000 100000

bench_warn
for files; do
	tree=$(t/bench/tree.sh "$files")
	case $files in
	10000) goal=40 ;;
	100000) goal=20 ;;
	*) goal=0 ;;
	esac
	printf 'FROM scratch\nCOPY . /\n' >"$dir/$files.Dockerfile"
	set -- --dockerfile "$dir/$files.Dockerfile" --context "$tree"
	build="docker buildx build --quiet --provenance=false --sbom=false
		--tag localhost/imgcache-bench:$files
		--file $dir/$files.Dockerfile $tree"
	export IMGCACHE_DIR="$dir/context"
	imgcache -q build "$@" >/dev/null
	# shellcheck disable=SC2086 # words
	$build >/dev/null 2>&1
	# shellcheck disable=SC2086 # words
	"$bin/t/bench/race" "$runs" -- "$bin/t/bench/walk" "$tree" \
		-- "$bin/t/bench/walk" "$tree" 2 -- imgcache get "$@" -- $build |
	awk -v files="$(bench_spaced "$files")" -v goal="$goal" '
	{ wall[NR] = $1 / 1000 }
	END {
		printf "%s files: a bare walk %.0f ms, by two threads " \
			"%.0f ms,\n  a hit %.0f ms, the cached build " \
			"%.0f ms\n", files,
			wall[1], wall[2], wall[3], wall[4]
		printf "  the build, as many times a hit %17.0f", \
			wall[4] / wall[3]
		reached = wall[4] / wall[3] - goal >= 0
		if (goal)
			printf "  goal %d %s", goal,
				reached ? "reached" : "MISSED"
		printf "\n  what only walks, by two threads, gets %10.0f\n", \
			wall[4] / wall[2]
	}'
	file=$(find "$tree" -type f | sed -n 5000p)
	printf x >>"$file"
	imgcache tag "$@" >/dev/null
	"$bin/t/bench/race" "$runs" -- imgcache tag "$@" -- imgcache why "$@" |
	awk '{ wall[NR] = $1 / 1000 }
	END {
		printf "  one file changed: a warm tag %.0f ms, why %.0f ms: " \
			"%.2f times, goal 1.50 %s\n", wall[1], wall[2],
			wall[2] / wall[1],
			wall[2] / wall[1] - 1.5 <= 0 ? "reached" : "MISSED"
	}'
	truncate -s -1 "$file"
	docker rmi "localhost/imgcache-bench:$files" >/dev/null
done
