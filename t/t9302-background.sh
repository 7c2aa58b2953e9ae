#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds in the background on a real engine: they outlive their shell, can be
# waited for, followed and cancelled, and leave nothing behind.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

# folder NAME COMMAND: a Dockerfile with that step, of this run alone.
folder() {
	mkdir -p "$1" && printf 'FROM busybox:latest\nLABEL imgcache-test=%s
RUN echo %s-%s && %s\n' "$RUN" "$RUN" "$1" "$2" >"$1/Dockerfile"
}

id_of() {
	imgcache tag "$1" | cut -c 4-15
}

is() {
	[ "$(imgcache get --id "$1" | jq -r .buildStatus)" = "$2" ]
}

# A step of the engine's own, which runs as long as the build does.
step_runs() {
	pgrep -f "sleep $1" >/dev/null
}

# nothing_left NAME: of the builds of this state, and of that key on the engine.
nothing_left() {
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT 'build', id FROM builds WHERE
		status = 'running' UNION SELECT 'job', image FROM jobs WHERE
		status = 'running' UNION SELECT 'image', id FROM images WHERE
		status IN ('building', 'pending', 'deleting')" >half && cat half &&
	! [ -s half ] && docker images --format "{{.Repository}}:{{.Tag}}" \
		>names && ! grep "imgcache-unkeyed:$(imgcache tag "$1")" names
}

test_that 'a build outlives its shell, which a signal ends with all it began' '
	folder a "sleep 2" &&
	setsid sh -c "imgcache build -b -q a >id; kill -KILL 0"
	id=$(cat id) && [ "$id" = "$(id_of a)" ] && ! is "$id" completed &&
	expect_status 0 timeout 120 imgcache wait "$id" &&
	imgcache get a && imgcache spawn a --rm -- true && nothing_left a
'

test_that 'log -f follows it from before its beginning to its end' '
	folder b "sleep 1; echo last-$RUN" && id=$(imgcache build -b -q b) &&
	expect_status 0 timeout 120 imgcache log -f "$id" &&
	grep "last-$RUN" stdout && imgcache wait "$id"
'

test_that 'cancel: no step of it runs, no half row, no image' '
	folder c "sleep 731" && id=$(imgcache build -b -q c) &&
	wait_until step_runs 731 && is "$id" building &&
	expect_status 0 imgcache delete "$id" && is "$id" interrupted &&
	nothing_left c && wait_until eval "! step_runs 731" &&
	expect_status 1 imgcache get c && expect_status 2 imgcache wait "$id"
'

test_that 'after that it can be built, as if nothing had been' '
	folder c "sleep 0.1" && expect_status 0 imgcache build c &&
	imgcache get c && nothing_left c
'

test_that 'kill -9 of its process: docker ends the build, then interrupted' '
	folder d "sleep 4" && id=$(imgcache build -b -q d) &&
	wait_until is "$id" building && sleep 1 && kill -9 "$(sed -n \
		"s/^pid \([0-9]*\) .*/\1/p" "$IMGCACHE_DIR"/locks/job-?1-"$id"*)" &&
	is "$id" building && expect_status 2 timeout 120 imgcache wait "$id" &&
	is "$id" interrupted &&
	expect_status 0 imgcache build d && is "$id" completed
'

test_that 'a step that fails: 2, and its line' '
	folder e "exit 7" && id=$(imgcache build -b -q e) &&
	expect_status 2 timeout 120 imgcache wait "$id" && one_line stderr &&
	grep "exit code: 7" stderr && nothing_left e
'

test_that 'sources that move meanwhile: one row, and delete takes its image' '
	folder h "sleep 2" && echo "COPY x /" >>h/Dockerfile && echo 1 >h/x &&
	id=$(imgcache build -b -q h) && wait_until is "$id" building &&
	sleep 0.5 && echo 2 >h/x && expect_status 3 timeout 120 imgcache wait \
		"$id" && imgcache list --json | jq -e "[.[] |
		select(.imageId == \"$id\") | .buildStatus] == [\"changed\"]" &&
	image=$(imgcache get --id "$id" | jq -r .ref) &&
	docker image inspect "$image" >/dev/null && imgcache log "$id" >log &&
	grep "the sources changed" log && expect_status 0 imgcache delete "$id" &&
	! docker image inspect "$image" 2>/dev/null && echo 1 >h/x &&
	nothing_left h && imgcache -q build h && imgcache get h
'

test_that 'wait with a timeout: 124' '
	folder f "sleep 3" && id=$(imgcache build -b -q f) &&
	expect_status 124 imgcache wait -t 1s "$id" &&
	expect_status 0 timeout 120 imgcache wait "$id"
'

cat >imgcache.yaml <<YAML
version: 1
images:
  low: {context: low}
  high: {context: high, args: {BASE: "@low"}}
  side: {context: side}
YAML
folder low "sleep 1"
folder side "sleep 1"
mkdir -p high
printf 'ARG BASE\nFROM $BASE\nRUN echo high-%s\n' "$RUN" >high/Dockerfile

test_that '--jobs 2, with one that is built from another' '
	expect_status 0 imgcache build --all --jobs 2 &&
	[ "$(wc -l <stdout)" -eq 3 ] && cat stderr &&
	[ "$(grep -c "there, in" stderr)" -eq 3 ] && imgcache get high &&
	imgcache spawn high --rm -- true && nothing_left side
'

test_that 'spawn --on-miss=base runs the base, and the image the next time' '
	folder g "touch /made" &&
	expect_status 1 imgcache spawn --on-miss=base g --rm -- ls /made &&
	expect_status 0 timeout 120 imgcache wait "$(id_of g)" &&
	expect_status 0 imgcache spawn --on-miss=base g --rm -- ls /made
'

test_done
