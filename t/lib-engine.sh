# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the scripts that need a real engine: lib.sh, and an engine to talk to.
# Run by itself a script takes the private engine of this checkout. Images made
# here are removed again by name; nothing is ever pruned globally.

# shellcheck source=t/lib.sh
. "$(dirname "$0")/lib.sh"

if [ -z "${IMGCACHE_TEST_REGISTRY-}" ]; then
	env=$("$TOP/t/engine/use.sh") || env=false
	eval "$env" || test_skip_all "no docker engine"
fi
[ -n "${IMGCACHE_TEST_REGISTRY-}" ] || test_skip_all "no docker engine"

# A word that no other run has: it makes recipes, and so keys, of this run.
RUN=$$-$(date +%s)
export RUN

# wait_until COMMAND...: 10 seconds at most.
wait_until() {
	left=100
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}

# What imgcache starts is recorded: one line a call of docker.
mkdir -p "$TRASH/bin"
real_docker=$(command -v docker)
cat >"$TRASH/bin/docker" <<SCRIPT
#!/bin/sh
echo "\$*" >>"$TRASH/docker-calls"
exec "$real_docker" "\$@"
SCRIPT
chmod +x "$TRASH/bin/docker"
PATH=$TRASH/bin:$PATH
export PATH

engine_cleanup() {
	"$real_docker" ps -aq --filter "label=imgcache-test=$RUN" |
		xargs -r "$real_docker" rm -f >/dev/null 2>&1
	"$real_docker" images --format '{{.Repository}}:{{.Tag}}' \
		--filter "label=imgcache-test=$RUN" |
		grep -v '<none>' | xargs -r "$real_docker" rmi >/dev/null 2>&1
	test_cleanup
}
trap engine_cleanup EXIT

# calls WORD...: how often docker was called with these words.
calls() {
	touch "$TRASH/docker-calls"
	grep -c "$*" "$TRASH/docker-calls"
}
