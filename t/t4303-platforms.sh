#!/bin/sh
# SPDX-License-Identifier: MIT
# Images of several platforms: one key, what of it is loaded, and what cannot
# be run here.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-machines.sh
. "$(dirname "$0")/lib-machines.sh"

echo base | docker import \
	--platform=linux/amd64,linux/arm64,linux/386,linux/s390x \
	- busybox:latest >/dev/null && docker push busybox:latest >/dev/null
cat >imgcache.yaml <<'YAML'
version: 1
registry: r.example/team/cache
images:
  multi:
    base: busybox
    env: {A: "1"}
    platforms: [linux/arm64, linux/amd64]
  top: {base: "@multi", env: {B: "1"}, platforms: [linux/amd64, linux/arm64]}
  runs: {dockerfile: runs/Dockerfile, context: runs, hash: git,
    platforms: [linux/amd64, linux/s390x]}
  cross: {dockerfile: cross/Dockerfile, context: cross, hash: git,
    platforms: [linux/amd64, linux/s390x]}
YAML
mkdir runs cross
printf 'FROM busybox\nRUN echo hello\n' >runs/Dockerfile
printf 'FROM --platform=$BUILDPLATFORM busybox AS tools\nRUN echo hello\nFROM busybox\nCOPY --from=tools /bin/sh /x\n' >cross/Dockerfile
ref=$(imgcache tag --ref multi)
tag=${ref#*:}

# loaded: the platforms of the newest image that are here.
loaded() {
	imgcache list --json --sort created | jq -r '.[0].loaded | join(" ")'
}

test_that 'one key for all of them, whatever their order and the machine' '
	imgcache tag -m multi >one && grep "^platform" one >lines &&
	printf "platform linux/amd64\nplatform linux/arm64\n" >expect &&
	same expect lines && sed "s|linux/arm64, linux/amd64|linux/amd64, linux/arm64|" \
		imgcache.yaml >turned.yaml && imgcache -f turned.yaml tag -m multi \
		>two && same one two && setarch i686 imgcache tag -m multi >three &&
	same one three
'

test_that 'an engine that holds an index: all of them are loaded at once' '
	expect_status 0 imgcache build multi && [ "$(cat stdout)" = "$ref" ] &&
	grep "buildx. .build.*--platform=linux/arm64,linux/amd64" \
		"$STANDIN_DIR/calls" && [ "$(loaded)" = "linux/amd64 linux/arm64" ] &&
	imgcache list --json | jq -e ".[0].platform ==
		\"linux/amd64,linux/arm64\"" && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache get multi && ! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'pushed as one image' '
	expect_status 0 imgcache build --push multi && [ "$(calls push)" -eq 1 ] &&
	docker buildx imagetools inspect "$ref" | jq -e ".manifest.manifests |
		length == 2"
'

test_that 'another machine gets the platform that it runs' '
	on b && expect_status 0 imgcache get multi &&
	grep "pull. .*--platform=linux/amd64" "$STANDIN_DIR/calls" &&
	[ "$(loaded)" = linux/amd64 ]
'

test_that 'spawn --platform runs another one: it is fetched then, once' '
	on b && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache spawn multi --platform linux/arm64 --rm -- true &&
	grep "pull. .*--platform=linux/arm64" "$STANDIN_DIR/calls" &&
	grep "run. .*--platform=linux/arm64" "$STANDIN_DIR/calls" &&
	[ "$(loaded)" = "linux/amd64 linux/arm64" ] && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache spawn multi --platform=linux/arm64 --rm -- true &&
	expect_status 0 imgcache spawn multi --rm -- true &&
	[ "$(calls pull)" -eq 0 ] && [ "$(calls buildx)" -eq 0 ] &&
	tail -n 1 "$STANDIN_DIR/calls" | grep -e "--platform=linux/amd64"
'

test_that 'DOCKER_DEFAULT_PLATFORM chooses among them as well' '
	on b && DOCKER_DEFAULT_PLATFORM=linux/arm64 expect_status 0 \
		imgcache spawn multi --rm -- true &&
	tail -n 1 "$STANDIN_DIR/calls" | grep -e "--platform=linux/arm64"
'

test_that 'platforms of the defaults are chosen from in the same way' '
	cat >defaults.yaml <<-YAML &&
	version: 1
	defaults: {platforms: [linux/amd64, linux/arm64]}
	images: {plain: {base: busybox, env: {P: "1"}}}
	YAML
	on a && expect_status 0 imgcache -f defaults.yaml build plain &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache -f defaults.yaml \
		spawn plain --platform linux/arm64 --rm -- true &&
	[ "$(calls buildx)" -eq 0 ] &&
	tail -n 1 "$STANDIN_DIR/calls" | grep -e "--platform=linux/arm64"
'

test_that 'one that it does not have is another image' '
	on a && [ "$(imgcache tag multi --platform linux/amd64)" != "$tag" ] &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache spawn multi \
		--platform linux/386 --rm -- true &&
	grep "buildx. .build.*--platform=linux/386" "$STANDIN_DIR/calls"
'

test_that 'half of it here, and the registry lost it: all is built to push' '
	on b && imgcache delete "$tag" >/dev/null && imgcache get multi \
		>/dev/null 2>&1 && [ "$(loaded)" = linux/amd64 ] &&
	rm "$STANDIN_REGISTRY/registry/"*"$tag" && : >"$STANDIN_DIR/calls" &&
	docker pull busybox:latest >/dev/null &&
	expect_status 0 imgcache build --push multi &&
	[ "$(calls buildx build)" -eq 1 ] && [ "$(calls push)" -eq 1 ] &&
	grep -x "multi: building (asked for: all platforms, for the push)" stderr &&
	[ "$(loaded)" = "linux/amd64 linux/arm64" ]
'

test_that 'deleted: nothing is loaded' '
	on b && imgcache delete "$tag" >/dev/null && [ "$(loaded)" = "" ]
'

test_that 'in the registry without one of them: no hit for that, no push' '
	on a && imgcache delete "$tag" >/dev/null &&
	blob=$(cat "$STANDIN_REGISTRY/registry/"*"$tag") &&
	cp "$STANDIN_REGISTRY/blobs/$blob" blob &&
	sed -i "s/^platform .*/platform linux\/arm64/" \
		"$STANDIN_REGISTRY/blobs/$blob" &&
	expect_status 1 imgcache get multi &&
	grep "has sha256:$blob, which has no linux/amd64" stderr &&
	expect_status 128 imgcache build --push multi && tail -n 1 stderr |
		grep "is taken by sha256:$blob, which has no linux/amd64"
	status=$?; cp blob "$STANDIN_REGISTRY/blobs/$blob"; [ $status -eq 0 ]
'

# The classic store: one platform at a time.
classic() {
	on a && touch a/classic && rm -rf "$IMGCACHE_DIR" &&
	for image in $(docker image ls -q); do
		docker rmi "$image"
	done >/dev/null 2>&1
	rm -f "$STANDIN_REGISTRY/registry/r.example"*
	docker pull busybox:latest >/dev/null && : >"$STANDIN_DIR/calls"
}

test_that 'the classic store: that of this machine is built, and it is said' '
	classic && expect_status 0 imgcache build multi &&
	[ "$(cat stdout)" = "$ref" ] && [ "$(calls buildx build)" -eq 1 ] &&
	grep "buildx. .build.*--platform=linux/amd64. " "$STANDIN_DIR/calls" &&
	grep "warning: here an image has one platform: only linux/amd64 is built, and the others when it is pushed" stderr &&
	[ "$(loaded)" = linux/amd64 ] && expect_status 0 imgcache get multi
'

test_that 'pushed, all are built, and the registry has one index of them' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build --push multi &&
	[ "$(calls buildx build)" -eq 1 ] &&
	grep "buildx. .build.*--platform=linux/arm64. " "$STANDIN_DIR/calls" &&
	docker buildx imagetools inspect "$ref" | jq -e ".manifest.manifests |
		map(.platform.architecture) | sort == [\"amd64\", \"arm64\"]" &&
	grep -x "multi: building (asked for: linux/arm64, for the push)" stderr &&
	! grep "warning" stderr && [ "$(loaded)" = linux/amd64 ] &&
	! docker image inspect "$ref-linux-arm64" >/dev/null 2>&1 &&
	! docker image inspect "$ref-linux-amd64" >/dev/null 2>&1
'

test_that 'pushed once' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build --push multi &&
	[ "$(calls buildx build)" -eq 0 ] && [ "$(calls push)" -eq 0 ] &&
	[ "$(calls buildx imagetools create)" -eq 0 ]
'

test_that 'another machine hits it' '
	on b && expect_status 0 imgcache get multi && [ "$(cat stdout)" = "$ref" ] &&
	imgcache delete "$tag" >/dev/null
'

# killed_at N: the process that pushes is killed at the push of part N.
killed_at() {
	classic && imgcache build multi >/dev/null 2>&1 || return
	faults "push $1 hang"
	imgcache build --push multi >out 2>err & pid=$!
	n=0; while [ "$(calls push)" -lt "$1" ] && [ $n -lt 100 ]; do
		n=$((n + 1)); sleep 0.1
	done
	kill -s KILL $pid; wait $pid; faults
}

test_that 'killed while it pushed a part: prune drops its name a day later' '
	killed_at 1 && docker image inspect "$ref-linux-arm64" >/dev/null &&
	docker tag "$ref-linux-arm64" "$ref-my-own-copy" &&
	docker tag "$ref-linux-arm64" "mine.example/x:$tag-linux-arm64" &&
	expect_status 0 imgcache prune && ! grep "killed" stderr &&
	docker image inspect "$ref-linux-arm64" >/dev/null &&
	expect_status 0 faketime "+2 days" imgcache prune &&
	grep "removed '\''$ref-linux-arm64'\'', which a killed build had left" \
		stderr &&
	! docker image inspect "$ref-linux-arm64" >/dev/null 2>&1 &&
	docker rmi "$ref-my-own-copy" "mine.example/x:$tag-linux-arm64" \
		>/dev/null && expect_status 0 imgcache get multi
'

test_that 'not while somebody holds the lock of its key' '
	killed_at 1 && flock "$IMGCACHE_DIR/locks/$tag" \
		faketime "+2 days" imgcache prune &&
	docker image inspect "$ref-linux-arm64" >/dev/null
'

test_that 'the name that a part had goes with its image' '
	killed_at 2 && docker image inspect "$ref-linux-amd64" >/dev/null &&
	expect_status 0 imgcache delete "$tag" &&
	! docker image inspect "$ref-linux-amd64" >/dev/null 2>&1
'

test_that 'built and pushed in one go: each platform once' '
	classic && expect_status 0 imgcache build --push multi &&
	[ "$(calls buildx build)" -eq 2 ] && [ "$(calls push)" -eq 2 ] &&
	expect_status 0 imgcache get --digest multi &&
	[ "$(cat stdout)" = "sha256:$(cat "$STANDIN_REGISTRY/registry/"*"$tag")" ]
'

test_that 'a part that does not build: 2, no index, and what is here stays' '
	classic && imgcache build multi >/dev/null 2>&1 &&
	faults "build * exit 1 no-space" && expect_status 128 \
		imgcache build --push multi; status=$?; faults
	[ $status -eq 0 ] && ! ls "$STANDIN_REGISTRY/registry/"*"$tag" 2>/dev/null &&
	expect_status 0 imgcache get multi
'

test_that 'on an image of ours: the other platform comes from the registry' '
	classic && expect_status 0 imgcache build --push top &&
	grep "buildx. .build.*--platform=linux/arm64. " "$STANDIN_DIR/calls" |
		grep -F "build-context=localhost/imgcache:$tag=docker-image://r.example/team/cache@sha256:" &&
	docker buildx imagetools inspect "$(imgcache tag --ref top)" |
		jq -e ".manifest.manifests | length == 2"
'

test_that 'a builder of ones own loads one at a time, too' '
	classic && rm a/classic && expect_status 0 imgcache build \
		--builder mine multi && grep "build.*--load.*--builder=mine" \
		"$STANDIN_DIR/calls" && grep -e "--platform=linux/amd64. " \
		"$STANDIN_DIR/calls" && [ "$(loaded)" = linux/amd64 ]
'

# What cannot be run.
echo "linux/amd64, linux/arm64" >a/platforms

test_that 'a RUN for what cannot be run here: refused before the build' '
	on a && : >"$STANDIN_DIR/calls" && expect_status 128 imgcache build runs &&
	one_line stderr && grep "the engine can run nothing for linux/s390x, neither itself nor emulated; install qemu-user-static and binfmt-support" stderr &&
	[ "$(calls buildx build)" -eq 0 ] &&
	[ "$(imgcache list --json runs | jq length)" -eq 0 ]
'

test_that 'no RUN for it, no obstacle' '
	on a && expect_status 0 imgcache build cross &&
	[ "$(calls buildx inspect)" -eq 1 ]
'

test_that 'a builder that does not say is none either' '
	on a && faults "builder * exit 1 no-engine" &&
	expect_status 0 imgcache build runs; status=$?; faults
	[ $status -eq 0 ] && imgcache delete "$(imgcache tag runs)" >/dev/null
'

test_that 'the machine itself is not asked about' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build runs \
		--platform linux/amd64 && [ "$(calls buildx inspect)" -eq 0 ]
'

test_that 'the emulator that was switched off since: said with the step' '
	echo "linux/amd64, linux/arm64, linux/s390x" >a/platforms &&
	printf "FROM busybox\nRUN echo exec /bin/sh: exec format error; exit 1\n" \
		>runs/Dockerfile && expect_status 2 imgcache build runs &&
	tail -n 1 stderr | grep "RUN.*failed: exit code: 1; exec format error, the engine cannot run it; install qemu-user-static"
'

test_that 'doctor looks before a build fails' '
	echo "linux/amd64, linux/arm64" >a/platforms &&
	imgcache doctor --json >out; jq -e "[.[] | select(.topic == \"platform\")
		| {health, text}] == [
		{health: \"ok\", text: \"linux/arm64 can be run here\"},
		{health: \"ill\", text: \"image '"'runs'"' wants linux/s390x, which the engine cannot run, neither itself nor emulated\"}]" out
'

test_that 'a stage that was invalidated is redone for each platform, once' '
	classic && imgcache build --push cross &&
	imgcache invalidate --stage tools cross && : >"$STANDIN_DIR/calls" &&
	imgcache build --push cross &&
	grep -o "platform=[^ ]*. .*no-cache-filter=tools" "$STANDIN_DIR/calls" >lines &&
	cat lines && [ "$(wc -l <lines)" -eq 2 ] && grep s390x lines &&
	echo "LABEL later=1" >>cross/Dockerfile && : >"$STANDIN_DIR/calls" &&
	imgcache build --push cross && [ "$(calls buildx build)" -eq 2 ] &&
	! grep no-cache-filter "$STANDIN_DIR/calls"
'

test_done
