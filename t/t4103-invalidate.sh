#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache invalidate`: the next build is new, nothing is deleted.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest other:1
cat >imgcache.yaml <<'YAML'
version: 1
images:
  a: {base: busybox}
  b: {base: "other:1"}
  on-a: {base: "@a", env: {X: "1"}}
YAML

all_built() {
	imgcache build --all >/dev/null 2>&1 && imgcache get a && imgcache get b &&
	imgcache get on-a
}

misses() {
	expect_status 1 imgcache get "$1" && says stderr "'$1': invalidated"
}

test_that 'by name: how many, this one misses, others do not' '
	all_built && expect_status 0 imgcache invalidate a && cat stdout &&
	grep -w 1 stdout && misses a && imgcache get b
'

test_that 'what is being built is meant too: it misses when it is there' '
	mkdir -p slow && printf "FROM busybox\nRUN sleep 2\n" >slow/Dockerfile &&
	id=$(imgcache build -b -q slow) && n=0 &&
	until imgcache list --building --json | grep -q "\"building\""; do
		n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.02
	done && expect_status 0 imgcache invalidate "$id" && cat stdout &&
	grep "^1 image of the catalog will be built anew" stdout && imgcache wait "$id" &&
	expect_status 1 imgcache get slow && grep "invalidated" stderr &&
	imgcache build slow && imgcache get slow
'

test_that 'nothing is deleted' '
	docker image inspect "localhost/imgcache:$(imgcache tag a)" >/dev/null
'

test_that 'the next build is new and carries the generation, then a hit' '
	: >"$STANDIN_DIR/calls" && imgcache build a >/dev/null 2>&1 &&
	grep -oE "io.imgcache.generation=[0-9]{10}" "$STANDIN_DIR/calls" &&
	expect_status 0 imgcache get a
'

test_that 'the rebuild does not take the layers of docker' '
	grep -F "'\''--no-cache'\''" "$STANDIN_DIR/calls"
'

test_that 'by tag, by id, by the beginning of an id' '
	for what in "$(imgcache tag b)" "$(imgcache tag b | cut -c 4-15)" \
		"$(imgcache tag b | cut -c 4-9)"; do
		imgcache build b >/dev/null 2>&1; sleep 1.1
		expect_status 0 imgcache invalidate "$what" && misses b ||
			{ echo "$what"; exit 1; }
	done
'

test_that 'names that share an image: it counts once, and only if it is there' '
	printf "%s\n" "version: 1" "images:" "  one: {base: busybox, env: {S: s}}" \
		"  two: {base: busybox, env: {S: s}}" >shared.yaml &&
	imgcache -f shared.yaml build --all >/dev/null 2>&1 &&
	expect_status 0 imgcache -f shared.yaml invalidate one two one &&
	echo "1 image of the catalog will be built anew" >expect &&
	same expect stdout && id=$(imgcache -f shared.yaml tag one |
		cut -c 4-15) && imgcache -f shared.yaml invalidate --json two "$id" |
		jq -e ".images == 1" && imgcache delete "$id" >/dev/null &&
	imgcache invalidate --json "$id" | jq -e ".images == 0" &&
	mkdir -p elsewhere && cd elsewhere && imgcache -f ../shared.yaml \
		build one >/dev/null 2>&1 && imgcache invalidate --json one one |
		jq -e ".images == 1"
'

test_that 'by base: every image of it' '
	sleep 1.1; all_built && expect_status 0 imgcache invalidate --base busybox &&
	misses a && imgcache get b
'

test_that 'by base: all spellings of its name are the one base' '
	mkdir -p spelled && cat >spelled/imgcache.yaml <<-YAML && cd spelled &&
	version: 1
	images:
	  x: {base: "library/busybox", env: {X: "1"}}
	  y: {base: "docker.io/library/busybox:latest", env: {Y: "1"}}
	YAML
	standin_base library/busybox docker.io/library/busybox:latest &&
	for base in library/busybox index.docker.io/library/busybox; do
		imgcache build x y >/dev/null 2>&1 && imgcache get x &&
		imgcache get y &&
		imgcache invalidate --json --base "$base" >json && cat json &&
		jq -e ".images >= 2" json && misses x && misses y || exit 1
	done
'

test_that 'by a base that no image begins with: its digest is forgotten' '
	expect_status 0 imgcache invalidate --base nosuch &&
	grep "^no image of the catalog begins with .nosuch." stdout &&
	one_line stdout
'

