#!/bin/sh
# SPDX-License-Identifier: MIT
# Pushing: once, by whom it is allowed, and the first that is pushed is the
# image of its key for everybody.
# shellcheck disable=SC2016,SC2086,SC2119,SC2120,SC2317
# shellcheck source=t/lib-machines.sh
. "$(dirname "$0")/lib-machines.sh"

cat >imgcache.yaml <<'YAML'
version: 1
registry: r.example/team/cache
images:
  tools: {base: busybox, env: {A: "1"}}
  top: {base: "@tools", env: {B: "1"}}
YAML
ref=$(imgcache tag --ref tools)
tag=${ref#*:}
repository=${ref%:*}

# remote: the digest that the registry has under the ref, "" if none.
remote() {
	cat "$STANDIN_REGISTRY/registry/$(echo "${1:-$ref}" | tr / %)" 2>/dev/null
}

# here: what the engine has under the ref.
here() {
	cat "$STANDIN_DIR/tags/$(echo "${1:-$ref}" | tr / %)" 2>/dev/null
}

# anew: no image anywhere, no call and no fault.
anew() {
	for machine in b a; do
		on $machine && faults &&
		for image in $(docker image ls -q); do
			docker rmi "$image"
		done
		rm -rf "$IMGCACHE_DIR" "$STANDIN_DIR/layers"
	done >/dev/null 2>&1
	rm -rf "$STANDIN_REGISTRY/registry/r.example"* \
		"$STANDIN_REGISTRY/registry/pr.example"*
	standin_base busybox:latest
	: >"$STANDIN_DIR/calls"
}

: >"$STANDIN_DIR/calls"

test_that 'without --push nothing is pushed' '
	expect_status 0 imgcache build tools && [ "$(calls push)" -eq 0 ] &&
	[ -z "$(remote)" ]
'

test_that '--push of what is there: pushed once, and asked before and after' '
	expect_status 0 imgcache build --push tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls push)" -eq 1 ] && [ "$(calls buildx build)" -eq 1 ] &&
	[ "$(remote)" = "$(here)" ] &&
	grep -x "tools: pushing to $repository" stderr &&
	grep "^tools: pushed in " stderr
'

test_that 'in the background: what it does is said, as far as it is known' '
	rm "$STANDIN_REGISTRY/registry/$(echo "$ref" | tr / %)" &&
	expect_status 0 imgcache build -b --push tools && cat stderr &&
	id=$(cat stdout) && grep -x \
		"tools: pushing in the background: imgcache log -f $id" stderr &&
	imgcache wait "$id" && [ "$(remote)" = "$(here)" ] || exit 1
	expect_status 0 imgcache build -b --rebuild tools && cat stderr &&
	grep -x "tools: building in the background: imgcache log -f $id" \
		stderr && imgcache wait "$id" || exit 1
	anew; imgcache build --push tools
'

test_that '--push of what was pushed: nothing is sent' '
	expect_status 0 imgcache build --push tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls push)" -eq 1 ]
'

test_that 'now it is there and here, with its digest' '
	imgcache list --json | jq -e ".[0] | .local and .pushed and
		.pushedRef == \"$ref\" and .pushedAt != null and
		.origin == \"built\" and .digestHash == \"sha256:$(remote)\"" &&
	[ "$(imgcache get --digest tools)" = "sha256:$(remote)" ] &&
	imgcache get --json tools | jq -e ".local and .pushed and
		.pushedRef == \"$ref\"" && imgcache list | grep "pushed"
'

test_that 'a hit without --push still asks nobody' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build tools &&
	! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'somebody else gets it' '
	on b && expect_status 0 imgcache get tools && [ "$(here)" = "$(remote)" ]
'

test_that 'built and pushed in one call; JSON says both' '
	anew && expect_status 0 imgcache build --push --json tools &&
	jq -e ".[0] | .success and .built and .pushed and (.pulled | not) and
		.reason == \"never-built\" and
		.digestHash == \"sha256:$(remote)\"" stdout &&
	[ "$(calls push)" -eq 1 ]
'

