#!/bin/sh
# SPDX-License-Identifier: MIT
# Build caches: what docker is given, what is refused beforehand, and a local
# cache that does not grow and is never lost.
# shellcheck disable=SC2016,SC2034,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
unset GITHUB_ACTIONS ACTIONS_RUNTIME_TOKEN ACTIONS_CACHE_URL
unset ACTIONS_RESULTS_URL
platform=$(imgcache tag --base busybox --manifest |
	sed -n 's/^platform //p' | tr / -)
caches=$IMGCACHE_DIR/cache/buildcache

# project CACHE [IMAGE...]: a file with these images (one: tools).
project() {
	echo >>projects
	n=$(wc -l <projects)
	printf 'version: 1\ncache: %s\nimages:\n' "$1" >imgcache.yaml
	shift
	for image in "${@:-tools}"; do
		printf '  %s: {base: busybox, env: {N: "%s"}}\n' "$image" "$n"
	done >>imgcache.yaml
}

# given: the cache options of the last build.
given() {
	grep "buildx' 'build'" "$STANDIN_DIR/calls" | tail -n 1 | tr "'" "\n" |
		grep -e --cache- | sed "s|$caches|CACHES|; s|/g[0-9-]*|/G|" >given
	for option; do echo "$option"; done >expect && same expect given
}

test_that 'registry: a ref of the image and the platform, mode=max' '
	project "{to: {type: registry, ref: r.example/c, compression: zstd,
  compression-level: 3}, from: r.example/c}" &&
	imgcache build tools && given \
		"--cache-to=type=registry,ref=r.example/c:cache-tools-$platform,compression=zstd,compression-level=3,mode=max" \
		"--cache-from=type=registry,ref=r.example/c:cache-tools-$platform"
'

test_that 'no warning that the section is not used' '
	imgcache build tools 2>words && ! grep "not used" words
'

test_that 'the section changes no key' '
	imgcache tag tools >with && sed -i /^cache/,/from/d imgcache.yaml &&
	imgcache tag tools >without && same with without
'

# What a pull request leaves as a layer is run by whoever reads that cache.
untrusted() {
	project "{to: [{type: registry$1}], from: [{type: registry}]}" &&
	sed -i "2i registry: r.example/c" imgcache.yaml &&
	echo "$2" >>imgcache.yaml
}

test_that 'registry: an untrusted build writes to a place of its own' '
	untrusted "" "registry_untrusted: pr.example/c" &&
	GITHUB_EVENT_NAME=pull_request imgcache build tools && given \
		"--cache-to=type=registry,mode=max,ref=pr.example/c:cache-tools-$platform" \
		"--cache-from=type=registry,ref=r.example/c:cache-tools-$platform"
'

test_that 'registry: without such a place it writes none, and says so' '
	untrusted "" "" &&
	IMGCACHE_UNTRUSTED=true imgcache build tools 2>words && given \
		"--cache-from=type=registry,ref=r.example/c:cache-tools-$platform" &&
	grep "warning: the registry cache is not written: .*registry_untrusted" words
'

test_that 'registry: nor where that is one that trusted builds read' '
	untrusted "" "registry_untrusted: r.example/c" &&
	IMGCACHE_UNTRUSTED=true imgcache build tools && given \
		"--cache-from=type=registry,ref=r.example/c:cache-tools-$platform"
'

test_that 'registry: a ref that trusted builds read is refused to it' '
	for ref in r.example/c r.example/c:x; do
		untrusted ", ref: \"$ref\"" "registry_untrusted: pr.example/c" &&
		calls buildx build >before || exit 1
		IMGCACHE_UNTRUSTED=true expect_status 128 imgcache build tools &&
		one_line stderr && grep "untrusted build writes no cache to .$ref." \
			stderr && [ "$(calls buildx build)" = "$(cat before)" ] ||
			exit 1
	done; imgcache build tools
'

test_that 'registry: by another of its names it is the same one' '
	for ref in team/c index.docker.io/team/c:x registry-1.docker.io/team/c \
		docker.io:443/team/c; do
		untrusted ", ref: \"$ref\"" "registry_untrusted: pr.example/c" &&
		sed -i "s|^registry: .*|registry: docker.io/team/c|" imgcache.yaml &&
		IMGCACHE_UNTRUSTED=true expect_status 128 imgcache build tools &&
		grep "untrusted build writes no cache to .$ref." stderr ||
			{ echo "$ref"; exit 1; }
	done
'

