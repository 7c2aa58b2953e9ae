#!/bin/sh
# SPDX-License-Identifier: MIT
# Lookups and builds: the engine is the truth, and every miss has its reason.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: busybox, env: {A: "1"}}
YAML
ref=localhost/imgcache:$(imgcache tag tools)

# missed TEXT: status 1, that reason, nothing on stdout.
missed() {
	expect_status 1 imgcache get tools && ! [ -s stdout ] &&
	says stderr "'tools': $1"
}

# hit: status 0, the ref, no words, no docker process.
hit() {
	: >"$STANDIN_DIR/calls"
	expect_status 0 imgcache get tools && [ "$(cat stdout)" = "$ref" ] &&
	! [ -s stderr ] && ! [ -s "$STANDIN_DIR/calls" ]
}

built() {
	: >"$STANDIN_DIR/calls"
	expect_status 0 imgcache build tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls buildx build)" -eq 1 ]
}

test_that 'never built' '
	missed "never built"
'

test_that 'a dry run says so and builds nothing' '
	expect_status 0 imgcache build -n tools && cat stdout &&
	grep "^tools *build *never built$" stdout &&
	[ "$(calls buildx build)" -eq 0 ] && [ "$(imgcache stats --json |
		jq .lookups)" -eq 1 ]
'

test_that 'built once, then a hit that starts no process' '
	built && hit
'

test_that 'P21, P37: what docker is told' '
	rm -rf "$IMGCACHE_DIR" && docker rmi "$ref" >/dev/null && built &&
	line=$(grep "buildx. .build" "$STANDIN_DIR/calls") && echo "$line" &&
	for option in --provenance=false --sbom=false \
		"--label=io.imgcache.key=${ref#*:}" --platform=linux/; do
		case $line in *"'\''$option"*) ;; *) echo $option; exit 1 ;; esac
	done
'

test_that 'docker gets no descriptor of ours but the three and the lock' '
	grep "buildx. .build" "$STANDIN_DIR/calls" | grep -o "^fds=[0-9]*" \
		>fds && cat fds && docker version >/dev/null &&
	tail -n 1 "$STANDIN_DIR/calls" | grep -o "^fds=[0-9]*" >plain &&
	cat plain && [ "$(($(sed s/fds=// fds) - $(sed s/fds=// plain)))" -le 1 ]
'

test_that 'P17, P35: removed behind our back: gone, and built again' '
	docker rmi "$ref" >/dev/null && missed "gone from the engine" &&
	imgcache list --json --status gone | jq -e "length == 1" &&
	built && hit
'

test_that 'P19: a foreign image under our tag' '
	docker tag busybox "$ref" && expect_status 1 imgcache get tools &&
	grep "^imgcache: .tools.: .*another image.*under .*tag" stderr &&
	built && hit
'

test_that 'P15, P19: an image derived from ours, under our tag' '
	printf "FROM %s\nENV D=1\n" "$ref" >derived &&
	docker buildx build --file=derived "--tag=$ref" . 2>/dev/null &&
	expect_status 1 imgcache get tools && grep "another image" stderr &&
	built && hit
'

