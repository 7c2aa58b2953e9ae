#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache list` and `imgcache log`.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest other:1
cat >imgcache.yaml <<'YAML'
version: 1
images:
  a: {base: busybox, env: {N: a}}
  b: {base: "other:1", env: {N: b}}
  c: {context: c}
YAML
mkdir -p c
printf 'FROM busybox\nRUN echo one\nRUN echo two\n' >c/Dockerfile
faketime -f "-3d" imgcache build a >/dev/null 2>&1
faketime -f "-2d" imgcache build b >/dev/null 2>&1
imgcache build c >/dev/null 2>&1
faketime -f "-1d" imgcache get a >/dev/null
imgcache get b >/dev/null

# names ARGUMENT...: of the list, in its order, on one line.
names() {
	imgcache list --json "$@" | jq -r '[.[].name] | join(" ")'
}

test_that 'an empty catalog: nothing, status 0' '
	IMGCACHE_DIR=$PWD/empty expect_status 0 imgcache list &&
	! [ -s stdout ] && ! [ -s stderr ]
'

test_that 'last used first; by name, size, hits, creation' '
	[ "$(names)" = "b c a" ] || [ "$(names)" = "c b a" ] &&
	[ "$(names --sort name)" = "a b c" ] &&
	[ "$(names --sort created)" = "c b a" ] &&
	[ "$(names --sort size | cut -c 1)" = c ] &&
	imgcache get a && imgcache get a && [ "$(names --sort hits |
		cut -c 1)" = a ]
'

test_that 'limit, name, base, status, unused-for, pinned' '
	[ "$(names --sort name --limit 2)" = "a b" ] &&
	[ "$(names --name b)" = b ] && [ "$(names b)" = b ] &&
	[ "$(names --base other:1)" = b ] &&
	[ "$(names --status completed --sort name)" = "a b c" ] &&
	[ "$(names --status failed)" = "" ] &&
	[ "$(names --unused-for 1h)" = "" ] && imgcache pin c &&
	[ "$(names --pinned)" = c ] && imgcache unpin c &&
	[ "$(names --pinned)" = "" ] &&
	[ "$(faketime -f +2d imgcache list --json --unused-for 1d |
		jq length)" -eq 3 ]
'

test_that 'a status that does not exist, with its nearest' '
	expect_status 129 imgcache list --status complete && one_line stderr &&
	grep "completed" stderr
'

test_that 'a name without an image: it says so, 0; with filters nothing' '
	cp imgcache.yaml was && echo "  new: {base: busybox}" >>imgcache.yaml &&
	expect_status 0 imgcache list new; cp was imgcache.yaml
	says stderr "no image of '"'new'"' yet" && ! [ -s stdout ] &&
	expect_status 0 imgcache list --json a --status failed &&
	! [ -s stderr ] && [ "$(cat stdout)" = "[]" ]
'

test_that 'a name that nobody knows: 1, and the nearest' '
	expect_status 1 imgcache list --json toools && one_line stderr &&
	grep "no image .toools. in the catalog or in imgcache.yaml; see" stderr &&
	echo "  tools: {base: busybox}" >>imgcache.yaml &&
	expect_status 1 imgcache list toools; cp was imgcache.yaml
	grep "did you mean .tools.[?]$" stderr
'

test_that 'a name of the catalog alone is known' '
	mkdir -p away && expect_status 0 imgcache -C away list --json \
		--status failed a && ! [ -s stderr ]
'

test_that 'the table: a line an image, in columns' '
	expect_status 0 imgcache list --sort name && cat stdout &&
	[ "$(wc -l <stdout)" -eq 4 ] && head -n 1 stdout | grep "^NAME\|^ID" &&
	sed 1d stdout | cut -c 1-30 | grep -c "[abc]"
'

test_that 'log by name and by id: what docker printed' '
	expect_status 0 imgcache log c && ! [ -s stderr ] &&
	grep "one" stdout && grep "two" stdout && cp stdout by-name &&
	id=$(imgcache list --json --name c | jq -r ".[0].imageId") &&
	imgcache log "$id" >by-id && same by-name by-id &&
	imgcache log "$(echo "$id" | cut -c 1-6)" >by-id && same by-name by-id
'

test_that 'log of what is not there: 1' '
	expect_status 1 imgcache log nothing && ! [ -s stdout ] &&
	one_line stderr
'

test_that 'a beginning that fits several is wrong usage' '
	n=0; while [ $n -lt 20 ]; do
		imgcache build --base busybox --env M=$n >/dev/null 2>&1
		n=$((n + 1))
	done
	digit=$(imgcache list --json | jq -r ".[].imageId[0:1]" | sort | uniq -d |
		head -n 1) && expect_status 129 imgcache log "$digit" ||
	expect_status 1 imgcache log "$digit"
	one_line stderr
'

test_that 'log -f follows a build to its end' '
	printf "FROM busybox\nRUN echo begin\nRUN sleep 0.6; echo finish\n" \
		>c/Dockerfile && imgcache build c >/dev/null 2>&1 & pid=$!
	sleep 0.3; expect_status 0 timeout -k 1 20 imgcache log -f c
	status=$?; wait $pid; cat stdout; [ $status -eq 0 ] &&
	grep "finish" stdout
'

test_that 'a log that is gone: one line that says so' '
	rm -f "$IMGCACHE_DIR"/logs/* && imgcache log c >stdout 2>stderr
	status=$?; cat stderr; [ $status -ne 0 ] && [ $status -le 128 ] &&
	one_line stderr && ! [ -s stdout ]
'

test_that 'recipes with the same inputs share an image: each name finds it' '
	mkdir -p two && cd two && printf "%s\n" "version: 1" "images:" \
		"  one: {base: busybox, env: {T: t}}" \
		"  two: {base: busybox, env: {T: t}}" >imgcache.yaml &&
	imgcache build one >/dev/null 2>&1 &&
	faketime -f "+1d" imgcache get two >/dev/null &&
	imgcache list --json >stdout && jq -e "[.[] | select(.names ==
		[\"one\", \"two\"])] | length == 1" stdout &&
	for name in one two; do
		[ "$(imgcache list --json "$name" | jq length)" -eq 1 ] &&
		imgcache log "$name" >stdout && [ -s stdout ] &&
		imgcache pin "$name" && [ "$(imgcache list --json --pinned \
			$name | jq length)" -eq 1 ] && imgcache unpin "$name" &&
		imgcache __complete pin "$name" | grep "^$name" || exit 1
	done &&
	imgcache list one >stdout && grep "^one, two " stdout &&
	sed -i "s/two: .*/two: {base: busybox, env: {T: u}}/" imgcache.yaml &&
	expect_status 1 imgcache get two && grep "inputs changed: ENV changed" stderr &&
	imgcache why two >stdout; grep "ENV T=" stdout
'

test_that 'deleted by the one name it is gone for the other' '
	cd two && imgcache delete two >/dev/null && expect_status 1 \
		imgcache get one && grep deleted stderr
'

test_that 'a log with control bytes is written as data is' '
	printf "FROM busybox\nRUN echo \033[31mred\n" >c/Dockerfile &&
	imgcache build c >/dev/null 2>&1; expect_status 0 imgcache log c &&
	grep red stdout
'

test_done
