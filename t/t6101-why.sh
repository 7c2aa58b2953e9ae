#!/bin/sh
# SPDX-License-Identifier: MIT
# Why something is built again: in a line on a miss, and all of it by `imgcache
# why`.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest debian:12

test_that 'inputs changed: the file, and how many more' '
	mkdir -p tree/src && printf "FROM busybox\nCOPY . /t\n" \
		>tree/Dockerfile && echo 1 >tree/src/a && echo 1 >tree/src/b &&
	imgcache build tree >/dev/null 2>&1 && echo 2 >tree/src/a &&
	expect_status 1 imgcache get tree &&
	grep ": inputs changed: src/a edited$" stderr &&
	rm tree/src/b && chmod 600 tree/src/a && mkdir tree/new &&
	: >tree/new/c && expect_status 1 imgcache get tree --json &&
	jq -e ".reason == \"inputs-changed\" and
		.detail == \"new/c added, 3 more files\"" stdout
'

test_that 'a hit writes no listing; a build keeps all of them' '
	objects="select count(*) from objects" &&
	imgcache build tree >/dev/null 2>&1 &&
	n=$(sqlite3 "$IMGCACHE_DIR/catalog.db" "$objects") &&
	imgcache get tree >/dev/null && imgcache get tree >/dev/null &&
	[ "$(sqlite3 "$IMGCACHE_DIR/catalog.db" "$objects")" -eq "$n" ] &&
	for hex in $(sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"select text from objects" | grep -E "^(d|dockerfile|context) " |
		grep -oE "[0-9a-f]{32,40}"); do
		sqlite3 "$IMGCACHE_DIR/catalog.db" "select object from objects" |
			grep -q $hex || { echo $hex; exit 1; }
	done
'

test_that 'prune keeps what the last image of a name was made from' '
	sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"update objects set stored_at = 1" &&
	imgcache prune >/dev/null && echo 3 >tree/src/a &&
	expect_status 1 imgcache get tree &&
	grep ": inputs changed: src/a edited$" stderr
'

test_that 'the catalog keeps steps by the words of the file' '
	mkdir -p secret && printf "FROM busybox\nARG TOKEN\nRUN echo \$TOKEN\n" \
		>secret/Dockerfile &&
	imgcache build secret --build-arg TOKEN=s3cret >/dev/null 2>&1 &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "select name from steps" >names &&
	grep -xF "[2/2] RUN echo \$TOKEN" names &&
	! sqlite3 "$IMGCACHE_DIR/catalog.db" .dump | grep s3cret
'

test_done
