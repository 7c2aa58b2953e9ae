# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# For a test script that needs an engine of its own, to be read before
# lib-engine.sh, or by lib-engines.sh. What it has started it stops again: call own_stop at the end.

own_sh=${TOP:-$(cd "$(dirname "$0")/.." && pwd)}/t/engine/engine.sh
own_name=
own_started=

# own_engine NAME STORE: from now on docker talks to that engine.
own_engine()
{
	own_name=$1
	if ! "$own_sh" status --name "$1" >/dev/null 2>&1; then
		if ! "$own_sh" start --name "$1" --store "$2" >&2; then
			own_missing "$1"
		fi
		own_started=yes
	fi
	eval "$("$own_sh" env --name "$1")"
}

own_missing()
{
	if [ -n "${CI-}" ]; then
		echo "Bail out! no private engine '$1', and CI is set"
		exit 1
	fi
	echo "1..0 # SKIP no private engine '$1' can be had"
	exit 0
}

own_stop()
{
	[ -z "$own_started" ] || "$own_sh" stop --name "$own_name"
}
