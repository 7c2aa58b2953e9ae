#!/bin/sh
# SPDX-License-Identifier: MIT
# Images for two processors, one of them emulated: one key, one index in the
# registry, and on each engine what it can hold.
# shellcheck disable=SC2016,SC2086
# shellcheck source=t/lib-engines.sh
. "$(dirname "$0")/lib-engines.sh"

case $(uname -m) in
x86_64)	own=amd64 own_cpu=x86_64 other=arm64 other_cpu=aarch64 ;;
aarch64) own=arm64 own_cpu=aarch64 other=amd64 other_cpu=x86_64 ;;
*)	test_skip_all "no second processor is known for $(uname -m)" ;;
esac
foreign=$TOP/t/engine/foreign.sh
if ! why=$("$foreign" on $other 2>&1); then
	[ -z "$TEST_CI" ] || { echo "Bail out! $why, and CI is set"; exit 1; }
	test_skip_all "$why"
fi
platforms_cleanup() {
	"$foreign" off
	engines_cleanup
}
trap platforms_cleanup EXIT

# A base for both, as published ones are: an index.
on a
base=$registry/busybox:1
{
	docker import --platform linux/$other -c 'CMD ["sh"]' \
		-c "ENV PATH=/bin" "$("$foreign" tar $other)" \
		"$registry/busybox:$other" &&
	docker tag "$IMGCACHE_TEST_REGISTRY/busybox:latest" \
		"$registry/busybox:$own" &&
	docker push -q "$registry/busybox:$own" &&
	docker push -q "$registry/busybox:$other" &&
	docker rmi "$registry/busybox:$own" "$registry/busybox:$other" &&
	docker buildx imagetools create -t "$base" "$registry/busybox:$own" \
		"$registry/busybox:$other"
} >base.log 2>&1 || { cat base.log; echo "Bail out! no base"; exit 1; }

cat >imgcache.yaml <<YAML
version: 1
registry: $registry/team/cache
images:
  multi:
    dockerfile: multi/Dockerfile
    context: multi
    hash: git
    platforms: [linux/$other, linux/$own]
    labels: {imgcache-test: "$RUN"}
  top:
    dockerfile: top/Dockerfile
    context: top
    hash: git
    args: {BASE: "@multi"}
    platforms: [linux/$own, linux/$other]
    labels: {imgcache-test: "$RUN"}
YAML
mkdir multi top
printf 'FROM %s\nRUN uname -m >/arch; echo %s\n' "$base" "$RUN" \
	>multi/Dockerfile
printf 'ARG BASE\nFROM $BASE\nRUN uname -m >/top; echo %s\n' "$RUN" \
	>top/Dockerfile
imgcache lock >/dev/null 2>&1
ref=$(imgcache tag --ref multi)
tag=${ref##*:}

# spawned [OPTION]... FILE: what a container of multi says of itself.
spawned() {
	imgcache spawn "$@" --rm --label "imgcache-test=$RUN" -- \
		sh -c 'echo $(uname -m) $(cat /arch /top 2>/dev/null)' 2>errors
}

loaded() {
	imgcache list --json multi | jq -r '.[0].loaded | sort | join(" ")'
}

# index REF: the platforms of an index, and how many carry the label of its key.
index() {
	docker buildx imagetools inspect --format '{{json .}}' "$1" |
		jq -r --arg key "${1##*:}" '([.manifest.manifests[].platform |
			.os + "/" + .architecture] | sort | join(" ")) + " " +
			([.image[].config.Labels["io.imgcache.key"] |
			select(. == $key)] | length | tostring)'
}

test_that 'the key depends neither on the order nor on the machine' '
	sed "s|linux/$other, linux/$own|linux/$own, linux/$other|" \
		imgcache.yaml >turned.yaml && imgcache tag -m multi >one &&
	imgcache -f turned.yaml tag -m multi >two && same one two &&
	setarch linux32 imgcache tag -m multi >three && same one three &&
	on b && imgcache tag -m multi >four && same one four
'

test_that 'the containerd store: both are built and loaded as one' '
	on a && expect_status 0 imgcache build multi && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls buildx build)" -eq 1 ] &&
	[ "$(loaded)" = "linux/amd64 linux/arm64" ]
'

test_that 'each is what it says, also under emulation' '
	on a && [ "$(spawned multi)" = "$own_cpu $own_cpu" ] &&
	[ "$(spawned multi --platform linux/$other)" = \
		"$other_cpu $other_cpu" ]
'

test_that 'a lookup of either starts no process' '
	on a && : >docker-calls && expect_status 0 imgcache get multi &&
	DOCKER_DEFAULT_PLATFORM=linux/$other expect_status 0 imgcache get multi &&
	! [ -s docker-calls ]
'

test_that 'pushed: the index has both, each with the key' '
	on a && expect_status 0 imgcache build --push multi &&
	[ "$(index "$ref")" = "linux/amd64 linux/arm64 2" ]
'

test_that 'the classic store pulls the one that it runs' '
	on b && expect_status 0 imgcache build multi && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(loaded)" = linux/$own ] && [ "$(spawned multi)" = \
		"$own_cpu $own_cpu" ] && imgcache stats --json |
		jq -e ".hits.remote == 1 and .builds.total == 0"