test_that 'exec pushes a hit where the setting says so, once' '
	anew && imgcache build tools >/dev/null 2>&1 && [ -z "$(remote)" ] &&
	expect_status 0 imgcache exec tools -- true && [ -z "$(remote)" ] &&
	IMGCACHE_PUSH=always expect_status 0 imgcache exec tools -- sh -c \
		"echo \$IMGCACHE_TOOLS_REF" && [ "$(cat stdout)" = "$ref" ] &&
	[ -n "$(remote)" ] && [ "$(calls push)" -eq 1 ] &&
	IMGCACHE_PUSH=always imgcache exec tools -- true &&
	[ "$(calls push)" -eq 1 ] && [ "$(calls buildx build)" -eq 1 ]
'

test_that 'exec: a push that fails is a warning, and the command runs' '
	anew && imgcache build tools >/dev/null 2>&1 &&
	faults "push * exit 1 denied" && IMGCACHE_PUSH=always expect_status 7 \
		imgcache exec tools -- sh -c "exit 7"; status=$?; faults
	[ $status -eq 0 ] && grep "is not pushed" stderr && [ -z "$(remote)" ]
'

test_that 'the image that one is built from is pushed with it' '
	anew && expect_status 0 imgcache build --push top &&
	[ "$(calls push)" -eq 2 ] && [ -n "$(remote)" ]
'

test_that 'a dry run says so, and pushes nothing' '
	anew && imgcache build -n --push tools | grep -E "^tools +build, push +" &&
	imgcache build tools >/dev/null 2>&1 &&
	imgcache build -n --push tools | grep -E "^tools +push +no registry" &&
	imgcache build --push tools >/dev/null 2>&1 &&
	imgcache build -n --push tools | grep -E "^tools +keep +" &&
	[ "$(calls push)" -eq 1 ]
'

# Both have built the same key, and not the same bytes; a has pushed.
both() {
	anew && imgcache build --push tools >/dev/null 2>&1 && on b &&
	imgcache -c registry=none.example/x build tools >/dev/null 2>&1 &&
	docker tag "none.example/x:$tag" "$ref" && docker rmi "none.example/x:$tag" \
		"none.example/x:tools-$(echo "$tag" | cut -c 4-15)" >/dev/null &&
	faults "build * other-id" && imgcache build --no-cache -t mine:1 tools \
		>/dev/null 2>&1 && faults && : >"$STANDIN_DIR/calls" &&
	[ "$(here)" != "$(remote)" ]
}

test_that 'the first that was pushed wins: it is taken, nothing is replaced' '
	both && first=$(remote) && ours=$(here) &&
	expect_status 0 imgcache build --push -t mine:1 tools &&
	[ "$(cat stdout)" = "$ref" ] && [ "$(remote)" = "$first" ] &&
	[ "$(here)" = "$first" ] && [ "$(here mine:1)" = "$first" ] &&
	[ "$(calls push)" -eq 0 ] && [ "$(calls pull)" -eq 1 ] &&
	! docker image inspect "$ours" >/dev/null 2>&1 &&
	imgcache get --json tools | jq -e ".dockerImageId == \"sha256:$first\"
		and .digestHash == \"sha256:$first\" and .pushed"
'

test_that 'then both have one image, and both hit' '
	both && imgcache build --push tools >/dev/null 2>&1 && b=$(here) && on a &&
	[ "$(here)" = "$b" ] && expect_status 0 imgcache get tools && on b &&
	expect_status 0 imgcache get tools
'

test_that 'it cannot be pulled: its digest is known, and that is said' '
	both && ours=$(here) && faults "pull * exit 1 http-500" &&
	expect_status 0 imgcache build --push tools; status=$?; faults
	[ $status -eq 0 ] && grep "warning: .$ref. is in the registry as another" \
		stderr && [ "$(here)" = "$ours" ] &&
	imgcache list --json | jq -e ".[0] | .pushed and
		.digestHash == \"sha256:$(remote)\""
'

test_that 'a tag that cannot be replaced, somebody was first: success' '
	anew && faults "push * beaten" && expect_status 0 imgcache build --push \
		tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(cat stdout)" = "$ref" ] && [ -n "$(remote)" ] &&
	[ "$(here)" = "$(remote)" ] && [ "$(calls pull)" -eq 1 ] &&
	expect_status 0 imgcache get tools
'

test_that 'the JSON of that: built, and pulled' '
	anew && faults "push * beaten"
	expect_status 0 imgcache build --push --json tools; status=$?; faults
	[ $status -eq 0 ] && jq -e ".[0] | .success and .built and .pulled and
		.pushed and .dockerImageId == \"sha256:$(remote)\"" stdout
'

