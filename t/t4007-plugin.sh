#!/bin/sh
# SPDX-License-Identifier: MIT
# `docker imgcache ...`: what docker asks a plugin, and what it hands over.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir plugins
ln -s "$TOP/build/imgcache" plugins/docker-imgcache
plugin=$PWD/plugins/docker-imgcache
cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: busybox}
YAML

test_that 'the metadata are what docker wants, and nothing is opened for them' '
	expect_status 0 env -i "$plugin" docker-cli-plugin-metadata &&
	! [ -s stderr ] && one_line stdout &&
	jq -e ".SchemaVersion == \"0.1.0\" and .Vendor != \"\" and
		.Version == \"$(imgcache -V | cut -d" " -f2)\" and
		(.ShortDescription | length) > 10" stdout &&
	! [ -e "$IMGCACHE_DIR" ]
'

test_that 'words and status are those of imgcache' '
	expect_status 1 "$plugin" imgcache get tools && cp stderr words &&
	expect_status 1 imgcache get tools && same words stderr &&
	expect_status 0 "$plugin" imgcache build tools && cp stdout ref &&
	expect_status 0 imgcache get tools && same ref stdout &&
	expect_status 129 "$plugin" imgcache frobnicate &&
	expect_status 7 "$plugin" imgcache spawn tools -- sh -c "exit 7"
'

# ends COMMAND...: how it ends when it is interrupted: "exit N" or "signal N".
ends() {
	perl -e '$SIG{ALRM} = sub { kill INT => $p };
		$p = fork // die; exec @ARGV or die unless $p;
		alarm 1; waitpid $p, 0;
		print $? & 127 ? "signal " . ($? & 127) : "exit " . ($? >> 8), "\n"' \
		"$@"
}

test_that 'interrupted: a status that docker hands on, not an end by a signal' '
	mkdir -p slow && printf "FROM busybox\nRUN sleep 9\n" >slow/Dockerfile &&
	ends imgcache build slow >actual && ends "$plugin" imgcache build slow \
		>>actual && printf "signal 2\nexit 130\n" >expect &&
	same expect actual
'

test_that 'help: of all, and of a verb' '
	imgcache help >overview && expect_status 0 "$plugin" help imgcache &&
	same overview stdout && imgcache get -h >usage &&
	expect_status 0 "$plugin" imgcache get -h && same usage stdout
'

test_that 'options before the name say which engine' '
	host=$DOCKER_HOST && unset DOCKER_HOST &&
	expect_status 128 "$plugin" -H unix:///nowhere/s imgcache get tools &&
	grep "unix:///nowhere/s" stderr &&
	expect_status 0 "$plugin" --host="$host" -D -l error imgcache get tools &&
	same ref stdout
'

# A context of that name, in a folder of configuration of its own.
mkdir -p "cfg/contexts/meta/$(printf there | sha256sum | cut -d' ' -f1)"
printf '{"Name":"there","Endpoints":{"docker":{"Host":"unix:///over/there"}}}' \
	>"cfg/contexts/meta/$(printf there | sha256sum | cut -d' ' -f1)/meta.json"

test_that '--context is before DOCKER_HOST, as with docker; default is not' '
	expect_status 128 "$plugin" --config "$PWD/cfg" -c there \
		imgcache get tools && grep "unix:///over/there" stderr &&
	expect_status 0 "$plugin" --config "$PWD/cfg" --context default \
		imgcache get tools && same ref stdout
'

test_that 'what cannot be handed on, and what nobody knows, is said' '
	expect_status 129 "$plugin" --tlscert x imgcache list && one_line stderr &&
	grep "DOCKER_CERT_PATH" stderr &&
	expect_status 129 "$plugin" --nosuch imgcache list && one_line stderr &&
	expect_status 129 "$plugin" list && grep "call docker imgcache" stderr
'

test_that 'completion is cobra'\''s: a directive at the end' '
	"$plugin" __complete imgcache bu >out &&
	printf "build\t%s\n:4\n" "$(imgcache __complete bu | cut -f2)" >expect &&
	same expect out && "$plugin" __completeNoDesc imgcache get to >out &&
	printf "tools\n:16\n" >expect && same expect out &&
	"$plugin" __complete imgcache build -f "" >out && [ "$(cat out)" = ":0" ] &&
	"$plugin" __completeNoDesc imgcache build --on-unknown=f >out &&
	printf "fail\n:4\n" >expect && same expect out &&
	"$plugin" __complete --context default imgcache nosuch x >out &&
	[ "$(cat out)" = ":4" ]
'

test_that 'two signals at once are one: the build does not outlive us' '
	mkdir -p slow && printf "FROM busybox\nRUN sleep 30\n" >slow/Dockerfile
	tag=$(imgcache tag slow); "$plugin" imgcache build slow >/dev/null 2>words & pid=$!
	n=0; until pgrep -f "imgcache-unkeyed:$tag" || [ $n -gt 300 ]; do
		n=$((n + 1)); sleep 0.02
	done; kill -HUP $pid; kill -TERM $pid
	wait $pid; status=$?; echo $status; cat words
	[ $status -eq 129 ] && ! pgrep -f "imgcache-unkeyed:$tag"
'

test_that 'under its own name nothing of that is read' '
	expect_status 129 imgcache -H unix:///x list &&
	expect_status 129 imgcache imgcache list
'

test_that 'make install links it where it is asked to, uninstall removes it' '
	cd "$TOP" && mkdir -p "$TRASH/d" &&
	make -s install DESTDIR="$TRASH/d" PREFIX=/usr &&
	! find "$TRASH/d" -name docker-imgcache | grep . &&
	make -s install DESTDIR="$TRASH/d" PREFIX=/usr \
		DOCKERPLUGINDIR=/usr/libexec/docker/cli-plugins &&
	[ "$(readlink "$TRASH/d/usr/libexec/docker/cli-plugins/docker-imgcache")" \
		= /usr/bin/imgcache ] && [ -x "$TRASH/d/usr/bin/imgcache" ] &&
	make -s uninstall DESTDIR="$TRASH/d" PREFIX=/usr \
		DOCKERPLUGINDIR=/usr/libexec/docker/cli-plugins &&
	! find "$TRASH/d" -type f -o -type l | grep .
'

test_done
