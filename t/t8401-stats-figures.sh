#!/bin/sh
# SPDX-License-Identifier: MIT
# The figures of `imgcache stats` by day and by image, and its tables.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-stats.sh
. "$(dirname "$0")/lib-stats.sh"

test_that 'local and remote hits, misses, what an answer takes' '
	is .hits "{\"local\":7,\"remote\":2}" && is .misses 5 && is .unknown 1 &&
	is .hitRate 0.643 && is .restoreTime "{\"local\":0.004,\"remote\":6}" &&
	is .missesByReason "{\"never-built\":3,\"inputs-changed\":2}"
'

test_that 'builds: success of what ended by itself, median, 95 in 100' '
	is .builds "$(jq -nc "{total: 6, completed: 4, failed: 1,
		successRate: 0.8, time: 496, timeP50: 20, timeP95: 400,
		steps: 60, stepsCached: 10, context: 70002000}")"
'

test_that 'by image' '
	is ".images[0] | del(.days)" "$(jq -nc "{name: \"api\", lookups: 12,
		hits: 8, remoteHits: 2, misses: 3, missesByReason:
		{\"inputs-changed\": 2, \"never-built\": 1},
		hitRate: 0.727, builds: 4,
		failed: 1, successRate: 0.75, steps: 40, stepsCached: 10,
		buildTime: 20, buildTimeP95: 60, timeSaved: 150,
		size: 500000000, context: 60000000}")" &&
	is ".images[1] | [.name, .buildTime, .context]" \
		"[\"web\",400,1000]" &&
	is ".images[2] | [.name, .misses, .buildTime, .context, .size]" \
		"[\"$flags_tag\",1,null,null,0]"
'

test_that 'by day: only those with something, in order' '
	is "[.days[].day]" "[\"2026-03-01\",\"2026-03-08\",\"2026-03-09\",\
\"2026-03-10\"]" && is ".days[1]" "$(jq -nc "{day: \"2026-03-08\",
		lookups: 5, hits: 2, remoteHits: 0, misses: 3,
		missesByReason: {\"inputs-changed\": 2, \"never-built\": 1},
		hitRate: 0.4, builds: 4, failed: 1, buildTime: 475,
		buildTimeP50: 60, timeSaved: 40,
			steps: 40, stepsCached: 10, context: 60001000}")" &&
	is "[.days[] | .lookups] | add" 15 && is "[.days[].builds] | add" 6
'

test_that 'the days of an image are its own, and add up' '
	is "[.images[1].days[] | [.day, .lookups, .builds]]" \
		"[[\"2026-03-08\",1,1],[\"2026-03-09\",1,0],\
[\"2026-03-10\",0,1]]" &&
	is "[.images[].days[].lookups] | add" 15
'

test_that 'why it missed: by day and by image, it adds up to all misses' '
	is "[.days[] | .missesByReason]" "$(jq -nc "[{\"never-built\": 1},
		{\"inputs-changed\": 2, \"never-built\": 1}, {},
		{\"never-built\": 1}]")" &&
	is "[.images[] | .missesByReason | add]" "[3,1,1]" &&
	is ".images[1].days | map(.missesByReason)" \
		"[{\"never-built\":1},{},{}]" &&
	is "[.images[].days[].missesByReason[]] | add" 5 &&
	stats --since 3d --json | jq -e ".images[0].missesByReason ==
		{\"inputs-changed\": 2} and .days[0].misses == 3"
'

test_that 'the median of a day is of the builds that completed on it' '
	is "[.days[].buildTimeP50]" "[20,60,null,null]" &&
	is "[.images[0].days[].buildTimeP50]" "[20,10,null]"
'

test_that 'the steps that cost most, without flags, cached runs aside' '
	is .slowestSteps "$(jq -nc "[
		{image: \"web\", step: \"[2/2] COPY . <&>\", runs: 1,
			cached: 0, time: 390, longest: 390},
		{image: \"api\", step: \"[2/2] RUN make\", runs: 2, cached: 1,
			time: 24, longest: 15}]")"
'

test_that '--since counts lookups and builds from then on' '
	stats --since 3d --json >json && jq -e ".lookups == 14 and
		.builds.total == 5 and .builds.timeP50 == 60 and
		.totalImages == 3 and (.days | length) == 3 and
		(.slowestSteps[1].runs == 1)" json
'

test_that 'the table' '
	stats >table && cat >expect <<-TABLE &&
	images                3  2.0 GB together, 3.0 hits each
	lookups              15  ....1......619  the last 14 days
	  hits                9
	    here              7  4.0 ms each
	    pulled            2  6.0 s each
	  misses              5
	  unknown             1  no answer from engine or registry
	hit rate         64.3 %  ....0......498
	time saved   9 min 10 s  ...........192
	TABLE
	head -n 9 table >head && same expect head &&
	grep -E "^builds +6  80.0 % succeeded, 16.7 % of steps cached$" table &&
	grep -E "^  median +20.0 s  .* 95 in 100: 6 min 40 s$" table &&
	grep -E "^never-built +3$" table &&
	grep -E "^api +12  \.\.\.\.1\.\.\.\.\.\.5\.9 +8 +2 +72.7 %" table &&
	grep -E "^api +4 +1 +10/40 +20.0 s +1 min 00 s +1 min 35 s$" table &&
	grep -E "^api +3  inputs-changed:2, never-built:1$" table &&
	! grep -E ".{81}" table && ! grep " $" table
'

test_that '--by day: the days are the rows' '
	stats --by day >table && cat table &&
	grep -E "^2026-03-08 +5 +2 +0 +3 +40.0 % +40.0 s$" table &&
	grep -E "^2026-03-08 +3  inputs-changed:2, never-built:1$" table &&
	grep -E "^2026-03-08 +4 +75.0 % +10/40 +60 MB +1 min 00 s +7 min 55 s$" \
		table &&
	grep -E "^2026-03-10 +1 +- +0/10 +1.0 kB +- +1.0 s$" table &&
	! grep "^2026-03-09 .*:" table &&
	! grep "^api" table && ! grep -E ".{81}" table
'

test_that 'the whole of both, to the letter' '
	stats >table && same "$TOP/t/golden/stats-table.txt" table &&
	stats --by day >table &&
	same "$TOP/t/golden/stats-table-days.txt" table
'

test_that '--since: the bars begin there' '
	stats --since 2d >table && cat table &&
	grep -E "^lookups +9  \.19  the last 3 days" table &&
	grep "LAST 3 DAYS" table && grep -E "^builds +1  0.0 % of steps" table
'

test_that 'bars on a terminal with UTF-8, digits on one without' '
	echo "faketime -f \"@2026-03-10 12:00:00\" imgcache stats" >run.sh &&
	LC_ALL=C.UTF-8 script -qec "sh run.sh" /dev/null >drawn &&
	LC_ALL=C script -qec "sh run.sh" /dev/null >plain && cat drawn plain &&
	grep "····▂······▅▂█" drawn && grep -F "....1......619" plain &&
	! LC_ALL=C grep "[^ -~]" plain | tr -d "\r" | LC_ALL=C grep "[^ -~]"
'

# later SQL: the figures of a copy of the catalog in which this is done.
later() {
	rm -rf later && cp -r "$IMGCACHE_DIR" later &&
		sqlite3 later/catalog.db "$1" && IMGCACHE_DIR=$PWD/later &&
		export IMGCACHE_DIR && stats >table && cat table &&
		stats --format prometheus >metrics &&
		stats --format github >summary && stats --format html >page
}

test_that 'words of a later version are "other", and the sums agree' '
	later "UPDATE lookups SET reason = '\''moved-'\'' || reason
		WHERE result = '\''miss'\''" &&
	is .missesByReason "{\"other\":5}" &&
	is "[.images[].missesByReason.other]" "[3,1,1]" &&
	is "[.days[].missesByReason.other]" "[1,3,null,1]" &&
	grep -E "^other +5$" table && grep -E "^api +3  other:3$" table &&
	grep "^imgcache_misses_total{" metrics >misses && cat misses &&
	[ "$(awk "{ n += \$2 } END { print n }" misses)" = 5 ] &&
	grep -Fx "| other | 5 |" summary && ! grep "nothing missed" page &&
	grep "<span>other" page
'

test_that 'hits that saved nothing say so in every form' '
	later "UPDATE lookups SET saved_us = 0" &&
	grep -E "^time saved +0.0 ms" table && grep -E "^api .* 0.0 ms +500" table &&
	head -n 1 summary | grep "hit, 0.0 ms saved$" &&
	grep "<h2>Time saved</h2><b>0.0 ms</b>" page &&
	grep "2026-03-08: 0.0 ms, 2 hits" page
'

test_that 'what hits saved is unknown in every form if no build is known' '
	later "UPDATE lookups SET saved_us = -1 WHERE result LIKE '\''hit%'\''" &&
	stats --json >json && jq -e ".timeSaved == null and
		all(.images[] | select(.hits > 0); .timeSaved == null) and
		all(.days[] | select(.hits > 0); .timeSaved == null) and
		all(.images[] | select(.hits == 0); .timeSaved == 0)" json &&
	grep -E "^time saved +- " table && grep -E "^api .* - +500" table &&
	! grep saved, summary && head -n 1 summary | grep -v saved &&
	grep "<h2>Time saved</h2><b>-</b>" page &&
	grep "^imgcache_saved_seconds_total{image=\"api\"} 0.000000" metrics
'

test_that 'of what hits saved the known part is told' '
	later "UPDATE lookups SET saved_us = -1 WHERE result = '\''hit-remote'\''
		" && [ "$(stats --json | jq .timeSaved)" = 520 ] &&
	grep -E "^time saved +8 min 40 s" table
'

test_that 'what was looked up ahead of being asked for is in no figure' '
	stats --json >before && later "INSERT INTO lookups (at, n, engine, tag,
		platform, name, verb, result, reason, us, saved_us)
		SELECT at, n, engine, tag, platform, name, '\''warm'\'', result,
		reason, us, saved_us FROM lookups" && stats --json >now &&
	same before now
'

test_that 'where nothing hit there is nothing to say of it' '
	later "UPDATE lookups SET result = '\''miss'\'', reason = '\''gone'\'',
		saved_us = 0" && grep -E "^time saved +-  \.{14}$" table &&
	grep -E "^api .* - +500 MB$" table && ! grep saved, summary &&
	head -n 1 summary | grep -v saved &&
	grep "<h2>Time saved</h2><b>-</b>" page
'

test_that 'a name that steers the terminal does not, nor widen the table' '
	sqlite3 "$IMGCACHE_DIR/catalog.db" "UPDATE lookups SET name =
		'\''a'\'' || char(27) || '\''[31m-long-long-long-long-long'\''
		WHERE name = '\''web'\''" &&
	stats >table && ! grep "$(printf "\033")" table &&
	grep -F "a^[[31m" table && ! grep -E ".{81}" table
'

test_that 'long names, great figures and all reasons keep within 80 columns' '
	cp -r "$IMGCACHE_DIR" wide && sqlite3 wide/catalog.db "
		UPDATE lookups SET n = n * 123456, saved_us = saved_us * 100000,
			name = '\''a-name-of-more-than-forty-columns-of-width-'\''
				|| '\''漢字-and-more-than-that'\''
			WHERE name = '\''api'\'';
		UPDATE builds SET duration_us = duration_us * 50,
			steps_total = 123456, steps_cached = 100000;
		UPDATE steps SET us = us * 1000, name = name || '\'' '\'' ||
			hex(zeroblob(200));
		UPDATE images SET size_bytes = size_bytes * 10000;
		WITH r(reason) AS (VALUES ('\''gone'\''), ('\''deleted'\''),
			('\''registry-unknown'\''), ('\''build-failed'\''))
		INSERT INTO lookups (at, n, engine, tag, platform, name, verb,
			result, reason, us, saved_us)
			SELECT 1773140400, 98765, 1, '\''g1-a'\'', '\''p'\'',
			'\''web'\'', '\''get'\'', '\''miss'\'', reason, 5, 0
			FROM r" &&
	for by in image day; do
		IMGCACHE_DIR=$PWD/wide stats --by $by >table && cat table &&
		! LC_ALL=C.UTF-8 grep -E ".{81}" table && ! grep " $" table &&
		grep -o "[a-z-]*:[0-9]*" table | sort >have &&
		grep -x "registry-unknown:98765" have &&
		grep -x "build-failed:98765" have || exit 1
	done
'

test_that 'without a lookup the table has no hole, with one no zero saved' '
	IMGCACHE_DIR=$PWD/none stats >table && cat table &&
	! grep -E " $|0 B|0.0 ms" table && [ "$(wc -l <table)" -eq 7 ] &&
	cp -r none one && sqlite3 one/catalog.db "
		INSERT INTO engines (id, name) VALUES (1, '\''E'\'');
		INSERT INTO lookups (at, engine, tag, platform, name, verb,
			result, reason, us, saved_us) VALUES (1773140400, 1,
			'\''g1-a'\'', '\''p'\'', '\''api'\'', '\''get'\'',
			'\''miss'\'', '\''never-built'\'', 5, 0)" &&
	IMGCACHE_DIR=$PWD/one stats --since 1h >table && cat table &&
	grep -Ex "api +1  9 +0 +0.0 % +- +-" table && ! grep REMOTE table &&
	grep -Ex "api +1  never-built:1" table && ! grep "BUILDS" table
'

test_that 'each day has its steps and bytes, which are those of all' '
	for of in steps stepsCached context; do
		is "[.days[].$of] | add" "$(stats --json | jq ".builds.$of")" &&
		is "[.images[].days[].$of] | add" \
			"$(stats --json | jq ".builds.$of")" || exit 1
	done
'

test_that 'what was only found on the engine is no image of the sums' '
	cp -r "$IMGCACHE_DIR" found && before=$(stats --json | jq .totalImages) &&
	sqlite3 found/catalog.db "
		INSERT INTO images (engine, tag, platform, status, hash, ref,
			recipe, origin, size_bytes, created_at)
		VALUES (1, '\''g1-ad'\'', '\''p'\'', '\''completed'\'',
			'\''git'\'', '\''r'\'', '\''unknown'\'',
			'\''adopted'\'', 999, 1)" &&
	[ "$(IMGCACHE_DIR=$PWD/found stats --json | jq .totalImages)" = "$before" ] &&
	sqlite3 found/catalog.db "UPDATE images SET hits = 1, last_used_at = 5
		WHERE origin = '\''adopted'\''" &&
	[ "$(IMGCACHE_DIR=$PWD/found stats --json | jq .totalImages)" = \
		$((before + 1)) ]
'

test_done