test_that 'a second push where tags cannot be replaced: success' '
	anew && faults "push * immutable" && expect_status 0 imgcache build \
		--push tools && rm -rf "$IMGCACHE_DIR" &&
	expect_status 0 imgcache build --push tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(calls push)" -eq 1 ]
'

test_that 'invalidated: built anew, and what was pushed is replaced' '
	anew && imgcache build --push tools >/dev/null 2>&1 && old=$(remote) &&
	sleep 1 && imgcache invalidate tools &&
	expect_status 0 imgcache build --push tools && [ "$(remote)" != "$old" ] &&
	[ "$(remote)" = "$(here)" ]
'

test_that 'where it cannot be replaced: refused, and salt is named' '
	anew && imgcache build --push tools >/dev/null 2>&1 && old=$(remote) &&
	sleep 1 && imgcache invalidate tools && faults "push * immutable" &&
	expect_status 128 imgcache build --push tools; status=$?; faults
	[ $status -eq 0 ] && ! [ -s stdout ] && tail -n 1 stderr |
		grep "immutable.*; where a tag cannot be replaced, change salt" &&
	[ "$(remote)" = "$old" ] && expect_status 0 imgcache get tools &&
	imgcache get --json tools | jq -e ".local and (.pushed | not)"
'

test_that 'an image of somebody else under our ref is not touched' '
	anew && docker tag busybox:latest "$ref" && docker push "$ref" >/dev/null &&
	there=$(remote) && docker rmi "$ref" &&
	expect_status 128 imgcache build --push tools && [ "$(remote)" = "$there" ] &&
	tail -n 1 stderr | grep "^imgcache: .$ref. is taken by sha256:$there, which does not carry the key; remove it there, or change salt$"
'

# refused STATUS TEXT FAULT: a push that does not work out.
refused() {
	anew && faults "$2"
	expect_status 128 timeout -k 1 60 imgcache -c registry_timeout=2s \
		-c transfer_timeout=2s build --push tools
	status=$?
	faults
	[ $status -eq 0 ] && ! [ -s stdout ] && tail -n 1 stderr | grep "$1" &&
		expect_status 0 imgcache get tools && imgcache get --json tools |
		jq -e ".local and (.pushed | not) and .pushedRef == null"
}

test_that 'a push that is denied: an error, and the image is here' '
	refused "docker login" "push * exit 1 denied"
'

test_that 'a push that hangs, dies, or does not say why' '
	refused "no answer within" "push * hang" &&
	refused "SIGKILL" "push * kill" && refused "500" "push * exit 1 http-500"
'

test_that 'docker says that it pushed, and it is not there: no success' '
	refused "the registry does not have it" "push * exit 0 done"
'

test_that 'a registry that gives no answer before the push' '
	refused "500" "imagetools * exit 1 http-500" && anew && faults "imagetools * exit 1 http-500" && expect_status 128 \
		imgcache build --push --on-unknown=build tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(calls push)" -eq 0 ]
'

test_that 'known to be pushed, and no answer: the policy decides' '
	anew && imgcache build --push tools >/dev/null 2>&1 &&
	faults "imagetools * exit 1 http-500" &&
	expect_status 0 imgcache build --push tools &&
	grep "warning: .*500.*; it was pushed before$" stderr &&
	CI=true expect_status 128 imgcache build --push tools &&
	expect_status 128 imgcache build --push --on-unknown=fail tools;
	status=$?; faults; [ $status -eq 0 ]
'

test_that 'an interrupt during a push: by the signal, the image stays' '
	anew && faults "push * hang"; env --default-signal=INT imgcache \
		build --push tools >out 2>err & pid=$!
	sleep 1; kill -INT $pid; wait $pid; status=$?; faults
	[ $status -eq 130 ] && ! [ -s out ] && expect_status 0 imgcache get tools
'

test_that 'several at once push once' '
	anew && faults "push * slow 300"; n=0; : >statuses
	while [ $n -lt 8 ]; do
		n=$((n + 1))
		{ imgcache build --push tools >/dev/null 2>&1
		echo $? >>statuses; } &
	done; wait; faults
	[ "$(sort -u statuses)" = 0 ] && [ "$(calls buildx build)" -eq 1 ] &&
	[ "$(calls push)" -eq 1 ]
'

