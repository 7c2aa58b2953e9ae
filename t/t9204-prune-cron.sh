#!/bin/sh
# SPDX-License-Identifier: MIT
# prune as cron runs it, against a real engine: an empty environment, a full
# disk, what is really freed, BuildKit's own cache, and a timer in a crontab.
# On an engine of its own: prune minds every image of imgcache that it has.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/engine/own.sh
. "$(dirname "$0")/engine/own.sh"
own_engine prune containerd
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"
cron_cleanup() {
	umount "$TRASH/disk" 2>/dev/null
	engine_cleanup
	own_stop
}
trap cron_cleanup EXIT

# make N...: an image with a layer of 3 MB, used nine days ago.
make() {
	for n; do
		printf 'FROM busybox:latest\nLABEL imgcache-test=%s\n' "$RUN" \
			>Dockerfile &&
		echo "RUN head -c 3000000 /dev/urandom >/data-$RUN-$n" \
			>>Dockerfile &&
		faketime -f -9d imgcache -q build --dockerfile Dockerfile . \
			>"ref-$n" 2>/dev/null || return 1
	done
}

there() {
	docker image inspect "$(cat "ref-$1")" >/dev/null 2>&1
}

# as_cron COMMAND...: what cron gives a command, and where docker is.
as_cron() {
	(cd / && env -i HOME="$HOME" LOGNAME=x SHELL=/bin/sh \
		PATH=/usr/bin:/bin IMGCACHE_DIR="$IMGCACHE_DIR" \
		DOCKER_HOST="$DOCKER_HOST" "$@")
}

test_that 'without an environment: a line for each, then silence' '
	make 1 2 && as_cron "$TOP/build/imgcache" prune --max-age 5d \
		>out 2>err && cat out err && ! [ -s err ] &&
	[ "$(grep -c "^remove" out)" -eq 3 ] &&
	grep "^removed 2 images, .* expected, .* freed$" out &&
	! there 1 && ! there 2 &&
	as_cron "$TOP/build/imgcache" prune --max-age 5d >out 2>&1 &&
	! [ -s out ]
'

# BuildKit lets go of what it has just made a little after the build has ended,
# and what is held then stays until containerd next looks for such: 0 freed is
# true at times.
test_that 'freed: the layer of the image, not the base that others have' '
	for try in 1 2 3 4; do
		make "3-$try" && imgcache prune --max-age 5d --json >out &&
		cat out && jq -e ".removed == 1" out || return 1
		jq -e ".freedSize != 0" out && break
		sleep 1
	done
	jq -e ".freedSize >= 3000000 and .freedSize < .expectedSize" out
'

test_that 'BuildKit'\''s own cache goes by the filters only, and is counted' '
	imgcache prune --build-cache --filter until=240h >out && cat out &&
	! [ -s out ] && imgcache prune --build-cache --filter type=regular \
		--json >out && cat out &&
	jq -e ".buildCacheSize > 3000000" out &&
	imgcache prune --build-cache --filter type=regular >out && ! [ -s out ]
'

test_that 'freed: nothing of a layer that an image has which stays' '
	make 4 && echo "ENV MORE=1" >>Dockerfile &&
	imgcache -q build --dockerfile Dockerfile . >ref-more &&
	imgcache prune --max-age 5d --json >out && cat out && there more &&
	jq -e ".removed == 1 and .expectedSize > 3000000 and
		.freedSize < 1000000" out
'

test_that 'stats --disk: the big layer is shared, as docker has it' '
	rm -rf "$IMGCACHE_DIR" && make 8 && echo "ENV MORE=1" >>Dockerfile &&
	imgcache -q build --dockerfile Dockerfile . >ref-8b &&
	imgcache stats --disk --json >out && cat out &&
	jq -e "(.images | length) == 2 and all(.images[];
		.sharedSize >= 3000000 and .ownSize == .size - .sharedSize and
		.containers == 0) and .engineSize > 3000000" out &&
	imgcache stats --disk "$(imgcache list --json | jq -r ".[0].imageId")" \
		--json >out && cat out &&
	jq -e "(.layers | length) == 2 and all(.layers[]; .images == 2) and
		.layers[1].size >= 3000000 and (.layers[1].createdBy |
		startswith(\"RUN \"))" out &&
	imgcache stats --disk >out && cat out && ! grep -E "^.{81}" out
'

mkdir -p disk
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=64m tmpfs disk 2>/dev/null
then
	test_that 'a full disk: prune works' '
		IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		make 5 6 && { cat /dev/zero >disk/fill 2>/dev/null
		as_cron "$TOP/build/imgcache" prune --max-age 5d >out 2>err; } &&
		cat out err && ! there 5 && ! there 6 && ! [ -s err ]
	'
	umount disk
else
	test_skip 'a full disk: prune works' "needs root and mount"
fi

# Elsewhere it is a person's, and a test that is killed would not put it back.
if [ -n "${CI-}" ] && [ "$(id -u)" -eq 0 ] && command -v crontab >/dev/null &&
	! systemctl --user show-environment >/dev/null 2>&1; then
	crontab -l >mine 2>/dev/null && had=yes
	test_that 'a crontab: the timer is installed, runs and is removed' '
		make 7 && imgcache prune --max-age 5d --install-timer &&
		crontab -l >with && cat with &&
		imgcache prune --max-age 5d --install-timer >out &&
		grep "^already there" out && crontab -l | same with - &&
		sed -n "/^# BEGIN imgcache/,/^# END/p" with |
			grep " 3 \* \* \* " | cut -d " " -f 6- |
			sed "s/\\\\%/%/g" >command &&
		as_cron sh -c "$(cat command)" >out && cat out && ! there 7 &&
		imgcache prune --remove-timer && if [ -n "${had-}" ]; then
			crontab -l | same mine -
		else
			! crontab -l
		fi
	'
	[ -z "${had-}" ] || crontab mine
else
	test_skip 'a crontab: the timer runs' "only in CI, with cron and without systemd"
fi

test_done
