#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache stats --format github`: Markdown for the summary of a job.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-stats.sh
. "$(dirname "$0")/lib-stats.sh"
unset GITHUB_STEP_SUMMARY

test_that 'printed where no runner named a file' '
	expect_status 0 stats --format github && cat stdout &&
	[ "$(head -n 1 stdout)" = "### imgcache: 64.3 % of lookups hit, 9 min 10 s saved" ] &&
	grep -Fx "| hits from the registry | 2 |" stdout &&
	grep -Fx "| hit rate | \`····▁······▄█▇\` |" stdout &&
	grep -Fx "| inputs-changed | 2 |" stdout &&
	grep -F "| api | 12 | 8 | 72.7 % | inputs-changed: 2, never-built: 1 | 2 min 30 s | 4 | 1 | 10 of 40 | 20.0 s | 1 min 00 s | 500 MB |" stdout
'

test_that 'the whole of it, to the letter' '
	stats --format github >page && same "$TOP/t/golden/stats-github.txt" page
'

test_that 'the rows of a table have the cells of its head, a blank line before' '
	stats --format github >page && awk -F "|" "
		/^\|/ { if (!cells) { cells = NF; if (last != \"\") bad = 1 }
			if (NF != cells) { print; bad = 1 } last = \$0; next }
		{ cells = 0; last = \$0 } END { exit bad }" page
'

test_that 'nothing in a name is markup' '
	grep "COPY" stdout | grep -F "&#91;2/2&#93; COPY . &#60;&#38;&#62;" &&
	cp -r "$IMGCACHE_DIR" odd && sqlite3 odd/catalog.db "UPDATE lookups SET
		name = '\''|*a*_b_\`c\`<i>@me#1[x](y)!'\'' || char(10) || '\''# d'\''
		WHERE name = '\''web'\''" &&
	IMGCACHE_DIR=$PWD/odd stats --format github >page &&
	grep "a&#42;" page && ! grep "a&#42;" page | tr -d "#&;|" |
		grep "[*_\`<>@!\\[]"
'

test_that 'a tag is its beginning, also where it has the slowest step' '
	cp -r "$IMGCACHE_DIR" tags && sqlite3 tags/catalog.db "UPDATE builds
		SET name = NULL, tag = '\''$flags_tag'\'' WHERE name = '\''web'\''" &&
	IMGCACHE_DIR=$PWD/tags stats --format github >page && cat page &&
	grep "^| ffffffffffff | 1 |" page && ! grep -F "$flags_tag" page &&
	grep "COPY.* | ffffffffffff | 1 |" page
'

test_that 'appended to the file of the runner, nothing printed' '
	echo before >summary && stats --format github >expect &&
	GITHUB_STEP_SUMMARY=summary expect_status 0 stats --format github &&
	! [ -s stdout ] && [ "$(head -n 1 summary)" = before ] &&
	tail -n +2 summary >rest && same expect rest
'

test_that '--output instead of it' '
	echo before >summary && GITHUB_STEP_SUMMARY=summary expect_status 0 \
		stats --format github -o page && [ "$(cat summary)" = before ] &&
	grep "^### imgcache" page
'

test_that 'a summary that cannot be written is said' '
	GITHUB_STEP_SUMMARY=none/there expect_status 128 stats \
		--format github && one_line stderr &&
	grep "cannot create .none/there." stderr &&
	GITHUB_STEP_SUMMARY=/dev/full expect_status 128 stats \
		--format github && grep "No space left on device" stderr
'

test_that 'the other formats leave it alone' '
	rm -f summary && GITHUB_STEP_SUMMARY=summary stats --json >/dev/null &&
	! [ -e summary ]
'

test_that 'it stays far below 1 MiB, however many images' '
	many_images many 20001 &&
	IMGCACHE_DIR=$PWD/many stats --format github >page &&
	[ "$(wc -c <page)" -lt 20000 ] && grep -Fx "and 19954 more images" page &&
	many_images few 48 && IMGCACHE_DIR=$PWD/few stats --format github >page &&
	grep -Fx "and 1 more image" page
'

test_that 'without a lookup' '
	IMGCACHE_DIR=$PWD/none stats --format github >page &&
	[ "$(head -n 1 page)" = "### imgcache: no lookups" ]
'

test_done
