#!/bin/sh
# SPDX-License-Identifier: MIT
# The catalog: newer than we are, somebody else's, damaged anywhere. It is set
# aside and filled again from the engine's labels; nothing is lost that counts.
# shellcheck disable=SC2016,SC2034,SC2086,SC2094,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
recipe="--base busybox --env A=1"
ref=$(imgcache build $recipe 2>/dev/null)
imgcache build --base busybox --env A=2 >/dev/null 2>&1
imgcache get $recipe >/dev/null
imgcache list >/dev/null
db=$IMGCACHE_DIR/catalog.db
sqlite3 "$db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
cp -a "$IMGCACHE_DIR" good

restore() {
	rm -rf "$IMGCACHE_DIR" && cp -a good "$IMGCACHE_DIR"
}

# usable: a hit is a hit, a build builds, doctor is content.
usable() {
	imgcache get $recipe >out 2>words && [ "$(cat out)" = "$ref" ] &&
	imgcache build --base busybox --env "U=$1" >/dev/null 2>words &&
	imgcache list --json >list 2>words && jq -e 'length >= 2' list >/dev/null &&
	sqlite3 "$db" "PRAGMA integrity_check" >check && [ "$(cat check)" = ok ]
}

test_that 'made by a newer version: refused, not touched' '
	restore && sqlite3 "$db" "PRAGMA user_version=999" && cp "$db" before &&
	for verb in "list" "get $recipe" "build $recipe" "stats" "prune" \
		"delete 1234567"; do
		expect_status 128 imgcache $verb && ! [ -s stdout ] &&
		one_line stderr && grep "a newer imgcache made it" stderr &&
		cmp before "$db" || { echo "$verb"; exit 1; }
	done
'

test_that 'newer: tag needs no catalog that it could not read' '
	imgcache tag --base busybox --base-policy name
'

test_that 'the database of another program: refused, not touched' '
	restore && rm "$db" && sqlite3 "$db" "CREATE TABLE mine(x)" &&
	cp "$db" before && expect_status 128 imgcache list && one_line stderr &&
	grep "database of another program" stderr && cmp before "$db" &&
	restore && sqlite3 "$db" "PRAGMA application_id=1" &&
	expect_status 128 imgcache list && one_line stderr
'

test_that 'an empty file is a new catalog' '
	restore && : >"$db" && rm -f "$db"-* && expect_status 0 imgcache get \
		$recipe && usable empty
'

test_that 'no database at all: set aside, refilled from the labels' '
	restore && echo "this is no database, this is nothing at all" >"$db" &&
	rm -f "$db"-* && expect_status 0 imgcache get $recipe &&
	[ "$(cat stdout)" = "$ref" ] && one_line stderr && cat stderr &&
	grep "warning: .*catalog.db.corrupt-" stderr &&
	grep "this is no database" "$db".corrupt-* &&
	imgcache list --json | jq -e "length >= 2 and
		all(.[]; .buildStatus == \"completed\")" && usable text
'

test_that 'cut short, at many lengths' '
	size=$(stat -c %s "$db"); for at in 1 15 16 99 100 512 4095 4096 4097 \
		8192 20000 $((size - 1)); do
		restore && head -c $at good/catalog.db >"$db" && rm -f "$db"-* &&
		timeout -k 1 20 imgcache get $recipe >stdout 2>stderr
		status=$?; [ $status -eq 0 ] && [ "$(cat stdout)" = "$ref" ] &&
		usable cut || { echo "at $at: $status"; cat stderr words; exit 1; }
	done
'

# zero PAGE, noise PAGE: overwrite a page of the database.
zero() {
	dd if=/dev/zero of="$db" bs=4096 seek="$1" count=1 conv=notrunc 2>/dev/null
}

noise() {
	yes "noise $1" | dd of="$db" bs=4096 seek="$1" count=1 iflag=fullblock \
		conv=notrunc 2>/dev/null
}

pages=$(($(stat -c %s good/catalog.db) / 4096))
test_that 'any page overwritten: no crash, no wrong answer, usable again' '
	page=1; while [ $page -lt $pages ]; do
		for damage in zero noise; do
			restore && rm -f "$db"-* && $damage $page
			for verb in "get $recipe" "list --json" "stats --json" \
				"build --base busybox --env C=$page"; do
				timeout -k 1 20 imgcache $verb >stdout 2>stderr
				status=$?
				case $status in
				0) case $verb in get*)
					[ "$(cat stdout)" = "$ref" ] || exit 1
				esac ;;
				1 | 128) [ "$(grep -c "" stderr)" -ge 1 ] ;;
				*) echo "$damage $page, $verb: $status"
					cat stderr; exit 1 ;;
				esac
			done
			timeout -k 1 20 imgcache doctor >doctor 2>&1
			usable page || {
				echo "$damage $page: not usable after doctor"
				cat words doctor check; exit 1; }
		done
		page=$((page + 5))
	done
