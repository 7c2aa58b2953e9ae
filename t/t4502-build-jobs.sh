#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache build --jobs N`: several at once, what is built from another after
# it, a failure for those that need it alone.
# shellcheck disable=SC2016,SC2034,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
cat >imgcache.yaml <<'YAML'
version: 1
images:
  low: {context: low}
  high: {context: high, args: {BASE: "@low"}}
  one: {context: one}
  two: {context: two}
YAML
mkdir -p low high one two

# steps WORD: new Dockerfiles, of 0.5 s each, that differ from all before.
steps() {
	for name in low one two; do
		printf 'FROM busybox\nRUN sleep 0.5; echo %s %s\n' "$1" $name \
			>$name/Dockerfile
	done
	printf 'ARG BASE\nFROM $BASE\nRUN sleep 0.5; echo %s\n' "$1" \
		>high/Dockerfile
}

# order: the names of all builds, as they were begun.
order() {
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT name FROM builds ORDER BY id" |
		tr '\n' ' '
}

test_that 'all are built, refs in the order asked for, a line when each ends' '
	steps a && expect_status 0 imgcache build --all --jobs 4 &&
	for name in low high one two; do imgcache get $name; done | sort >expect &&
	sort stdout >got && same expect got && cat stderr &&
	[ "$(grep -c "building: never built" stderr)" -eq 4 ] &&
	[ "$(grep -c "there, in .*, 0 of 1 step cached" stderr)" -eq 4 ]
'

test_that 'and each is looked up once' '
	export IMGCACHE_DIR="$PWD/once" && steps once &&
	imgcache build --all --jobs 4 && imgcache stats --json >stats &&
	jq -e ".lookups == .misses and .lookups == 4" stats
'

test_that 'what has changed is said, stored and counted as without --jobs' '
	steps a2 && imgcache build -n one >plain 2>&1 && cat plain &&
	imgcache build --all -j 2 2>stderr >/dev/null && cat stderr &&
	grep "^one: building: inputs changed: .*Dockerfile" stderr &&
	! grep "never built" stderr &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT name, reason FROM builds
		ORDER BY id DESC LIMIT 4" | sort >got &&
	printf "%s|inputs-changed\n" high low one two >expect && same expect got
'

test_that 'a build that failed is why the next one is begun' '
	steps a3 && echo "RUN exit 3" >>one/Dockerfile &&
	expect_status 2 imgcache build one -q && imgcache build -b one -q
	id=$(imgcache tag one | cut -c 4-15) && imgcache wait "$id"
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT reason FROM builds
		ORDER BY id DESC LIMIT 1" >got && echo build-failed >expect &&
	same expect got
'

test_that 'they overlap: less than the sum of their times' '
	steps b && before=$(date +%s%N) && imgcache build --all -j 4 -q &&
	took=$((($(date +%s%N) - before) / 1000000)) && echo $took ms &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT sum(duration_us) / 1000
		FROM (SELECT duration_us FROM builds ORDER BY id DESC LIMIT 4)" \
		>sum && cat sum && [ $took -lt "$(cat sum)" ]
'

test_that 'two at a time are never three' '
	steps c && { imgcache build one two low high -j 2 -q >/dev/null; } & pid=$!
	most=0; while kill -0 $pid 2>/dev/null; do
		n=$(imgcache list --json --status building | jq length)
		[ "$n" -le $most ] || most=$n
		[ "$(ps -o stat= -p $pid | cut -c 1)" != Z ] || break
	done; wait $pid && echo $most && [ $most -eq 2 ]
'

test_that 'what is built from another begins when that has ended, built once' '
	steps d && : >"$STANDIN_DIR/calls" && imgcache build high low -j 2 -q &&
	[ "$(calls buildx build)" -eq 2 ] &&
	case $(order) in *"low high ") ;; *) order; false ;; esac
'

test_that 'one that waits for another keeps nobody else from beginning' '
	steps d2 && sed -i "s/0.5/1.2/" low/Dockerfile &&
	imgcache build low high one -j 2 -q && case $(order) in
	*"low one high ") ;; *) order; false ;; esac &&
	! find "$IMGCACHE_DIR/locks" -name "slot-*" | grep .
'

test_that 'a hit is a hit: no process, no docker' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build low high -j 4 &&
	[ "$(wc -l <stdout)" -eq 2 ] && ! [ -s stderr ] &&
	! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'names and pushes count where somebody else is at the image already' '
	steps d3 && id=$(imgcache build -b -q one) &&
	expect_status 75 imgcache build -b -t late:0 one && one_line stderr &&
	expect_status 0 imgcache build -j 2 -t late:1 one &&
	[ "$(docker image inspect --format "{{.Id}}" late:1)" = \
		"$(docker image inspect --format "{{.Id}}" "$(cat stdout)")" ] &&
	! docker image inspect late:0