test_that 'pushed from one repository into another without the engine' '
	anew && imgcache build --push tools >/dev/null 2>&1 && on b &&
	: >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache -c registry=mine.example/x \
		-c registries=$repository build --push tools &&
	[ "$(cat stdout)" = "mine.example/x:$tag" ] &&
	[ "$(calls push)" -eq 0 ] && grep "imagetools. .create" \
		"$STANDIN_DIR/calls" | grep "$repository@sha256:" &&
	[ "$(remote "mine.example/x:$tag")" = "$(remote)" ] &&
	imgcache list --json | jq -e ".[0] | .pushedRef ==
		\"mine.example/x:$tag\"" && rm "$STANDIN_REGISTRY/registry/mine"*
'

test_that 'killed before the end is noted: the image is not that of the push' '
	anew && imgcache build --push tools >/dev/null 2>&1 && old=$(here) &&
	faults "build * other-id" "images * hang"
	imgcache build --rebuild tools >out 2>err & pid=$!
	n=0; while [ "$(here)" = "$old" ] && [ $n -lt 100 ]; do
		n=$((n + 1)); sleep 0.1
	done; kill -s KILL $pid; wait $pid; faults
	new=$(here) && [ "$new" != "$old" ] &&
	expect_status 0 imgcache get --json tools &&
	jq -e ".local and (.pushed | not) and .pushedRef == null and
		.dockerImageId == \"sha256:$new\"" stdout &&
	expect_status 0 imgcache -c registry=new.example/x build --push tools &&
	[ "$(remote "new.example/x:$tag")" = "$new" ]; status=$?
	rm -f "$STANDIN_REGISTRY/registry/new"*; [ $status -eq 0 ]
'

test_that 'the tag is not given: what was there is still ours, and pushed' '
	anew && imgcache build --push tools >/dev/null 2>&1 && old=$(here) &&
	imgcache list --json | jq ".[0] | del(.log)" >expect &&
	faults "build * other-id" "tag 1 exit 500 no" &&
	expect_status 128 imgcache build --rebuild tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(here)" = "$old" ] &&
	imgcache list --json | jq ".[0] | del(.log)" >actual &&
	same expect actual && expect_status 0 imgcache get tools
'

test_that 'the tag is not given to what was invalidated: it is no foreign one' '
	anew && imgcache build --push tools >/dev/null 2>&1 && old=$(here) &&
	sleep 1 && imgcache invalidate tools &&
	faults "build * other-id" "tag 1 exit 500 no" &&
	expect_status 128 imgcache build tools; status=$?; faults
	[ $status -eq 0 ] && imgcache list --json | jq -e ".[0] |
		.buildStatus == \"failed\" and .dockerImageId == \"sha256:$old\"
		and .pushedRef == \"$ref\"" &&
	expect_status 1 imgcache get --json tools &&
	jq -e ".reason == \"invalidated\"" stdout
'

test_that 'a rebuild of what was pushed is not used, and what helps is named' '
	anew && imgcache build --push tools >/dev/null 2>&1 && old=$(here) &&
	for option in --rebuild --no-cache; do
		faults "build * other-id" &&
		expect_status 0 imgcache build $option --push tools || exit 1
		[ "$(here)" = "$old" ] && [ "$(grep warning stderr)" = "imgcache: warning: '\''$ref'\'' was pushed before, and the first that is pushed stays: what was built now is not used; imgcache invalidate, or another salt, has it built anew for all" ] || { cat stderr; exit 1; }
	done; faults
'

test_that 'a rebuild with nobody before it: no such warning' '
	anew && imgcache build tools >/dev/null 2>&1 &&
	expect_status 0 imgcache build --rebuild --push tools &&
	! grep warning stderr && [ "$(here)" = "$(remote)" ]
'

# moved REGISTRY...: pushed once, and now to be pushed elsewhere.
moved() {
	expect_status 0 imgcache -c registry=mine.example/x "$@" \
		build --push tools && [ "$(calls push)" -eq 2 ] &&
	[ "$(remote "mine.example/x:$tag")" = "$(here)" ] &&
	imgcache list --json | jq -e ".[0] | .pushedRef ==
		\"mine.example/x:$tag\"" && rm "$STANDIN_REGISTRY/registry/mine"*
}

test_that 'where it was is gone: the engine has it, and sends it' '
	anew && imgcache build --push tools >/dev/null 2>&1 &&
	rm "$STANDIN_REGISTRY/registry/r.example"* && moved \
		-c registries=$repository &&
	[ "$(calls buildx imagetools create)" -eq 1 ]
'

