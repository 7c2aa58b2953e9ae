#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache prune`: each policy with its reasons, and what it must not touch.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest

# images N...: one of that number, built so many days ago.
images() {
	rm -rf "$IMGCACHE_DIR" "$STANDIN_DIR"/containers/*
	find "$STANDIN_DIR/tags" -name 'localhost*' -printf '%f\n' | tr % / |
		xargs -r docker rmi >/dev/null
	for n; do
		faketime -f "-${n}d" imgcache build --base busybox \
			--env "N=$n" >/dev/null 2>&1 || return 1
	done
}

# id N: of the image of that number.
id() {
	imgcache tag --base busybox --env "N=$1" | cut -c 4-15
}

# removed N...: just these were, in that order.
removed() {
	for n; do
		id "$n"
	done >expect
	jq -r '.images[] | select(.action == "remove") | .imageId' stdout >actual
	same expect actual
}

# reason N: why it went or stayed.
reason() {
	jq -r ".images[] | select(.imageId == \"$(id "$1")\") |
		.action + \": \" + .reason" stdout
}

is_there() {
	docker image inspect "localhost/imgcache:$(imgcache tag --base busybox \
		--env "N=$1")" >/dev/null 2>&1
}

prune() {
	expect_status 0 imgcache prune --json "$@"
}

test_that 'no limits: nothing goes, each is within the limits' '
	images 5 4 3 2 && prune && removed && [ "$(reason 5)" = \
		"keep: within the limits" ] && is_there 5
'

test_that 'a dry run writes nothing, not even of what is gone from the engine' '
	mkdir -p lost && printf "FROM busybox\nRUN echo lost\n" \
		>lost/Dockerfile && ref=$(imgcache build -q lost) &&
	docker image rm "$ref" >/dev/null &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT * FROM images" >before &&
	expect_status 0 imgcache prune --dry-run --grace 0 --json &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT * FROM images" >after &&
	same before after && id=$(imgcache tag lost | cut -c 4-15) &&
	! grep "$id" stdout && expect_status 0 imgcache prune &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT status FROM images WHERE
		tag LIKE '\''%-$id%'\''" >status && grep -x gone status
'

test_that 'max-images: the oldest go, and why' '
	prune --max-images 2 && removed 5 4 &&
	[ "$(reason 5)" = "remove: more than 2 images" ] &&
	prune -n --max-images 1 &&
	[ "$(reason 3)" = "remove: more than 1 image" ] &&
	[ "$(reason 2)" = "keep: within the limits" ] &&
	! is_there 5 && is_there 3
'

test_that 'pruned: a miss with that reason' '
	expect_status 1 imgcache get --base busybox --env N=5 &&
	cat stderr && grep "pruned" stderr &&
	imgcache get --json --base busybox --env N=5 >json 2>/dev/null
	jq -e ".reason == \"pruned\"" json
'

test_that 'P28, P29: max-age since the last use, else since the build' '
	images 9 8 7 2 && faketime -f -1d imgcache get --base busybox \
		--env N=9 && prune --max-age 5d && removed 8 7 &&
	[ "$(reason 8)" = "remove: not used for 1 w (limit 5 d)" ] &&
	is_there 9
'

test_that 'max-size: begins above it, goes down to 80 %' '
	images 6 5 4 3 2 && size=$(imgcache stats --json | jq .totalSize) &&
	prune --max-size $((size + 1))B && removed &&
	prune --max-size $((size - 1000000))B && removed 6 5 &&
	reason 6 | grep "^remove: more than .* together$"
'

test_that 'low-size: down to that one' '
	images 6 5 4 3 2 && size=$(imgcache stats --json | jq .totalSize) &&
	prune --max-size $((size - 1))B --low-size $((size / 2))B &&
	removed 6 5 4
'

# strangers N...: the same from another catalog, found on the engine by this.
strangers() {
	for n; do
		IMGCACHE_DIR=$PWD/other faketime -f "-${n}d" imgcache build \
			--base busybox --env "N=$n" >/dev/null 2>&1 || return 1
	done
}

test_that 'what was found on the engine stays, and counts for no limit' '
	images 5 4 && strangers 13 12 11 && prune --max-images 2 && removed &&
	reason 13 | grep "^keep: found on the engine, " &&
	[ "$(reason 5)" = "keep: within the limits" ] &&
	own=$(imgcache list --json | jq "[.[] | select(.origin == \"built\") |
		.size] | add") && prune --max-size "${own}B" && removed &&
	prune --max-images 1 && removed 5 && is_there 13
'

test_that 'found and then used: it is one of this catalog, and counts' '
	images 5 4 && strangers 13 && faketime -f -3d imgcache get \
		--base busybox --env N=13 && prune --max-images 2 &&
	removed 5 && is_there 13; status=$?; rm -rf other
	[ $status -eq 0 ]
'

test_that 'pinned: never, and counts as one' '
	images 9 8 7 && imgcache pin "$(id 9)" && prune --max-images 2 &&
	removed 8 && [ "$(reason 9)" = "keep: pinned" ]
'

test_that 'grace: what was just built or used stays, whatever the limits' '
	images 5 2 0 && faketime -f -1h imgcache get --base busybox --env N=5 &&
	prune --max-images 1 && removed 2 &&
	reason 5 | grep "^keep: used or built .* ago$"
'

test_that 'grace 0 protects nothing' '
	images 1 0 && sleep 1 && prune --grace 0 --max-age 1s && removed 1 0 ||
	removed 1
'

test_that 'keep-last: the newest N of each name' '
	rm -rf "$IMGCACHE_DIR"; for d in 9 8 7; do
		printf "version: 1\nimages: {x: {base: busybox, env: {N: \"$d\"}}}" \
			>imgcache.yaml
		faketime -f -${d}d imgcache build x >/dev/null 2>&1
	done; rm imgcache.yaml; prune --max-age 1d --keep-last 2 && removed 9 &&
	[ "$(reason 8)" = "keep: one of the last 2 of its name" ]
'

test_that 'keep-last: by each name of an image that recipes share' '
	rm -rf "$IMGCACHE_DIR"; printf "%s\n" "version: 1" "images:" \
		"  x: {base: busybox, env: {N: \"9\"}}" \
		"  y: {base: busybox, env: {N: \"9\"}}" >imgcache.yaml
	faketime -f -9d imgcache build --all >/dev/null 2>&1
	sed -i "s/x: .*/x: {base: busybox, env: {N: \"8\"}}/" imgcache.yaml
	faketime -f -8d imgcache build x >/dev/null 2>&1; rm imgcache.yaml
	prune --max-age 1d --keep-last 1 && removed &&
	[ "$(reason 9)" = "keep: the last of its name" ]
'

test_that 'pinned: never' '
	images 9 8 && imgcache pin "$(id 9)" && prune --max-age 1d &&
	removed 8 && [ "$(reason 9)" = "keep: pinned" ] && is_there 9
'

test_that 'in use by a container: in-use, its name, not counted as removed' '
	images 9 8 && docker run --name busy "localhost/imgcache:$(imgcache \
		tag --base busybox --env N=9)" true &&
	prune --max-age 1d && removed 8 && is_there 9 &&
	[ "$(reason 9)" = "in-use: container busy uses it" ] &&
	jq -e ".removed == 1" stdout
'

test_that 'a dry run gives the same list and removes nothing' '
	images 9 8 2 && docker run --name busy "localhost/imgcache:$(imgcache \
		tag --base busybox --env N=8)" true &&
	prune --max-age 1d --dry-run && removed 9 2 && cp stdout dry &&
	jq -e ".dryRun" dry && is_there 9 && is_there 2 &&
	prune --max-age 1d && removed 9 2 && ! is_there 9
'

test_that 'P33: foreign images, build cache and volumes are not touched' '
	images 9 && docker import - foreign:1 </dev/null &&
	docker import --change "LABEL io.imgcache.key=g1-$(printf %040d 7)" - \
		labelled:1 </dev/null && prune --max-age 1d --max-images 1 &&
	docker image inspect foreign:1 labelled:1 busybox >/dev/null &&
	! grep -E "system.*prune|image.*prune|volume|builder|buildx.*prune" \
		"$STANDIN_DIR/calls"
'

test_that 'gone behind our back: the row goes too, and is no removal' '
	images 9 8 && docker rmi "localhost/imgcache:$(imgcache tag \
		--base busybox --env N=9)" && prune --max-age 1d && removed 8
'

test_that 'a removal that the engine refuses: in use, and the next ones go on' '
	images 9 8 && faults "remove 1 exit 409 in-use" && prune --max-age 1d
	status=$?; faults; [ $status -eq 0 ] && removed 8 && is_there 9 &&
	reason 9 | grep "^in-use: "
'

test_that 'P35: an engine that dies halfway: what went is recorded' '
	images 9 8 7 && faults "remove 2 exit 500 x" "remove 3 exit 500 x"
	imgcache prune --max-age 1d >stdout 2>stderr; status=$?; faults
	[ $status -eq 128 ] && one_line stderr && ! is_there 9 && is_there 8 &&
	imgcache list --json --status completed | jq -e "length == 2" &&
	prune --max-age 1d && removed 8 7
'

test_that 'for people: a line an image and a sum; nothing when nothing goes' '
	images 9 2 && expect_status 0 imgcache prune --max-age 5d &&
	cat stdout && [ "$(wc -l <stdout)" -eq 3 ] &&
	tail -n 1 stdout | grep "^removed 1 image, " &&
	expect_status 0 imgcache prune --max-age 5d && ! [ -s stdout ] &&
	! [ -s stderr ]
'

test_that 'P32: the size is said to be expected' '
	images 9 && prune --max-age 1d && jq -e ".expectedSize > 0" stdout
'

test_that 'the policy of the project file and of the environment' '
	images 9 8 7 && printf "version: 1\npolicy: {max_images: 2}\n" \
		>imgcache.yaml && prune -n && removed 9 &&
	MAX_CACHED_IMAGES=1 prune -n && removed 9 8 &&
	prune -n --max-images 0 && removed; status=$?; rm imgcache.yaml
	[ $status -eq 0 ]
'

test_that 'a clock a year back and forth: nothing young goes, nothing crashes' '
	images 9 2 && expect_status 0 faketime -f -1y imgcache prune --json \
		--max-age 5d && jq -e ".removed == 0" stdout && is_there 2 &&
	expect_status 0 faketime -f +1y imgcache prune --json -n \
		--max-age 5d && jq -e ".removed == 2" stdout
'

# killed NAME: of a build, on an image that is older than any.
killed() {
	name=localhost/imgcache-unkeyed:$1 &&
	docker tag "$(imgcache get --base busybox --env N=1)" "$name" &&
	sed -i "s/^created .*/created 0/" "$STANDIN_DIR/images/$(docker image \
		inspect "$name" | jq -r ".[0].Id" | cut -d: -f2)"
}

test_that 'a name of a killed build goes a day after it was given' '
	images 1 && tag=$(imgcache tag --base busybox --env N=1) &&
	killed "$tag-4711" && expect_status 0 imgcache prune &&
	docker image inspect "$name" >/dev/null &&
	faults "inspect * exit 500 no" && imgcache prune; status=$?; faults
	[ $status -eq 0 ] && docker image inspect "$name" >/dev/null &&
	expect_status 0 faketime "+2 days" imgcache prune &&
	grep "removed .$name., which a killed build had left" stderr &&
	! docker image inspect "$name" 2>/dev/null &&
	killed "$tag-$(date +%s)-4711" &&
	touch -d "2001-01-01" "$STANDIN_DIR/tags/"* &&
	expect_status 0 imgcache prune &&
	docker image inspect "$name" >/dev/null &&
	expect_status 0 faketime "+2 days" imgcache prune &&
	! docker image inspect "$name" 2>/dev/null && is_there 1
'

test_that 'images of another engine are left alone' '
	images 9 && (STANDIN_DIR=$PWD/second && export STANDIN_DIR &&
	mkdir -p second && DOCKER_HOST=unix://$PWD/second/docker.sock &&
	export DOCKER_HOST && standin_start &&
	prune --max-age 1d; status=$?; standin_stop; [ $status -eq 0 ]) &&
	is_there 9
'

test_that 'an image whose sources moved goes first, and counts for none' '
	rm -rf "$IMGCACHE_DIR" moving && mkdir moving && echo 1 >moving/file &&
	printf "FROM busybox\nCOPY . /m\nRUN sleep 0.5\n" >moving/Dockerfile
	imgcache build moving >/dev/null 2>err & pid=$!
	n=0; until grep RUN err || [ $n -gt 200 ]; do
		n=$((n + 1)); sleep 0.02
	done
	echo 2 >moving/file; wait $pid
	[ $? -eq 3 ] && imgcache build moving >good 2>/dev/null &&
	prune && jq -e ".removed == 0" stdout &&
	prune --max-images 1 --grace 0 && cat stdout &&
	jq -e "[.images[] | select(.action == \"remove\") | .reason] ==
		[\"its sources changed while it was built\"]" stdout &&
	docker image inspect "$(cat good)" >/dev/null &&
	expect_status 0 imgcache get moving
'

test_that 'a build cache of which only the lock is left goes, others stay' '
	top="$IMGCACHE_DIR/cache/buildcache" && mkdir -p -m 700 "$top" &&
	for name in left whole held new; do
		mkdir -p "$top/$name" && touch -d "-3 days" "$top/$name/lock" ||
			exit 1
	done && ln -s g1 "$top/left/current" && touch "$top/new/lock" &&
	mkdir "$top/whole/g1" && ln -s g1 "$top/whole/current" &&
	flock -s "$top/held/lock" imgcache prune &&
	[ "$(ls "$top" | xargs)" = "held new whole" ] && imgcache prune &&
	[ "$(ls "$top" | xargs)" = "new whole" ]
'

test_done
