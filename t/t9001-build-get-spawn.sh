#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job on a real engine, with a base so small that it takes seconds.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

recipe="--base busybox:latest --env RUN=$RUN --label imgcache-test=$RUN"

test_that 'before the build: a miss, its reason, status 1, nothing on stdout' '
	expect_status 1 imgcache get $recipe &&
	! [ -s stdout ] && one_line stderr && grep "never built" stderr
'

test_that 'build prints the ref and nothing else on stdout' '
	expect_status 0 imgcache build $recipe &&
	one_line stdout &&
	grep -E "^localhost/imgcache:g1-[0-9a-f]{40}$" stdout &&
	cp stdout ref
'

test_that 'the ref is the one that tag names without an engine' '
	tag=$(DOCKER_HOST=unix:///nowhere imgcache tag $recipe) &&
	case $(cat ref) in *:"$tag") ;; *) echo "$tag"; false ;; esac
'

test_that 'the image is there and carries its key' '
	key=$(docker image inspect --format "{{index .Config.Labels
		\"io.imgcache.key\"}}" "$(cat ref)" | tr -d "\n") &&
	case $(cat ref) in *:"$key") ;; *) false ;; esac
'

test_that 'no name of the build is left but the tag' '
	docker images --format "{{.Repository}}" \
		--filter "label=imgcache-test=$RUN" >stdout && [ -s stdout ] &&
	! grep imgcache-unkeyed stdout
'

test_that 'a setting of buildx that leaves no image does not count' '
	ref=$(BUILDX_NO_DEFAULT_LOAD=1 imgcache build $recipe \
		--env LOADED=$RUN) && docker image inspect "$ref" >/dev/null
'

test_that 'what is in no registry has no digest there' '
	imgcache list --json | jq -e ".[0] | .pushed == false and
		.digestHash == null" && id=$(cut -d- -f2 ref | cut -c1-12) &&
	imgcache get --id "$id" | jq -e ".digestHash == null"
'

test_that 'a hit prints the same ref and starts no docker process' '
	: >docker-calls &&
	expect_status 0 imgcache get $recipe &&
	same ref stdout && ! [ -s stderr ] && ! [ -s docker-calls ] &&
	expect_status 0 imgcache build $recipe &&
	same ref stdout && ! [ -s docker-calls ]
'

test_that 'a hit loads no libgit2' '
	command -v strace >/dev/null || exit 0
	strace -f -e trace=openat -o trace imgcache get $recipe >/dev/null &&
	! grep libgit2 trace
'

test_that 'the order of packages and labels does not count' '
	one=$(imgcache tag $recipe --env A=1 --env B=2 --label x=1) &&
	two=$(imgcache tag --label x=1 --env B=2 $recipe --env A=1) &&
	[ "$one" = "$two" ]
'

test_that 'spawn runs the image and gives its exit status' '
	expect_status 7 imgcache spawn $recipe --rm -- \
		sh -c "echo RUN is \$RUN; exit 7" &&
	[ "$(cat stdout)" = "RUN is $RUN" ]
'

test_that 'spawn gives 127 for a command that is not there' '
	expect_status 127 imgcache spawn $recipe --rm -- /no/such/thing
'

test_that 'the memory limit is seen from inside' '
	expect_status 0 imgcache spawn $recipe --rm --memory 64 -- sh -c "
		cat /sys/fs/cgroup/memory.max 2>/dev/null ||
		cat /sys/fs/cgroup/memory/memory.limit_in_bytes" &&
	[ "$(cat stdout)" = 67108864 ]
'

test_that 'options of docker run are passed on' '
	expect_status 0 imgcache spawn $recipe --rm -v "$TRASH:/here:ro" \
		-e FOO=bar --hostname box -- \
		sh -c "echo \$FOO \$(hostname); ls /here/ref" &&
	grep "^bar box$" stdout && grep /here/ref stdout
'

test_that 'a timeout stops the container and gives 124' '
	expect_status 124 imgcache spawn $recipe --label imgcache-test=$RUN \
		--timeout 2 --name "t-$RUN" -- sleep 600 &&
	docker ps --format "{{.Names}}" >running && ! grep "t-$RUN" running
'

test_that 'spawn -d prints the id of the container' '
	expect_status 0 imgcache spawn $recipe -d --rm \
		--name "d-$RUN" -- sleep 600 &&
	one_line stdout && grep -E "^[0-9a-f]{64}$" stdout &&
	docker kill "d-$RUN"
'

test_that 'signals reach the container' '
	imgcache spawn $recipe --rm --name "s-$RUN" -- sh -c "
		trap \"echo got it; exit 9\" TERM
		echo up; while :; do sleep 0.1; done" >out 2>&1 &
	pid=$!
	n=0
	until grep -q up out || [ $n -gt 100 ]; do
		n=$((n + 1)); sleep 0.1
	done
	kill -TERM $pid
	wait $pid
	grep "got it" out
'

test_that 'on-miss=fail runs nothing, on-miss=base runs the base' '
	expect_status 125 imgcache spawn $recipe --env NEW=1 \
		--on-miss=fail --rm -- true &&
	expect_status 0 imgcache spawn $recipe --env NEW=1 \
		--on-miss=base --rm -- sh -c "echo base \$NEW" &&
	[ "$(cat stdout)" = "base" ] &&
	imgcache wait "$(imgcache tag $recipe --env NEW=1 | cut -c 4-15)"
'

test_that 'a full disk: spawn runs, and no container is left behind' '
	[ "$(id -u)" -eq 0 ] && mkdir full &&
	mount -t tmpfs -o size=2m tmpfs full 2>/dev/null || {
		echo "no tmpfs can be mounted here"; exit 0; }
	export IMGCACHE_DIR=$PWD/full/state
	imgcache get $recipe; cat /dev/zero >full/fill 2>/dev/null
	imgcache spawn $recipe --rm --name "full-$RUN" -- echo ran \
		>stdout 2>stderr
	status=$?; cat stdout stderr; umount full
	[ $status -eq 0 ] && [ "$(cat stdout)" = ran ] &&
	[ -z "$(docker ps -aq --filter name=full-$RUN)" ]
'

test_that 'list and stats know the image and its lookups' '
	expect_status 0 imgcache list --json &&
	jq -e "any(.[]; .buildStatus == \"completed\" and .cacheHits > 3)" \
		stdout &&
	expect_status 0 imgcache stats --format json &&
	jq -e ".hitRate > 0.5 and .builds.total == 3" stdout
'

test_done
