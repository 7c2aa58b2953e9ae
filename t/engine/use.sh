#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints shell assignments for a docker engine to test with: a private one of
# this checkout, started if it does not run. Ends with status 1 in the shell
# that evaluates it if there is none to be had.
#
#	eval "$(t/engine/use.sh)"
#
# IMGCACHE_ENGINE_STARTED=1 tells that it was started now, so that whoever
# asked for it stops it again.
set -eu
cd "$(dirname "$0")/../.."
started=
if ! t/engine/engine.sh status >/dev/null 2>&1; then
	mkdir -p build
	if ! t/engine/engine.sh start >build/engine-start.log 2>&1; then
		tail -n 5 build/engine-start.log >&2
		echo false
		exit 0
	fi
	started=1
fi
t/engine/engine.sh env
echo "IMGCACHE_ENGINE_STARTED=$started"