test_that 'where it was is read no more: the engine sends it' '
	anew && imgcache build --push tools >/dev/null 2>&1 && moved &&
	[ "$(calls buildx imagetools create)" -eq 0 ]
'

test_that 'no registry: an error that says what to set' '
	mkdir -p none && cd none &&
	printf "version: 1\nimages: {x: {base: busybox}}\n" >imgcache.yaml &&
	expect_status 128 imgcache build --push x && one_line stderr &&
	grep "cannot push .x.: there is no registry; set registry" stderr &&
	expect_status 0 imgcache build --push x --registry r.example/one
'

test_that 'xxh3: refused before anything is built, with what to set' '
	anew && expect_status 128 imgcache build --push --hash xxh3 tools &&
	one_line stderr && grep "cannot push .tools.: its key is an xxh3 hash, which can be forged and so never leaves the machine; set hash to git$" stderr &&
	[ "$(calls buildx build)" -eq 0 ] && ! [ -s stdout ]
'

# A key of git's that has one of xxh3 in it is as weak as that one.
weak() {
	anew && mkdir -p weak/app && echo hi >weak/app/f &&
	printf "FROM busybox\nCOPY f /\n" >weak/app/Dockerfile &&
	cat >weak/imgcache.yaml <<-YAML && cd weak || return
	version: 1
	registry: r.example/team/cache
	images:
	  tools: {dockerfile: app/Dockerfile, context: app}
	  top: {base: "@tools", env: {B: "1"}}
	  tip: {base: "@top", env: {C: "1"}}
	YAML
}

test_that 'built from an xxh3 image, also in between: neither pushed' '
	weak && imgcache tag tools top tip >tags && [ "$(cut -c 1-3 tags |
		tr "\n" " ")" = "x1- g1- g1- " ] && for name in top tip; do
		expect_status 128 imgcache build --push $name &&
		one_line stderr && grep "cannot push .$name.: it is built from an image whose key is an xxh3 hash, .*set hash of that one to git$" stderr ||
			exit 1
	done; [ "$(calls buildx build)" -eq 0 ] &&
	expect_status 0 imgcache -c push=always build tip &&
	grep "warning: .tip. is not pushed: it is built from" stderr &&
	[ "$(calls push)" -eq 0 ]
'

test_that 'nor looked for' '
	weak && expect_status 0 imgcache build tip &&
	[ "$(calls buildx build)" -eq 3 ] &&
	! grep "imagetools.*g1-" "$STANDIN_DIR/calls"
'

test_that 'push: always pushes what is built, and no hit' '
	anew && IMGCACHE_PUSH=always && export IMGCACHE_PUSH &&
	expect_status 0 imgcache build tools && [ "$(calls push)" -eq 1 ] &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build tools &&
	! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'push: always that fails is a warning, and pushed with --push later' '
	anew && sed "1a push: always" imgcache.yaml >always.yaml &&
	faults "push * exit 1 denied" &&
	expect_status 0 imgcache -f always.yaml build tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(cat stdout)" = "$ref" ] &&
	grep "warning: .$ref. is not pushed: .*docker login" stderr &&
	expect_status 0 imgcache build --push tools && [ -n "$(remote)" ]
'

test_that 'spawn pushes what it builds, if the setting says so' '
	anew && IMGCACHE_PUSH=always expect_status 0 imgcache spawn tools --rm \
		-- true && [ "$(calls push)" -eq 1 ] && [ -n "$(remote)" ]
'

test_that 'get never pushes' '
	anew && imgcache build tools >/dev/null 2>&1 && IMGCACHE_PUSH=always \
		expect_status 0 imgcache get tools && [ "$(calls push)" -eq 0 ]
'

test_that 'push: ci pushes in CI only' '
	anew && IMGCACHE_PUSH=ci && export IMGCACHE_PUSH &&
	expect_status 0 imgcache build tools && [ "$(calls push)" -eq 0 ] &&
	CI=true expect_status 0 imgcache build top && [ "$(calls push)" -eq 1 ]
'

test_that 'push: never of the project: --push is nearer and wins' '
	anew && sed "1a push: never" imgcache.yaml >never.yaml &&
	expect_status 0 imgcache -f never.yaml build --push tools &&
	[ "$(calls push)" -eq 1 ]
'

