#!/bin/sh
# SPDX-License-Identifier: MIT
# A clock that is a year off, in either direction, in between.
# shellcheck disable=SC2016
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
recipe="--base busybox --env A=1"

for shift in -1y +1y -30y +10y; do
	test_that "built at $shift, used now: one key, a hit" "
		rm -rf \"\$IMGCACHE_DIR\" &&
		then=\$(faketime -f $shift imgcache build $recipe 2>/dev/null) &&
		now=\$(imgcache get $recipe) && [ \"\$then\" = \"\$now\" ] &&
		[ \"\$(faketime -f $shift imgcache get $recipe)\" = \"\$now\" ]
	"
	test_that "every verb works at $shift" "
		for verb in 'list' 'stats' 'prune -n' 'doctor' 'config' \
			'stats --since 1d' 'list --unused-for 1d'; do
			expect_status 0 faketime -f $shift imgcache \$verb || {
				echo \"\$verb\"; exit 1; }
			! grep -E -- '-[0-9]+ (s|min|h|d|w)' stdout || exit 1
		done
	"
	test_that "JSON at $shift has moments of four-digit years" "
		faketime -f $shift imgcache list --json >list &&
		jq -e 'all(.[]; .createdAt |
			test(\"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T\"))' list
	"
done

test_that 'an image from the future is not pruned for its age' '
	rm -rf "$IMGCACHE_DIR"; docker rmi "localhost/imgcache:$(imgcache tag \
		$recipe)" >/dev/null 2>&1
	faketime -f +1y imgcache build $recipe >/dev/null 2>&1
	imgcache prune --max-age 1d --json >stdout && jq -e ".removed == 0" stdout
'

test_that 'invalidated in the future: the build now is still a hit' '
	faketime -f +1y imgcache invalidate --all >/dev/null &&
	expect_status 1 imgcache get $recipe && imgcache build $recipe \
		>/dev/null 2>&1 && expect_status 0 imgcache get $recipe
'

test_that 'invalidated in the past counts all the same' '
	faketime -f -1y imgcache invalidate --all >/dev/null &&
	expect_status 1 imgcache get $recipe && grep invalidated stderr
'

test_that 'a clock that jumps between each of ten runs' '
	for shift in +1y -1y +2d -2d +1h -1h +5y -5y +1d -1d; do
		faketime -f $shift imgcache build $recipe >ref 2>/dev/null &&
		faketime -f $shift imgcache get $recipe >got 2>/dev/null &&
		same ref got || { echo $shift; exit 1; }
	done
'

test_that 'files from the future and from 1970 give the same key' '
	mkdir -p app && printf "FROM busybox\nCOPY . /\n" >app/Dockerfile &&
	echo 1 >app/file && one=$(imgcache tag app) &&
	touch -d "2090-01-01" app/file && [ "$(imgcache tag app)" = "$one" ] &&
	touch -d @0 app/file && [ "$(imgcache tag app)" = "$one" ] &&
	touch -d "1901-12-14" app/file && [ "$(imgcache tag app)" = "$one" ]
'

test_done
