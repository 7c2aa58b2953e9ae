#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --zero`: figures from now on.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
cat >imgcache.yaml <<'YAML'
version: 1
images:
  a: {base: busybox}
YAML

# counts FILTER VALUE: of stats --json.
counts() {
	actual=$(imgcache stats --json | jq -c "$1")
	[ "$actual" = "$2" ] || { echo "$1 is $actual, not $2"; return 1; }
}

test_that 'the figures are printed one last time' '
	imgcache build a && imgcache get a && counts .lookups 2 &&
	counts .since null && imgcache stats --json --zero >last &&
	jq -e ".lookups == 2 and .builds.total == 1" last
'

test_that 'then what was just before does not count, what follows does' '
	counts "[.lookups, .builds.total, .missesByReason]" "[0,0,{}]" &&
	imgcache get a && counts "[.lookups, .hits.local]" "[1,1]" &&
	imgcache stats --json | jq -e ".since | test(\"Z$\")"
'

test_that 'the table says since when' '
	imgcache stats >table && head -n 1 table | grep -E \
		"^since the beginning at 20[0-9-]+ [0-9:]+$" && imgcache stats --since 1d |
		head -n 1 | grep -x "the last day" &&
	imgcache stats --format github | grep "since the beginning at 20"
'

test_that '--since in words, and 0 is no time' '
	for pair in "7d week" "12h 12_hours" "30d 30_days" "99999d 99999_days" \
		"60m hour"; do
		imgcache stats --since ${pair% *} >table && head -n 1 table |
			grep -x "the last $(echo "${pair#* }" | tr _ " ")" || exit 1
	done && imgcache stats --since 12h --format github |
		grep "in the last 12 hours$" && for zero in 0 0d; do
		expect_status 129 imgcache stats --since $zero && one_line stderr ||
			exit 1
	done
'

test_that 'images that are there, and their hits, are no such figures' '
	counts "[.totalImages, .totalHits]" "[1,2]"
'

test_that 'nothing is forgotten: --since looks behind it' '
	imgcache stats --json --since 1d | jq -e ".lookups == 3"
'

test_that 'counters go on' '
	imgcache stats --format prometheus >metrics && cat metrics &&
	grep -Fx "imgcache_lookups_total{image=\"a\",result=\"hit-local\"} 2" \
		metrics
'

test_that 'again, as often as one likes' '
	imgcache stats --zero >/dev/null && counts .lookups 0 &&
	imgcache get a && imgcache get a && counts .lookups 2 &&
	imgcache stats --zero >/dev/null && counts .lookups 0
'

test_that 'figures that could not be printed are not lost' '
	imgcache get a && expect_status 128 imgcache stats --zero \
		-o nowhere/there && counts .lookups 1 &&
	expect_status 128 sh -c "imgcache stats --zero >/dev/full" &&
	counts .lookups 1
'

test_that 'with an alarm: its status, and begun anew' '
	expect_status 1 imgcache stats --zero --fail-over size=0 &&
	one_line stderr && counts .lookups 0
'

test_done
