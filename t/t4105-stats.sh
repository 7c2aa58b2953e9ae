#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats`: exact numbers after a known sequence.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir -p bad
printf 'FROM busybox\nRUN exit 1\n' >bad/Dockerfile
cat >imgcache.yaml <<'YAML'
version: 1
images:
  a: {base: busybox}
  b: {base: busybox, env: {B: "1"}}
  bad: {context: bad}
YAML

# is FILTER VALUE: of stats --json.
is() {
	actual=$(imgcache stats --json | jq -c "$1")
	if [ "$actual" != "$2" ]; then
		echo "$1 is $actual instead of $2"
		imgcache stats --json
		return 1
	fi
}

test_that 'an empty catalog: zeros, and a rate that is unknown' '
	is .lookups 0 && is .hitRate null && is .missesByReason "{}" &&
	is .totalImages 0 && is .timeSaved 0 && is .images "[]" &&
	is .builds.successRate null && expect_status 0 imgcache stats &&
	! grep -E "nan|inf|-1" stdout
'

# 1 miss and build of a, 3 hits; b: 2 misses (one by get), 1 hit; bad: 1 miss;
# a removed: 1 miss; one unknown.
imgcache build a >/dev/null 2>&1
imgcache get a >/dev/null
imgcache build a >/dev/null 2>&1
imgcache spawn a --rm -- true
imgcache get b >/dev/null 2>&1
imgcache build b >/dev/null 2>&1
imgcache get b >/dev/null
imgcache build bad >/dev/null 2>&1
docker rmi "localhost/imgcache:$(imgcache tag a)" >/dev/null
imgcache get a >/dev/null 2>&1
standin_stop
imgcache get a >/dev/null 2>&1
standin_start
# None of these count.
imgcache get --no-count b >/dev/null
imgcache build -n b >/dev/null
imgcache build --rebuild b >/dev/null 2>&1
imgcache build --no-cache b >/dev/null 2>&1
imgcache list >/dev/null
imgcache tag b >/dev/null
imgcache get --id "$(imgcache tag b | cut -c 4-15)" >/dev/null

test_that 'lookups, hits, misses, unknown' '
	is .lookups 10 && is .hits "{\"local\":4,\"remote\":0}" &&
	is .misses 5 && is .unknown 1
'

test_that 'hit rate is hits / (hits + misses)' '
	is .hitRate 0.444
'

test_that 'misses by reason' '
	is ".missesByReason | to_entries | sort_by(.key) | from_entries" \
		"{\"gone\":1,\"never-built\":4}"
'

test_that 'builds, failed ones, success rate' '
	is .builds.total 5 && is .builds.failed 1 && is .builds.successRate 0.8
'

test_that 'images that are there, their hits and size' '
	is .totalImages 1 && is .totalHits 1 && is .averageHits 1 &&
	is .totalSize "$(docker image inspect "localhost/imgcache:$(imgcache \
		tag b)" | jq ".[0].Size")"
'

test_that 'per image' '
	is "[.images[] | {name, lookups, hits, builds, failed}] |
		sort_by(.name)" "$(jq -nc "[
		{name: \"a\", lookups: 6, hits: 3, builds: 1, failed: 0},
		{name: \"b\", lookups: 3, hits: 1, builds: 3, failed: 0},
		{name: \"bad\", lookups: 1, hits: 0, builds: 1, failed: 1}]")"
'

test_that 'time saved is at most hits times the longest build' '
	imgcache stats --json >stats && jq -e ".timeSaved >= 0 and
		.timeSaved <= 4 * .builds.time" stats
'

test_that '--since: only what happened in that time' '
	faketime -f -10d imgcache get b >/dev/null 2>&1
	is .lookups 11 && imgcache stats --since 1d --json >stats &&
	jq -e ".lookups == 10" stats && jq -e ".since | test(\"Z$\")" stats
'

test_that '--fail-under: 1 and the sentence, 0 at the limit' '
	expect_status 1 imgcache stats --fail-under 90% && grep "hit rate" stdout &&
	one_line stderr && grep "under 90.0 %" stderr &&
	expect_status 0 imgcache stats --fail-under 50 && ! [ -s stderr ]
	expect_status 0 imgcache stats --fail-under 0%
'

test_that 'an empty catalog is under no threshold' '
	IMGCACHE_DIR=$PWD/none expect_status 0 imgcache stats --fail-under 70%
'

test_that 'the table says the same' '
	imgcache stats >stdout && cat stdout &&
	grep -E "^lookups +11 " stdout && grep -E "^  hits +5$" stdout &&
	grep -E "^  misses +5$" stdout && grep -E "^  unknown +1 " stdout &&
	grep -E "^never-built +4$" stdout
'

test_that 'numbers survive prune, which folds and condenses' '
	before=$(imgcache stats --json | jq -c "[.lookups, .misses, .hits]") &&
	imgcache prune && imgcache doctor >/dev/null &&
	is "[.lookups, .misses, .hits]" "$before" &&
	faketime -f +1y imgcache prune >/dev/null &&
	is "[.lookups, .misses, .hits]" "$before"
'

test_that 'what a hit on a found image saved is not known' '
	ref=$(imgcache build -q b) && IMGCACHE_DIR=$PWD/found &&
	export IMGCACHE_DIR && imgcache get b >stdout &&
	[ "$(cat stdout)" = "localhost/imgcache:$(imgcache tag b)" ] &&
	is .hits.local 1 && is .timeSaved null && is ".images[0].timeSaved" null &&
	imgcache stats >table && grep -E "^time saved +- " table
'

test_done
