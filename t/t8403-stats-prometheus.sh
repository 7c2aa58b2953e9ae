#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --format prometheus`, and -o, which replaces a file at once.
# promtool reads it too where it is installed, as it is in CI: Debian's package
# of it starts a server elsewhere.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-stats.sh
. "$(dirname "$0")/lib-stats.sh"

# strict FILE: the text format 0.0.4, and the rules of naming.
strict() {
	[ -s "$1" ] && [ -z "$(tail -c 1 "$1" | tr -d '\n')" ] &&
	awk '
	function bad(why) { print NR ": " why ": " $0; failed = 1 }
	/^# HELP / {
		if ($3 in help) bad("HELP again")
		if ($3 !~ /^imgcache_[a-z0-9_]+$/) bad("name")
		if (NF < 4) bad("no words")
		help[$3] = 1; of = $3; next
	}
	/^# TYPE / {
		if ($3 != of || $3 in type) bad("TYPE does not follow HELP")
		if ($4 != "counter" && $4 != "gauge") bad("type")
		if (($4 == "counter") != ($3 ~ /_total$/)) bad("_total")
		type[$3] = $4; next
	}
	{
		line = $0
		if (!match(line, /^[a-z0-9_]+/)) { bad("no sample"); next }
		name = substr(line, 1, RLENGTH)
		if (name != of || !(name in type)) bad("not under its TYPE")
		if (name ~ /(milli|micro|_ms|_kb|minutes|hours|_mb)/) bad("unit")
		line = substr(line, RLENGTH + 1)
		if (line ~ /^\{/) {
			if (!match(line, /^\{([a-z_]+="([^"\\]|\\["\\n])*",?)+\}/))
				bad("labels")
			labels = substr(line, 1, RLENGTH)
			line = substr(line, RLENGTH + 1)
			if (labels ~ /(tag|quantile|le)=/) bad("label")
			if (labels ~ /[gx]1-[0-9a-f]/) bad("a tag")
		} else
			labels = ""
		if (line !~ /^ [0-9]+(\.[0-9]+)?$/) bad("value")
		if ((name, labels) in seen) bad("twice")
		seen[name, labels] = 1
	}
	END {
		for (name in help)
			if (!(name in type)) { print name " has no TYPE"; failed = 1 }
		exit failed
	}' "$1" || return 1
}

# by_its_own_tool FILE: not a word from promtool.
by_its_own_tool() {
	promtool check metrics <"$1" >words 2>&1 || echo failed >>words
	cat words
	! [ -s words ]
}

test_that 'the format is what a strict reader takes, without any remark' '
	stats --format prometheus >metrics && cat metrics && strict metrics
'

if command -v promtool >/dev/null; then
	test_that 'promtool has no remark either' 'by_its_own_tool metrics'
elif [ -n "$TEST_CI" ]; then
	test_that 'promtool has no remark either' 'echo "not installed"; false'
else
	test_skip 'promtool has no remark either' 'no promtool'
fi

test_that 'of an empty catalog too' '
	IMGCACHE_DIR=$PWD/none stats --format prometheus >metrics &&
	strict metrics && ! grep -v "^#" metrics | grep -v " 0\(\.0*\)*$"
'

test_that 'the strict reader is strict' '
	stats --format prometheus >metrics && for edit in "s/_total//" \
		"s/ 6$/ 6 1773100800/" "s/image=/tag=/" "s/^# TYPE.*//" \
		"s/seconds/ms/g" "s/\"api\"/\"a\"pi\"/" "s/api/g1-a/" \
		"\$p" "s/ [0-9]*\$/ nan/"; do
		sed "$edit" metrics >edited && ! strict edited >/dev/null 2>&1 ||
			{ echo "passed: $edit"; exit 1; }
	done
'

cat >expect <<'METRICS'
imgcache_lookups_total{image="api",result="hit-local"} 6
imgcache_lookups_total{image="api",result="hit-remote"} 2
imgcache_lookups_total{image="api",result="miss"} 3
imgcache_lookups_total{image="api",result="unknown"} 1
imgcache_lookups_total{image="(flags)",result="miss"} 1
imgcache_misses_total{image="api",reason="never-built"} 1
imgcache_misses_total{image="web",reason="never-built"} 1
imgcache_misses_total{image="(flags)",reason="never-built"} 1
imgcache_misses_total{image="api",reason="inputs-changed"} 2
imgcache_hit_seconds_total{result="hit-local"} 0.028000
imgcache_hit_seconds_total{result="hit-remote"} 12.000000
imgcache_saved_seconds_total{image="web"} 400.000000
imgcache_builds_total{image="api",status="completed"} 3
imgcache_builds_total{image="api",status="failed"} 1
imgcache_builds_total{image="web",status="other"} 1
imgcache_build_seconds_total{image="api"} 95.000000
imgcache_build_steps_total{image="api",cached="true"} 10
imgcache_build_steps_total{image="api",cached="false"} 30
imgcache_context_bytes_total 70002000
imgcache_build_time_median_seconds{image="api"} 20.000000
imgcache_build_time_p95_seconds{image="api"} 60.000000
imgcache_images{image="api"} 2
imgcache_image_bytes{image="api"} 500000000
METRICS
test_that 'the values' '
	stats --format prometheus >metrics && while read -r line; do
		grep -Fx "$line" metrics || { echo "no $line"; exit 1; }
	done <expect