test_that 'all' '
	sleep 1.1; all_built && expect_status 0 imgcache invalidate --all --json &&
	jq -e ".images >= 3" stdout && misses a && misses b
'

test_that 'twice in one second: each counts' '
	all_built && n=0 && while [ $n -lt 3 ]; do
		imgcache invalidate b >/dev/null && misses b &&
		imgcache build b >/dev/null 2>&1 && imgcache get b >/dev/null ||
			exit 1
		n=$((n + 1))
	done
'

# builds anew|on COMMAND...: with all steps anew, or on what there is of them
builds() {
	how=$1
	shift
	: >"$STANDIN_DIR/calls" && "$@" >/dev/null 2>&1 &&
	[ "$(calls buildx build)" -eq 1 ] || return 1
	if [ "$how" = anew ]; then
		grep -F "'--no-cache'" "$STANDIN_DIR/calls"
	else
		! grep -F "'--no-cache'" "$STANDIN_DIR/calls"
	fi
}

test_that 'all is built anew once, whatever is the reason of the next build' '
	mkdir -p later && cat >later/imgcache.yaml <<-YAML && cd later &&
	version: 1
	images: {x: {base: busybox, env: {X: "1"}}}
	YAML
	ref=$(imgcache build x) && imgcache invalidate x &&
	imgcache delete "$ref" && builds anew imgcache build x &&
	imgcache delete "$ref" && builds on imgcache build x &&
	imgcache invalidate x && sed -i s/1\"/2\"/ imgcache.yaml &&
	builds anew imgcache build x && sed -i s/2\"/3\"/ imgcache.yaml &&
	builds on imgcache build x
'

test_that 'one without a name likewise, and not after a build that failed' '
	y="--base busybox --env Y=1" && ref=$(imgcache build $y) &&
	imgcache invalidate "$(imgcache tag $y | cut -c 4-15)" &&
	imgcache delete "$ref" && faults "build * exit 1 no-space" &&
	! imgcache build $y >/dev/null 2>&1; faults
	builds anew imgcache build $y && imgcache delete "$ref" &&
	builds on imgcache build $y && mkdir -p folder &&
	printf "FROM busybox\nCOPY f /\nRUN f\n" >folder/Dockerfile &&
	echo 1 >folder/f && imgcache build folder && sleep 1.1 &&
	imgcache invalidate --all && echo 2 >folder/f &&
	builds anew imgcache build folder && echo 3 >folder/f &&
	builds on imgcache build folder
'

in_background() {
	imgcache build -b "$@" >id && xargs imgcache wait <id
}

test_that 'and in the background, and where the first build ever failed' '
	mkdir -p behind && cat >behind/imgcache.yaml <<-YAML && cd behind &&
	version: 1
	images: {v: {base: busybox, env: {V: "1"}}, w: {base: busybox}}
	YAML
	ref=$(imgcache build v) && imgcache invalidate v &&
	imgcache delete "$ref" && builds anew in_background v &&
	imgcache delete "$ref" && builds on in_background v &&
	faults "build * exit 1 no-space"; imgcache build w; faults
	sleep 1.1; imgcache invalidate w && builds anew imgcache build w
'

test_that 'what there was none of when all was invalidated has nothing stale' '
	imgcache invalidate --all && mkdir -p fresh &&
	cat >fresh/imgcache.yaml <<-YAML && cd fresh &&
	version: 1
	images: {z: {base: busybox, env: {Z: "1"}}}
	YAML
	builds on imgcache build z && faults "build * exit 1 no-space" &&
	! imgcache build --base busybox --env Z=2; faults
	builds on imgcache build --base busybox --env Z=2
'

test_that 'a name of the project that was never built is no mistake' '
	cat >new.yaml <<-YAML &&
	version: 1
	images: {fresh: {base: busybox, env: {F: "1"}}}
	YAML
	expect_status 0 imgcache -f new.yaml invalidate fresh
'

test_that 'a word that is nothing: 1' '
	expect_status 1 imgcache invalidate nothing && one_line stderr &&
	! [ -s stdout ]
'

test_that 'two projects with one name: only ours' '
	mkdir -p p1 p2 && for p in p1 p2; do
		printf "version: 1\nimages: {same: {base: busybox, env: {P: %s}}}\n" \
			$p >$p/imgcache.yaml
		imgcache -C $p build same >/dev/null 2>&1
	done; sleep 1.1
	imgcache -C p1 invalidate same &&
	expect_status 1 imgcache -C p1 get same &&
	expect_status 0 imgcache -C p2 get same
'

test_done
