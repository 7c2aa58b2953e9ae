# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the scripts about what machines share: lib-standin.sh, and two machines,
# a and b, each with a stand-in engine and a catalog of its own, and a registry
# for both. Machine a has the base busybox.
#
#	on MACHINE	from now on commands are run there
#	count QUERY	of that machine's statistics

# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

STANDIN_REGISTRY=$TRASH/registry
export STANDIN_REGISTRY
mkdir -p "$STANDIN_REGISTRY"

on() {
	STANDIN_DIR=$TRASH/$1
	DOCKER_HOST=unix://$STANDIN_DIR/docker.sock
	IMGCACHE_DIR=$TRASH/state-$1
}

machines_cleanup() {
	on a && standin_stop
	on b && standin_stop
	test_cleanup
}
trap machines_cleanup EXIT

for machine in b a; do
	on $machine && mkdir -p $machine && standin_start
done
standin_base busybox:latest

count() {
	imgcache stats --json | jq "$1"
}