'

test_that 'what somebody else is at is a miss, and no hit' '
	export IMGCACHE_DIR="$PWD/others" && steps d4 &&
	sed -i "s/sleep 0.5/sleep 2/" one/Dockerfile &&
	imgcache build -b -q one && expect_status 0 imgcache build -j 2 one two &&
	imgcache stats --json >stats && jq -c "[.hits.local, .misses,
		.missesByReason]" stats &&
	jq -e ".lookups == 3 and .hits.local == 0 and
		([.missesByReason[]] | add) == 3" stats &&
	imgcache stats --json | jq -e ".missesByReason | has(\"being-built\") or
		has(\"pending\")"
'

test_that 'one fails: what needs it fails with it, the others are there; 2' '
	steps e && printf "FROM busybox\nRUN sleep 0.1\nRUN exit 4\n" \
		>low/Dockerfile && expect_status 2 imgcache build --all -j 4 &&
	[ "$(wc -l <stdout)" -eq 2 ] && imgcache get one && imgcache get two &&
	grep "low: failed: .*exit code: 4" stderr &&
	grep "high: failed: .*low., which it is built from" stderr &&
	tail -n 1 stderr | grep "^imgcache: .*exit code: 4"
'

test_that 'JSON has all of them, each with its error' '
	expect_status 2 imgcache build --all -j 4 --json &&
	jq -e "length == 4 and ([.[] | select(.success)] | length == 2) and
		([.[] | select(.error)] | length == 2)" stdout &&
	jq -e ".[] | select(.name == \"high\") | .error | test(\"low\")" stdout
'

test_that 'a failure that stops the others is not told as theirs' '
	steps e2 && sed -i "s/0.5/3/" one/Dockerfile && rm two/Dockerfile &&
	expect_status 128 imgcache build one two low -j 3 --json; cat stdout
	printf "FROM busybox\n" >two/Dockerfile
	jq -e "map(.error) | (.[0] | test(\"^cancelled: .two. failed$\")) and
		(.[1] | test(\"two/Dockerfile\")) and
		(.[2] | test(\"^cancelled: .two. failed$\"))" stdout
'

test_that 'sources that moved where an image had been: 3, and its log' '
	printf "FROM busybox\nCOPY x /\n" >one/Dockerfile && echo 1 >one/x &&
	imgcache -q build one && imgcache delete "$(imgcache tag one |
		cut -c 4-15)" && faults "build * do echo 2 >$PWD/one/x" &&
	expect_status 3 imgcache build one two -j 2 --json; status=$?; faults
	cat stdout; [ $status -eq 0 ] && jq -e ".[0] | .log != null and
		(.logs | length > 1) and (.error | test(\"sources changed\"))" \
		stdout && rm one/x
'

test_that 'an interrupt ends them all, and leaves nothing running' '
	steps f && sed -i "s/0.5/30/" */Dockerfile &&
	imgcache build one two -j 2 -q >/dev/null 2>&1 & pid=$!
	n=0; until [ "$(imgcache list --json --status building | jq length)" = 2 ] ||
		[ $n -gt 200 ]; do n=$((n + 1)); sleep 0.02; done
	kill -TERM $pid; wait $pid; status=$?
	[ $status -eq 143 ] && imgcache list --building --json |
		jq -e "length == 0" && ! find "$IMGCACHE_DIR/locks" \
		-name "job-*" | grep . && expect_status 2 imgcache wait one
'

test_that 'with the cache off they are built one after the other' '
	steps g && ENABLE_IMAGE_CACHE=false expect_status 0 imgcache build \
		one two -j 2 && [ "$(wc -l <stdout)" -eq 2 ]
'

test_that 'in the background as well' '
	steps h && expect_status 0 imgcache build -b -q --all -j 4 &&
	expect_status 0 imgcache wait $(cat stdout) &&
	for name in low high one two; do imgcache get $name || exit 1; done
'

test_that 'a number that is none' '
	expect_status 129 imgcache build --all -j 2000 && one_line stderr
'

test_that 'an interrupt while one waits for its base: no hit of it' '
	printf "FROM busybox\nRUN sleep 30; echo wait\n" >low/Dockerfile
	printf "version: 1\nimages:\n  low: {context: low}\n  %s\n" \
		"top: {base: \"@low\", env: {A: b}}" >waits.yaml
	imgcache -f waits.yaml build low top -j 2 --json >out 2>err & pid=$!
	n=0; until [ "$(imgcache list --json --status building | jq length)" = 1 ] ||
		[ $n -gt 200 ]; do n=$((n + 1)); sleep 0.02; done
	kill -TERM $pid; wait $pid; status=$?; cat out err
	[ $status -eq 143 ] && { ! [ -s out ] ||
		jq -e "all(.[]; .success | not)" out; }
'

test_done