test_that 'local, gha, registry: in that order' '
	project "{from: [r.example/c, type=gha, type=local],
  to: [\"type=registry,ref=r.example/c,mode=min\", type=gha, type=local]}" &&
	ACTIONS_RUNTIME_TOKEN=t ACTIONS_CACHE_URL=u imgcache build tools &&
	given "--cache-to=type=local,mode=max,dest=CACHES/tools-$platform/G" \
		"--cache-to=type=gha,mode=max,scope=tools-$platform" \
		"--cache-to=type=registry,ref=r.example/c:cache-tools-$platform,mode=min" \
		"--cache-from=type=gha,scope=tools-$platform" \
		"--cache-from=type=registry,ref=r.example/c:cache-tools-$platform"
'

test_that 's3 and azblob: the name is the image'\''s' '
	echo docker-container >"$STANDIN_DIR/driver" &&
	project "{}" && imgcache build tools \
		--cache-to type=s3,bucket=b,region=r --cache-to type=inline \
		--cache-from type=azblob,account_url=https://a.example &&
	given "--cache-to=type=s3,bucket=b,region=r,mode=max,name=tools-$platform" \
		"--cache-to=type=inline" \
		"--cache-from=type=azblob,account_url=https://a.example,name=tools-$platform"; status=$?
	rm "$STANDIN_DIR/driver"; [ $status -eq 0 ]
'

test_that 'flags stand for the section of their direction' '
	project "{to: type=inline, from: r.example/c:x}" &&
	imgcache build tools --cache-from r.example/d:y &&
	given --cache-to=type=inline \
		--cache-from=type=registry,ref=r.example/d:y
'

test_that 'images that would overwrite each other are refused' '
	project "{to: \"r.example/c:x\"}" one two && calls buildx build >before
	expect_status 128 imgcache build one && says stderr "the images of the \
project would overwrite each other'\''s cache with ref=r.example/c:x; leave \
the tag out, and each gets its own" &&
	[ "$(calls buildx build)" = "$(cat before)" ]
'

test_that 'a name for each image, though there is no project' '
	rm imgcache.yaml && imgcache build --base busybox --env A=1 \
		--cache-to r.example/c && given >/dev/null; cp given one &&
	imgcache build --base busybox --env A=2 --cache-to r.example/c &&
	given >/dev/null; grep "cache-unnamed-[0-9a-f]*-$platform" given &&
	same one given
'

test_that 'credentials are refused, and not given to docker' '
	expect_status 129 imgcache build --base busybox --env A=3 \
		--cache-to type=gha,token=secret &&
	grep "is a credential" stderr && ! grep secret "$STANDIN_DIR/calls"
'

test_that 'gha: left out with a line that says what is missing' '
	imgcache build --base busybox --env A=4 --cache-to type=gha 2>stderr &&
	grep "gha cache is left out: this is no job" stderr &&
	GITHUB_ACTIONS=true imgcache build --base busybox --env A=5 \
		--cache-to type=gha 2>stderr &&
	grep "gha cache is left out: ACTIONS_RUNTIME_TOKEN is not set" stderr &&
	given
'

test_that 'the classic store: refused beforehand, with what to switch on' '
	mkdir classic && cp -a "$STANDIN_DIR/." classic &&
	: >"$STANDIN_DIR/classic" && calls buildx build >before &&
	IMGCACHE_DIR=$TRASH/other expect_status 128 imgcache build \
		--base busybox --env A=6 --cache-to type=local &&
	grep "cannot write a cache type=local.*containerd-snapshotter" stderr &&
	[ "$(calls buildx build)" = "$(cat before)" ]
'

test_that 'the classic store: inline can be written, a registry read' '
	IMGCACHE_DIR=$TRASH/other imgcache build --base busybox --env A=6 \
		--cache-to type=inline --cache-from r.example/c:x
'

test_that 'the classic store: a builder of another driver can' '
	echo docker-container >"$STANDIN_DIR/driver" &&
	IMGCACHE_DIR=$TRASH/other imgcache build --base busybox --env A=7 \
		--builder other --cache-to type=registry,ref=r.example/c &&
	rm "$STANDIN_DIR/driver" "$STANDIN_DIR/classic"
'

test_that 'no such builder: nothing is recorded' '
	faults "builder * exit 1 ERROR: no builder found" &&
	expect_status 128 imgcache build --base busybox --env A=8 \
		--builder nosuch --cache-to type=local &&
	grep "builder nosuch.*no builder found" stderr && faults
'

# blobs: how many files the local cache of "tools" has.
blobs() {
	find "$caches/tools-$platform" -path "*/blobs/*" -type f | wc -l
}

test_that 'local: ten builds leave one cache'\''s worth' '
	rm -rf "$caches"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		project "{to: type=local, from: type=local}" &&
		imgcache build tools || return 1
	done && blobs && [ "$(blobs)" -eq 2 ] &&
	given "--cache-to=type=local,mode=max,dest=CACHES/tools-$platform/G" \
		"--cache-from=type=local,src=CACHES/tools-$platform/G"
'

test_that 'local: an export of nothing or of half a cache is not taken' '
	ls "$caches/tools-$platform" >before &&
	for mode in no-cache half-cache; do
		project "{to: type=local}" && faults "build * $mode" &&
		imgcache build tools || return 1
	done && faults && ls "$caches/tools-$platform" >after &&
	same before after && [ "$(blobs)" -eq 2 ]
'

test_that 'local: a failed build leaves the old cache' '
	project "{to: type=local}" && faults "build * exit 1 ERROR: no" &&
	expect_status 2 imgcache build tools; faults
	ls "$caches/tools-$platform" >after && same before after
'

test_that 'local: a damaged cache is not read' '
	find "$caches/tools-$platform/" -path "*/blobs/*" -type f -size -10 \
		-o -path "*/blobs/*" -type f | head -n 1 | xargs rm &&
	project "{from: type=local}" && imgcache build tools && given
'

test_that 'local: reset=true in place, where the client has it' '
	rm -rf "$caches" && faults "version * old 0.35.0" "build * old 0.35.0" &&
	rm -f "$IMGCACHE_DIR"/cache/engines/buildx &&
	for i in 1 2 3; do
		project "{to: type=local, from: type=local}" &&
		imgcache build tools || return 1
	done && [ "$(blobs)" -eq 2 ] &&
	grep "buildx. .build" "$STANDIN_DIR/calls" | tail -n 1 |
		grep "type=local,.*reset=true" && faults
'

test_that 'local: reset=true is what is done in any case' '
	project "{to: {type: local, reset: true}}" && imgcache build tools &&
	given "--cache-to=type=local,mode=max,dest=CACHES/tools-$platform/G"
'

test_that 'a mistake on the command line: 129 and the option, on a hit too' '
	imgcache build --base busybox --env A=10 && calls buildx build >before &&
	while read -r options; do
		expect_status 129 imgcache build --base busybox --env A=10 \
			$options && one_line stderr &&
		grep "imgcache: --cache-[a-z]*: " stderr &&
		! grep hunter2 stderr || { echo "$options"; exit 1; }
	done <<-"EOF" && [ "$(calls buildx build)" = "$(cat before)" ]
	--cache-to type=local,mod=max
	--cache-to type=registry,oci-mediatypes=false,image-manifest=true
	--cache-to type=inline --cache-to type=inline
	--cache-to type=local --cache-to type=local,mode=min
	--cache-to https://foo.example/x
	--cache-to r.example/x@sha256:abc
	--cache-from me:hunter2@host.example/x
	--cache-from type=s3,bucket=b,secret_access_key=hunter2
	EOF
'

test_that 'two caches of the project at one place' '
	project "{to: [type=inline, type=inline]}" &&
	expect_status 128 imgcache build tools && one_line stderr &&
	grep "two caches type=inline are written to one place" stderr
'

test_that 's3, azblob: the docker driver has none, with either store' '
	expect_status 128 imgcache build --base busybox --env A=11 \
		--cache-to type=s3,bucket=b,region=r && one_line stderr &&
	grep "type=s3: the docker driver has none; .*docker buildx create --use" \
		stderr && ! grep containerd stderr
'

test_that 'a cache that cannot be written: nothing is left on the engine' '
	faults "build * cache-denied" && expect_status 2 imgcache build \
		--base busybox --env A=12 --cache-to r.example/c; status=$?
	faults; grep "denied: no write access" stderr && [ $status -eq 0 ] &&
	! ls "$STANDIN_DIR/tags" | grep unkeyed
'

test_that 'local: never in /tmp' '
	expect_status 128 imgcache build --base busybox --env A=9 \
		--cache-to type=local,dest=/tmp/.buildx-cache &&
	grep "may fill the memory; leave dest out" stderr &&
	! [ -e /tmp/.buildx-cache ]
'

test_done
