#!/bin/sh
# SPDX-License-Identifier: MIT
# Against the real client and engine: a command line of docker buildx build, and
# docker imgcache.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

# The folder of plugins that docker finds its buildx in, and ours.
mkdir -p config/cli-plugins
cp -a "$DOCKER_CONFIG/." config/ 2>/dev/null
ln -s "$TOP/build/imgcache" config/cli-plugins/docker-imgcache
DOCKER_CONFIG=$PWD/config
export DOCKER_CONFIG

mkdir web
cat >web/Dockerfile <<DOCKERFILE
FROM busybox:latest AS base
ARG A
RUN echo \$A-$RUN >/a
FROM base AS prod
COPY f /f
ONBUILD RUN exit 9
DOCKERFILE
echo hello >web/f
line="--target prod --build-arg A=1 --label imgcache-test=$RUN web"

id() {
	docker image inspect --format "{{.Id}}" "$1"
}

test_that 'every option in the help of this client has a row in the page' '
	{ docker buildx build --help; BUILDX_EXPERIMENTAL=1 docker buildx build \
		--help; } | sed -n "s/^ *\(-., \)\{0,1\}--\([a-z-]*\).*/\2/p" |
		sort -u >known && [ "$(wc -l <known)" -gt 30 ] &&
	tr -d "\\\\" <"$TOP/man/imgcache-build.1" |
		sed -n "s/^\.It --\([a-z-]*\) Ta .*/\1/p" | sort >rows &&
	comm -23 known rows >missing && cat missing && ! [ -s missing ]
'

test_that 'and every letter is one here' '
	docker buildx build --help | sed -n "s/^ *-\(.\), --.*/\1/p" >letters &&
	[ -s letters ] && while read -r letter; do
		imgcache build -$letter 2>&1 </dev/null | grep "is not known" &&
			exit 1
	done <letters; true
'

test_that 'the same line builds the same files with docker and with imgcache' '
	docker buildx build --provenance=false -t "theirs:$RUN" $line 2>/dev/null &&
	expect_status 0 imgcache build --load -t "ours:$RUN" $line &&
	docker image inspect --format "{{.RootFS.Layers}}" "theirs:$RUN" >theirs &&
	docker image inspect --format "{{.RootFS.Layers}}" "ours:$RUN" >ours &&
	same theirs ours
'

test_that 'a hit puts a new name, and writes what docker writes' '
	: >docker-calls &&
	expect_status 0 imgcache build -q -t "more:$RUN" --iidfile iid \
		--metadata-file meta $line && ! [ -s docker-calls ] &&
	[ "$(id "more:$RUN")" = "$(cat iid)" ] && [ "$(cat stdout)" = "$(cat iid)" ] &&
	[ "$(id "more:$RUN")" = "$(id "ours:$RUN")" ] &&
	docker buildx build --provenance=false -q -t "theirs:$RUN" \
		--iidfile iid.theirs --metadata-file meta.theirs $line >/dev/null &&
	[ "$(wc -l <iid)" -eq "$(wc -l <iid.theirs)" ] &&
	jq -e "has(\"containerimage.digest\")" meta.theirs &&
	jq -e --arg id "$(cat iid)" ".[\"containerimage.digest\"] == \$id" meta
'

# Triggers of the image are for whoever builds from it, not for looking at it.
test_that '-o: the files of a hit are those that docker writes' '
	docker buildx build --provenance=false -o theirs.d $line 2>/dev/null &&
	expect_status 0 imgcache build -o ours.d $line &&
	(cd theirs.d && find . | LC_ALL=C sort) >theirs &&
	(cd ours.d && find . | LC_ALL=C sort) >ours && [ "$(wc -l <ours)" -gt 10 ] &&
	same theirs ours && same theirs.d/a ours.d/a && same theirs.d/f ours.d/f &&
	expect_status 0 imgcache build -o - $line && tar -xOf stdout f >f &&
	same web/f f
'

test_that '-o type=docker,dest=: an archive that docker load takes' '
	expect_status 0 imgcache build -t "saved:$RUN" \
		-o type=docker,dest=image.tar $line && was=$(id "saved:$RUN") &&
	docker rmi "saved:$RUN" >/dev/null && docker load -i image.tar &&
	[ "$(id "saved:$RUN")" = "$was" ]
'

test_that '--push pushes the name; its digest is in the metadata' '
	name=$IMGCACHE_TEST_REGISTRY/dropin:$RUN &&
	expect_status 0 imgcache build --push -t "$name" --metadata-file meta $line &&
	docker buildx imagetools inspect --format "{{json .Manifest}}" "$name" |
		jq -r .digest >digest &&
	[ "$(jq -r ".[\"containerimage.digest\"]" meta)" = "$(cat digest)" ]
'

test_that '--no-cache-filter does that stage anew, and no other' '
	expect_status 0 imgcache build --no-cache-filter prod --progress plain $line &&
	grep "base 2/2.*cached" stderr && ! grep "prod 1/1.*cached" stderr
'

test_that 'docker knows the plugin, and docker --help shows it' '
	docker --help | grep "imgcache.*Build images only" &&
	docker info --format "{{json .ClientInfo.Plugins}}" |
		jq -e ".[] | select(.Name == \"imgcache\") | has(\"Err\") | not"
'

test_that 'docker imgcache is imgcache: output, status, words before the name' '
	expect_status 0 imgcache get $line && cp stdout ref &&
	expect_status 0 docker --log-level error imgcache get $line &&
	same ref stdout &&
	expect_status 1 docker imgcache get --base busybox --label none=$RUN &&
	grep "never built" stderr &&
	expect_status 7 docker imgcache spawn $line --rm -- sh -c "exit 7" &&
	expect_status 128 docker -H unix:///nowhere/s imgcache get $line &&
	grep "unix:///nowhere/s" stderr
'

test_that 'help and completion go through docker' '
	docker help imgcache >help && grep "usage: imgcache" help &&
	docker __complete imgcache bu >words && grep "^build	" words &&
	tail -n 1 words | grep "^:4$"
'

# docker hands a signal of its own on by closing the socket of the plugin.
test_that 'a docker that is told to end ends the build' '
	mkdir slow && printf "FROM busybox\nRUN sleep 100 # %s\n" "$RUN" \
		>slow/Dockerfile || exit 1
	docker imgcache build slow >out 2>&1 &
	pid=$!
	wait_until grep -q "RUN sleep" out && kill -TERM $pid || exit 1
	wait $pid && exit 1
	imgcache list --json --status interrupted >list && cat list out &&
	[ "$(jq length list)" -eq 1 ]
'

test_done
