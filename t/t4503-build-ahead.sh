#!/bin/sh
# SPDX-License-Identifier: MIT
# Building before anybody asks: `build --common` and `build --warm`.
# shellcheck disable=SC2016,SC2034,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest debian:bookworm-slim
standin_packages
DEFAULT_BASE_IMAGE=debian:bookworm-slim
export DEFAULT_BASE_IMAGE

test_that '--common: switched off it does nothing, in the background too' '
	COMMON_APT_PACKAGES=git && export COMMON_APT_PACKAGES &&
	for how in "" --background "--jobs 2"; do
		expect_status 0 imgcache build --common $how &&
		! [ -s stdout ] && ! [ -s stderr ] || exit 1
	done && nothing_kept
'

test_that '--common: on, it is built, and a hit the next time' '
	COMMON_APT_PACKAGES=git PREBUILD_COMMON_IMAGES=true &&
	export COMMON_APT_PACKAGES PREBUILD_COMMON_IMAGES &&
	expect_status 0 imgcache build --common && one_line stdout &&
	cp stdout ref && imgcache get --apt git >get && same ref get &&
	expect_status 0 imgcache build --common && same ref stdout &&
	! [ -s stderr ]
'

test_that '--common: a wrong package in the settings is no wrong usage' '
	PREBUILD_COMMON_IMAGES=true COMMON_APT_PACKAGES="git -o=x" \
		expect_status 128 imgcache build --common && one_line stderr &&
	grep COMMON_APT_PACKAGES stderr
'

test_that '--common from the environment of cron: no terminal, no HOME' '
	expect_status 0 env -i PATH="$PATH" IMGCACHE_DIR="$IMGCACHE_DIR" \
		DOCKER_HOST="$DOCKER_HOST" STANDIN_DIR="$STANDIN_DIR" \
		PREBUILD_COMMON_IMAGES=true COMMON_APT_PACKAGES=git \
		DEFAULT_BASE_IMAGE=$DEFAULT_BASE_IMAGE imgcache build --common &&
	same ref stdout
'

test_that '--common --background: an id to wait for' '
	PREBUILD_COMMON_IMAGES=true COMMON_APT_PACKAGES=curl &&
	export PREBUILD_COMMON_IMAGES COMMON_APT_PACKAGES &&
	expect_status 0 imgcache build --common -b -q && one_line stdout &&
	expect_status 0 imgcache wait "$(cat stdout)" && imgcache get --apt curl
'

test_that '--common: packages and switch in the project file' '
	mkdir -p p && cat >p/imgcache.yaml <<-YAML &&
	version: 1
	common: {prebuild: true, apt: [jq]}
	images: {a: {base: busybox}}
	YAML
	expect_status 0 imgcache -C p build --common && one_line stdout &&
	imgcache get --apt jq >get && same get stdout
'

cat >imgcache.yaml <<'YAML'
version: 1
images:
  slow: {context: slow}
  fast: {context: fast}
  idle: {context: idle}
  here: {context: here}
YAML
mkdir -p slow fast idle here
printf 'FROM busybox\nRUN sleep 1.2; echo slow\n' >slow/Dockerfile
for name in fast idle here; do
	printf 'FROM busybox\nRUN echo %s\n' $name >$name/Dockerfile
done

gone() {
	for name; do
		docker rmi "$(imgcache get --no-count $name)" || return 1
	done
}

test_that '--warm: nothing was ever asked for, nothing is built' '
	expect_status 0 imgcache build --warm && ! [ -s stdout ] &&
	! [ -s stderr ]
'

test_that '--warm: what is missing and was asked for, the most saving first' '
	imgcache build slow fast here -q >/dev/null &&
	for i in 1 2 3 4; do imgcache get fast; done >/dev/null &&
	imgcache get slow >/dev/null && gone slow fast &&
	before=$(imgcache stats --json | jq .lookups) &&
	expect_status 0 imgcache build --warm -n && cat stderr &&
	sed -n "s/:.*//p" stderr >got && printf "1. slow\n2. fast\n" >expect &&
	same expect got && grep "1. slow: 2 lookups x 1.* = 2.* s; gone" stderr &&
	grep "2. fast: 5 lookups x .*; gone from the engine" stderr &&
	[ "$(imgcache stats --json | jq .lookups)" -eq "$before" ]
