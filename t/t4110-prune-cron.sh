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
	touch -d "-40 days" "$IMGCACHE_DIR/cache/memo/.imgcache-tmp-3-ef" &&
	find "$IMGCACHE_DIR" ! -type d ! -name "*.db-*" ! -name prune | sort >before &&
	imgcache prune -n >dry && find "$IMGCACHE_DIR" ! -type d \
		! -name "*.db-*" ! -name prune | sort >after && same before after &&
	cat dry && tail -n 1 dry | grep -x "would remove 6 old files" &&
	expect_status 0 imgcache prune -v && cat stdout &&
	tail -n 1 stdout | grep -x "removed 6 old files" &&
	imgcache prune -n >dry && tail -n 1 dry | grep -x "would remove nothing" &&
	find "$IMGCACHE_DIR" -name ".imgcache-tmp-*" >left && cat left &&
	[ "$(wc -l <left)" -eq 3 ] && ! grep -v -- "-2-cd$" left &&
	! ls "$IMGCACHE_DIR/locks" | grep "^g1-0000"
'

# cache NAME DAYS: an image of that name with a local build cache, so long ago.
cache() {
	printf "version: 1\nimages: {%s: {base: busybox, env: {N: %s}}}\n" \
		"$1" "$1" >imgcache.yaml &&
	faketime -f "-${2}d" imgcache build "$1" --cache-to type=local \
		--cache-from type=local >/dev/null 2>&1
	status=$?
	rm imgcache.yaml
	return "$status"
}

# dirs: the local caches that are there, by the image's name.
dirs() {
	find "$IMGCACHE_DIR/cache/buildcache" -mindepth 1 -maxdepth 1 \
		-printf "%f\n" | sort | sed "s/-linux.*//" | tr "\n" " "
}

test_that 'local build caches: by age, 30 days without being asked' '
	images && cache old 40 && cache mid 20 && cache new 1 &&
	expect_status 0 imgcache prune --dry-run && cat stdout &&
	grep "^remove build cache .*/old-.*: not used for .*limit 4 w" stdout &&
	grep "^keep build cache .*/new-.*: within the limits" stdout &&
	[ "$(dirs)" = "mid new old " ] &&
	tail -n 1 stdout | sed s/^would.remove/removed/ >expect &&
	grep "^removed 1 build cache, [0-9.]* .\?B$" expect &&
	expect_status 0 imgcache prune && cat stdout &&
	[ "$(wc -l <stdout)" -eq 2 ] && tail -n 1 stdout >actual &&
	same expect actual && [ "$(dirs)" = "mid new " ] &&
	imgcache list --caches --json | jq -e "length == 2" &&
	expect_status 0 imgcache prune --cache-max-age 10d --json &&
	jq -e ".caches | map(.action) == [\"remove\", \"keep\"]" stdout &&
	[ "$(dirs)" = "new " ] && imgcache prune --cache-max-age 0 >out &&
	! [ -s out ]
'

test_that 'the last line has all that goes, and is within a terminal' '
	images 9 2 && cache "$(printf a%.0s $(seq 70))" 40 &&
	touch -d "-2 days" "$IMGCACHE_DIR/locks/g1-$(printf %040d 1)" &&
	imgcache prune -n --max-age 5d >dry && tail -n 1 dry >last && cat dry &&
	grep -E "^would remove 2 images, [^;]*; 1 build cache, [^;]*; 1 old file$" \
		last && script -qec "stty cols 80; imgcache prune -n --max-age 5d" \
		/dev/null | tr -d "\r" >screen && cat screen &&
	! grep -E ".{81}" screen && grep "^remove build cache" screen &&
	sed -n "/^remove build/,\$p" screen | tr -d " \n" >one &&
	sed -n "/^remove build/,\$p" dry | tr -d " \n" >two && same two one &&
	imgcache prune --max-age 5d >out && cat out && tail -n 1 out |
		grep -E "^removed 2 images, .* expected, .* freed; 1 build cache, [^;]*; 1 old file$"
'

test_that 'local build caches: by size, the longest unused first' '
	images && cache a 3 && cache b 2 && cache c 1 && cache b 0 &&
	size=$(imgcache prune -n --json | jq "[.caches[].size] | add") &&
	expect_status 0 imgcache prune --cache-max-size "${size}B" &&
	! [ -s stdout ] && [ "$(dirs)" = "a b c " ] &&
	expect_status 0 imgcache prune --cache-max-size $((size - 1))B &&
	cat stdout && grep "/a-.* more than .* together" stdout &&
	[ "$(dirs)" = "b c " ] && IMGCACHE_CACHE_MAX_SIZE=1B imgcache prune &&
	[ "$(dirs)" = "" ]
'

