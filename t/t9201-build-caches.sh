#!/bin/sh
# SPDX-License-Identifier: MIT
# Build caches of a real engine: a local one does not grow, an engine that
# never built the image starts from it, layers are compressed as asked for.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

docker info --format '{{.DriverStatus}}' | grep -q containerd.snapshotter ||
	test_skip_all "the classic image store exports no cache"

platform=linux-$(docker info --format '{{.Architecture}}' |
	sed 's/x86_64/amd64/; s/aarch64/arm64/')
caches=$IMGCACHE_DIR/cache/buildcache
mkdir app
cat >app/Dockerfile <<-FILE
	FROM busybox:latest
	RUN echo $RUN >/first
	COPY data /data
	RUN wc -c /data >/second
FILE

# source: 200 kB that compress to nothing less.
source() {
	head -c 200000 /dev/urandom >app/data
}

# build OPTION...: what is left of the app's image is its ref, in the file ref.
build() {
	imgcache build --label "imgcache-test=$RUN" "$@" app >ref 2>words
}

# kb: what the local caches take.
kb() {
	du -sk "$caches" | cut -f1
}

# blobs: how many they have.
blobs() {
	find "$caches" -path "*/blobs/*" -type f | wc -l
}

# Where the engine has the base's layer in a second form of compression, docker
# now and then writes both: one blob more, but never one for each round.
test_that 'local: ten rounds of changed sources, the disk use is flat' '
	for i in 1 2 3 4 5 6 7 8 9 10; do
		source && build --cache-to type=local --cache-from type=local ||
			return 1
		echo "round $i: $(kb) kB, $(blobs) blobs"
		[ $i -gt 1 ] || { kb >first; blobs >first-blobs; }
	done
	[ "$(blobs)" -le $(($(cat first-blobs) + 1)) ] &&
	[ "$(kb)" -lt $((2 * $(cat first) + 50)) ]
'

index=$(echo "$caches"/*/current/index.json)
test_that 'local: one layout, in which all is there' '
	[ -f "$index" ] && jq -e ".manifests | length == 1" "$index"
'

test_that 'registry: the ref is of the image, zstd when asked for' '
	cache=$IMGCACHE_TEST_REGISTRY/caches-$RUN && source &&
	build --cache-to "type=registry,ref=$cache,compression=zstd,compression-level=3,force-compression=true,image-manifest=true" \
		--cache-from "$cache" &&
	tag=$(sed -n "s/.*type=registry,ref=$IMGCACHE_TEST_REGISTRY.caches-$RUN:\([^,]*\),.*/\1/p" \
		docker-calls) && echo "tag: $tag" &&
	docker buildx imagetools inspect --raw "$cache:$tag" >manifest &&
	jq -r ".layers[].mediaType" manifest >types && cat types &&
	[ -s types ] && ! grep -v "tar+zstd" types
'

test_that 'inline: the image itself is the cache' '
	source && build --cache-to type=inline
'

test_done
