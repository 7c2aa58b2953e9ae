#!/bin/sh
# SPDX-License-Identifier: MIT
# The docker client: missing, without buildx, old, or hanging.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
printf 'version: 1\nimages: {tools: {base: busybox}}\n' >imgcache.yaml
ref=$(imgcache build tools 2>/dev/null)

# A client that hangs costs a deadline; it is waited for at the end.
cp -a "$STANDIN_DIR" hanging
echo "version * hang" >hanging/faults
{
	STANDIN_DIR=$TRASH/hanging IMGCACHE_DIR=$TRASH/hanging-state timeout \
		-k 1 50 imgcache build --base busybox --env H=1 >late.out 2>late
	echo $? >late.status
} &

# A PATH with what the tests need, but without docker.
mkdir -p few
for tool in sh cat env imgcache; do
	ln -s "$(command -v $tool)" few/$tool
done
without_docker() {
	PATH=$TRASH/few "$@"
}

test_that 'no docker: a hit needs none' '
	expect_status 0 without_docker imgcache get tools &&
	[ "$(cat stdout)" = "$ref" ] && ! [ -s stderr ]
'

test_that 'no docker: build and spawn say what to install' '
	expect_status 128 without_docker imgcache build tools --rebuild &&
	! [ -s stdout ] && tail -n 1 stderr | grep "docker.*install" &&
	expect_status 125 without_docker imgcache spawn tools --rm -- true &&
	! [ -s stdout ] && tail -n 1 stderr | grep "docker.*install"
'

test_that 'no docker: no row that says building is left' '
	without_docker imgcache list --json --status building >list
	[ "$(jq length list)" -eq 0 ] && [ "$(imgcache get tools)" = "$ref" ]
'

test_that 'no docker: doctor says so' '
	expect_status 1 without_docker imgcache doctor &&
	grep -i "docker" stdout
'

test_that 'docker that cannot be run' '
	printf "not a program" >few/docker && chmod +x few/docker &&
	expect_status 128 without_docker imgcache build --base busybox \
		--env A=1; status=$?; cat stderr; rm few/docker; [ $status -eq 0 ]
'

test_that 'no buildx: what to install' '
	faults "version * none" "build * none" "imagetools * none" &&
	expect_status 128 imgcache build --base busybox --env A=2
	status=$?; faults; cat stderr; [ $status -eq 0 ] && ! [ -s stdout ] &&
	tail -n 1 stderr | grep "install docker.s buildx plugin"
'

test_that 'no buildx: a hit needs none' '
	faults "any * none"; expect_status 0 imgcache get tools
	status=$?; faults; [ $status -eq 0 ]
'

for version in 0.9.1 0.10.5 0.12.0 0.13.1 0.14.0 0.15.0 0.21.3; do
	test_that "buildx $version builds" "
		faults 'version * old $version' 'build * old $version' &&
		rm -rf \"\$IMGCACHE_DIR\" &&
		imgcache build --base busybox --env V=$version >stdout 2>stderr
		status=\$?; faults; cat stderr
		[ \$status -eq 0 ] && one_line stdout
	"
done

test_that 'progress of an old client (plain text) gives steps as well' '
	faults "version * old 0.10.5" "build * old 0.10.5" &&
	rm -rf "$IMGCACHE_DIR" && imgcache build --base busybox --env P=1 \
		--json >stdout; status=$?; faults; [ $status -eq 0 ] &&
	jq -e ".[0].steps >= 0" stdout
'

test_that 'doctor names versions, store and what is wrong with them' '
	expect_status 0 imgcache doctor && cat stdout &&
	grep "buildx 0.13.1" stdout && grep "26.1.5" stdout &&
	grep "overlayfs" stdout && imgcache doctor --json >json &&
	jq -e "length > 4" json
'

test_that 'doctor repairs: rows of images that are gone' '
	imgcache build --base busybox --env D=1 >gone 2>/dev/null &&
	docker rmi "$(cat gone)" && expect_status 0 imgcache doctor &&
	imgcache list --json --status completed |
		jq -e "all(.[]; .ref != \"$(cat gone)\")" &&
	imgcache list --json --status gone | jq -e "length == 1"
'

test_that 'doctor: a socket that everybody may write to is wrong' '
	socket=${DOCKER_HOST#unix://} && mode=$(stat -c %a "$socket") &&
	chmod 660 "$socket" && expect_status 0 imgcache doctor &&
	chmod 666 "$socket" && imgcache doctor >stdout; status=$?
	chmod "$mode" "$socket"; cat stdout
	[ $status -eq 1 ] && grep "everybody is root" stdout &&
	grep "chmod o-w" stdout
'

test_that 'doctor: an old buildx is a note with what to do' '
	faults "version * old 0.10.5" && rm -rf "$IMGCACHE_DIR"
	imgcache doctor >stdout 2>stderr; faults; grep "0.10.5" stdout
'

test_that 'a client that hangs on its version: an end in time, 128' '
	until [ -s late.status ]; do sleep 0.1; done; cat late; [ "$(cat late.status)" -eq 128 ] && ! [ -s late.out ] &&
	grep "within 10 s\|no answer" late
'

test_done
