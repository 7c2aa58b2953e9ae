#!/bin/sh
# SPDX-License-Identifier: MIT
# What prune and delete take away, and what they never touch. On an engine of
# its own: prune minds every image of imgcache that an engine has.
# shellcheck disable=SC2016
# shellcheck source=t/engine/own.sh
. "$(dirname "$0")/engine/own.sh"
own_engine prune containerd
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"
prune_cleanup() {
	engine_cleanup
	own_stop
}
trap prune_cleanup EXIT
docker images -q --filter label=io.imgcache.key | sort -u |
	xargs -r docker rmi -f >/dev/null 2>&1

recipe="--base busybox:latest --label imgcache-test=$RUN --env RUN=$RUN"

# make N...: build the images of these numbers, one after the other; the ref
# of N is kept in the file ref-N.
make() {
	for n in "$@"; do
		# shellcheck disable=SC2086
		imgcache -q build $recipe --env "N=$n" >"ref-$n" || return
	done
}

# id N: what list and prune call it.
id() {
	sed 's/.*:g1-//' "ref-$1" | cut -c1-12
}

# there N: is it on the engine?
there() {
	docker image inspect "$(cat "ref-$1")" >/dev/null 2>&1
}

# pruned OPTION...: prune with no grace; "action id reason" in the file pruned.
pruned() {
	imgcache prune --grace 0 --json "$@" >prune.json &&
	jq -r '.images[] | "\(.action) \(.imageId) \(.reason)"' prune.json \
		>pruned && cat pruned
}

# fresh: no image of ours, nothing remembered.
fresh() {
	imgcache prune --grace 0 --max-size 1B --low-size 0 >/dev/null &&
	rm -rf "$IMGCACHE_DIR"
}

# everything: what the engine and the catalog have.
everything() {
	docker images -q --no-trunc | sort &&
	docker images --format '{{.Repository}} {{.Tag}}' | sort &&
	imgcache list --json
}

# size_of_one: in bytes; all made by make have the same.
size_of_one() {
	imgcache list --json | jq '.[0].size'
}

# names_of_others: every image of the engine that we did not make.
names_of_others() {
	docker images --digests --no-trunc \
		--format '{{.Repository}} {{.Tag}} {{.ID}}' |
		grep -v '^localhost/imgcache' | sort
}