'

test_that 'and the other one when it is asked for, in its place' '
	on b && : >docker-calls && [ "$(spawned multi --platform linux/$other)" = \
		"$other_cpu $other_cpu" ] && [ "$(loaded)" = linux/$other ] &&
	[ "$(calls buildx build)" -eq 0 ] &&
	[ "$(spawned multi)" = "$own_cpu $own_cpu" ] &&
	[ "$(loaded)" = linux/$own ] && [ "$(docker images -q --filter \
		"label=io.imgcache.key=$tag" | sort -u | wc -l)" -eq 1 ] &&
	imgcache stats --json | jq -e ".builds.total == 0"
'

test_that 'the containerd store fetches the other one beside it' '
	on a && imgcache delete "$tag" >/dev/null && imgcache get multi \
		>/dev/null 2>&1 && [ "$(loaded)" = linux/$own ] &&
	[ "$(spawned multi --platform linux/$other)" = \
		"$other_cpu $other_cpu" ] &&
	[ "$(loaded)" = "linux/amd64 linux/arm64" ] &&
	[ "$(spawned multi)" = "$own_cpu $own_cpu" ]
'

# From here on a key that nobody has yet.
printf 'RUN : again\n' >>multi/Dockerfile
ref=$(imgcache tag --ref multi)
tag=${ref##*:}

test_that 'P36: the classic store builds that of the machine, and says so' '
	on b && : >docker-calls && expect_status 0 imgcache build multi &&
	grep "warning: here an image has one platform: only linux/$own is built" \
		stderr && [ "$(loaded)" = linux/$own ] &&
	[ "$(calls buildx build)" -eq 1 ] && [ "$(calls "platform=.*$other")" -eq 0 ]
'

test_that 'P36: pushed from there, the index has both' '
	on b && : >docker-calls && expect_status 0 imgcache build --push multi &&
	[ "$(calls buildx build)" -eq 1 ] &&
	[ "$(index "$ref")" = "linux/amd64 linux/arm64 2" ] &&
	[ "$(docker images -q --filter "label=io.imgcache.key=$tag" | sort -u |
		wc -l)" -eq 1 ] && expect_status 0 imgcache get multi &&
	[ "$(imgcache get --digest multi)" = "$(docker buildx imagetools inspect \
		--format "{{json .Manifest}}" "$ref" | jq -r .digest)" ]
'

test_that 'and is what the other engine runs' '
	on a && [ "$(spawned multi)" = "$own_cpu $own_cpu" ] &&
	[ "$(spawned multi --platform linux/$other)" = \
		"$other_cpu $other_cpu" ] && imgcache list --json multi |
		jq -e "[.[] | select(.tag == \"$tag\")][0].origin == \"pulled\""
'

test_that 'an image on it, from the classic store: both parts on both' '
	on b && expect_status 0 imgcache build --push top && cp stdout top.ref &&
	[ "$(index "$(cat top.ref)")" = "linux/amd64 linux/arm64 2" ] && on a &&
	[ "$(spawned top)" = "$own_cpu $own_cpu $own_cpu" ] &&
	[ "$(spawned top --platform linux/$other)" = \
		"$other_cpu $other_cpu $other_cpu" ]
'

test_that 'an image on it, where only one of it is here' '
	on a && imgcache delete "$tag" >/dev/null && imgcache get multi \
		>/dev/null 2>&1 && [ "$(loaded)" = linux/$own ] &&
	printf "RUN : more\n" >>top/Dockerfile &&
	expect_status 0 imgcache build top &&
	[ "$(spawned top --platform linux/$other)" = \
		"$other_cpu $other_cpu $other_cpu" ]
'

test_that 'a base that lacks one of them is named' '
	mkdir -p lacks && printf "FROM %s\n" "$registry/busybox:$own" \
		>lacks/Dockerfile && on a && expect_status 2 imgcache build \
		--platform linux/$own,linux/$other lacks &&
	tail -n 1 stderr | grep "choose a base that has it, or another platform"
'

# The emulator is switched off, for this test alone.
switch=/proc/sys/fs/binfmt_misc/qemu-$other_cpu

test_that 'an emulator that is switched off: said before the build' '
	printf "RUN : off\n" >>multi/Dockerfile; echo 0 >$switch
	on a; : >docker-calls; expect_status 128 imgcache build multi &&
	tail -n 1 stderr | grep "the engine can run nothing for linux/$other, neither itself nor emulated; install qemu-user-static" &&
	[ "$(calls buildx build)" -eq 0 ] && imgcache doctor --json >out;
	status=$?; echo 1 >$switch; cat stderr; jq -e "any(.[];
		.topic == \"platform\" and .health == \"ill\" and
		(.text | test(\"linux/$other\")))" out
'

test_that 'on again: doctor finds it, and it builds' '
	on a && imgcache doctor --json >out; jq -e "any(.[];
		.topic == \"platform\" and .health == \"ok\")" out &&
	expect_status 0 imgcache build multi
'

for image in "$registry/busybox:$own" "$registry/busybox:$other" "$base"; do
	for machine in b a; do
		on $machine && docker rmi "$image"
	done
done >/dev/null 2>&1

test_done