test_that 'P15: a label that is only the beginning of the key' '
	tag=${ref#*:} && docker import --change \
		"LABEL io.imgcache.key=$(echo "$tag" | cut -c 1-15)" - "$ref" \
		</dev/null && expect_status 1 imgcache get tools &&
	grep "another image" stderr && built
'

test_that 'a lost catalog: the image is adopted by its label' '
	rm -rf "$IMGCACHE_DIR" && expect_status 0 imgcache get tools &&
	[ "$(cat stdout)" = "$ref" ] && imgcache list --json >list &&
	jq -e "length == 1 and .[0].buildStatus == \"completed\"" list && hit
'

test_that 'the catalog of another engine says nothing about this one' '
	mkdir other && (STANDIN_DIR=$PWD/other && export STANDIN_DIR &&
	DOCKER_HOST=unix://$PWD/other/docker.sock && export DOCKER_HOST &&
	standin_start && standin_base busybox:latest &&
	expect_status 1 imgcache get tools; status=$?; cat stderr
	standin_stop; [ $status -eq 0 ])
'

test_that 'invalidated: a miss, the next build is new, then a hit' '
	id=$(imgcache get --image-id tools) && sleep 1 &&
	expect_status 0 imgcache invalidate tools && missed "invalidated" &&
	built && hit && grep -F "io.imgcache.generation=" "$STANDIN_DIR/calls"
	[ "$(imgcache get --image-id tools)" != "$id" ] && hit
'

test_that 'inputs changed: which, for the last image of that name' '
	sed -i "s/A: \"1\"/A: \"2\"/" imgcache.yaml &&
	expect_status 1 imgcache get tools &&
	grep "^imgcache: .tools.: inputs changed: ENV changed$" stderr &&
	sed -i "s/A: \"2\"/A: \"1\"/" imgcache.yaml && hit
'

test_that 'the last build failed' '
	mkdir -p bad && printf "FROM busybox\nRUN exit 3\n" >bad/Dockerfile &&
	expect_status 2 imgcache build bad && ! [ -s stdout ] &&
	expect_status 1 imgcache get bad && grep "last build failed" stderr
'

test_that 'P23: a failed build is no hit, and leaves no image of ours' '
	imgcache list --json --status failed | jq -e "length == 1" &&
	! ls "$STANDIN_DIR/tags" | grep -v -e "^busybox" \
		-e "^localhost%imgcache:g" -e "^localhost%imgcache:tools-"
'

test_that '--rebuild: without docker layers, fresh bases, counted as no hit' '
	before=$(imgcache stats --json | jq .lookups) &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build --rebuild tools &&
	[ "$(cat stdout)" = "$ref" ] && grep -F "'\''--no-cache'\''" \
		"$STANDIN_DIR/calls" &&
	[ "$(calls buildx imagetools)" -eq 1 ] &&
	[ "$(imgcache stats --json | jq .lookups)" -eq "$before" ] && hit
'

test_that 'another salt: every step runs again, and only then' '
	echo "version: 1" >salt.yaml && echo "images:" >>salt.yaml &&
	echo "  s: {base: busybox, env: {A: b}, salt: one}" >>salt.yaml &&
	imgcache -f salt.yaml build s 2>/dev/null &&
	sed -i s/one/two/ salt.yaml && : >"$STANDIN_DIR/calls" &&
	imgcache -f salt.yaml build s 2>/dev/null &&
	grep -F "'\''--no-cache'\''" "$STANDIN_DIR/calls" &&
	sed -i s/A:/B:/ salt.yaml && : >"$STANDIN_DIR/calls" &&
	imgcache -f salt.yaml build s 2>/dev/null &&
	! grep -F "'\''--no-cache'\''" "$STANDIN_DIR/calls"
'

test_that '--no-cache of build: no lookup, nothing counted' '
	before=$(imgcache stats --json | jq .lookups) &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build --no-cache tools &&
	[ "$(calls buildx build)" -eq 1 ] &&
	[ "$(imgcache stats --json | jq .lookups)" -eq "$before" ] && hit
'

test_that '--tag: another name, on a build and on a hit' '
	expect_status 0 imgcache build tools -t mine:1 && hit &&
	expect_status 0 imgcache build tools -t mine:2 -t mine:3 &&
	for name in mine:1 mine:2 mine:3; do
		docker image inspect $name | jq -er ".[0].Id" >>ids || exit 1
	done && [ "$(sort -u ids | wc -l)" -eq 1 ]
'

test_that 'build --all: an image after those it is built from' '
	cat >all.yaml <<-YAML &&
	version: 1
	images:
	  a: {base: "@c", env: {N: a}}
	  b: {base: "@a", env: {N: b}}
	  c: {base: busybox, env: {N: c}}
	YAML
	: >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache -f all.yaml build --all &&
	[ "$(wc -l <stdout)" -eq 3 ] && [ "$(calls buildx build)" -eq 3 ] &&
	imgcache -f all.yaml tag c --ref >expect &&
	head -n 1 stdout | diff - expect && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache -f all.yaml build --all &&
	[ "$(calls buildx build)" -eq 0 ]
'

test_that 'each of them is looked up once: three misses, no hit' '
	export IMGCACHE_DIR="$PWD/three" &&
	sed "s/N: /M: z/" all.yaml >three.yaml &&
	imgcache -f three.yaml build --all && imgcache stats --json >stats &&
	jq -e ".lookups == 3 and .hits.local == 0 and .misses == 3" stats &&
	imgcache -f three.yaml build b && imgcache stats --json >stats &&
	jq -e ".lookups == 4 and .hits.local == 1" stats
'

test_that 'with a registry the base has the name that the build uses' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache -f all.yaml \
		-c registry=r.example/x build --no-cache b && cp stdout b &&
	grep "^r.example/x:g1-" b && [ "$(calls buildx build)" -eq 3 ] &&
	imgcache -f all.yaml tag a >a && imgcache -f all.yaml dockerfile b \
		>file && grep -x "FROM localhost/imgcache:$(cat a)" file &&
	imgcache -f all.yaml -c registry=r.example/x dockerfile b |
		diff - file
'

test_that 'delete takes that name away, too' '
	docker image inspect "localhost/imgcache:$(cat a)" >/dev/null &&
	expect_status 0 imgcache delete "$(cat a)" &&
	! docker image inspect "localhost/imgcache:$(cat a)" >/dev/null 2>&1 &&
	! docker image inspect "r.example/x:$(cat a)" >/dev/null 2>&1
'

test_that 'several names; --all and names exclude each other' '
	expect_status 0 imgcache -f all.yaml build a c && [ "$(wc -l <stdout)" \
		-eq 2 ] && expect_status 129 imgcache -f all.yaml build --all a &&
	expect_status 129 imgcache -f all.yaml build --all --common &&
	expect_status 129 imgcache -f all.yaml build -t x a c
'

test_that 'P12: a source that changes during the build: 3, and its name' '
	mkdir -p moving && echo 1 >moving/file &&
	printf "FROM busybox\nCOPY . /m\nRUN sleep 0.5\n" >moving/Dockerfile
	imgcache build moving >out 2>err & pid=$!
	sleep 0.25; echo 2 >moving/file; wait $pid; status=$?; cat err
	[ $status -eq 3 ] && ! [ -s out ] && tail -n 1 err | grep "file" &&
	echo 1 >moving/file && expect_status 1 imgcache get moving &&
	echo 2 >moving/file && expect_status 1 imgcache get moving
'

test_that 'P12: that image is kept, but under no key' '
	imgcache list --json --status changed | jq -e "length == 1" ||
	imgcache list --json | jq -e "any(.[]; .buildStatus | test(\"chang\"))"
'

test_that 'two names for one key: both are told what changed later' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  one: {base: busybox, env: {N: "1"}}
	  two: {base: busybox, env: {N: "1"}}
	YAML
	imgcache build one >/dev/null 2>&1 && imgcache get two &&
	sed -i "s/N: \"1\"/N: \"2\"/" imgcache.yaml &&
	expect_status 1 imgcache get one && grep "changed" stderr &&
	expect_status 1 imgcache get two && grep "changed" stderr
'

test_that 'get --digest of what is in no registry: 1, and what to use' '
	printf "version: 1\nimages: {tools: {base: busybox, env: {A: \"1\"}}}" \
		>imgcache.yaml && expect_status 1 imgcache get --digest tools &&
	! [ -s stdout ] && one_line stderr && grep -- "--image-id" stderr
'

test_that 'get --quiet: the status is the answer' '
	expect_status 0 imgcache get -q tools && ! [ -s stdout ] &&
	! [ -s stderr ] && expect_status 1 imgcache get -q --base busybox \
		--env NO=1 && ! [ -s stdout ] && ! [ -s stderr ]
'

test_that '-q before the verb keeps results, for $(imgcache -q get NAME)' '
	imgcache get tools >expect && expect_status 0 imgcache -q get tools &&
	same expect stdout && ! [ -s stderr ] && expect_status 1 imgcache -q \
		get --base busybox --env NO=1 && ! [ -s stdout ] &&
	one_line stderr && id=$(imgcache tag tools | cut -c 4-15) &&
	expect_status 0 imgcache -q wait "$id" &&
	[ "$(cat stdout)" = "$id completed" ] &&
	expect_status 0 imgcache -q wait -q "$id" && ! [ -s stdout ]
'

test_that 'a hundred hits: not one lost, no process' '
	before=$(imgcache stats --json | jq .hits.local) &&
	: >"$STANDIN_DIR/calls" && n=0 && while [ $n -lt 100 ]; do
		imgcache get tools >/dev/null || exit 1; n=$((n + 1))
	done && [ "$(imgcache stats --json | jq .hits.local)" -eq \
		$((before + 100)) ] && ! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'a hit that cannot be given its name is none' '
	before=$(imgcache stats --json | jq -c "[.hits.local, .misses]") &&
	faults "tag * exit 1 boom" "images-tag * exit 500 no" || exit 1
	expect_status 128 imgcache build -t un:named tools; status=$?; faults
	[ $status -eq 0 ] && echo "$before" >expect &&
	imgcache stats --json | jq -c "[.hits.local, .misses]" >actual &&
	same expect actual
'

test_that 'a hit loads no libgit2, opens no catalog journal of its own' '
	strace -f -e trace=openat,execve -o trace imgcache get tools &&
	! grep -E "libgit2|/bin/docker" trace
'

test_done