test_that 'push: never of the user is final' '
	anew && mkdir -p "$HOME/.config/imgcache" &&
	echo "push: never" >"$HOME/.config/imgcache/config.yaml" &&
	expect_status 128 imgcache build --push tools && one_line stderr &&
	grep "cannot push .tools.: .push. is .never. in ~/.config/imgcache/config.yaml:1:7, and that is final; change it there" stderr &&
	IMGCACHE_PUSH=always expect_status 0 imgcache -f always.yaml build tools &&
	expect_status 129 imgcache -c push=always build tools &&
	[ "$(calls push)" -eq 0 ]; status=$?
	rm -r "$HOME/.config"; [ $status -eq 0 ]
'

# From here on: pull requests.
cat >pr.yaml <<'YAML'
version: 1
registry: r.example/team/cache
registry_untrusted: pr.example/team/cache
push: ci
images:
  tools: {base: busybox, env: {A: "1"}}
YAML
untrusted=pr.example/team/cache:$tag

test_that 'a pull request writes to a repository of its own' '
	anew && GITHUB_EVENT_NAME=pull_request && CI=true &&
	export GITHUB_EVENT_NAME CI &&
	expect_status 0 imgcache -f pr.yaml build tools &&
	[ "$(cat stdout)" = "$untrusted" ] && [ "$(calls push)" -eq 1 ] &&
	[ -n "$(remote "$untrusted")" ] && [ -z "$(remote)" ]
'

test_that 'what it pushed is read by its like only' '
	on b && : >"$STANDIN_DIR/calls" && IMGCACHE_UNTRUSTED=true \
		expect_status 0 imgcache -f pr.yaml get tools &&
	[ "$(calls pull)" -eq 1 ] && imgcache delete "$tag" >/dev/null &&
	: >"$STANDIN_DIR/calls" && expect_status 1 imgcache -f pr.yaml get tools &&
	! grep "pr.example" "$STANDIN_DIR/calls"
'

# poisoned: the image of a pull request's job, pulled on b by another such job.
poisoned() {
	anew && faults "build * other-id" && IMGCACHE_UNTRUSTED=true imgcache \
		-f pr.yaml build --push tools >/dev/null 2>&1 && faults &&
	bad=$(remote "$untrusted") && on b && IMGCACHE_UNTRUSTED=true \
		imgcache -f pr.yaml get tools >/dev/null 2>&1 &&
	[ "$(here "$untrusted")" = "$bad" ] && : >"$STANDIN_DIR/calls"
}

test_that 'what was pulled from there is no hit of a trusted build' '
	poisoned && expect_status 1 imgcache -f pr.yaml get tools &&
	grep "an untrusted build.s, pulled" stderr &&
	IMGCACHE_UNTRUSTED=true expect_status 0 imgcache -f pr.yaml get tools
'

test_that 'nor is it copied: a trusted push is a build of its own' '
	poisoned && expect_status 0 imgcache -f pr.yaml build --push tools &&
	[ "$(calls buildx build)" -eq 1 ] &&
	[ "$(calls buildx imagetools create)" -eq 0 ] &&
	[ "$(remote)" = "$(here)" ] && [ "$(remote)" != "$bad" ] &&
	expect_status 0 imgcache -f pr.yaml get tools &&
	imgcache list --json | jq -e "length == 1 and (.[0] |
		.origin == \"built\" and .pushedRef == \"$ref\")"
'

test_that 'a trusted one that fails leaves it what it was' '
	poisoned && faults "build * exit 1" &&
	expect_status 2 imgcache -f pr.yaml build tools; faults
	expect_status 1 imgcache -f pr.yaml get tools
'

test_that 'the trusted registry has it: that one is pulled over it' '
	poisoned && on a && imgcache -c registry_untrusted=pr.example/team/cache \
		build --no-cache --push tools >/dev/null 2>&1 && on b &&
	expect_status 0 imgcache -f pr.yaml get tools &&
	[ "$(here)" = "$(remote)" ] && [ "$(remote)" != "$bad" ] &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache -f pr.yaml get tools &&
	! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'the other name of the image: no hit either' '
	poisoned && docker tag "$untrusted" "$ref" &&
	expect_status 1 imgcache -f pr.yaml get tools
'

test_that 'it reads the trusted one first' '
	anew && imgcache build --push tools >/dev/null 2>&1 && on b &&
	: >"$STANDIN_DIR/calls" && IMGCACHE_UNTRUSTED=true &&
	export IMGCACHE_UNTRUSTED &&
	expect_status 0 imgcache -f pr.yaml build tools &&
	[ "$(cat stdout)" = "$untrusted" ] &&
	[ "$(calls buildx build)" -eq 0 ] && ! grep "imagetools.*pr.example" \
		"$STANDIN_DIR/calls" && [ -z "$(remote "$untrusted")" ]