'

test_that 'the misses of an image by reason are its misses by result' '
	stats --format prometheus >metrics && for image in api web "(flags)"; do
		awk -v of="image=\"$image\"" "
			index(\$0, of) && /misses_total/ { sum += \$2 }
			index(\$0, of) && /result=.miss/ { misses = \$2 }
			END { print sum, misses; exit !(sum && sum == misses) }" \
			metrics || exit 1
	done
'

test_that 'the whole of it, to the letter' '
	stats --format prometheus >metrics &&
	same "$TOP/t/golden/stats-prometheus.txt" metrics
'

test_that 'every metric is in the manual, and no other' '
	stats --format prometheus | sed -n "s/^# TYPE \([^ ]*\).*/\1/p" |
		sort >have && grep -o "imgcache_[a-z0-9_]*" \
		"$TOP/man/imgcache-stats.1" | sort -u >told && same told have
'

test_that 'a name with quotes and backslashes stays one label' '
	cp -r "$IMGCACHE_DIR" odd && sqlite3 odd/catalog.db "UPDATE lookups SET
		name = '\''a\"b\\c'\'' || char(10) || '\''d'\''
		WHERE name = '\''web'\''" &&
	IMGCACHE_DIR=$PWD/odd stats --format prometheus >metrics &&
	strict metrics && grep -F "image=\"a\\\"b\\\\c^Jd\"" metrics
'

test_that '--since makes no counter' '
	expect_status 129 stats --format prometheus --since 1d &&
	! [ -s stdout ] && grep "takes no --since" stderr
'

test_that '--json and another format: one of them' '
	expect_status 129 stats --json --format prometheus &&
	grep -- "--json and --format prometheus: one of them" stderr
'

test_that '-o: the same in a file, nothing printed, nothing left beside it' '
	mkdir -p out && expect_status 0 stats --format prometheus \
		-o out/imgcache.prom && ! [ -s stdout ] &&
	stats --format prometheus >metrics && same metrics out/imgcache.prom &&
	[ "$(ls -A out)" = imgcache.prom ]
'

test_that '-o: the mode is that of the umask, so that others may read it' '
	(umask 022 && stats -o out/a) && (umask 077 && stats -o out/b) &&
	[ "$(stat -c %a out/a out/b | xargs)" = "644 600" ]
'

test_that '-o: who has the old file open keeps it, until it is whole' '
	echo old >out/c && exec 5<out/c && stats --json -o out/c &&
	[ "$(cat <&5)" = old ] && jq -e .lookups out/c
'

test_that '-o: readers never see a half, while it is written all the time' '
	stats --json -o out/d && cp out/d whole || exit 1
	(
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
			stats --json -o out/d || exit 1
		done
		touch ended
	) &
	n=0
	while ! [ -f ended ] && [ $n -lt 5000 ]; do
		cmp out/d whole || { wait; exit 1; }
		n=$((n + 1))
	done
	wait; [ -f ended ] && [ $n -gt 5 ]
'

test_that '-o: a full disk keeps the old file and leaves nothing else' '
	mkdir -p out/e && echo old >out/e/f &&
	many_images many 3000 && export IMGCACHE_DIR="$PWD/many" &&
	expect_status 128 sh -c "ulimit -f 200; trap \"\" XFSZ
		exec imgcache stats --json -o out/e/f" && one_line stderr &&
	grep "cannot write to .out/e/f.: File too large" stderr &&
	[ "$(cat out/e/f)" = old ] && [ "$(ls -A out/e)" = f ]
'

test_that '-o: no folder, a folder, a device, no name' '
	expect_status 128 stats -o nowhere/there && one_line stderr &&
	grep "cannot create .nowhere/there.: No such file" stderr &&
	expect_status 128 stats -o out && grep "no regular file" stderr &&
	expect_status 128 stats -o /dev/null && [ -c /dev/null ] &&
	expect_status 129 stats -o "" && grep "name of a file" stderr
'

test_that '-o: alarms still have their lines and their status' '
	expect_status 1 stats -o out/f --fail-under 70% && one_line stderr &&
	! [ -s stdout ] && grep lookups out/f
'

test_done
