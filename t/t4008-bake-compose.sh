#!/bin/sh
# SPDX-License-Identifier: MIT
# Recipes from bake and compose files: every attribute of a target is in the
# key, passed on or refused.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir -p web/sub
printf 'FROM busybox AS base\nARG A\nARG B\nRUN echo $A$B\nFROM base AS prod\nCOPY f /f\n' \
	>web/Dockerfile
cp web/Dockerfile web/other
echo 1 >web/f
: >docker-bake.hcl
: >web/compose.yaml

# target JSON: what docker makes of the file, one target.
target() {
	printf '{"group":{"default":{"targets":["app"]}},"target":{"app":%s}}' \
		"$1" >"$STANDIN_DIR/bake"
}

# alike JSON FLAG...: the target is what the flags describe.
alike() {
	target "$1" && shift && imgcache tag -m --bake docker-bake.hcl:app >one &&
	imgcache tag -m "$@" >two && same two one
}

wrong() {
	target "$1" && expect_status 129 imgcache tag --bake docker-bake.hcl &&
	one_line stderr && grep -F "docker-bake.hcl: $2" stderr
}

test_that 'the simplest target' '
	alike "{\"context\":\"web\",\"dockerfile\":\"Dockerfile\"}" web &&
	imgcache tag --bake docker-bake.hcl >three &&
	imgcache tag web >four && same four three
'

test_that 'what is empty is as not given' '
	alike "{\"context\":\"\",\"dockerfile\":\"web/Dockerfile\",
		\"target\":\"\",\"network\":\"\",\"shm-size\":\"\",
		\"dockerfile-inline\":\"\"}" -f web/Dockerfile . &&
	alike "{\"context\":\"web\",\"dockerfile\":\"\"}" web
'

test_that 'what is in the key' '
	B=env && export B &&
	alike "{\"context\":\"web\",\"dockerfile\":\"other\",\"target\":\"prod\",
		\"args\":{\"A\":\"x y\",\"B\":null},\"labels\":{\"l\":\"v\"},
		\"network\":\"none\",\"platforms\":[\"linux/amd64\"],
		\"contexts\":{\"c\":\"web/sub\",\"d\":\"docker-image://busybox\"},
		\"extra-hosts\":{\"h\":\"1.2.3.4\"},\"ssh\":[\"default\"],
		\"secret\":[\"id=s,src=f\"]}" \
		-f web/other --target prod --build-arg "A=x y" \
		--label l=v --network none --platform linux/amd64 \
		--build-context c=web/sub \
		--build-context d=docker-image://busybox --add-host h:1.2.3.4 \
		--ssh default --secret id=s,src=f web
'

test_that 'the forms of newer clients' '
	alike "{\"context\":\"web\",\"secret\":[{\"type\":\"file\",\"id\":\"s\",
		\"src\":\"f\"}],\"ssh\":[{\"id\":\"k\",\"paths\":[\"/x\"]}],
		\"cache-from\":[{\"type\":\"local\",\"src\":\"c\"}],
		\"output\":[{\"type\":\"docker\"}]}" \
		--secret type=file,id=s,src=f --ssh k=/x web
'

test_that 'a Dockerfile in the file' '
	cat >web/inline <<-DOCKERFILE &&
	FROM busybox
	COPY f /g
	DOCKERFILE
	alike "{\"context\":\"web\",\"dockerfile\":\"Dockerfile\",
		\"dockerfile-inline\":\"FROM busybox\\nCOPY f /g\\n\"}" \
		-f web/inline web
'

test_that 'what is passed on, and is in no key' '
	target "{\"context\":\"web\",\"tags\":[\"web:1\",\"web:2\"],
		\"shm-size\":\"64MiB\",\"ulimits\":[\"nofile=9\"],
		\"entitlements\":[\"network.host\"],\"description\":\"x\",
		\"cache-from\":[\"type=registry,ref=r.example/c\"]}" &&
	expect_status 0 imgcache build --bake docker-bake.hcl:app -t web:3 &&
	[ "$(cat stdout)" = "localhost/imgcache:$(imgcache tag web)" ] &&
	grep "buildx. .build" "$STANDIN_DIR/calls" | tail -n 1 >call &&
	grep -e --shm-size=64MiB call && grep -e --ulimit=nofile=9 call &&
	grep -e --allow=network.host call &&
	grep -e --cache-from=type=registry,ref=r.example/c call &&
	for n in 1 2 3; do docker image inspect web:$n >/dev/null || exit 1; done