'

test_that 'and copies to its own what it was told to push' '
	on b && IMGCACHE_UNTRUSTED=true expect_status 0 imgcache -f pr.yaml \
		build --push tools && [ "$(calls push)" -eq 0 ] &&
	[ "$(remote "$untrusted")" = "$(remote)" ]
'

test_that 'without such a repository: nothing is written' '
	anew && IMGCACHE_UNTRUSTED=true && export IMGCACHE_UNTRUSTED &&
	expect_status 128 imgcache build --push tools && one_line stderr &&
	grep "cannot push .tools.: an untrusted build writes to no trusted repository; set registry_untrusted, or untrusted to false" stderr &&
	CI=true IMGCACHE_PUSH=ci expect_status 0 imgcache build tools &&
	grep "warning: .tools. is not pushed: an untrusted build" stderr &&
	[ "$(calls push)" -eq 0 ] && [ "$(cat stdout)" = "$ref" ]
'

test_that 'one that trusted builds read does not do' '
	anew && IMGCACHE_UNTRUSTED=true expect_status 128 imgcache \
		-c registry_untrusted=$repository build --push tools &&
	grep "registry_untrusted is a repository that trusted builds read" stderr
'

test_that 'by another of its names it is the same one' '
	sed "s|^registry: .*|registry: docker.io/team/cache|" pr.yaml >hub.yaml &&
	anew && for name in index.docker.io/team/cache team/cache \
		registry-1.docker.io/team/cache Docker.io/team/cache; do
		IMGCACHE_UNTRUSTED=true expect_status 128 imgcache -f hub.yaml \
			-c registry_untrusted=$name build --push tools &&
		grep "registry_untrusted is a repository that trusted" stderr &&
		IMGCACHE_UNTRUSTED=true expect_status 128 imgcache -f hub.yaml \
			build --push -t $name:x tools &&
		grep "cannot push .$name:x.: an untrusted build" stderr ||
			{ echo "$name"; exit 1; }
	done; [ "$(calls push)" -le 1 ]
'

test_that 'which events are untrusted' '
	refused_for() { env "$1" imgcache build --push tools 2>&1 >/dev/null |
		grep -q "untrusted build"; }
	anew && for event in GITHUB_EVENT_NAME=pull_request \
		GITHUB_EVENT_NAME=pull_request_target \
		CI_PIPELINE_SOURCE=merge_request_event \
		CI_PIPELINE_SOURCE=external_pull_request_event; do
		refused_for $event || { echo "$event"; exit 1; }
	done; for event in GITHUB_EVENT_NAME=push GITHUB_EVENT_NAME=schedule \
		CI_PIPELINE_SOURCE=push; do
		! refused_for $event || { echo "$event"; exit 1; }
	done; ! GITHUB_EVENT_NAME=pull_request refused_for \
		IMGCACHE_UNTRUSTED=false
'

test_that 'the project file has no say in whether it is trusted' '
	sed "1a untrusted: false" imgcache.yaml >trusted.yaml &&
	expect_status 128 imgcache -f trusted.yaml build tools && one_line stderr &&
	grep "untrusted. is a matter of each user" stderr
'

test_that 'P16: no credential is kept, logged or handed to docker by us' '
	anew && mkdir -p config && DOCKER_CONFIG=$PWD/config &&
	export DOCKER_CONFIG && canary=$(printf "me:canary-7361" | base64) &&
	printf "{\"auths\":{\"r.example\":{\"auth\":\"%s\"}}}" "$canary" \
		>config/config.json && imgcache build --push tools >out 2>&1 &&
	faults "push * exit 1 denied" && imgcache build --push top >>out 2>&1;
	faults; on b && imgcache get tools >>out 2>&1 &&
	grep -r "canary-7361\|$canary" config >/dev/null &&
	! grep -r "canary-7361\|$canary" "$TRASH"/state-* "$TRASH"/[ab] \
		"$HOME" out
'

test_that 'the key knows nothing of all that' '
	for set in registry_untrusted=pr.example/x untrusted=true push=always \
		registries=x.example/y on_unknown=build; do
		[ "$(imgcache -c $set tag tools)" = "$tag" ] || { echo $set; exit 1; }
	done
'

test_done
