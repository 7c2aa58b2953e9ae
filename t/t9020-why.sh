#!/bin/sh
# SPDX-License-Identifier: MIT
# Why and verify on a real engine: what runs, and BuildKit as the judge.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

mkdir -p app/src
cat >app/Dockerfile <<DOCKERFILE
FROM busybox:latest AS build
WORKDIR /w
ARG VERSION
COPY src src
RUN echo "\$VERSION $RUN" >out && sleep 1
FROM busybox:latest
LABEL imgcache-test=$RUN
COPY --from=build /w/out /out
COPY src /src
CMD ["sleep", "600"]
DOCKERFILE
echo "one $RUN" >app/src/main.c
cat >imgcache.yaml <<'YAML'
version: 1
images:
  app: {context: app, args: {VERSION: "s3cret-1"}}
YAML

spawned() {
	imgcache spawn app -d --name "$1-$RUN" --label "imgcache-test=$RUN" \
		--label "imgcache-group=g$RUN"
}

test_that 'a container of what was just built is fresh' '
	spawned one >/dev/null 2>err || { cat err; exit 1; }
	expect_status 0 imgcache verify --container "one-$RUN" &&
	grep -Fx "fresh    container one-$RUN  app" stdout
'

# The bases are named contexts then, which docker numbers in another way.
test_that 'steps have the numbers that plain docker gives them' '
	docker buildx build --progress=plain --build-arg VERSION=s3cret-1 \
		--output=type=cacheonly app 2>plain &&
	imgcache log app >log && imgcache why app --since "$(imgcache tag app)" \
		>/dev/null && cat log &&
	brackets="s/^#[0-9]* \(\[[a-z0-9-]* [0-9]*\/[0-9]*\]\) [A-EG-Z].*/\1/p" &&
	sed -n "$brackets" plain | sort -u >expect &&
	sed -n "$brackets" log | sort -u >actual && [ -s expect ] &&
	same expect actual
'

test_that 'an edit while it runs: stale, naming the file' '
	echo "two $RUN" >app/src/main.c &&
	expect_status 1 imgcache verify --container "one-$RUN" &&
	grep -Fx "stale    container one-$RUN  app: inputs changed: src/main.c edited" \
		stdout && expect_status 1 imgcache verify app
'

test_that 'why: the file, who reads it, what runs, what that took' '
	imgcache why app >out && cat out &&
	grep -x "  files        1 read by \[build 3/4\] COPY src src" out &&
	grep -x " *\[stage-1 3/3\] COPY src /src" out &&
	grep -x "  3 of 5 steps run again, 1 more may; they took .*:" out &&
	grep "    \[build 4/4\]    RUN echo \"\$VERSION .* [1-9][0-9.]* s$" out
'

test_that 'rebuilt and respawned: the new one is fresh, the old one stale' '
	spawned two >/dev/null 2>err || { cat err; exit 1; }
	expect_status 1 imgcache verify --label "imgcache-group=g$RUN" &&
	cat stdout && grep -Fx "fresh    container two-$RUN  app" stdout &&
	grep "^stale    container one-$RUN  app: inputs changed: src/main.c edited" \
		stdout && docker rm -f "one-$RUN" >/dev/null &&
	expect_status 0 imgcache verify --label "imgcache-group=g$RUN" app
'

test_that 'an image built from it is not taken for it' '
	printf "FROM %s\nLABEL imgcache-test=%s\n" "$(imgcache get app)" "$RUN" |
		docker buildx build -q -t "derived-$RUN:1" - >/dev/null &&
	docker run -d --name "derived-$RUN" --label "imgcache-test=$RUN" \
		"derived-$RUN:1" >/dev/null &&
	expect_status 0 imgcache verify --container "derived-$RUN" &&
	grep "^unknown  container derived-$RUN  built from an image" stdout
'

test_that 'what a step was called with is nowhere in the catalog' '
	! sqlite3 "$IMGCACHE_DIR/catalog.db" .dump | grep s3cret &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "select name from steps" >names &&
	grep -F "RUN echo \"\$VERSION $RUN\"" names
'

# BuildKit counts a stage more then, so that the only one has a name.
test_that 'a cache mount: the numbers of plain docker, and what steps took' '
	mkdir -p cache && cat >cache/Dockerfile <<-EOF && echo 1 >cache/f &&
	FROM busybox:latest
	COPY f /f
	RUN --mount=type=cache,id=$RUN,target=/c sleep 0.2; echo $RUN
	EOF
	imgcache build --label "imgcache-test=$RUN" cache >/dev/null 2>err &&
	cat err && docker buildx build --progress=plain \
		--output=type=cacheonly cache 2>plain && echo 2 >cache/f &&
	imgcache why cache >out && cat out &&
	grep "^#[0-9]* \[stage-0 3/3\] RUN " plain &&
	grep "    \[stage-0 3/3\]  RUN .* [1-9][0-9.]* m\{0,1\}s$" out
'

test_that 'removed behind our back: gone, and when it was missed' '
	ref=$(imgcache get app) && docker rm -f "two-$RUN" "derived-$RUN" \
		>/dev/null && docker images -q --filter "label=imgcache-test=$RUN" |
		sort -u | xargs docker rmi -f >/dev/null &&
	imgcache why app >out && cat out &&
	grep "^app: nothing differs, but the image is gone from the engine, missed just now$" \
		out && expect_status 1 imgcache verify app &&
	grep "^stale    app  gone from the engine$" stdout
'

cases=${IMGCACHE_TEST_WHY_CASES:-60}
test_that "BuildKit agrees with why, in $cases random changes" '
	N=$cases SEED=$(date +%s) PATH=$TOP/build:$PATH \
		"$TOP/t/oracle/why.sh" >oracle 2>&1
	status=$?; cat oracle; [ $status -eq 0 ]
'

test_done
