#!/bin/sh
# SPDX-License-Identifier: MIT
# Stages: one that is invalidated is built anew alone.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
unset GITHUB_ACTIONS

mkdir app
echo flask >app/requirements.txt
echo '{}' >app/package.json
echo 1 >app/main
cat >app/Dockerfile <<'FILE'
FROM busybox AS Python-Deps
COPY requirements.txt /
RUN echo python >/python
FROM busybox AS node-deps
COPY package.json /
RUN echo node >/node
FROM busybox AS unused
RUN echo unused >/unused
FROM busybox
COPY --from=python-deps /python /
COPY --from=node-deps /node /
COPY main /
FILE

# project CACHE: the section of imgcache.yaml
project() {
	printf 'version: 1\n%s\nimages:\n' "$1" >imgcache.yaml
	printf '  %s: {dockerfile: app/Dockerfile, context: app%s}\n' \
		app '' other ', labels: {x: "1"}' plain ', salt: x' \
		>>imgcache.yaml
}

# last OPTION: the values of the option in the last build of the image itself.
last() {
	grep "buildx' 'build'.*'--tag=" "$STANDIN_DIR/calls" | tail -n 1 |
		tr "'" "\n" | grep -e "^--$1" >actual
	shift
	for value; do echo "$value"; done >expect && same expect actual
}

project "cache: {}"
test_that 'invalidate --stage NAME: that image misses, others do not' '
	imgcache build app && imgcache build other &&
	expect_status 0 imgcache invalidate --stage python-deps app &&
	grep "^1 image" stdout && expect_status 1 imgcache get app &&
	says stderr "'\''app'\'': invalidated" && imgcache get other
'

test_that 'why names the command' '
	expect_status 1 imgcache why app; cat stdout &&
	grep "imgcache invalidate --stage python-deps app" stdout
'

test_that 'the next build redoes that stage alone, and is a hit then' '
	imgcache build app && last no-cache "--no-cache-filter=python-deps" &&
	imgcache get app
'

test_that 'the build after that redoes nothing' '
	echo 2 >app/main && imgcache build app && last no-cache
'

test_that 'without a name: of every image that has it; in any case' '
	imgcache build app && imgcache build other && imgcache build plain &&
	expect_status 0 imgcache invalidate --stage NODE-Deps --json &&
	jq -e ".images >= 3" stdout && for i in app other plain; do
		expect_status 1 imgcache get $i && imgcache build $i &&
		last no-cache "--no-cache-filter=node-deps" || return 1
	done
'

test_that 'sources that changed meanwhile: the stage is redone still' '
	imgcache invalidate --stage node-deps app && echo 3 >app/main &&
	imgcache build app && last no-cache "--no-cache-filter=node-deps" &&
	echo 4 >app/main && imgcache build app && last no-cache
'

test_that 'a failed build: it is still to be redone' '
	imgcache invalidate --stage node-deps app &&
	faults "build * exit 1 ERROR: no" &&
	expect_status 2 imgcache build app; faults
	imgcache build app && last no-cache "--no-cache-filter=node-deps"
'

test_that 'two stages; with --rebuild everything, which does for them' '
	imgcache invalidate --stage node-deps app &&
	imgcache invalidate --stage python-deps app && imgcache build app &&
	last no-cache "--no-cache-filter=python-deps" \
		"--no-cache-filter=node-deps" &&
	imgcache invalidate --stage node-deps app &&
	imgcache build --rebuild app && last no-cache --no-cache &&
	echo 5 >app/main && imgcache build app && last no-cache
'

test_that 'the image and a stage of it: everything' '
	imgcache invalidate app && imgcache invalidate --stage node-deps app &&
	imgcache build app && last no-cache --no-cache && imgcache get app
'

test_that 'another engine has what was invalidated to redo, too' '
	imgcache invalidate --stage node-deps app && imgcache build app &&
	mkdir second && standin_stop && (
		STANDIN_DIR=$TRASH/second DOCKER_HOST=unix://$TRASH/second/docker.sock
		export STANDIN_DIR DOCKER_HOST
		standin_start && standin_base busybox:latest &&
		imgcache build app
		last no-cache "--no-cache-filter=python-deps" \
			"--no-cache-filter=node-deps"
		rc=$?; standin_stop; exit $rc
	) && standin_start
'

test_that 'no such stage, or one that is not in use: 1, with those there are' '
	for stage in nosuch unused; do
		expect_status 1 imgcache invalidate --stage $stage app &&
		says stderr "'\''app'\'' has no stage '\''$stage'\'' in use; \
there is node-deps, python-deps" || return 1
	done
	expect_status 1 imgcache invalidate --stage nosuch &&
	one_line stderr && grep "no image of the project has a stage" stderr
'

test_that 'wrong usage' '
	expect_status 129 imgcache invalidate --stage a --all &&
	expect_status 129 imgcache invalidate --stage "" &&
	expect_status 1 imgcache invalidate --stage node-deps apq &&
	grep "apq" stderr &&
	expect_status 128 imgcache -C /tmp invalidate --stage a &&
	grep "no imgcache.yaml" stderr
'

test_done