'

test_that '--warm: on a terminal its lines are within it' '
	script -qec "stty cols 40; imgcache build --warm -n" /dev/null |
		tr -d "\r" >screen && cat screen && grep "^2. fast: 5" screen &&
	! grep -E ".{41}" screen
'

test_that '--warm: what was never built has no time, which is said once' '
	mkdir -p new && printf "FROM busybox\nRUN echo new\n" >new/Dockerfile &&
	cp imgcache.yaml was && echo "  new: {context: new}" >>imgcache.yaml &&
	expect_status 1 imgcache get new && imgcache build --warm -n 2>said
	status=$?; mv was imgcache.yaml; cat said; [ $status -eq 0 ] &&
	grep -x "[0-9]. new: 1 lookup, build time not known; never built" said
'

test_that '--warm N: only so many' '
	expect_status 0 imgcache build --warm 1 && one_line stdout &&
	imgcache get --no-count slow >get && same get stdout &&
	expect_status 1 imgcache get --no-count fast
'

test_that '--warm: a base that moved is a reason' '
	imgcache build fast -q >/dev/null && standin_base busybox:other &&
	docker tag busybox:other busybox:latest && docker push busybox:latest \
		>/dev/null && IMGCACHE_BASE_TTL=0s expect_status 0 imgcache \
		build --warm && cat stderr && [ "$(wc -l <stdout)" -eq 3 ] &&
	[ "$(grep -c "; a base moved" stderr)" -eq 3 ] &&
	IMGCACHE_BASE_TTL=0s expect_status 0 imgcache build --warm &&
	! [ -s stdout ] && ! [ -s stderr ]
'

test_that '--warm: what was asked for long ago does not count' '
	gone slow && expect_status 0 faketime -f +40d imgcache build --warm &&
	! [ -s stdout ]
'

test_that '--warm: its own lookups ask for nothing, nor do they count' '
	imgcache build slow -q >/dev/null &&
	imgcache stats --json | jq "{lookups, misses, totalHits}" >before &&
	for how in "" "-j 2" -b; do
		gone slow && expect_status 0 faketime -f +20d imgcache -q \
			build --warm $how && cat stderr && [ -s stdout ] &&
		{ [ "$how" != -b ] || imgcache wait $(cat stdout); } || exit 1
	done && imgcache stats --json | jq "{lookups, misses, totalHits}" >now &&
	same before now && gone slow && expect_status 0 faketime -f +40d \
		imgcache -q build --warm && ! [ -s stdout ]
'

test_that '--warm: what prune took comes back when it is asked for' '
	imgcache build slow fast -q >/dev/null && imgcache pin fast &&
	imgcache prune --max-images 1 --grace 0 && imgcache unpin fast &&
	expect_status 0 imgcache build --warm && ! [ -s stdout ] &&
	expect_status 1 imgcache get slow && expect_status 0 imgcache build \
		--warm && one_line stdout && grep "1. slow: .*pruned" stderr &&
	imgcache pin fast && sleep 1 && imgcache prune --max-images 1 \
		--grace 0 && imgcache unpin fast &&
	expect_status 0 imgcache build --warm && ! [ -s stdout ] &&
	imgcache build slow >/dev/null
'

test_that '--warm in the background, two at a time' '
	gone slow fast && expect_status 0 imgcache build --warm \
		-b -j 2 && [ "$(wc -l <stdout)" -eq 2 ] &&
	expect_status 0 imgcache wait $(cat stdout)
'

test_that '--warm: what is wrong with one image is told, the others are built' '
	imgcache get fast >/dev/null && gone slow && mv fast away &&
	expect_status 0 imgcache build --warm; status=$?; mv away fast
	cat stderr && [ $status -eq 0 ] && one_line stdout &&
	imgcache get --no-count slow >get && same get stdout &&
	grep "warning: .fast. is left out: .*fast. is not a directory" stderr
'

test_that '--warm with a word that is no number, or other choices' '
	for words in many 0 -1 "1 2"; do
		expect_status 129 imgcache build --warm $words && one_line stderr ||
			exit 1
	done && expect_status 129 imgcache build --warm --all && one_line stderr
'

test_done
