#!/bin/sh
# SPDX-License-Identifier: MIT
# Caches of stages on real engines and a registry: what a change exports, and
# where an engine starts that has built nothing.
# shellcheck disable=SC2016,SC2154
# shellcheck source=t/lib-engines.sh
. "$(dirname "$0")/lib-engines.sh"

on a
docker info --format '{{.DriverStatus}}' | grep -q containerd.snapshotter ||
	test_skip_all "the classic image store exports no cache"
platform=linux-$(docker info --format '{{.Architecture}}' |
	sed 's/x86_64/amd64/; s/aarch64/arm64/')
cache=$registry/team/cache

mkdir app
echo "flask $RUN" >app/requirements.txt
echo "{} $RUN" >app/package.json
echo "$RUN" >app/main
cat >app/Dockerfile <<DOCKERFILE
FROM $IMGCACHE_TEST_REGISTRY/busybox:latest AS python-deps
COPY requirements.txt /
RUN cat /proc/sys/kernel/random/uuid /requirements.txt >/python
FROM $IMGCACHE_TEST_REGISTRY/busybox:latest AS node-deps
COPY package.json /
RUN cat /proc/sys/kernel/random/uuid /package.json >/node
FROM $IMGCACHE_TEST_REGISTRY/busybox:latest
COPY --from=python-deps /python /
COPY --from=node-deps /node /
COPY main /
RUN cat /python /node /main >/all
DOCKERFILE

# project TO: with caches there
project() {
	cat >imgcache.yaml <<-YAML
	version: 1
	cache:
	  to: $1
	  from: $cache
	  stages:
	    python-deps: app/requirements.txt
	    node-deps: [app/package.json]
	images:
	  app:
	    dockerfile: app/Dockerfile
	    context: app
	    hash: git
	    labels: {imgcache-test: "$RUN"}
	YAML
}

# digests: of the caches in the registry, a line each.
digests() {
	for name in app python-deps--app node-deps--app; do
		printf '%s ' "$name"
		docker buildx imagetools inspect --format '{{json .Manifest}}' \
			"$cache:cache-$name-$platform" | jq -r .digest
	done
}

# of NAME FILE
of() {
	sed -n "s/^$1 //p" "$2"
}

# read_file PATH: of the image of the app.
read_file() {
	docker run --rm --pull=never --label "imgcache-test=$RUN" \
		"$(imgcache get app)" cat "$1"
}

project "$cache"
imgcache lock >/dev/null

test_that 'each stage has a tag of its own in the registry' '
	imgcache build app && digests >one && cat one && ! grep -v sha256: one &&
	curl -fs --noproxy "*" "http://$registry/v2/team/cache/tags/list" |
		jq -r ".tags[]" | sort >tags && cat tags &&
	[ "$(wc -l <tags)" -eq 3 ]
'

test_that 'no image is left of the exports' '
	docker images -a --filter "label=imgcache-test=$RUN" \
		--filter dangling=true -q >left && same /dev/null left
'

test_that 'other sources: the caches of the stages stay as they are' '
	echo "2 $RUN" >app/main && imgcache build app && digests >two && cat two &&
	[ "$(of python-deps--app two)" = "$(of python-deps--app one)" ] &&
	[ "$(of node-deps--app two)" = "$(of node-deps--app one)" ] &&
	[ "$(of app two)" != "$(of app one)" ]
'

test_that 'requirements.txt changed: python-deps alone is exported' '
	echo "django $RUN" >app/requirements.txt && : >docker-calls &&
	imgcache build app && digests >three && cat three &&
	[ "$(of python-deps--app three)" != "$(of python-deps--app two)" ] &&
	[ "$(of node-deps--app three)" = "$(of node-deps--app two)" ] &&
	[ "$(calls "output=type=cacheonly")" -eq 1 ]
'

test_that 'a fresh engine with only cache.from: every step is cached' '
	read_file /all >a && on b && sed -i "/  to:/d" imgcache.yaml &&
	imgcache build --json app >built && cat built &&
	jq -e ".[0] // . | .steps > 5 and .cached == .steps" built &&
	read_file /all >b && same a b
'

test_that 'invalidate --stage: that one is run again, the other is not' '
	on a && project "$cache" && read_file /python >python &&
	read_file /node >node && imgcache invalidate --stage node-deps app &&
	imgcache build app && read_file /python >python2 &&
	read_file /node >node2 && same python python2 && ! cmp node node2
'

test_that 'zstd when asked for: in the manifests of all caches' '
	project "{type: registry, ref: $cache, compression: zstd,
    force-compression: true, image-manifest: true}" &&
	echo "3 $RUN" >app/main && echo "zope $RUN" >app/requirements.txt &&
	echo "{3} $RUN" >app/package.json && imgcache build app &&
	for name in app python-deps--app node-deps--app; do
		docker buildx imagetools inspect --raw \
			"$cache:cache-$name-$platform" |
			jq -r ".layers[].mediaType" >types && cat types &&
		[ -s types ] && ! grep -v "tar+zstd" types || return 1
	done
'

test_done