'

test_that 'a hit puts the names of the target, and get and spawn find it' '
	target "{\"context\":\"web\",\"tags\":[\"more:1\"]}" &&
	expect_status 0 imgcache build --bake docker-bake.hcl &&
	docker image inspect more:1 >/dev/null && cp stdout ref &&
	expect_status 0 imgcache get --bake docker-bake.hcl && same ref stdout &&
	expect_status 7 imgcache spawn --bake docker-bake.hcl -- sh -c "exit 7" &&
	imgcache env --bake docker-bake.hcl >env && grep "$(cat ref)" env &&
	! imgcache why --bake docker-bake.hcl --nosuch 2>/dev/null &&
	expect_status 0 imgcache why --bake docker-bake.hcl
'

test_that 'in the background and with --jobs it is the same build' '
	target "{\"context\":\"web\",\"args\":{\"A\":\"b\"},\"tags\":[\"back:1\"],
		\"shm-size\":\"64MiB\"}" &&
	id=$(imgcache build -b -q --bake docker-bake.hcl) && imgcache wait "$id" &&
	docker image inspect back:1 >/dev/null &&
	grep "buildx. .build" "$STANDIN_DIR/calls" | tail -n 1 >call &&
	grep -e --shm-size=64MiB call &&
	target "{\"context\":\"web\",\"args\":{\"A\":\"c\"},
		\"tags\":[\"jobs:1\"]}" &&
	imgcache build -j 2 -q --bake docker-bake.hcl &&
	docker image inspect jobs:1 >/dev/null
'

test_that 'no-cache and no-cache-filter build, pull asks anew' '
	target "{\"context\":\"web\",\"no-cache\":true}" &&
	imgcache build --bake docker-bake.hcl &&
	grep "buildx. .build" "$STANDIN_DIR/calls" | tail -n 1 | grep -e "--no-cache." &&
	target "{\"context\":\"web\",\"no-cache-filter\":[\"prod\"],\"pull\":true}" &&
	imgcache build --bake docker-bake.hcl &&
	grep "buildx. .build" "$STANDIN_DIR/calls" | tail -n 1 |
		grep -e --no-cache-filter=prod
'

test_that 'an output that is not the engine: a warning, unless it is asked for' '
	target "{\"context\":\"web\",\"output\":[\"type=registry\"]}" &&
	expect_status 0 imgcache build --bake docker-bake.hcl &&
	grep "output is not written: give --push or --output" stderr
'

test_that 'what is refused, and why' '
	wrong "{\"context\":\"web\",\"annotations\":[\"a=b\"]}" \
		"'\''annotations'\'': an annotation is in no key" &&
	wrong "{\"context\":\"web\",\"attest\":[\"type=sbom\"]}" \
		"'\''attest'\'': attestations differ" &&
	target "{\"context\":\"web\",\"attest\":[\"type=sbom,disabled=true\"]}" &&
	imgcache tag --bake docker-bake.hcl &&
	wrong "{\"context\":\"web\",\"call\":\"check\"}" \
		"'\''call'\'': no image comes of it" &&
	wrong "{\"context\":\"web\",\"policy\":[{\"filename\":\"x\"}]}" \
		"'\''policy'\'': it can replace" &&
	wrong "{\"context\":\"web\",\"contexts\":{\"b\":\"target:base\"}}" \
		"context '\''b'\'' is what '\''target:base'\'' builds, whose key is \
not known here; write both as images in imgcache.yaml, this one with \
build_contexts: {b: \"docker-image://@base\"}, or have '\''imgcache init'\'' do \
it from docker-bake.json, which" &&
	wrong "{\"context\":\"https://example.org/a.git\"}" \
		"context '\''https://example.org/a.git'\'': what is in it" &&
	wrong "{\"context\":\"web\",\"brand-new\":1}" \
		"'\''brand-new'\'': imgcache does not know this attribute"
