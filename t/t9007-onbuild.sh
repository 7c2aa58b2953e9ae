#!/bin/sh
# SPDX-License-Identifier: MIT
# What a base brings along changes the image, so it changes the tag: ONBUILD
# and ENV, on a real engine that says what the image holds.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

R=$IMGCACHE_TEST_REGISTRY/onbuild-$RUN

# base REF LINE...: busybox with these instructions, on this engine.
base() {
	base_ref=$1
	shift
	printf '%s\n' "FROM busybox:latest" "LABEL imgcache-test=$RUN" "$@" |
		docker buildx build -q -t "$base_ref" - >/dev/null
}

# pushed TAG LINE...: the same in the registry, and not on this engine.
pushed() {
	pushed_ref=$R:$1
	shift
	base "$pushed_ref" "$@" && docker push -q "$pushed_ref" >/dev/null &&
	docker rmi "$pushed_ref" >/dev/null
}

# recipe NAME LINE...
recipe() {
	mkdir -p "$1" && recipe_dir=$1 && shift &&
	printf '%s\n' "$@" "LABEL imgcache-test=$RUN" >"$recipe_dir/Dockerfile"
}

content() {
	docker run --rm --pull=never "$1" cat "$2"
}

# differs DIR FILE: V reaches the image and the tag, W neither.
differs() {
	one=$(imgcache build "$1" --build-arg V=1) &&
	two=$(imgcache build "$1" --build-arg V=2) && [ "$one" != "$two" ] &&
	[ "$(content "$one" "$2")" = 1 ] && [ "$(content "$two" "$2")" = 2 ] &&
	[ "$(imgcache get "$1" --build-arg V=2 --build-arg W=1)" = "$two" ]
}

test_that 'ONBUILD ARG of a base in the registry' '
	pushed v "ONBUILD ARG V" "ONBUILD RUN echo \$V >/v" &&
	recipe far "FROM $R:v" && differs far /v
'

test_that 'a hit asks the registry nothing, nor does a new handle' '
	: >docker-calls && expect_status 0 imgcache get far --build-arg V=1 &&
	expect_status 0 imgcache tag far --build-arg V=3 &&
	[ "$(calls imagetools)" -eq 0 ]
'

test_that 'the triggers have run and are gone from the image' '
	ref=$(imgcache get far --build-arg V=1) && docker image inspect \
		--format "{{json .Config.OnBuild}}" "$ref" >onbuild &&
	cat onbuild && grep -E "^(null|\[\])$" onbuild
'

test_that 'of a base that only this engine has' '
	base "near-$RUN:1" "ONBUILD ARG V" "ONBUILD RUN echo \$V >/v" &&
	recipe near "FROM near-$RUN:1" && differs near /v
'

test_that 'of a digest as written, which the engine has not' '
	pushed pin "ONBUILD ARG V" "ONBUILD RUN echo \$V >/v" &&
	digest=$(docker buildx imagetools inspect --format "{{json .Manifest}}" \
		"$R:pin" | jq -r .digest) &&
	recipe pinned "FROM $R@$digest" && differs pinned /v
'

test_that 'of an image that is given as a named context' '
	recipe named "FROM ctx" && V=1 && for V in 1 2; do
		imgcache build named --build-arg V=$V \
			--build-context "ctx=docker-image://$R:v" >ref$V &&
		[ "$(content "$(cat ref$V)" /v)" = $V ] || exit 1
	done && ! cmp ref1 ref2
'

test_that 'of an image of another recipe, read in its Dockerfile' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  lower: {context: lower}
	  one: {context: upper, args: {BASE: "@lower", V: "1"}}
	  two: {context: upper, args: {BASE: "@lower", V: "2"}}
	YAML
	recipe lower "FROM busybox:latest" "ONBUILD ARG V" \
		"ONBUILD RUN echo \$V >/v" && recipe upper "ARG BASE" "FROM \$BASE" &&
	tag=$(imgcache tag one) && imgcache build one >one &&
	imgcache build two >two; status=$?; rm imgcache.yaml
	[ $status -eq 0 ] && grep ":$tag$" one && ! cmp one two &&
	[ "$(content "$(cat one)" /v)" = 1 ] &&
	[ "$(content "$(cat two)" /v)" = 2 ]
'

test_that 'ONBUILD COPY reads the context' '
	pushed copy "ONBUILD COPY src /src" && recipe copy "FROM $R:copy" &&
	echo "1 $RUN" >copy/src && one=$(imgcache build copy) &&
	echo "2 $RUN" >copy/src && two=$(imgcache build copy) &&
	[ "$one" != "$two" ] && [ "$(content "$one" /src)" = "1 $RUN" ] &&
	[ "$(content "$two" /src)" = "2 $RUN" ]
'

test_that 'a variable of the base in a path of COPY' '
	pushed env "ENV SRC=from/base" && recipe env "FROM $R:env" \
		"COPY \$SRC/f /f" && mkdir -p env/from/base &&
	echo "1 $RUN" >env/from/base/f && one=$(imgcache build env) &&
	echo "2 $RUN" >env/from/base/f && two=$(imgcache build env) &&
	[ "$one" != "$two" ] && [ "$(content "$one" /f)" = "1 $RUN" ] &&
	[ "$(content "$two" /f)" = "2 $RUN" ]
'

test_that 'a base that nobody can look at: any arg counts, the build works' '
	recipe unseen "FROM busybox:latest" && for V in 1 2; do
		imgcache tag unseen --base-policy name --build-arg V=$V >tag$V ||
			exit 1
	done && ! cmp tag1 tag2 && imgcache build unseen --base-policy name \
		--build-arg V=1 2>err >ref && cat err && grep "ONBUILD" err &&
	[ "$(cat ref)" = "localhost/imgcache:$(cat tag1)" ]
'

docker rmi "near-$RUN:1" >/dev/null 2>&1
test_done