'

test_that 'doctor finds a damaged index and mends it' '
	restore && rm -f "$db"-* && root=$(sqlite3 "$db" "SELECT rootpage FROM
		sqlite_schema WHERE type = '\''index'\'' AND rootpage > 0
		ORDER BY rootpage LIMIT 1") && noise $((root - 1)) &&
	timeout -k 1 20 imgcache doctor >stdout 2>stderr; cat stdout stderr
	usable index
'

test_that 'a -wal that is noise, a -shm that is noise' '
	restore && yes noise | head -c 20000 >"$db-wal" &&
	yes noise | head -c 32768 >"$db-shm" && expect_status 0 timeout -k 1 20 \
		imgcache get $recipe && [ "$(cat stdout)" = "$ref" ] && usable wal
'

test_that 'a journal of hits that is noise loses no image' '
	restore && yes noise | head -c 5000 >"$IMGCACHE_DIR/hits.log" &&
	expect_status 0 timeout -k 1 20 imgcache get $recipe &&
	timeout -k 1 20 imgcache stats --json >stdout && jq -e .lookups stdout &&
	usable hits
'

test_that 'a directory in the place of the file' '
	rm -rf "$IMGCACHE_DIR" && mkdir -p -m 700 "$IMGCACHE_DIR" "$db" &&
	timeout -k 1 20 imgcache build $recipe >stdout 2>stderr; status=$?
	rmdir "$db"; [ $status -eq 0 ] || [ $status -eq 128 ] &&
	[ -s stderr ] && ! grep -i assert stderr
'

test_that 'a catalog in use for long by another: waits, then says so' '
	restore && (echo "BEGIN EXCLUSIVE;"; sleep 1) | sqlite3 "$db" & pid=$!
	sleep 0.3; expect_status 0 timeout -k 1 60 imgcache list --json
	status=$?; wait $pid; [ $status -eq 0 ]
'

test_that 'corrupt and the engine is down: nothing is lost for later' '
	restore && echo nonsense nonsense nonsense >"$db" && rm -f "$db"-* &&
	standin_stop; timeout -k 1 20 imgcache list >stdout 2>stderr
	standin_start; expect_status 0 imgcache get $recipe &&
	[ "$(cat stdout)" = "$ref" ]
'

test_that 'cache directory full of noise: the same answers' '
	restore && find "$IMGCACHE_DIR/cache" -type f -exec sh -c \
		"echo noise >\"\$1\"" - {} \; && expect_status 0 imgcache get \
		$recipe && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(imgcache tag $recipe)" = "${ref#*:}" ]
'

test_that 'cache directory gone, or not writable: the same answers' '
	restore && rm -rf "$IMGCACHE_DIR/cache" && expect_status 0 imgcache get \
		$recipe && [ "$(cat stdout)" = "$ref" ] && rm -rf \
		"$IMGCACHE_DIR/cache" && echo x >"$IMGCACHE_DIR/cache" &&
	expect_status 0 imgcache get $recipe && [ "$(cat stdout)" = "$ref" ]
'

test_done