'

test_that 'the page has a row for each attribute that is known' '
	sed -n "/^\.Sh RECIPES FROM/,/^\.El/s/^\.It \([a-z-]*\) Ta .*/\1/p" \
		"$TOP/man/imgcache-build.1" >rows && sort -c rows &&
	sed -n "/^} attributes/,/^};/s/.*{ \"\([a-z-]*\)\".*/\1/p
		/attributes\[\] = {/,/^};/s/.*{ \"\([a-z-]*\)\".*/\1/p" \
		"$TOP/lib/session/bake.c" | sort -u >known && [ -s known ] &&
	same known rows
'

test_that 'several targets: which one?' '
	printf "{\"target\":{\"a\":{\"context\":\"web\"},\"b\":{\"context\":\"web\",
		\"target\":\"base\"}}}" >"$STANDIN_DIR/bake" &&
	expect_status 129 imgcache tag --bake docker-bake.hcl &&
	grep "which one? it has a, b; write FILE:NAME" stderr &&
	imgcache tag --bake docker-bake.hcl:b >one &&
	imgcache tag --target base web >two && same two one
'

test_that 'flags that follow are nearer; a directory besides is refused' '
	target "{\"context\":\"web\",\"args\":{\"A\":\"1\"}}" &&
	imgcache tag --bake docker-bake.hcl --build-arg A=2 >one &&
	imgcache tag --build-arg A=2 web >two && same two one &&
	expect_status 129 imgcache tag --bake docker-bake.hcl web &&
	grep "leave the directory out" stderr &&
	expect_status 129 imgcache tag --bake a --compose b
'

test_that 'the paths of a compose file are meant from its folder' '
	target "{\"context\":\".\"}" &&
	imgcache tag --compose web/compose.yaml:app >one && imgcache tag web >two &&
	same two one && imgcache tag --bake web/compose.yaml:app 2>stderr; grep "no Dockerfile" stderr
'

test_that 'a service that builds nothing' '
	faults "bake * exit 1 ERROR: failed to find target db" &&
	expect_status 129 imgcache build --compose web/compose.yaml:db &&
	one_line stderr && grep "the service .db. is not there, or has no .build:" \
		stderr; status=$?; faults; [ $status -eq 0 ]
'

test_that 'a target or a service that is not there: the nearest is named' '
	target "{\"context\":\"web\"}" && for kind in bake compose; do
		rm -f "$STANDIN_DIR/count/bake"
		faults "bake 1 exit 1 ERROR: failed to find target appp" \
			"bake 2 exit 1 ERROR: failed to find target *"
		expect_status 129 imgcache tag --$kind docker-bake.hcl:appp &&
		one_line stderr && grep ".appp.; did you mean .app.?$" stderr ||
			exit 1
	done; rm -f "$STANDIN_DIR/count/bake"
	faults "bake * exit 1 ERROR: failed to find target zzzz" &&
	expect_status 129 imgcache tag --bake docker-bake.hcl:zzzz &&
	one_line stderr && grep "the target .zzzz. is not there$" stderr &&
	faults "bake * exit 1 ERROR: failed to find target _base" &&
	expect_status 128 imgcache tag --bake docker-bake.hcl:app &&
	one_line stderr && grep "failed to find target _base" stderr
	status=$?; faults; [ $status -eq 0 ]
'

test_that 'what docker says against it, a lie and no docker' '
	faults "bake * exit 1 ERROR: bake.hcl:3,1-2: Invalid block" &&
	expect_status 128 imgcache tag --bake docker-bake.hcl && one_line stderr &&
	grep "docker buildx bake --print: bake.hcl:3,1-2: Invalid block" stderr &&
	for mode in nonsense half; do
		faults "bake * $mode"
		imgcache tag --bake docker-bake.hcl >stdout 2>stderr && exit 1
		! [ -s stdout ] && one_line stderr || exit 1
	done; faults
'

test_done