test_that 'what was just built stays, whatever the limits' '
	make 1 2 3 &&
	expect_status 0 imgcache prune --max-images 1 --max-size 1B --json &&
	jq -e ".removed == 0 and (.images | length == 3) and
		all(.images[]; .action == \"keep\" and
		(.reason | test(\"^used or built\")))" stdout
'

test_that 'without a limit nothing goes' '
	pruned && jq -e ".removed == 0" prune.json &&
	expect_status 0 imgcache prune && ! [ -s stdout ] && ! [ -s stderr ]
'

test_that 'a dry run tells and changes nothing' '
	everything >before &&
	expect_status 0 imgcache prune --dry-run --max-images 1 --grace 0 &&
	grep -E "^remove +$(id 1) .*more than 1 image" stdout &&
	grep -E "^keep +$(id 3) .*within the limits" stdout &&
	grep "would remove 2 images" stdout &&
	everything >after &&
	same before after
'

test_that 'max-images: the one that was used least recently goes first' '
	sleep 1.1 && imgcache get $recipe --env N=1 >/dev/null &&
	pruned --max-images 2 &&
	grep "^remove $(id 2) more than 2 images" pruned &&
	grep "^keep $(id 1)" pruned && grep "^keep $(id 3)" pruned &&
	there 1 && ! there 2 && there 3
'

test_that 'the next get says that it was pruned, and why' '
	expect_status 1 imgcache get $recipe --env N=2 &&
	one_line stderr && grep "pruned" stderr &&
	grep "more than 2 images" stderr &&
	expect_status 0 imgcache get --id "$(id 2)" --json &&
	jq -e ".buildStatus == \"pruned\"" stdout &&
	imgcache stats --format json >stats &&
	jq -e ".missesByReason.pruned == 1" stats
'

test_that 'built again it is an image like any other' '
	make 2 && there 2 && expect_status 0 imgcache get $recipe --env N=2
'

test_that 'max-age counts from the last use' '
	faketime -f "+8d" imgcache get $recipe --env N=3 >/dev/null &&
	expect_status 0 faketime -f "+10d" imgcache prune --max-age 5d --json &&
	jq -r ".images[] | \"\(.action) \(.imageId) \(.reason)\"" stdout \
		>pruned && cat pruned &&
	grep -E "^remove $(id 1) not used for .*limit 5 d" pruned &&
	grep "^remove $(id 2)" pruned && grep "^keep $(id 3)" pruned &&
	! there 1 && ! there 2 && there 3
'

test_that 'max-size: from above the high mark down to the low one' '
	fresh && make 1 2 3 4 5 &&
	size=$(size_of_one) &&
	pruned --max-size $((size * 5 + 9))B --low-size $((size * 2))B &&
	jq -e ".removed == 0" prune.json &&
	pruned --max-size $((size * 4))B --low-size $((size * 2 + 9))B &&
	jq -e ".removed == 3 and .expectedSize == 3 * $size" prune.json &&
	grep "^remove $(id 1) more than .* together" pruned &&
	! there 1 && ! there 2 && ! there 3 && there 4 && there 5
'

test_that 'without a low mark it is 80 per cent' '
	fresh && make 1 2 3 4 5 && size=$(size_of_one) &&
	pruned --max-size $((size * 5 - 9))B &&
	jq -e ".removed == 2" prune.json
'

# version V: another version of the image called app.
version() {
	cat >imgcache.yaml <<-YAML
	version: 1
	images:
	  app:
	    base: "busybox:latest"
	    env: {RUN: "$RUN", V: "$1"}
	    labels: {imgcache-test: "$RUN"}
	YAML
	imgcache -q build app >"ref-$1"
}

test_that 'keep-last: the last two of a name stay' '
	fresh && version v1 && version v2 && version v3 && version v4 &&
	make 1 &&
	pruned --max-size 1B --low-size 0 --keep-last 2 &&
	! there v1 && ! there v2 && there v3 && there v4 && ! there 1 &&
	grep "^keep $(id v3) one of the last 2 of its name" pruned
'
rm -f imgcache.yaml

all="--max-size 1B --low-size 0"
test_that 'a pinned image stays until it is unpinned' '
	fresh && make 1 2 &&
	expect_status 0 imgcache pin "$(id 1)" && grep -x "$(id 1)" stdout &&
	pruned $all && grep "^keep $(id 1) pinned" pruned &&
	there 1 && ! there 2 &&
	imgcache get --id "$(id 1)" --json >row && jq -e .pinned row &&
	imgcache unpin "$(id 1)" && pruned $all && ! there 1
'

test_that 'the image of a container stays, running or not' '
	fresh && make 1 2 3 &&
	imgcache spawn $recipe --env N=1 -d --name "run-$RUN" \
		--label "imgcache-test=$RUN" -- sleep 600 &&
	imgcache spawn $recipe --env N=2 --name "ran-$RUN" \
		--label "imgcache-test=$RUN" -- true &&
	expect_status 0 imgcache prune --grace 0 $all --dry-run --json &&
	jq -e ".removed == 1" stdout &&
	pruned $all && grep "^in-use $(id 1) .*run-$RUN" pruned &&
	grep "^in-use $(id 2) .*ran-$RUN" pruned &&
	there 1 && there 2 && ! there 3 &&
	[ "$(docker inspect -f "{{.State.Running}}" "run-$RUN")" = true ] &&
	expect_status 0 imgcache get $recipe --env N=1
'

test_that 'delete refuses it too, with status 75' '
	expect_status 75 imgcache delete "$(id 1)" && one_line stderr &&
	grep "run-$RUN" stderr && there 1 &&
	docker rm -f "run-$RUN" "ran-$RUN" >/dev/null &&
	pruned $all && ! there 1 && ! there 2
'

test_that 'no foreign image is touched, though it carries our label' '
	fresh && make 1 2 &&
	printf "FROM %s\nENV MORE=1\n" "$(cat ref-1)" >derived &&
	docker buildx build -q -t "derived-$RUN:1" - <derived >/dev/null &&
	docker tag "derived-$RUN:1" "$(sed "s/-.*/-$(printf %040d 7)/" ref-1)" &&
	printf "FROM busybox\nLABEL imgcache-test=$RUN x=1\n" |
		docker buildx build -q -t "plain-$RUN:1" - >/dev/null &&
	docker tag busybox:latest "localhost/other-$RUN:1" &&
	names_of_others >before && pruned $all && ! there 1 && ! there 2 &&
	names_of_others >after && same before after &&
	docker image inspect "$(sed "s/-.*/-$(printf %040d 7)/" ref-1)" \
		>/dev/null;
	status=$?
	docker rmi "derived-$RUN:1" "plain-$RUN:1" "localhost/other-$RUN:1" \
		"$(sed "s/-.*/-$(printf %040d 7)/" ref-1)" >/dev/null
	[ $status -eq 0 ]
'

test_that 'a name that a user gave our image stays, and the image with it' '
	fresh && make 1 && version v1 &&
	docker tag "$(cat ref-1)" "mine-$RUN:1" &&
	docker tag "$(cat ref-v1)" "localhost/imgcache:mine-$RUN" &&
	before=$(docker image inspect -f "{{.Id}}" "mine-$RUN:1") &&
	pruned $all && ! there 1 && ! there v1 &&
	[ "$(docker image inspect -f "{{.Id}}" "mine-$RUN:1")" = "$before" ] &&
	docker run --rm --pull=never "mine-$RUN:1" true &&
	docker run --rm --pull=never "localhost/imgcache:mine-$RUN" true &&
	expect_status 1 imgcache get $recipe --env N=1 && grep pruned stderr &&
	docker images --format "{{.Tag}}" localhost/imgcache >tags &&
	[ "$(cat tags)" = "mine-$RUN" ]
'
docker rmi "mine-$RUN:1" "localhost/imgcache:mine-$RUN" >/dev/null 2>&1
rm -f imgcache.yaml

test_that 'delete removes the image, the next get says so' '
	fresh && make 1 2 &&
	expect_status 0 imgcache delete "$(id 1)" && grep -x "$(id 1)" stdout &&
	! there 1 && there 2 &&
	expect_status 1 imgcache get $recipe --env N=1 && grep deleted stderr
'

test_that 'delete takes a pinned one only with --force' '
	imgcache pin "$(id 2)" >/dev/null &&
	expect_status 128 imgcache delete "$(id 2)" && one_line stderr &&
	grep -e --force stderr && there 2 &&
	expect_status 0 imgcache delete --force "$(id 2)" && ! there 2
'

test_that 'MAX_CACHED_IMAGES and AUTO_PRUNE_DAYS work after each build' '
	fresh && make 1 2 3 &&
	MAX_CACHED_IMAGES=2 imgcache -q build $recipe --env N=4 >ref-4 &&
	there 1 && there 2 && there 3 && there 4 &&
	MAX_CACHED_IMAGES=2 faketime -f "+2d" \
		imgcache -q build $recipe --env N=5 >ref-5 &&
	! there 1 && ! there 2 && ! there 3 && there 4 && there 5 &&
	AUTO_PRUNE_DAYS=7 faketime -f "+8d" \
		imgcache -q build $recipe --env N=6 >ref-6 &&
	! there 4 && there 5 && there 6
'

test_that 'with 0 they are switched off' '
	MAX_CACHED_IMAGES=0 AUTO_PRUNE_DAYS=0 faketime -f "+90d" \
		imgcache -q build $recipe --env N=7 >ref-7 &&
	there 5 && there 6 && there 7
'

test_that 'a prune that was killed is finished by the next one' '
	fresh && make 1 2 &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"UPDATE images SET status = '\''deleting'\''" &&
	pruned $all && ! there 1 && ! there 2 &&
	expect_status 1 imgcache get $recipe --env N=1 && grep pruned stderr
'

# Each spawn finds the image or builds it again; none loses it in between. For
# so many seconds: two minutes where nobody sits and waits.
loop_s=${IMGCACHE_TEST_LOOP_S:-${CI:+120}}
loop_s=${loop_s:-20}
test_that 'spawn against prune, both in a loop: no failure' '
	fresh
	: >spawned; : >removed; : >failed
	end=$(($(date +%s) + loop_s))
	while [ "$(date +%s)" -lt $end ]; do
		imgcache prune --grace 0 $all --json >loop.json 2>prune.err ||
			{ echo prune; cat prune.err; } >>failed
		jq -r .removed loop.json >>removed
	done &
	other=$!
	while [ "$(date +%s)" -lt $end ]; do
		imgcache -q spawn $recipe --env LOOP=1 --rm -- echo ran \
			>>spawned 2>spawn.err ||
			{ echo spawn; cat spawn.err; } >>failed
	done
	wait $other
	cat failed
	echo "$(wc -l <spawned) spawns, $(grep -c 1 removed) removals"
	! [ -s failed ] && [ "$(wc -l <spawned)" -ge 5 ] &&
	[ "$(grep -c 1 removed)" -ge 2 ]
'

test_done
