#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --fail-under, --fail-over`: alarms for cron.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-stats.sh
. "$(dirname "$0")/lib-stats.sh"

# holds WORD...: no limit is broken, nothing is said.
holds() {
	expect_status 0 stats "$@" && [ -s stdout ] && ! [ -s stderr ]
}

# breaks TEXT WORD...: status 1, the figures all the same, and these lines.
breaks() {
	printf '%s\n' "$1" | sed 's/^/imgcache: /' >expect
	shift
	stats >table
	expect_status 1 stats "$@" && same table stdout && same expect stderr
}

wrong() {
	printf 'imgcache: %s\n' "$1" >expect
	shift
	expect_status 129 stats "$@" && ! [ -s stdout ] &&
	head -n 1 stderr >first && same expect first
}

test_that 'the hit rate is 64.3 %' '
	holds --fail-under hit-rate=64.3% && holds --fail-under 64 &&
	holds --fail-under hit-rate=0 &&
	breaks "the hit rate is 64.3 %, under 64.4 %" \
		--fail-under hit-rate=64.4% &&
	breaks "the hit rate is 64.3 %, under 70.0 %" --fail-under 70%
'

test_that 'the success rate of builds is 80 %' '
	holds --fail-under success=80% &&
	breaks "the success rate of builds is 80.0 %, under 99.0 %" \
		--fail-under success=99%
'

test_that 'one line for each limit, in lists or options of their own' '
	breaks "the hit rate is 64.3 %, under 70.0 %
the success rate of builds is 80.0 %, under 99.0 %" \
		--fail-under hit-rate=70%,success=99% &&
	breaks "the hit rate is 64.3 %, under 70.0 %
the success rate of builds is 80.0 %, under 99.0 %" \
		--fail-under success=99% --fail-under hit-rate=70%
'

test_that 'the median build time of each image' '
	holds --fail-over build-time=400s &&
	breaks "the median build time of '\''web'\'' is 6 min 40 s, over 5 min 00 s" \
		--fail-over build-time=5m &&
	breaks "the median build time of '\''api'\'' is 20.0 s, over 19.0 s
the median build time of '\''web'\'' is 6 min 40 s, over 19.0 s" \
		--fail-over build-time=19s
'

test_that 'the 95th percentile of build times' '
	holds --fail-over build-time-p95=400s &&
	breaks "the build time of 95 in 100 builds of '\''api'\'' is 1 min 00 s, over 59.0 s
the build time of 95 in 100 builds of '\''web'\'' is 6 min 40 s, over 59.0 s" \
		--fail-over build-time-p95=59s
'

test_that 'the largest context of each image; an unknown one is not over' '
	holds --fail-over context=60MB &&
	breaks "the largest context of '\''api'\'' is 60 MB, over 50 MB" \
		--fail-over context=50MB &&
	breaks "the largest context of '\''api'\'' is 60 MB, over 0 B
the largest context of '\''web'\'' is 1.0 kB, over 0 B" --fail-over context=0
'

test_that 'the size of all images' '
	holds --fail-over size=2GB &&
	breaks "the size of all images is 2.0 GB, over 1.9 GB" \
		--fail-over size=1.9GB
'

test_that 'under and over at once; JSON stays a document' '
	expect_status 1 stats --json --fail-under 70% --fail-over context=1kB &&
	jq -e .lookups stdout && [ "$(wc -l <stderr)" -eq 2 ]
'

test_that 'of --since only: what is not known breaks no limit' '
	expect_status 0 stats --since 30h --fail-over build-time=1s \
		--fail-under success=100% && ! [ -s stderr ]
'

test_that 'what was built from flags is called as in the tables' '
	cp -r "$IMGCACHE_DIR" flags && sqlite3 flags/catalog.db "UPDATE builds
		SET name = NULL, tag = '\''$flags_tag'\''" &&
	IMGCACHE_DIR=$PWD/flags expect_status 1 stats --fail-over \
		build-time=1s && one_line stderr &&
	grep " of .ffffffffffff. is " stderr
'

test_that 'an empty catalog breaks none' '
	IMGCACHE_DIR=$PWD/none expect_status 0 stats --fail-over \
		build-time=0s,context=0,size=0 --fail-under 100%,success=100% &&
	! [ -s stderr ]
'

test_that 'wrong usage says what is wanted' '
	wrong "--fail-under knows no '\''hitrate'\''; did you mean '\''hit-rate'\''?" \
		--fail-under hitrate=7% &&
	wrong "--fail-under knows no '\''zzzzzzzzz'\'', only hit-rate, success" \
		--fail-under success=1%,zzzzzzzzz=7% &&
	wrong "--fail-over wants a figure and its limit such as build-time=5m, not '\''5m'\''" \
		--fail-over 5m &&
	wrong "--fail-over build-time wants a time such as 5m, not '\''soon'\''" \
		--fail-over build-time=soon &&
	wrong "--fail-over context wants a size such as 50MB, not '\''5XB'\''" \
		--fail-over size=1GB,context=5XB &&
	wrong "--fail-under success wants a rate such as 70%, not '\''nan'\''" \
		--fail-under success=nan &&
	wrong "--fail-under wants a rate such as 70%, not '\'''\''" --fail-under ""
'

test_that 'a limit of one kind is no limit of the other' '
	expect_status 129 stats --fail-over hit-rate=70% &&
	expect_status 129 stats --fail-under context=50MB
'

test_done
