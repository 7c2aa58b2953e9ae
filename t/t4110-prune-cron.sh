#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache prune` as cron calls it: without an environment, on a full disk,
# beside another one; what it sweeps, and what it says.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest

# images N...: one of that number, built so many days ago.
images() {
	rm -rf "$IMGCACHE_DIR"
	find "$STANDIN_DIR/tags" -name 'localhost*' -printf '%f\n' | tr % / |
		xargs -r docker rmi >/dev/null
	for n; do
		faketime -f "-${n}d" imgcache build --base busybox \
			--env "N=$n" >/dev/null 2>&1 || return 1
	done
}

is_there() {
	docker image inspect "localhost/imgcache:$(imgcache tag --base busybox \
		--env "N=$1")" >/dev/null 2>&1
}

test_that 'nothing to do: nothing is printed' '
	images 2 && expect_status 0 imgcache prune --max-age 5d &&
	! [ -s stdout ] && ! [ -s stderr ]
'

test_that 'another prune runs: 75, one line that names it' '
	flock "$IMGCACHE_DIR/locks/prune" sleep 60 & holder=$!
	until ! flock -n "$IMGCACHE_DIR/locks/prune" true; do sleep 0.05; done
	expect_status 75 imgcache prune; status=$?
	kill $holder; [ $status -eq 0 ] && ! [ -s stdout ] && one_line stderr
'

test_that 'cron: no environment, a bare PATH, another working directory' '
	images 9 2 && mkdir -p "$HOME/.config/imgcache" &&
	printf "state_dir: %s\ncache_dir: %s\n" "$IMGCACHE_DIR" \
		"$IMGCACHE_DIR/cache" >"$HOME/.config/imgcache/config.yaml" &&
	(cd / && env -i HOME="$HOME" LOGNAME=x SHELL=/bin/sh \
		PATH=/usr/bin:/bin DOCKER_HOST="$DOCKER_HOST" \
		"$TOP/build/imgcache" prune --max-age 5d) >out 2>err &&
	cat out err && [ "$(wc -l <out)" -eq 3 ] && ! [ -s err ] &&
	! is_there 9 && is_there 2
	status=$?; rm "$HOME/.config/imgcache/config.yaml"
	[ $status -eq 0 ]
'

# full SIZE: a state directory on a disk of that size, with images of 9, 8, 2.
full() {
	mkdir -p disk && mount -t tmpfs -o size="$1" tmpfs disk &&
	IMGCACHE_DIR=$PWD/disk/state && images 9 8 2
}

# fill: not a byte is left.
fill() {
	cat /dev/zero >disk/fill 2>/dev/null
	echo more 2>/dev/null >disk/more
	! [ -s disk/more ]
}

if [ "$(id -u)" -eq 0 ] && mkdir -p disk &&
	mount -t tmpfs -o size=64m tmpfs disk 2>/dev/null; then
	umount disk
	test_that 'a full disk: prune works, for some room is kept for it' '
		full 64m && [ "$(stat -c %b disk/state/reserve)" -gt 16000 ] &&
		fill && expect_status 0 imgcache prune --max-age 5d &&
		cat stdout stderr && ! is_there 9 && ! is_there 8 &&
		is_there 2 && rm disk/fill &&
		expect_status 1 imgcache get --base busybox --env N=9 &&
		grep pruned stderr && ! [ -e disk/state/reserve ] &&
		imgcache prune && [ -e disk/state/reserve ]
		status=$?; umount disk; [ $status -eq 0 ]
	'
	test_that 'a full disk and nothing kept: one line, and nothing is lost' '
		full 64m && rm disk/state/reserve && fill
		expect_status 128 imgcache prune --max-age 5d && cat stderr &&
		one_line stderr && rm disk/fill &&
		imgcache prune --max-age 5d && ! is_there 9 && is_there 2
		status=$?; umount disk; [ $status -eq 0 ]
	'
	test_that 'a small disk: no room is kept where there is little' '
		full 16m && ! [ -e disk/state/reserve ]
		status=$?; umount disk; [ $status -eq 0 ]
	'
else
	test_skip "a full disk" "needs root and mount"
fi

test_that 'what killed processes left is swept after a day, a live one stays' '
	images 2 && for dir in "$IMGCACHE_DIR" "$IMGCACHE_DIR/cache/engines" \
		"$IMGCACHE_DIR/cache/memo"; do
		touch -d "-2 days" "$dir/.imgcache-tmp-1-ab" &&
		touch "$dir/.imgcache-tmp-2-cd" || return 1
	done &&
	touch -d "-2 days" "$IMGCACHE_DIR/locks/g1-$(printf %040d 1)" &&
	touch -d "-40 days" "$IMGCACHE_DIR/logs/old.log" &&
	expect_status 0 imgcache prune -v && cat stdout &&
	grep "swept 5 files" stdout &&
	find "$IMGCACHE_DIR" -name ".imgcache-tmp-*" >left && cat left &&
	[ "$(wc -l <left)" -eq 3 ] && ! grep -v -- "-2-cd$" left &&
	! ls "$IMGCACHE_DIR/locks" | grep "^g1-0000"
'

test_done
