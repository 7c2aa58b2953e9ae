#!/bin/sh
# SPDX-License-Identifier: MIT
# An engine or a client that does not answer, or answers nonsense: unknown is
# never taken for yes or no; one line, the next step, and an end in time.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: busybox}
YAML
ref=$(imgcache build tools 2>/dev/null)
id=$(imgcache list --json | jq -r '.[0].imageId')
row=$(imgcache list --json | jq -c '.[0] | {tag, buildStatus, dockerImageId}')

# unknown: get says 128 and why, nothing on stdout, the row untouched.
unknown() {
	expect_status 128 timeout -k 1 60 imgcache get tools &&
	! [ -s stdout ] && one_line stderr && cat stderr
}

untouched() {
	faults && [ "$(imgcache list --json | jq -c '.[0] | {tag, buildStatus,
		dockerImageId}')" = "$row" ] && [ "$(imgcache get tools)" = "$ref" ]
}

test_that 'the engine is down: 128, and what to do' '
	standin_stop && unknown && grep "cannot reach docker at" stderr &&
	grep "start the engine or set DOCKER_HOST" stderr
	status=$?; standin_start; [ $status -eq 0 ] && untouched
'

test_that 'down: build, spawn, prune, delete fail the same way' '
	standin_stop; for verb in "build tools" "prune" "delete $id" \
		"spawn tools --rm -- true"; do
		case $verb in spawn*) want=125 ;; *) want=128 ;; esac
		expect_status $want timeout -k 1 60 imgcache $verb &&
		! [ -s stdout ] && tail -n 1 stderr |
		grep "cannot reach docker" || { echo "$verb"; break; }
	done; status=$?; standin_start
	[ $status -eq 0 ] && [ "$verb" = "spawn tools --rm -- true" ] && untouched
'

test_that 'down: list, stats, tag, config, dockerfile still answer' '
	standin_stop; for verb in "list --json" "stats --json" "tag tools" \
		"config" "dockerfile tools" "log tools"; do
		expect_status 0 timeout -k 1 60 imgcache $verb && [ -s stdout ] ||
			{ echo "$verb"; break; }
	done; standin_start; [ "$verb" = "log tools" ]
'

test_that 'down: the lookup is counted as unknown, not as a miss' '
	before=$(imgcache stats --json | jq -c "[.unknown, .misses]") &&
	standin_stop; imgcache get tools 2>/dev/null; standin_start
	[ "$(imgcache stats --json | jq -c "[.unknown, .misses]")" = \
		"$(echo "$before" | jq -c "[.[0] + 1, .[1]]")" ]
'

test_that 'down: doctor says so, and its status is 1' '
	standin_stop; expect_status 1 timeout -k 1 60 imgcache doctor
	status=$?; standin_start; [ $status -eq 0 ] &&
	grep -i "engine.*cannot reach docker" stdout
'

test_that 'a socket that nobody may use' '
	[ "$(id -u)" -eq 0 ] || exit 0
	chmod 755 . && mkdir -m 777 nobody && chmod -R a+rwX "$STANDIN_DIR" &&
	chmod 600 "$STANDIN_DIR/docker.sock" && expect_status 128 env IMGCACHE_DIR=$PWD/nobody/s setpriv --reuid 65534 \
		--clear-groups imgcache get tools && one_line stderr &&
	grep -i "permission denied" stderr && grep "docker.sock" stderr
'

test_that 'DOCKER_HOST that is none' '
	for host in "unix://" "unix:///no/such.sock" "unix://$TRASH" \
		"unix://$(head -c 200 /dev/zero | tr "\0" x)"; do
		DOCKER_HOST=$host expect_status 128 timeout -k 1 60 \
			imgcache get --base busybox --base-policy name &&
		! [ -s stdout ] && one_line stderr || { echo "$host"; exit 1; }
	done
'

for mode in nonsense half huge kill "exit 500 server error" \
	"exit 503 unavailable" "exit 403 denied by plugin" "exit 200 yes"; do
	test_that "an answer about the image that is none ($mode)" "
		faults 'inspect * $mode' && unknown; status=\$?; untouched &&
		[ \$status -eq 0 ]
	"
done

test_that 'a daemon that is stopped (SIGSTOP): an end in time' '
	kill -STOP "$(cat "$STANDIN_DIR/engined.pid")" && before=$(date +%s) &&
	unknown; status=$?; after=$(date +%s)
	kill -CONT "$(cat "$STANDIN_DIR/engined.pid")"; untouched &&
	[ $status -eq 0 ] && [ $((after - before)) -le 15 ] || {
		echo "$((after - before)) s"; exit 1; }
'

test_that 'an interrupt ends a question at once, by the signal' '
	faults "inspect * hang"; env --default-signal=INT imgcache \
		get tools >out 2>err & pid=$!
	sleep 0.3; kill -INT $pid; before=$(date +%s%N); wait $pid; status=$?
	after=$(date +%s%N); standin_stop; standin_start; untouched &&
	cat err && [ $status -eq 130 ] &&
	[ $(((after - before) / 1000000)) -lt 1000 ] && ! [ -s out ]
'

test_that 'a slow answer within the deadline is an answer' '
	faults "inspect * slow 700" && expect_status 0 imgcache get tools &&
	[ "$(cat stdout)" = "$ref" ]; status=$?; untouched && [ $status -eq 0 ]
'

test_that 'no process of ours is left' '
	for pid in /proc/[0-9]*; do
		[ "$(cat "$pid/comm" 2>/dev/null)" = imgcache ] &&
		tr "\0" " " <"$pid/environ" 2>/dev/null | grep -q "$TRASH" &&
		{ echo "$pid"; exit 1; }
	done; :
'

test_that 'what answers everything with one object is no engine: doctor' '
	faults "info * exit 200 x" && expect_status 1 imgcache doctor --json &&
	jq -e "any(.[]; .topic == \"engine\" and .health == \"ill\")" stdout
	status=$?; untouched && [ $status -eq 0 ]
'

test_that 'a removal that is not answered: nothing is forgotten' '
	for mode in "exit 500 x" nonsense kill; do
		faults "remove * $mode" && expect_status 128 timeout -k 1 60 \
			imgcache delete $id && one_line stderr ||
			{ echo "$mode"; faults; exit 1; }
	done; untouched
'

test_that 'containers that cannot be listed: nothing is removed' '
	for mode in "exit 500 x" nonsense half; do
		faults "containers * $mode"
		expect_status 128 timeout -k 1 60 faketime -f +2d \
			imgcache prune --max-age 1d && one_line stderr && ! [ -s stdout ] &&
		expect_status 128 timeout -k 1 60 imgcache delete $id &&
		one_line stderr || { echo "$mode"; faults; exit 1; }
	done; faults; docker image inspect "$ref" >/dev/null && untouched
'

test_done