test_that 'local build caches: one that a build uses stays' '
	images && cache a 40 && lock=$(echo "$IMGCACHE_DIR"/cache/buildcache/a-*/lock) &&
	{ flock -s "$lock" sleep 60 & holder=$!; } &&
	until ! flock -x -n "$lock" true; do sleep 0.05; done &&
	imgcache prune --json >out; status=$?; kill $holder
	[ $status -eq 0 ] && jq -e ".caches[0].action == \"in-use\"" out &&
	[ "$(dirs)" = "a " ]
'

test_that 'local build caches: what killed builds left in those that stay' '
	images && cache a 0 && dir=$(echo "$IMGCACHE_DIR"/cache/buildcache/a-*) &&
	mkdir -p "$dir/g1-1/blobs" && ln -s g1-1 "$dir/g-next-1" &&
	imgcache prune && ls "$dir" && [ "$(ls "$dir" | wc -l)" -eq 3 ] &&
	[ -f "$dir/current/index.json" ]
'

test_that 'nothing else under cache_dir is taken for a cache' '
	images 1 && mkdir -p "$IMGCACHE_DIR/cache/buildcache/mine" &&
	echo x >"$IMGCACHE_DIR/cache/buildcache/mine/file" &&
	imgcache prune --cache-max-size 1B --cache-max-age 1s &&
	[ -f "$IMGCACHE_DIR/cache/buildcache/mine/file" ]
'

test_that 'BuildKit'\''s own cache: only with filters, docker'\''s own' '
	images 1 && rm -f "$STANDIN_DIR/calls" &&
	expect_status 129 imgcache prune --build-cache &&
	grep "add --filter, such as" stderr &&
	expect_status 129 imgcache prune --filter until=1h &&
	imgcache prune && ! grep "buildx.*prune" "$STANDIN_DIR/calls" &&
	expect_status 0 imgcache prune -n --build-cache --filter until=240h &&
	grep "^would remove at most 4.1 kB of BuildKit'\''s cache$" stdout &&
	! grep "buildx.*prune" "$STANDIN_DIR/calls" &&
	expect_status 0 imgcache prune --build-cache --filter until=240h \
		--filter type=regular && cat stdout && one_line stdout &&
	grep "^removed 4.1 kB of BuildKit" stdout &&
	[ "$(calls buildx prune --force --filter=until=240h \
		--filter=type=regular)" -eq 1 ] &&
	expect_status 0 imgcache prune --build-cache --filter until=240h &&
	! [ -s stdout ] && ! [ -s stderr ]
'

# An empty one docker skips, and all goes; one it does not know fits nothing.
test_that 'BuildKit'\''s own cache: what is no filter of it is refused at once' '
	images 9 && rm -f "$STANDIN_DIR/calls" && for how in "" -n; do
		for filter in "" foo=bar "foo!=bar" until until=10d type= private=true \
			"shared!=true" parent=x "id=a b" until=99999999999h
		do
			expect_status 129 imgcache prune $how --max-age 5d \
				--build-cache --filter "$filter" &&
			one_line stderr || return 1
		done
		expect_status 129 imgcache prune $how --build-cache \
			--filter type=regular --filter type=internal &&
		one_line stderr || return 1
	done && ! grep "buildx.*prune" "$STANDIN_DIR/calls" &&
	imgcache prune --max-age 5d --json >out && jq -e ".removed == 1" out &&
	expect_status 129 imgcache prune --build-cache --filter tpye=regular &&
	says stderr "BuildKit'\''s cache has no filter '\''tpye'\''; did you mean \
'\''type'\''? it has until, id, parents, description, type, mutable, immutable, \
inuse, shared and private"
'

test_that 'BuildKit'\''s own cache: a refusal is passed on' '
	faults "prune * exit 1 ERROR: invalid filter" &&
	expect_status 128 imgcache prune --build-cache --filter id=y; got=$?
	faults; [ $got -eq 0 ] && one_line stderr && grep "invalid filter" stderr
'

test_that 'what was expected and what was really freed' '
	images 9 8 2 && expect_status 0 imgcache prune --max-age 5d --json &&
	jq -e ".expectedSize > 0 and .freedSize == 2000000" stdout &&
	images 9 && expect_status 0 imgcache prune --max-age 5d && cat stdout &&
	grep "^removed 1 image, .* expected, 1.0 MB freed$" stdout &&
	images 9 && faults "df * exit 500 no" &&
	expect_status 0 imgcache prune --max-age 5d --json; got=$?; faults
	[ $got -eq 0 ] && jq -e ".removed == 1 and .freedSize == null" stdout
'

test_that 'what was freed is waited for, and not found out it says so' '
	images 9 && faults "df * slow 3200" &&
	expect_status 0 imgcache prune --max-age 5d; got=$?; faults
	[ $got -eq 0 ] && cat stdout && grep "expected, 1.0 MB freed$" stdout &&
	images 9 && faults "df * exit 500 no" &&
	expect_status 0 imgcache prune --max-age 5d; got=$?; faults
	[ $got -eq 0 ] && cat stdout &&
	grep -E "^removed 1 image, .* expected, freed: not found out$" stdout
'

test_done
