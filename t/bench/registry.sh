#!/bin/sh
# SPDX-License-Identifier: MIT
# The four ways to an image, each timed once in each of BENCH_REGISTRY_RUNS (3)
# rounds: a cold build, a build from the layers of a registry's cache, a remote
# hit (another machine built it and pushed) and a local one. A second engine is
# the machine that starts with nothing.
set -eu
cd "$(dirname "$0")/../.."
. t/bench/lib.sh
runs=${BENCH_REGISTRY_RUNS:-3}
bench_engine
bench_clean
registry=$IMGCACHE_TEST_REGISTRY
first=$DOCKER_HOST

# The second engine: one of ours beside the first, with the same registry.
name=bench-empty
"$top/t/engine/engine.sh" start --name $name >"$dir/second.log" 2>&1
second=$("$top/t/engine/engine.sh" env --name $name |
	sed -n "s/.*DOCKER_HOST='*\([^' ;]*\).*/\1/p")
finish_both() {
	"$top/t/engine/engine.sh" stop --name $name >/dev/null 2>&1
	bench_finish
}
trap finish_both EXIT

cd "$dir"
mkdir -p warm
cat >warm/Dockerfile <<DOCKERFILE
ARG ROUND
FROM $registry/debian:bookworm-slim
ARG ROUND
RUN apt-get -qq update && apt-get -qq install -y --no-install-recommends jq \\
	>/dev/null 2>&1 && echo "\$ROUND" >/round
RUN seq 300000 | sha256sum >/sum
DOCKERFILE

# timed FILE COMMAND...: its seconds are a line of FILE.
timed() {
	timed_file=$1
	shift
	timed_from=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - timed_from) / 1000000)) >>"$timed_file"
}

# on HOST DIR: from here on this engine, with a catalog of its own.
on() {
	export DOCKER_HOST="$1" IMGCACHE_DIR="$dir/$2"
}

nothing_there() {
	docker image prune --all --force >/dev/null
	docker builder prune --all --force >/dev/null
	rm -rf "$IMGCACHE_DIR"
}

rm -f cold warm.times remote local
bench_warn
for round in $(seq "$runs"); do
	set -- --dockerfile warm/Dockerfile --context warm \
		--build-arg "ROUND=$$-$round"
	cache=type=registry,ref=$registry/bench-cache
	on "$first" registry-first
	rm -rf "$IMGCACHE_DIR"
	imgcache -q build --registry "$registry/bench" --push \
		--cache-to "$cache" "$@" >/dev/null
	on "$second" registry-second
	nothing_there
	timed cold imgcache -q build "$@"
	nothing_there
	timed warm.times imgcache -q build --cache-from "$cache" "$@"
	nothing_there
	timed remote imgcache -q build --registry "$registry/bench" "$@"
	timed local imgcache -q build --registry "$registry/bench" "$@"
done

# The least of each: what is above it is other work of the machine.
least() {
	sort -n "$1" | head -n 1
}
echo "four ways to an image, the least of $runs rounds:"
printf '%s %s %s %s\n' "$(least cold)" "$(least warm.times)" \
	"$(least remote)" "$(least local)" | awk '{
	printf "  cold build                %8d ms   1.0\n", $1
	printf "  layers from a registry    %8d ms %5.1f times faster\n",
		$2, $1 / $2
	printf "  remote hit                %8d ms %5.1f times faster\n",
		$3, $1 / $3
	printf "  local hit                 %8d ms %5.0f times faster\n",
		$4, $1 / $4
}'
