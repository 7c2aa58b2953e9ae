#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --watch`: the table on a terminal, live.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-stats.sh
. "$(dirname "$0")/lib-stats.sh"

# watch ROWS SECONDS: a terminal of so many rows, interrupted after so long;
# what was written is in pages, with the status at its end.
watch() {
	timeout -k 1 20 script -qefc "stty rows $1 cols 80
		timeout --foreground --preserve-status -s INT $2 \
		imgcache stats --watch
		echo status \$?" pages </dev/null >/dev/null
}

test_that 'a page, and on the signal the end that the signal is' '
	watch 60 1 && cat pages && grep "^status 130" pages &&
	grep -F "$(printf "\033[H\033[2J")imgcache stats at " pages &&
	grep "^hit rate  *64.3 %" pages && grep "^web  *2 " pages &&
	! grep " of 3 images" pages
'

test_that 'the next page has what came meanwhile' '
	rm -f pages
	( n=0; while ! grep -q "^lookups  *15" pages && [ $n -lt 100 ]; do
		sleep 0.1; n=$((n + 1)); done 2>/dev/null
	sqlite3 "$IMGCACHE_DIR/catalog.db" "INSERT INTO lookups (at, engine, tag,
		platform, name, verb, result, reason, us, saved_us)
		SELECT at, engine, tag, platform, name, verb, result, reason, us,
		saved_us FROM lookups LIMIT 1" ) &
	watch 60 6 && wait && cat pages && grep "^lookups  *15 " pages &&
	grep "^lookups  *16 " pages
'

test_that 'on a small terminal the head stays, then come the images' '
	for rows in 30 20 18 16; do
		watch $rows 1 && cat pages &&
		awk "/imgcache stats at/ { n = 0 } /^status/ { exit } { n++ }
			END { print \"lines: \" n; exit n >= $rows }" pages ||
			exit 1
		cp pages pages.$rows
	done
	grep "^web " pages.30 && grep "^inputs-changed " pages.30 &&
	! grep BUILDS pages.30 && grep "^web " pages.20 &&
	! grep MISSED pages.20 && grep "1 of 3 images" pages.18 &&
	grep "^api " pages.18 && grep "0 of 3 images" pages.16 &&
	! grep IMAGE pages.16
'

test_that 'without a terminal it is wrong usage' '
	expect_status 129 stats --watch && ! [ -s stdout ] &&
	grep "watch needs a terminal" stderr
'

test_that 'it goes with --since only' '
	for also in "--json" "--format html" "-o file" "--zero" "--by day" \
		"--fail-under 7%"; do
		expect_status 129 stats --watch $also &&
		grep "goes with --since only" stderr || exit 1
	done
'

test_done
