#!/bin/sh
# SPDX-License-Identifier: MIT
# A command line of docker buildx build is one of imgcache build: every option
# is known, and does on a hit what it does on a build.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir web
printf 'FROM busybox AS base\nRUN echo 1\nFROM base AS prod\nCOPY f /f\n' \
	>web/Dockerfile
echo 1 >web/f
cp web/Dockerfile other
ref=localhost/imgcache:$(imgcache tag web)

# The options of clients 0.13 to 0.36, with those that their help hides.
known='add-host allow annotation attest build-arg build-context builder
cache-from cache-to call cgroup-parent check compress cpu-period cpu-quota
cpu-shares cpuset-cpus cpuset-mems debug detach file force-rm iidfile invoke
isolation label load memory memory-swap metadata-file network no-cache
no-cache-filter output platform policy print progress provenance pull push quiet
rm root sbom secret security-opt server-config shm-size squash ssh tag target
ulimit'

# id NAME: the id of an image.
id() {
	docker image inspect "$1" | jq -r ".[0].Id"
}

# told OPTION: docker was told so when it built last.
told() {
	grep "buildx. .build" "$STANDIN_DIR/calls" | tail -n 1 |
		grep -F -e "'$1'"
}

wrong() {
	text=$1
	shift
	expect_status 129 imgcache build "$@" web && ! [ -s stdout ] &&
	says stderr "$text"
}

test_that 'the page has a row for every option of docker, and no other' '
	sed -n "/^\.Sh DOCKER BUILDX/,/^\.El/s/^\.It \([a-z\\-]*\) Ta .*/\1/p" \
		"$TOP/man/imgcache-build.1" | tr -d "\\\\" | sed "s/^--//" >rows &&
	printf "%s\n" $known >known && sort -c known && same known rows
'

# What is taken is read, and the next option is what is wrong.
test_that 'none of them is unknown, and what the page refuses says why' '
	for option in $known; do
		imgcache build --$option=x --nosuch web 2>stderr && exit 1
		row=$(tr -d "\\\\" <"$TOP/man/imgcache-build.1" |
			grep "^.It --$option Ta")
		case $row in
		*"Ta refused"*) wanted="--$option: [^;]\{20,\}" ;;
		*) wanted="--nosuch is not known\|--$option.*wants\|--progress" ;;
		esac
		grep "^imgcache: \($wanted\)" stderr && one_line stderr ||
			{ echo "$option"; cat stderr; exit 1; }
	done
'

test_that 'the line of docker is a line of ours, and the same image' '
	expect_status 0 imgcache build -t web:1 --target prod --build-arg A=1 \
		--load --provenance=false --sbom=false --push=false web &&
	[ "$(id web:1)" = "$(id "$(cat stdout)")" ] &&
	told --target=prod
'

