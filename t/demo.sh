#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make demo` shows: a first build from a package list, the same question
# again in milliseconds, a container from the answer. Takes the docker engine
# that answers, else a private one of this checkout, which it stops again.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
started=

say() {
	printf '\n$'
	for word; do
		case $word in
		*[!A-Za-z0-9./:=_-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	"$@"
}

finish() {
	if [ -n "$started" ]; then
		"$top/t/engine/engine.sh" stop
	fi
}
trap finish EXIT

if [ -z "${IMGCACHE_DEMO_PRIVATE-}" ] && docker buildx version >/dev/null 2>&1 &&
	timeout 10 docker version >/dev/null 2>&1; then
	echo "demo: using the docker engine that answers"
else
	echo "demo: no docker engine answers; using a private one" \
		"(build/engine)"
	env=$(t/engine/use.sh)
	eval "$env"
	started=${IMGCACHE_ENGINE_STARTED-}
fi

dir=$top/build/demo
mkdir -p "$dir"
IMGCACHE_DIR=$dir/state
PATH=$top/build:$PATH
export IMGCACHE_DIR PATH
cat >"$dir/imgcache.yaml" <<'YAML'
version: 1
images:
  tools:
    base: "debian:bookworm-slim"
    apt: [git, jq]
    npm: [semver, "@types/node"]
YAML
cd "$dir"
# A demo of a first build: what an earlier demo left is deleted first.
old=$(imgcache tag tools 2>/dev/null || :)
if imgcache get --quiet --no-count tools; then
	imgcache delete "$old"
fi

say cat imgcache.yaml
say imgcache dockerfile tools | head -n 12
echo "..."
say imgcache build tools
say imgcache get tools
echo
echo "The same question ten times, in milliseconds:"
n=0
while [ $n -lt 10 ]; do
	before=$(date +%s%N)
	imgcache get tools >/dev/null
	after=$(date +%s%N)
	awk -v ns="$((after - before))" 'BEGIN { printf "%.1f ", ns / 1e6 }'
	n=$((n + 1))
done
echo
say imgcache spawn tools --rm -- \
	sh -c 'git --version; jq --version; semver 1.2.3 -i minor'
say imgcache list
say imgcache stats
