#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --disk`: what weighs, what could be freed, layer by layer.
# The stand-in's images share 700 bytes each.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
printf 'version: 1\nimages:\n' >imgcache.yaml
for n in one two three; do
	printf '  %s: {base: busybox, env: {N: "%s"}}\n' $n $n >>imgcache.yaml
done
imgcache build --all >/dev/null 2>&1
imgcache build one --rebuild --cache-to type=local >/dev/null 2>&1

test_that 'JSON: shared and own bytes of each, and the sums' '
	imgcache stats --disk --json >out && cat out &&
	jq -e "(.images | length) == 3 and all(.images[]; .sharedSize == 700
		and .ownSize == .size - 700 and .containers == 0)" out &&
	jq -e ".imagesSize == ([.images[].size] | add) and
		.ownSize == ([.images[].ownSize] | add) and
		.freeableSize == .ownSize and .engineSize >= 4000000" out &&
	jq -e ".buildCacheSize == 4096 and .localCaches == 1 and
		.localCachesSize > 0" out
'

test_that 'what a container has, or is pinned, cannot be freed' '
	docker run --name busy "$(imgcache get one)" true &&
	imgcache pin two && imgcache stats --disk --format json >out &&
	jq -e "(.images[] | select(.name == \"one\").containers) == 1 and
		.freeableSize == (.images[] | select(.name == \"three\").ownSize)" out
'

test_that 'for people: within 80 columns, nothing unknown as a number' '
	imgcache stats --disk >out && cat out &&
	grep -E "^images of imgcache +3 " out && grep "^local build caches" out &&
	grep -E "^BuildKit.s own cache +- +4.1 kB +4.1 kB" out &&
	grep -E "^[0-9a-f]{12} +one .* 1 +no" out &&
	! grep -e " -1" out && ! grep -E "^.{81}" out
'

test_that 'what stats does not count is told apart, and the rest agrees' '
	imgcache stats --disk >out && ! grep "not counted" out &&
	cp "$IMGCACHE_DIR/catalog.db" kept.db && sqlite3 \
		"$IMGCACHE_DIR/catalog.db" "UPDATE images SET status = '\''changed'\''
		WHERE name = '\''one'\''; UPDATE images SET origin = '\''adopted'\'',
		last_used_at = NULL WHERE name = '\''two'\''" &&
	imgcache stats --disk >out && cat out &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "UPDATE images SET status =
		'\''completed'\'', origin = '\''built'\''" &&
	grep -E "^images of imgcache +3 " out &&
	grep -E "^  not counted by stats +2 " out && ! grep -E "^.{81}" out
'

test_that 'layer by layer: sizes, who else has it, what made it' '
	imgcache stats --disk one --json >out && cat out &&
	jq -e "(.layers | length) == 2 and .name == \"one\" and
		.layers[0].size == 700 and .layers[0].images == 3 and
		.layers[1].images == 1 and .layers[1].createdBy == \"RUN make\"" \
		out && imgcache stats --disk one >out && cat out &&
	grep -E "^ *700 B +3 +\(imported\)" out && grep "1  RUN make" out &&
	grep -E " - +in all, unpacked" out && ! grep -E "^.{81}" out
'

test_that 'through the client the sums are there, shares are not' '
	DOCKER_HOST=tcp://127.0.0.1:9 && export DOCKER_HOST &&
	imgcache stats --disk --json >out && cat out &&
	jq -e ".engineSize == 4000000 and .buildCacheFreeableSize == 4096 and
		.ownSize == null and .freeableSize == null and
		all(.images[]; .sharedSize == null and .ownSize == null)" out &&
	imgcache stats --disk one --json >out && cat out &&
	jq -e "(.layers | length) == 2 and .layers[0].size == 700" out
'

test_that 'an image that the engine lost is not counted, nor is a foreign one' '
	docker rm busy >/dev/null 2>&1; rm -rf "$STANDIN_DIR"/containers/*
	id=$(imgcache get one --image-id) && docker rmi "$id" >/dev/null &&
	imgcache stats --disk --json >out && jq -e "(.images | length) == 2" out &&
	expect_status 1 imgcache stats --disk nosuch && one_line stderr
'

test_that 'it goes with --json and one name only' '
	expect_status 129 imgcache stats --disk --since 1d &&
	expect_status 129 imgcache stats --disk --format html &&
	expect_status 129 imgcache stats --disk one two &&
	expect_status 129 imgcache stats one
'

test_that 'no engine: one line, 128' '
	standin_stop && expect_status 128 imgcache stats --disk &&
	one_line stderr
'

test_done