test_that 'a hit puts a new name, writes id and metadata, starts nothing' '
	: >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache build -t web:2 --target prod --build-arg A=1 \
		--iidfile iid --metadata-file meta web &&
	! grep -v image "$STANDIN_DIR/calls" &&
	[ "$(id web:2)" = "$(id web:1)" ] && [ "$(cat iid)" = "$(id web:1)" ] &&
	jq -e --arg id "$(cat iid)" "
		.[\"containerimage.digest\"] == \$id and
		.[\"image.name\"] == \"web:2\" and .[\"imgcache.built\"] == false
		" meta
'

test_that 'like docker it takes one directory' '
	mkdir -p second && cp Dockerfile second/ 2>/dev/null
	expect_status 129 imgcache build . second && one_line stderr &&
	grep "a directory is built alone, .second. is one too many" stderr &&
	expect_status 129 imgcache build second . && ! [ -s stdout ]
'

test_that '-q prints the id, on a build and on a hit; before the verb the ref' '
	expect_status 0 imgcache build -q web && ! [ -s stderr ] &&
	[ "$(cat stdout)" = "$(id "$ref")" ] && cp stdout first &&
	expect_status 0 imgcache build -q web && same first stdout &&
	expect_status 0 imgcache -q build web && [ "$(cat stdout)" = "$ref" ]
'

test_that 'a failed build leaves no id behind' '
	mkdir bad && printf "FROM busybox\nRUN exit 3\n" >bad/Dockerfile &&
	echo old >iid && expect_status 2 imgcache build --iidfile iid bad &&
	! [ -e iid ]
'

test_that '-f, also as -f=FILE, and --file for other verbs' '
	: >"$STANDIN_DIR/calls" && imgcache build -f other web >one &&
	imgcache build -f=other web >two && imgcache build --file other web >three &&
	same one two && same one three && imgcache get -f other web >four &&
	same one four && imgcache tag --file other web &&
	expect_status 129 imgcache build -f - web &&
	grep "standard input" stderr
'

test_that '-o: a folder, an archive, standard output; nothing is built' '
	: >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache build -o out web && [ -s out/layer ] &&
	[ "$(cat stdout)" = "$ref" ] &&
	expect_status 0 imgcache build -o type=tar,dest=out.tar web &&
	same out/layer out.tar &&
	expect_status 0 imgcache build -o - web && same out/layer stdout &&
	expect_status 0 imgcache build -o type=tar web && same out/layer stdout &&
	expect_status 0 imgcache build --output type=local,\"dest=a,b\" web &&
	same out/layer a,b/layer &&
	expect_status 0 imgcache build -t n:1 -o type=docker,dest=d.tar web &&
	[ "$(cat d.tar)" = "n:1 $(id "$ref")" ] &&
	! grep -e --tag= "$STANDIN_DIR/calls"
'

test_that '-o of docker, image and registry' '
	expect_status 0 imgcache build -o type=docker web &&
	expect_status 0 imgcache build -o type=image,name=n:2 web &&
	[ "$(id n:2)" = "$(id "$ref")" ] &&
	: >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache build -o type=registry,name=r.example/n:3 web &&
	[ "$(calls push --quiet -- r.example/n:3)" -eq 1 ]
'

test_that '--push pushes the names of -t, on a hit too, and the digest is known' '
	: >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache build --push -t r.example/n:4 \
		--metadata-file meta web && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls push --quiet -- r.example/n:4)" -eq 1 ] &&
	[ "$(calls push)" -eq 1 ] &&
	jq -e ".[\"containerimage.digest\"] | startswith(\"sha256:\")" meta
'

# Its first tag is the ref.
test_that 'a name that cannot be given is a failure, on a build as on a hit' '
	imgcache build web -t given:1 >/dev/null && old=$(id given:1) &&
	echo 2 >web/f && faults "tag 2 exit 500 no" "tag 3 exit 500 no" &&
	expect_status 128 imgcache build -t given:1 -o type=docker,dest=a.tar \
		web; status=$?
	faults; echo 1 >web/f
	[ $status -eq 0 ] && ! [ -e a.tar ] && [ "$(id given:1)" = "$old" ]
'

# What another process does at the worst moment: the stand-in lets it.
cp -r web web2 && echo other >web2/f
other() {
	imgcache -q build web2
}

# Who looks up that key would find this image there, and build again.
test_that '-t that is the key of another image is refused, its own is not' '
	imgcache build -q web >stdout && mkdir -p elsewhere &&
	echo "FROM busybox" >elsewhere/Dockerfile &&
	expect_status 129 imgcache build -t "$ref" elsewhere &&
	grep "name of another image of imgcache" stderr &&
	imgcache get web && expect_status 1 imgcache get elsewhere &&
	imgcache build -t "$ref" -t "localhost/other:${ref#*:}" web
'

test_that 'nor is it by another spelling of the same name' '
	for name in team/cache index.docker.io/team/cache; do
		expect_status 129 imgcache build --registry=docker.io/team/cache \
			-t "$name:${ref#*:}" elsewhere &&
		grep "name of another image of imgcache" stderr || return 1
	done
'

test_that '-t of two at once: nobody pushes the image of the other' '
	other=$(other) && imgcache -q build web &&
	for when in "inspect 2" "push 1"; do
		faults "$when do docker tag $other r.example/race:1"
		expect_status 75 imgcache build --push -t r.example/race:1 web
		status=$?; faults; cat stderr; [ $status -eq 0 ] &&
		tail -n 1 stderr | grep "r.example/race:1.*was given to image \
sha256:.* meanwhile; build again" || return 1
	done && expect_status 0 imgcache build --push -t r.example/race:1 web &&
	[ "$(id r.example/race:1)" = "$(id "$ref")" ]
'

test_that '-t of two at once: nobody has the image of the other in an archive' '
	other=$(other) && imgcache -q build web && mkdir -p race &&
	echo old >race/race.tar && for when in "inspect 2" "save 1"; do
		faults "$when do docker tag $other race:2"
		expect_status 75 imgcache build -t race:2 \
			-o type=docker,dest=race/race.tar web
		status=$?; faults; cat stderr; [ $status -eq 0 ] &&
		tail -n 1 stderr | grep "was given to image" &&
		[ "$(cat race/race.tar)" = old ] &&
		[ "$(ls -A race)" = race.tar ] || return 1
	done && expect_status 0 imgcache build -t race:2 \
		-o type=docker,dest=race/race.tar web &&
	[ "$(cat race/race.tar)" = "race:2 $(id "$ref")" ] &&
	[ "$(ls -A race)" = race.tar ]
'

test_that 'an archive that cannot be written leaves nothing behind' '
	imgcache -q build web && rm -rf race && mkdir -p race/dir &&
	faults "save * exit 1 no space" &&
	expect_status 128 imgcache build -o type=docker,dest=race/a.tar web
	status=$?; faults; [ $status -eq 0 ] && [ "$(ls -A race)" = dir ] &&
	grep "cannot write .race/a.tar." stderr &&
	expect_status 128 imgcache build -o type=docker,dest=race/dir web &&
	grep "cannot write .race/dir." stderr && [ "$(ls -A race)" = dir ] &&
	expect_status 128 imgcache build -o type=docker,dest=race/no/a.tar web &&
	grep "cannot write .race/no/a.tar.: No such file" stderr
'

test_that '-t of an image that is removed once it was found: it is built' '
	imgcache -q build web && for host in "$DOCKER_HOST" \
		tcp://127.0.0.1:9; do
		faults "tag 1 do docker rmi -f $(id "$ref")"
		expect_status 0 env DOCKER_HOST=$host imgcache build -t late:1 web
		status=$?; faults; cat stderr; [ $status -eq 0 ] &&
		grep "building (gone from the engine)" stderr &&
		[ "$(id late:1)" = "$(id "$ref")" ] || return 1
	done
'

# counted FILE: hits and misses up to now.
counted() {
	imgcache stats --json | jq -r "\"\(.hits.local) \(.misses)\"" >"$1"
}

test_that 'and counted is the miss that it was, not the hit it was taken for' '
	imgcache -q build web && counted was && read hits misses <was &&
	faults "tag 1 do docker rmi -f $(id "$ref")"
	imgcache -q build -t late:4 web; faults
	counted got && echo "$hits $((misses + 1))" >expect &&
	same expect got && imgcache -q build -t late:4 web && counted got &&
	echo "$((hits + 1)) $((misses + 1))" >expect && same expect got
'

test_that 'removed again and again: later, perhaps, which is no "no"' '
	imgcache -q build web &&
	faults "tag * do docker rmi -f $(id "$ref") 2>/dev/null" &&
	expect_status 75 imgcache build -t late:2 web; status=$?; faults
	cat stderr; [ $status -eq 0 ] && tail -n 1 stderr |
		grep "removed before it had its tag; build again" || return 1
	imgcache -q build web -t late:3 &&
	faults "inspect 2 do docker rmi -f $(id "$ref")" &&
	expect_status 75 imgcache build -o type=tar,dest=late.tar web
	status=$?; faults; cat stderr; [ $status -eq 0 ] && ! [ -e late.tar ] &&
	tail -n 1 stderr | grep "removed meanwhile; build again" || return 1
	imgcache -q build web && faults "inspect 2 do docker rmi late:3" &&
	expect_status 75 imgcache build -o type=docker,dest=late.tar -t late:3 \
		web; status=$?; faults; [ $status -eq 0 ] &&
	tail -n 1 stderr | grep "late:3.*taken away meanwhile"
'

test_that '--push where the user has it that nothing is pushed' '
	mkdir -p home/.config/imgcache &&
	echo "push: never" >home/.config/imgcache/config.yaml
	expect_status 128 imgcache build --push -t r.example/n:5 web
	got=$? && rm -r home/.config && [ $got -eq 0 ] &&
	grep "cannot push .r.example/n:5.: .push. is .never." stderr
'

test_that 'a push that fails is a failure' '
	faults "push * exit 1 denied: requested access to the resource is denied" &&
	expect_status 128 imgcache build --push -t r.example/n:6 web &&
	! [ -s stdout ] && faults
'

test_that '--no-cache-filter builds, that stage anew; a stage that is not there' '
	expect_status 0 imgcache build --no-cache-filter prod web &&
	told --no-cache-filter=prod &&
	wrong "--no-cache-filter: the build has no stage '\''nope'\''" \
		--no-cache-filter nope
'

test_that '--no-cache builds without a layer of docker' '
	expect_status 0 imgcache build --no-cache web && told --no-cache &&
	expect_status 0 imgcache build --no-cache=false web &&
	[ "$(cat stdout)" = "$ref" ]
'

test_that 'what is passed on, and is in no key' '
	expect_status 0 imgcache build --no-cache --shm-size 64m --allow \
		network.host --ulimit nofile=9 --cgroup-parent g web &&
	[ "$(cat stdout)" = "$ref" ] && told --shm-size=64m &&
	told --allow=network.host && told --ulimit=nofile=9 &&
	told --cgroup-parent=g
'

test_that 'what would make another image of the same inputs' '
	wrong "--provenance: attestations differ between two builds of the same inputs, so no key could name the image; only --provenance=false" \
		--provenance=mode=max &&
	wrong "--attest: attestations differ between two builds of the same inputs, so no key could name the image; only --attest=...,disabled=true" \
		--attest type=sbom &&
	wrong "--output: '\''compression=zstd'\'' would make another image of the same inputs; leave it out" \
		-o type=image,compression=zstd
'

test_that 'a context that is no directory' '
	for context in - https://example.org/a.git git@example.org:a.git; do
		expect_status 129 imgcache build $context &&
		grep "context .*: what is in it is not known" stderr || exit 1
	done
'

test_that 'letters and words of docker that are refused' '
	wrong "--debug: it changes what docker prints, which is read here; imgcache log shows all of it" -D &&
	expect_status 129 imgcache build -m 1g web && grep "^imgcache: --memory: " stderr &&
	wrong "--load wants true or false, not '\''maybe'\''" --load=maybe
'

test_that 'files are those of one image' '
	printf "version: 1\nimages: {a: {base: busybox}, b: {base: busybox}}\n" \
		>imgcache.yaml &&
	expect_status 129 imgcache build --iidfile x --all &&
	expect_status 129 imgcache build -o x a b; got=$?
	rm imgcache.yaml; [ $got -eq 0 ] && ! [ -e x ]
'

test_done
