#!/bin/sh
# SPDX-License-Identifier: MIT
# What a build leaves for those who read it later: --summary, and a job of
# GitHub Actions.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
unset GITHUB_ACTIONS GITHUB_OUTPUT GITHUB_STEP_SUMMARY
mkdir app
printf 'FROM busybox\nRUN echo ::set-env name=A::b\nRUN sleep 0.3\n' \
	>app/Dockerfile
printf 'version: 1\nimages:\n  one: {base: busybox}\n  two: {context: app}\n' \
	>imgcache.yaml

# in_job ARG...: imgcache as in a step of a job.
in_job() {
	GITHUB_ACTIONS=true GITHUB_OUTPUT=$TRASH/outputs \
		GITHUB_STEP_SUMMARY=$TRASH/page imgcache "$@"
}

test_that '--summary: a row for each image, with the reason' '
	imgcache build --all --summary table &&
	head -n 1 table |
		grep "Image.*Result.*Time.*Steps cached.*saved.*Build caches" &&
	[ "$(wc -l <table)" -eq 5 ] &&
	grep "^| one | built: never built |" table &&
	grep "^| two | built: never built |.*| 0 of 2 |" table
'

test_that '--summary: a hit says what it saved, in place of the old table' '
	imgcache build two --summary table && [ "$(wc -l <table)" -eq 4 ] &&
	grep "^| two | hit |.*ms |  | [0-9.]* ms |  |$" table
'

test_that '--summary: what the caches of each image weigh, on a hit too' '
	printf "version: 1\ncache: {to: type=local, from: type=local}\nimages:\n  %s\n" \
		"three: {base: busybox, env: {N: 3}}" >cached.yaml &&
	imgcache -f cached.yaml build three --summary table && cat table &&
	size=$(imgcache list --caches --json | jq ".[0].size") &&
	[ "$size" -gt 0 ] &&
	grep "^| three | built.*| local $size B |$" table &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "INSERT INTO caches SELECT
		'\''registry'\'', '\''r.example/c:cache-x'\'', project, image,
		'\''deps'\'', NULL, 1, 3000000, exported_at, used_at - 1
		FROM caches" &&
	imgcache -f cached.yaml build three --summary table && cat table &&
	grep "^| three | hit |.*| local $size B, registry 3.0 MB |$" table &&
	imgcache build two --summary table && grep "^| two | hit .*|  |$" table
'

test_that '--summary: a failure is there too, as text' '
	mkdir bad && printf "FROM busybox\nRUN exit 3\n" >bad/Dockerfile &&
	expect_status 2 imgcache build --context bad --summary table &&
	cat table; grep "failed: step .*RUN exit 3.* exit code: 3" table &&
	printf "FROM busybox\nRUN exit 4\n" >bad/Dockerfile &&
	expect_status 2 imgcache build --context bad --summary table &&
	grep "exit code: 4" table && ! grep "exit code: 3" table
'

test_that '--summary -: standard output, after the refs; not with --json' '
	imgcache build one --summary - >out && cat out && ! [ -e ./- ] &&
	head -n 1 out | grep "^localhost/" && grep "^| one | hit |" out &&
	expect_status 129 imgcache build one --summary - --json &&
	one_line stderr
'

test_that '--summary: a file that cannot be written' '
	calls buildx build >before &&
	expect_status 128 imgcache build one --rebuild --summary no/such/file &&
	[ "$(calls buildx build)" = "$(cat before)" ] &&
	grep "cannot write the summary .no/such/file." stderr
'

test_that 'no job: nothing of it' '
	GITHUB_OUTPUT=$TRASH/outputs GITHUB_STEP_SUMMARY=$TRASH/page \
		imgcache build two --rebuild 2>words &&
	! [ -e outputs ] && ! [ -e page ] && ! grep "^::" words
'

test_that 'a job: outputs, with a delimiter that differs each time' '
	in_job build --all >refs 2>words && in_job build one >>refs &&
	sed -n "s/^refs<<//p" outputs | sort -u >words && cat outputs &&
	[ "$(wc -l <words)" -eq 2 ] && ! grep -v "^[0-9a-f]\{32\}$" words &&
	grep -c "^hit=true$" outputs | grep "^2$" &&
	sed -n "/^refs<</,/^[0-9a-f]*$/p" outputs | grep : | same refs -
'

test_that 'a job: the page grows by a table for each call' '
	[ "$(grep -c "^| Image" page)" -eq 2 ] && grep "^| one | hit" page
'

test_that 'a job: a group, in which no line is a command' '
	in_job build two --rebuild 2>words && cat words &&
	word=$(sed -n "s/^::stop-commands:://p" words) && [ ${#word} -eq 32 ] &&
	grep "^::" words >commands &&
	printf "::group::two\n::stop-commands::%s\n::%s::\n::endgroup::\n" \
		"$word" "$word" >expect && same expect commands
'

test_that 'a job: what a failed step printed stays within' '
	printf "FROM busybox\nRUN echo ::set-env:: && exit 3\n" \
		>bad/Dockerfile &&
	in_job -q build --context bad 2>words; cat words
	sed -n "/^::stop-commands::/,/^::[0-9a-f]\{32\}::$/p" words >within &&
	grep "exit code: 3" within && grep "see imgcache log" within &&
	tail -n 1 words | grep "^::endgroup::$"
'

test_that 'a job: of several at once each has its log as a group' '
	printf "version: 1\nimages:\n  %s\n  %s\n" "two: {context: app}" \
		"bad: {context: bad}" >several.yaml &&
	printf "FROM busybox\nRUN echo ::set-env n=7\n" >app/Dockerfile &&
	expect_status 2 in_job -f several.yaml build --all -j 2 && cat stderr &&
	sed "s/^::[0-9a-f]\{32\}::$/::END::/; s/\(stop-commands::\).*/\1/" \
		stderr | grep "^::[gsEe]" | grep -v set-env >commands &&
	for name in two bad; do
		printf "::group::%s\n::stop-commands::\n::END::\n::endgroup::\n" \
			$name
	done >expect && same expect commands &&
	sed -n "/^::group::bad/,/^::endgroup/p" stderr | grep "exit code: 3"
'

test_that '--summary into a pipe, and not behind an archive' '
	mkfifo pipe && cat pipe >got & reader=$!
	until [ -p pipe ]; do sleep 0.05; done
	timeout 20 imgcache build one --summary pipe && wait $reader &&
	grep "^| one | hit" got &&
	expect_status 129 imgcache build one --output type=tar,dest=- \
		--summary - && one_line stderr && ! [ -s stdout ]
'

test_done
