#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache exec`: what the command finds, and whose status comes out.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
cat >imgcache.yaml <<'YAML'
version: 1
images:
  web: {base: busybox}
  my-db: {base: busybox, env: {A: "1"}, static: "reg.example/db:stable"}
YAML

test_that 'builds what misses; stdout is the command'\''s alone' '
	expect_status 0 imgcache exec web -- sh -c "echo \$IMGCACHE_WEB_REF" &&
	[ "$(cat stdout)" = "$(imgcache get web)" ] &&
	[ "$(calls buildx build)" -eq 1 ]
'

test_that 'without names: all images of the project' '
	expect_status 0 imgcache exec -- env && grep "^IMGCACHE_.*_" stdout |
		grep -v "^IMGCACHE_DIR\|^IMGCACHE_TEST" | sort >got &&
	imgcache env --format dotenv | sort >want && same want got &&
	[ "$(wc -l <got)" -eq 8 ]
'

test_that 'on a hit nothing is built' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache exec -- true &&
	[ "$(calls buildx build)" -eq 0 ]
'

for status in 0 1 7 125 126 127 128 200; do
	test_that "the status of the command is ours: $status" "
		expect_status $status imgcache exec web -- \
			sh -c 'echo out; echo err >&2; exit $status' &&
		[ \"\$(cat stdout)\" = out ] && [ \"\$(cat stderr)\" = err ]
	"
done

test_that 'a command that is not there: 127, and one line' '
	expect_status 127 imgcache exec web -- no-such-command x &&
	one_line stderr && grep no-such-command stderr &&
	expect_status 127 imgcache exec web -- ./no/such
'

test_that 'a command that cannot be executed: 126, and one line' '
	: >plain && expect_status 126 imgcache exec web -- ./plain &&
	one_line stderr && grep "./plain.*Permission denied" stderr &&
	expect_status 126 imgcache exec web -- /
'

test_that 'anything that fails before: 125, nothing is run' '
	mkdir -p bad && printf "FROM busybox\nRUN exit 9\n" >bad/Dockerfile &&
	expect_status 125 imgcache exec bad -- echo no && ! [ -s stdout ] &&
	expect_status 125 imgcache exec nope -- echo no && ! [ -s stdout ] &&
	expect_status 125 imgcache exec web --no-such -- echo no &&
	DOCKER_HOST=unix:///nowhere expect_status 125 imgcache exec web -- \
		echo no && ! [ -s stdout ]
'

test_that 'no command: 125, and how it is meant' '
	expect_status 125 imgcache exec web && one_line stderr &&
	grep -e "-- pulumi up" stderr && expect_status 125 imgcache exec web -- &&
	one_line stderr
'

test_that 'words after -- are the command'\''s, options among them' '
	expect_status 0 imgcache exec web -- echo -n --quiet --help -- x &&
	[ "$(cat stdout)" = "--quiet --help -- x" ]
'

test_that 'stdin and the working directory are the command'\''s' '
	mkdir -p sub && echo hello >in &&
	(cd sub && imgcache exec web -- sh -c "pwd; cat" <../in >../out) &&
	printf "%s/sub\nhello\n" "$PWD" >want && same want out
'

test_that 'a variable of an outer call does not shine through' '
	IMGCACHE_WEB_REF=old IMGCACHE_WEB_DIGEST=old expect_status 0 \
		imgcache exec web -- sh -c "echo \$IMGCACHE_WEB_REF-\$IMGCACHE_WEB_DIGEST-" &&
	[ "$(cat stdout)" = "$(imgcache get web)--" ]
'

test_that 'imgcache may be the command' '
	expect_status 0 imgcache exec -- imgcache exec web -- imgcache get web &&
	[ "$(cat stdout)" = "$(imgcache get web)" ]
'

test_that 'USE_STATIC_BASE_IMAGE: the agreed ref, no build' '
	: >"$STANDIN_DIR/calls" && imgcache delete \
		"$(imgcache tag my-db)" >/dev/null && USE_STATIC_BASE_IMAGE=true expect_status 0 imgcache exec my-db -- \
		sh -c "echo \$IMGCACHE_MY_DB_REF \$IMGCACHE_MY_DB_TAG" &&
	[ "$(cat stdout)" = "reg.example/db:stable stable" ] &&
	[ "$(calls buildx build)" -eq 0 ]
'

test_that 'a command that a signal ended: 128 + n, and we live' '
	expect_status 143 imgcache exec web -- sh -c "kill -TERM \$\$"
'

test_that 'signals are passed on' '
	for sig in TERM HUP; do
		rm -f out; imgcache exec web -- sh -c "trap \"echo got $sig; exit 9\" $sig
			echo up; while :; do sleep 0.05; done" >out 2>&1 & pid=$!
		n=0; until grep -q up out || [ $n -gt 100 ]; do
			n=$((n + 1)); sleep 0.05; done
		kill -$sig $pid; wait $pid; status=$?; cat out
		grep "got $sig" out && [ $status -eq 9 ] || exit 1
	done
'

test_that 'the image is not pruned while the command runs' '
	imgcache build web >/dev/null 2>&1 && expect_status 0 imgcache exec web \
		-- faketime -f +9d imgcache prune --max-age 1d --json &&
	mv stdout during && grep "somebody is about to use it" during &&
	imgcache get web && faketime -f +9d imgcache prune --max-age 1d &&
	expect_status 1 imgcache get web
'

test_that 'lookups are counted as those of exec' '
	before=$(imgcache stats --json | jq .lookups) &&
	imgcache exec web -- true 2>/dev/null &&
	[ "$(imgcache stats --json | jq .lookups)" -eq $((before + 1)) ] &&
	[ "$(sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"select count(*) > 0 from lookups where verb = '\''exec'\''")" -eq 1 ]
'

test_that 'the command inherits no descriptor of ours' '
	expect_status 0 sh -c "ls /proc/\$\$/fd" && cp stdout want &&
	expect_status 0 imgcache exec web -- sh -c "ls /proc/\$\$/fd" &&
	same want stdout
'

test_done
