#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make bench` prints: what a hit costs beside what it stands on (a process
# that does nothing) and what it saves (docker's own ways to the same answer),
# all of it measured in turn in one run; then whether each goal is reached. A
# goal that is missed is no failure: ratios move with the machine.
#
# BENCH_RUNS (41) rounds; BENCH_ROWS (1000000) rows in the large catalog, which
# is kept in build/bench for the next time.
set -eu
cd "$(dirname "$0")/../.."
. t/bench/lib.sh
runs=${BENCH_RUNS:-41}
many=${BENCH_ROWS:-1000000}
few=1000
crowd=32
asked=1280
bench_engine
bench_clean
base=$IMGCACHE_TEST_REGISTRY/busybox:latest
mkdir -p "$dir/context"
cd "$dir"

cat >imgcache.yaml <<YAML
version: 1
images:
  tiny:
    base: "$base"
    env: {BENCH: "tiny"}
  local:
    base: "busybox:latest"
    env: {BENCH: "local"}
YAML

# catalog DIR ROWS: one with that many images of this engine, and ours.
catalog() {
	if [ "$(cat "$1/rows" 2>/dev/null)" != "$2 $engine" ]; then
		rm -rf "$1"
		mkdir -m 700 "$1"
		"$bin/t/helper/fill-catalog" "$1" "$engine" "$2"
		echo "$2 $engine" >"$1/rows"
	fi
	IMGCACHE_DIR=$1 imgcache -q build tiny local >/dev/null
}

# The engine's name in a catalog: what imgcache remembers of it.
rm -rf "$dir/first"
IMGCACHE_DIR=$dir/first imgcache -q build tiny local >/dev/null
engine=$(tail -n 1 "$dir"/first/cache/engines/engine-*)
catalog "$dir/few" $few
catalog "$dir/many" "$many"

ref=$(IMGCACHE_DIR=$dir/few imgcache get tiny)
IMGCACHE_DIR=$dir/few imgcache dockerfile tiny >context/Dockerfile
build="docker buildx build --quiet --provenance=false --sbom=false
	--tag localhost/imgcache-bench:cached context"
# shellcheck disable=SC2086 # words
$build >/dev/null 2>&1

# shellcheck disable=SC2086 # words
"$bin/t/bench/race" "$runs" \
	-- "$bin/t/bench/noop" \
	-- "$bin/t/bench/ask" "$ref" \
	-- imgcache --version \
	-- "IMGCACHE_DIR=$dir/few" imgcache tag tiny \
	-- "IMGCACHE_DIR=$dir/few" imgcache get tiny \
	-- "IMGCACHE_DIR=$dir/few" imgcache get --base "$base" \
		--env BENCH=tiny \
	-- "IMGCACHE_DIR=$dir/few" imgcache get local \
	-- "IMGCACHE_DIR=$dir/many" imgcache get tiny \
	-- docker image inspect "$ref" \
	-- $build >"$dir/times"
docker rmi localhost/imgcache-bench:cached >/dev/null

paste -d '|' - "$dir/times" <<'LABELS' >"$dir/table"
a process that does nothing
a process that only asks the engine
imgcache --version
imgcache tag
imgcache get, by name, 1 000 images
imgcache get, by flags
imgcache get, base the engine's own
imgcache get, ROWS images
docker image inspect
docker buildx build, all of it cached
LABELS
sed -i "s/ROWS/$(bench_spaced "$many")/" "$dir/table"

load=$(cut -d ' ' -f 1 /proc/loadavg)

# Each hit of a crowd is in the statistics, or it was lost.
counted() {
	IMGCACHE_DIR=$dir/few imgcache stats --json |
		sed -n 's/.*"totalHits": *\([0-9]*\).*/\1/p'
}
before=$(counted)
speed=$(IMGCACHE_DIR=$dir/few "$bin/t/bench/crowd" $crowd $asked \
	imgcache get tiny)
lost=$((asked - $(counted) + before))

awk -F '|' -v runs="$runs" -v speed="$speed" -v lost="$lost" \
	-v cores="$(nproc)" -v load="$load" \
	-v crowd=$crowd -v asked=$asked -v hit=5 -v large=8 '
function goal(text, is, wanted, reached) {
	printf "%-52s %8s %8s  %s\n", text, is, wanted,
		reached ? "reached" : "missed"
}
BEGIN {
	printf "median of %d rounds, in turn%14s ms   least  cpu ms no-op  build\n",
		runs, ""
}
{
	split($2, t, " ")
	label[NR] = $1; wall[NR] = t[1]; least[NR] = t[2]; cpu[NR] = t[3]
}
END {
	for (i = 1; i <= NR; i++)
		printf "%-38s %6.2f %7.2f %7.2f %5.1f %6.1f\n", label[i],
			wall[i] / 1000, least[i] / 1000, cpu[i] / 1000,
			wall[i] / wall[1], wall[NR] / wall[i]
	if (load > cores)
		printf "the machine is busy with other work: load %.1f, " \
			"%d cores; ratios suffer\n", load, cores
	printf "%d processes at a time, %d hits: %d a second, %d lost\n\n",
		crowd, asked, speed, lost
	printf "%-52s %8s %8s\n", "goal", "is", "wanted"
	x = wall[hit] / wall[1]
	goal("a hit, as many times a process that does nothing",
		sprintf("%.1f", x), "<= 6", x <= 6)
	printf "%-52s %8.1f\n", "  what only asks the engine gets",
		wall[2] / wall[1]
	x = wall[NR] / wall[hit]
	goal("the cached build, as many times a hit", sprintf("%.0f", x),
		">= 150", x >= 150)
	printf "%-52s %8.0f\n", "  what only asks the engine gets",
		wall[NR] / wall[2]
	x = wall[large] / wall[hit]
	goal("a hit in the large catalog, by one in the small one",
		sprintf("%.2f", x), "<= 1.3", x <= 1.3)
	goal("hits lost by " crowd " processes at once", lost, "0", lost == 0)
}' "$dir/table"
