# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the scripts of the bench, from the top of the checkout: their programs,
# an engine, and nothing of the caller's settings.
#
#	bench_engine		the one that the caller chose, else a private one
#	bench_clean		no settings from the environment; $dir/home is home
#	bench_spaced N		1000000 as 1 000 000
#	bench_warn		a line if the machine has other work to do

top=$(pwd)
# shellcheck disable=SC2034 # for the scripts
bin=$top/build/plain
dir=$top/build/bench
started=

make -s --no-print-directory -f Makefile -f t/bench/bench.mk \
	bench-programs >/dev/null

bench_finish() {
	if [ -n "$started" ]; then
		"$top/t/engine/engine.sh" stop
	fi
}
trap bench_finish EXIT

bench_engine() {
	if [ -z "${IMGCACHE_TEST_REGISTRY-}" ]; then
		env=$(t/engine/use.sh)
		eval "$env"
		started=${IMGCACHE_ENGINE_STARTED-}
	fi
}

bench_clean() {
	for name in $(env | sed -n 's/^\(IMGCACHE_[A-Z_]*\)=.*/\1/p'); do
		case $name in
		IMGCACHE_TEST_*) ;;
		*) unset "$name" ;;
		esac
	done
	unset ENABLE_IMAGE_CACHE DEFAULT_BASE_IMAGE USE_STATIC_BASE_IMAGE
	unset NO_CACHE
	HOME=$dir/home
	PATH=$top/build:$PATH
	export HOME PATH
	mkdir -p "$HOME"
}

bench_spaced() {
	echo "$1" | sed ':a;s/\B[0-9]\{3\}\>/ &/;ta'
}

bench_warn() {
	awk -v cores="$(nproc)" '$1 > cores {
		printf "the machine is busy with other work: load %.1f, %d " \
			"cores; ratios suffer\n", $1, cores }' /proc/loadavg
}
