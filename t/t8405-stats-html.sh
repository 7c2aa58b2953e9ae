#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --format html`: one page that needs nothing else.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-stats.sh
. "$(dirname "$0")/lib-stats.sh"

# tree FILE: each tag is one of ours and closed where it belongs, and no bare
# "<", ">" or "&" is left in the text.
tree() {
	sed '/^<style>$/,/<\/style>/d' "$1" | awk '
	function bad(why) { print NR ": " why; failed = 1 }
	BEGIN {
		RS = "<"
		n = split("html head body main header div section ul li span" \
			" svg g title em small details summary table thead" \
			" tbody tr th td h1 h2 p b", v, " ")
		for (i = 1; i <= n; i++) ours[v[i]] = 1
	}
	NR == 1 { next }
	{
		at = index($0, ">")
		if (!at) { bad("no end of a tag: " $0); next }
		tag = substr($0, 1, at - 1)
		text = substr($0, at + 1)
		if (text ~ />/) bad("a bare > in: " text)
		gsub(/&#[0-9]+;/, "", text)
		if (text ~ /&/) bad("a bare & in: " text)
		name = tag
		sub(/[ \/].*/, "", name)
		if (tag ~ /^(!DOCTYPE html|meta [a-zA-Z]|br$)/) next
		if (tag ~ /^(line|rect) .*\/$/) next
		if (tag ~ /^\//) {
			name = substr(tag, 2)
			if (depth < 1 || stack[depth] != name)
				bad("</" name "> closes " stack[depth])
			depth--
			next
		}
		if (!(name in ours)) bad("not ours: " tag)
		if (tag ~ / on[a-z]*=|style=|src=|href=/) bad("attribute: " tag)
		stack[++depth] = name
	}
	END { if (depth != 1 && depth != 0) bad("left open: " stack[depth])
		exit failed }' &&
	! grep -iwE 'nan|inf' "$1"
}

stats --format html >page

test_that 'the page is a tree of known tags' '
	tree page && head -n 1 page | grep -x "<!DOCTYPE html>" &&
	[ "$(tail -n 1 page)" = "</main></body></html>" ]
'

test_that 'the reader of trees finds what is wrong' '
	for edit in "s/<\/li>//" "s/<li>/<li><script>/" "s/never-built/a<b/" \
		"s/never-built/a\&b/" "s/<svg/<svg onload=\"x\"/"; do
		sed "$edit" page >edited && if tree edited >/dev/null; then
			echo "passed: $edit"; exit 1
		fi
	done
'

# remarks FILE: not a word from tidy, which knows HTML 5.
remarks() {
	tidy -e -q "$1" >words 2>&1 || echo failed >>words
	cat words
	! [ -s words ]
}

if command -v tidy >/dev/null; then
	test_that 'tidy has no remark' '
		remarks page && for edit in "s/<\/section>//" "s/<tr>//" \
			"s/<h2>/<h2 id=a>/" "s/never-built/a\&b/"; do
			sed "$edit" page >edited && if remarks edited >/dev/null
			then echo "passed: $edit"; exit 1; fi
		done
	'
elif [ -n "$TEST_CI" ]; then
	test_that 'tidy has no remark' 'echo "not installed"; false'
else
	test_skip 'tidy has no remark' 'no tidy'
fi

test_that 'the whole of it, to the letter' '
	stats --since 10d --format html |
		sed "s/T12:00:[0-5][0-9]Z/T12:00:00Z/g" >short && tree short &&
	same "$TOP/t/golden/stats-page.html" short
'

test_that 'nothing from elsewhere, and a policy that forbids it' '
	! grep -iE "https?:|//|<script|<link|<img|@import|url\(|src=|href" page &&
	! grep -ioE "<[a-z0-9]+( [a-z-]+=\"[^\"]*\")*" page |
		grep -oE " [a-z-]+=" | sort -u | grep -vxE " (lang|charset|\
http-equiv|content|name|class|title|role|aria-label|tabindex|width|height|rx|\
x|y|x1|x2|y1|y2)=" &&
	grep -F "Content-Security-Policy" page &&
	grep -F "default-src '\''none'\''; style-src '\''unsafe-inline'\''" page
'

test_that 'light and dark, wide and narrow' '
	grep "color-scheme:light dark" page &&
	grep "@media(prefers-color-scheme:dark){:root{--page" page &&
	grep "width=device-width" page && grep "@media(max-width:" page
'

# column DAY: the height of the columns of that day, one a line.
column() {
	grep "<title>$1: " page | sed 's/.*rx="1.5".*/&/;
		s/.* height="\([0-9.]*\)" rx.*/\1/; s/.*none.*/none/'
}

test_that 'a column a day: hit rate, time saved, build times' '
	[ "$(grep -c "<title>2026-0[23]-[0-9]*: " page)" -eq 120 ] &&
	column 2026-03-10 | xargs >have && column 2026-03-09 | xargs >>have &&
	column 2026-03-08 | xargs >>have && column 2026-03-01 | xargs >>have &&
	column 2026-02-20 | xargs >>have && cat have &&
	printf "%s\n" "128.6 41.2 none 2.0" "150.0 150.0 none none" \
		"60.0 15.0 150.0 150.0" "2.0 none 50.0 6.3" \
		"none none none none" >expect && same expect have
' 

test_that 'a column says its day and its figures' '
	grep -F "<title>2026-03-08: 40.0 %, 2 hits, 3 misses (inputs-changed:2,\
 never-built:1)</title>" page &&
	grep -F "<title>2026-03-09: 6 min 40 s, 1 hit, 0 misses</title>" page &&
	grep -F "<title>2026-03-01: 0.0 %, 0 hits, 1 miss (never-built:1)<" page &&
	grep -F "<title>2026-03-08: 1 min 00 s, 4 builds, 1 failed, 10 of 40 \
steps cached</title>" page &&
	grep -F "<title>2026-03-01: 20.0 s, 1 build, 0 failed, 0 of 10 steps \
cached</title>" page &&
	grep -F "<title>2026-02-20: none</title>" page
'

test_that 'bars: reasons, sizes, steps, the longest is all of it' '
	grep -A3 "<span>never-built" page | grep "width=\"100.00%\"" &&
	grep "<span>inputs-changed" page | grep "width=\"66.67%\"" &&
	grep "<span>web</span>" page | grep "width=\"100.00%\".*1.5 GB" &&
	grep "<span>api<br>.*2 versions" page | grep "width=\"33.33%\"" &&
	grep "RUN make<br>" page | grep "api: 2 runs, 1 cached, the longest 15.0$(printf "\302\240")s" &&
	grep "RUN make<br>" page | grep "width=\"6.15%\".*<em>24.0 s"
'

test_that 'the figures of the tiles' '
	grep -F "<b>64.3 %</b>" page && grep -F "<b>9 min 10 s</b>" page &&
	grep -F "7 here, 2 from the registry, 5 missed" page &&
	grep -F "<b>80.0 %</b>" page && grep -F "10 of 60 steps" page &&
	grep -F "<b>2.0 GB</b>" page
'

test_that 'rows: why each image and each day missed, medians, steps cached' '
	rows() { grep -F "<tr><td>$1" page | sed "s/<[^>]*>/ /g; s/&#160;//g" |
		tr -s " " | sed "s/ \$//"; } &&
	{ rows api; rows 2026-03-08; rows 2026-03-10; } >have && cat have &&
	cat >expect <<-ROWS && same expect have
	 api 12 8 2 3 72.7 % 2 min 30 s inputs-changed:2 , never-built:1
	 api 4 1 10 of 40 20.0 s 1 min 00 s 1 min 35 s 60 MB
	 2026-03-08 5 2 0 3 40.0 % 40.0 s inputs-changed:2 , never-built:1
	 2026-03-08 4 1 10 of 40 1 min 00 s 7 min 55 s 60 MB
	 2026-03-10 8 6 2 1 85.7 % 1 min 50 s never-built:1
	 2026-03-10 1 0 0 of 10 - 1.0 s 1.0 kB
	ROWS
'

test_that 'a tag is its id, the whole of it where one points' '
	grep -F "<td><span title=\"$flags_tag\">ffffffffffff</span></td>" page &&
	! sed "s/ title=\"[^\"]*\"//g" page | grep -F "$flags_tag" &&
	cp -r "$IMGCACHE_DIR" tags && sqlite3 tags/catalog.db "
		UPDATE lookups SET name = '\''g1-in-the-middle-of'\''
			WHERE name = '\''web'\'';
		UPDATE builds SET name = NULL, tag = '\''$flags_tag'\''
			WHERE name = '\''web'\''" &&
	IMGCACHE_DIR=$PWD/tags stats --format html >got && tree got &&
	grep -F "<td>g1-in-the-middle-of</td>" got &&
	grep -F ">ffffffffffff: 1 run, " got
'

test_that 'whatever a name or a step contains is text' '
	cp -r "$IMGCACHE_DIR" odd && sqlite3 odd/catalog.db "
		UPDATE lookups SET name = '\''\"><script>alert(1)</script>&amp;'\''
			|| char(39) || char(10) || char(27) || '\''[0m'\''
			WHERE name = '\''web'\'';
		UPDATE images SET name = '\''</ul><img src=x>'\''
			WHERE name = '\''web'\'';
		UPDATE builds SET name = '\''<b onclick=x>'\''
			WHERE name = '\''web'\''" &&
	IMGCACHE_DIR=$PWD/odd stats --format html >got && tree got &&
	! grep -F "<script" got && ! grep -F "<img" got &&
	grep -F "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;amp;&#39;^J^[[0m" got
'

test_that 'of an empty catalog' '
	IMGCACHE_DIR=$PWD/none stats --format html >got && tree got &&
	grep "nothing missed" got && grep "no images" got &&
	grep "no builds" got && grep "no steps" got &&
	! grep -E "0.0 ms|>0 B| of 0 |[^0-9]1 (images|builds|steps|hits|misses)" got
'

test_that '--since: its first day is the first column, at most 90' '
	stats --since 2d --format html >got && tree got &&
	[ "$(grep -c "<title>2026-" got)" -eq 12 ] &&
	grep "from 2026-03-08T12:00:00Z to 2026-03-10T12:00:0" got &&
	stats --since 365d --format html >got &&
	[ "$(grep -c "<title>202[56]-" got)" -eq 360 ] &&
	stats --since 1h --format html >got && tree got &&
	grep -F "today, UTC" got && ! grep " 1 days" got
'

test_that 'lists end, and say how many are not shown' '
	many_images many 1000 && IMGCACHE_DIR=$PWD/many stats --format html \
		-o got && tree got && grep "and 990 more" got &&
	grep "and 803 more" got && [ "$(wc -c <got)" -lt 120000 ]
'

test_done
