#!/bin/sh
# SPDX-License-Identifier: MIT
# The tests: check.sh unit|shell|engine ... (all three are `make check`).
# Installs what is missing, builds, starts the engine that the last part needs
# and stops it again if it was started here. Everything goes through one
# prove, so its closing line speaks for all.
set -eu
cd "$(dirname "$0")/.."
: "${CI:=}"
jobs=$(nproc 2>/dev/null || echo 2)
tests=
started=

t/deps.sh --for check
for part in "$@"; do
	case $part in
	unit)
		make -s -j"$jobs" WERROR=1 MODE=asan build/asan/unit
		tests="$tests t/t0000-unit.sh" ;;
	shell)
		make -s -j"$jobs" WERROR=1 all helpers
		tests="$tests $(echo t/t[1-8]*.sh)" ;;
	engine)
		make -s -j"$jobs" WERROR=1 all helpers
		if eval "$(t/engine/use.sh)"; then
			tests="$tests $(echo t/t9*.sh)"
		elif [ -n "$CI" ]; then
			echo "check: no docker engine, and CI is set" >&2
			exit 1
		else
			echo "check: real-engine tests skipped: no engine" \
				"answers and none could be started" >&2
		fi ;;
	*)
		echo "usage: check.sh unit|shell|engine ..." >&2
		exit 2 ;;
	esac
done

stop() {
	if [ -n "$started" ]; then
		t/engine/engine.sh stop || :
	fi
}
trap stop EXIT
started=${IMGCACHE_ENGINE_STARTED-}
# Those that share the engine run one by one, beside all others.
shared=$(grep -L '^own_engine' t/t9*.sh | tr '\n' ,)
# shellcheck disable=SC2086 # a list of files
prove --timer -j2 --rules "seq={${shared%,}}" --rules 'seq=**' $tests
