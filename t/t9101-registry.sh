#!/bin/sh
# SPDX-License-Identifier: MIT
# Two machines, two engines, one registry: what one has built and pushed the
# other pulls, and what goes wrong on the way is neither a yes nor a no.
# shellcheck disable=SC2016,SC2086
# shellcheck source=t/lib-engines.sh
. "$(dirname "$0")/lib-engines.sh"

on a
mkdir -p src
echo "file $RUN" >src/file
cat >imgcache.yaml <<YAML
version: 1
registry: $registry/team/cache
images:
  tools:
    base: "$IMGCACHE_TEST_REGISTRY/busybox:latest"
    env: {RUN: "$RUN"}
    copy: [{from: src, to: /srv}]
    hash: git
    labels: {imgcache-test: "$RUN"}
  top:
    base: "@tools"
    env: {TOP: "1"}
    labels: {imgcache-test: "$RUN"}
  when:
    dockerfile: when/Dockerfile
    context: when
    hash: git
    labels: {imgcache-test: "$RUN"}
YAML
mkdir when
cat >when/Dockerfile <<DOCKERFILE
FROM $IMGCACHE_TEST_REGISTRY/busybox:latest
RUN cat /proc/sys/kernel/random/uuid >/when; echo $RUN
DOCKERFILE
ref=$(imgcache tag --ref tools)
tag=${ref##*:}

# The base has one digest for both engines, wherever it is looked up.
imgcache lock >/dev/null

# digest [REF]: as the registry has it.
digest() {
	docker buildx imagetools inspect --format '{{json .Manifest}}' \
		"${1:-$ref}" | jq -r .digest
}

# read_file REF PATH: of an image.
read_file() {
	docker run --rm --pull=never --label "imgcache-test=$RUN" "$1" cat "$2"
}

test_that 'two daemons: one with the containerd store, one without' '
	on a && docker info -f "{{.ID}} {{.DriverStatus}}" >a && on b &&
	docker info -f "{{.ID}} {{.DriverStatus}}" >b &&
	grep "io.containerd.snapshotter" a && ! grep "io.containerd" b &&
	[ "$(cut -d " " -f 1 a)" != "$(cut -d " " -f 1 b)" ]
'

test_that 'nobody has it: a miss on both' '
	for machine in a b; do
		on $machine && expect_status 1 imgcache get tools &&
		grep "never built" stderr || exit 1
	done
'

test_that 'built and pushed on a' '
	on a && expect_status 0 imgcache build --push tools &&
	[ "$(cat stdout)" = "$ref" ] && [ "$(imgcache get --digest tools)" = \
		"$(digest)" ] && imgcache list --json tools | jq -e ".[0] |
		.local and .pushed and .pushedRef == \"$ref\" and
		.origin == \"built\""
'

test_that 'a remote hit on b: no build step, the same content' '
	on b && : >docker-calls && expect_status 0 imgcache build tools &&
	[ "$(cat stdout)" = "$ref" ] && ! grep "buildx build" docker-calls &&
	grep "pull .*team/cache@$(digest)" docker-calls &&
	[ "$(read_file "$ref" /srv/file)" = "file $RUN" ] &&
	imgcache stats --json | jq -e ".hits.remote == 1 and .hits.local == 0
		and .builds.total == 0 and .misses == 1" &&
	imgcache list --json tools | jq -e ".[0] | .local and .pushed and
		.origin == \"pulled\" and .digestHash == \"$(digest)\""
'

test_that 'then it is a local hit, and no process is started' '
	on b && : >docker-calls && expect_status 0 imgcache build tools &&
	expect_status 0 imgcache get tools && ! [ -s docker-calls ]
'

test_that 'deleted on b: nothing is left of it, and it is pulled again' '
	on b && imgcache delete "$tag" >/dev/null &&
	[ -z "$(docker images -q --filter "label=io.imgcache.key=$tag")" ] &&
	expect_status 1 docker image inspect "$ref" &&
	expect_status 0 imgcache get tools && [ "$(cat stdout)" = "$ref" ] &&
	imgcache stats --json | jq -e ".hits.remote == 2"
'

test_that 'deleted on a, pulled into the containerd store' '
	on a && imgcache delete "$tag" >/dev/null &&
	[ -z "$(docker images -q --filter "label=io.imgcache.key=$tag")" ] &&
	: >docker-calls && expect_status 0 imgcache spawn tools --rm \
		--label "imgcache-test=$RUN" -- cat /srv/file &&
	[ "$(cat stdout)" = "file $RUN" ] && ! grep "buildx build" docker-calls &&
	imgcache list --json tools | jq -e ".[0].origin == \"pulled\""
'

test_that 'an image on it is built on b from what was pulled' '
	on b && imgcache delete "$tag" >/dev/null && : >docker-calls &&
	expect_status 0 imgcache build --push top &&
	[ "$(calls buildx build)" -eq 1 ] && cp stdout top &&
	[ "$(read_file "$(cat top)" /srv/file)" = "file $RUN" ]
'

test_that 'and has the same key on a, whatever registry a has' '
	on a && [ "$(imgcache tag --ref top)" = "$(cat top)" ] &&
	[ "$(imgcache tag top --registry other.example/x)" = \
		"$(imgcache tag top)" ] && : >docker-calls &&
	expect_status 0 imgcache get top && [ "$(calls buildx build)" -eq 0 ]
'

# What `imagetools create` makes of an image of one platform is an index of one.
test_that 'copied into another repository, and pulled from there' '
	second=$registry/second/cache && on a && : >docker-calls &&
	expect_status 0 imgcache -c registry=$second \
		-c registries=$registry/team/cache build --push top &&
	grep "imagetools create" docker-calls && cp stdout copied &&
	[ "$(cat copied)" = "$second:$(imgcache tag top)" ] && on b &&
	imgcache delete "$(imgcache tag top)" >/dev/null && : >docker-calls &&
	expect_status 0 imgcache -c registry=$second get top &&
	[ "$(cat stdout)" = "$(cat copied)" ] &&
	grep "pull .*second/cache@$(digest "$(cat copied)")" docker-calls &&
	[ "$(read_file "$(cat copied)" /srv/file)" = "file $RUN" ]
'

test_that 'two builds of a key differ: the first that is pushed wins' '
	on a && expect_status 0 imgcache build when && cp stdout when.ref &&
	a=$(read_file "$(cat when.ref)" /when) && on b &&
	expect_status 0 imgcache build when &&
	b=$(read_file "$(cat when.ref)" /when) && [ "$a" != "$b" ] &&
	expect_status 0 imgcache build --push when && on a &&
	expect_status 0 imgcache build --push when &&
	[ "$(cat stdout)" = "$(cat when.ref)" ] &&
	[ "$(read_file "$(cat when.ref)" /when)" = "$b" ] &&
	[ "$(imgcache get --digest when)" = "$(digest "$(cat when.ref)")" ] &&
	expect_status 0 imgcache get when && on b &&
	[ "$(imgcache get --digest when)" = "$(digest "$(cat when.ref)")" ]
'

test_that 'the other way round, into the classic store' '
	echo "RUN : again" >>when/Dockerfile &&
	for machine in b a; do
		on $machine && imgcache build when >when.ref 2>/dev/null &&
		read_file "$(cat when.ref)" /when >$machine.when || exit 1
	done && ! cmp a.when b.when && imgcache build --push when >/dev/null \
		2>&1 && on b && expect_status 0 imgcache build --push when &&
	read_file "$(cat when.ref)" /when | diff - a.when &&
	[ "$(docker images -q --no-trunc --filter \
		"label=io.imgcache.key=$(imgcache tag when)" | sort -u)" = \
		"$(imgcache get --image-id when)" ]
'

test_that 'P19: a foreign image under our ref is refused, its digest named' '
	on a && docker tag "$IMGCACHE_TEST_REGISTRY/busybox:latest" "$ref" &&
	docker push -q "$ref" && docker rmi "$ref" >/dev/null;
	foreign=$(digest) && on b && imgcache delete "$tag" >/dev/null 2>&1;
	expect_status 1 imgcache get tools && one_line stderr &&
	grep "another image is under its tag: $registry/team/cache has $foreign, which does not carry the key" stderr &&
	expect_status 1 docker image inspect "$ref"
'

test_that 'built here it is not pushed over the foreign one' '
	on b && foreign=$(digest) && expect_status 128 imgcache build --push \
		tools && tail -n 1 stderr |
		grep "is taken by $foreign, which does not carry the key" &&
	[ "$(digest)" = "$foreign" ] && expect_status 0 imgcache get tools &&
	imgcache get --json tools | jq -e ".local and (.pushed | not)"
'

test_that 'P19: one of another key of ours is as foreign' '
	sed "/^  tools:/a\\    salt: x" imgcache.yaml >salted.yaml && on b &&
	salted=$(imgcache -f salted.yaml tag --ref tools) &&
	docker buildx imagetools create -t "$salted" "$(cat top)" 2>/dev/null &&
	expect_status 1 imgcache -f salted.yaml get tools &&
	grep "another image is under its tag: .* has $(digest "$salted"), " stderr
'

# Now with a registry that fails. What is there is what a pushed as top.
sed "s|^registry:.*|registry: $faulty/team/cache\nregistry_timeout: 5s\ntransfer_timeout: 5s|" \
	imgcache.yaml >faulty.yaml
on b
top=$(imgcache -f faulty.yaml tag --ref top)
manifest="/manifests/${top##*:}"
pulled="/manifests/sha256"

# answers STATUS RULE...: of get, within the deadline, with nothing left here.
answers() {
	want=$1
	shift
	on b
	imgcache delete "${top##*:}" >/dev/null 2>&1
	faults "$@"
	before=$(date +%s)
	expect_status "$want" timeout -k 1 60 imgcache -f faulty.yaml get top
	status=$?
	after=$(date +%s)
	faults
	cat stderr
	[ $status -eq 0 ] && [ $((after - before)) -le 12 ] && ! [ -s stdout ] &&
		! docker image inspect "$top" >/dev/null 2>&1
}

test_that 'through the proxy all is well' '
	on b && imgcache delete "${top##*:}" >/dev/null; faults &&
	expect_status 0 imgcache -f faulty.yaml get top &&
	[ "$(cat stdout)" = "$top" ]
'

test_that '401: unknown, and docker login is named' '
	answers 128 "* . basic me:secret" && grep "docker login" stderr
'

test_that '403: unknown' '
	answers 128 "* /v2/team status 403 DENIED: not for you"
'

test_that '404 for what it hides: no' '
	answers 1 "* /v2/team status 404 NAME_UNKNOWN: no such repository" &&
	answers 1 "* $manifest status 404 MANIFEST_UNKNOWN: no such manifest"
'

test_that '429: unknown' '
	answers 128 "* $manifest status 429 TOOMANYREQUESTS: later"
'

test_that '500: unknown' '
	answers 128 "* $manifest status 500 UNKNOWN: broken" &&
	grep "500" stderr
'

test_that 'a connection that hangs: unknown, within the deadline' '
	answers 128 "* $manifest hang" && grep "no answer within 5" stderr
'

test_that 'a connection that is cut: unknown' '
	answers 128 "* $manifest close"
'

test_that 'half a manifest: unknown' '
	answers 128 "GET $pulled half" "GET $manifest half"
'

test_that 'half a configuration, half a layer: unknown' '
	answers 128 "GET /blobs/ half"
'

# From here on the question is answered and the pull is not: it is the engine
# that fetches, and it says so.
test_that 'a pull that is denied, that fails, that hangs, that is cut' '
	for fault in "status 403 DENIED: not for you" "status 500 UNKNOWN: x" \
		hang close half; do
		answers 128 "* /v2/team/.*UpstreamClient $fault" ||
			{ echo "$fault"; exit 1; }
		grep "pulling from" stderr && grep "$faulty/team/cache@sha256" \
			stderr || exit 1
	done
'
test_that 'the registry is stopped: unknown, and both policies' '
	on b && imgcache delete "${top##*:}" >/dev/null 2>&1; registry_stop &&
	expect_status 128 imgcache get top && ! [ -s stdout ] && one_line stderr &&
	imgcache get --json top >answer; jq -e ".state == \"unknown\" and
		.reason == \"registry-unknown\"" answer &&
	CI=true expect_status 128 imgcache build top &&
	tail -n 1 stderr | grep -e "--on-unknown=build goes on without it" &&
	: >docker-calls && expect_status 0 imgcache build --on-unknown=build top &&
	grep "warning:.*going on without it" stderr &&
	[ "$(calls buildx build)" -ge 1 ]
'
registry_start

test_that 'a tag that cannot be replaced: pushed once, then success' '
	on b && imgcache delete "${top##*:}" >/dev/null 2>&1
	sed "/^  tools:/a\\    salt: once" faulty.yaml >once.yaml &&
	faults "PUT /manifests/g1- once" && on a &&
	expect_status 0 imgcache -f once.yaml build --push tools && on b &&
	expect_status 0 imgcache -f once.yaml build --push tools &&
	imgcache -f once.yaml invalidate \
		tools && expect_status 128 imgcache -f once.yaml build --push tools &&
	tail -n 1 stderr | grep "where a tag cannot be replaced, change salt";
	status=$?; faults; [ $status -eq 0 ]
'

test_that 'P16: with credentials it works, and they are kept nowhere' '
	canary=canary-$RUN && on b && mkdir -p config/cli-plugins &&
	ln -s "$DOCKER_CONFIG/cli-plugins/docker-buildx" config/cli-plugins/ &&
	printf "{\"auths\":{\"$faulty\":{\"auth\":\"%s\"}}}" \
		"$(printf "me:%s" "$canary" | base64 -w 0)" >config/config.json &&
	faults "* . basic me:$canary" &&
	sed "/^  tools:/a\\    salt: secret" faulty.yaml >secret.yaml &&
	expect_status 128 imgcache -f secret.yaml build --push --on-unknown=build \
		tools && DOCKER_CONFIG=$PWD/config &&
	export DOCKER_CONFIG && : >docker-calls &&
	expect_status 0 imgcache -f secret.yaml build --push tools && on a &&
	DOCKER_CONFIG=$TRASH/config expect_status 0 imgcache -f secret.yaml \
		get tools; status=$?; faults
	[ $status -eq 0 ] && base=$(printf "me:%s" "$canary" | base64 -w 0) &&
	grep -r "$base" config >/dev/null &&
	! grep -r -e "$canary" -e "$base" "$TRASH/state-a" "$TRASH/state-b" \
		"$HOME" docker-calls stdout stderr
'

test_done
