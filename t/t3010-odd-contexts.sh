#!/bin/sh
# SPDX-License-Identifier: MIT
# Contexts that are no neat source tree: each gives a tag, or one clear line.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

export IMGCACHE_PLATFORM=linux/amd64
mkdir ctx
printf 'FROM scratch\nCOPY . /\n' >ctx/Dockerfile
echo x >ctx/file

test_that 'sockets, FIFOs and devices are entries; nothing is opened' '
	mkfifo ctx/fifo && python3 -c "
import socket; socket.socket(socket.AF_UNIX).bind(\"ctx/socket\")" &&
	expect_status 0 timeout 10 imgcache tag ctx && rm ctx/fifo ctx/socket
'

test_that 'the whole machine as context: refused at what is the kernel'\''s' '
	expect_status 128 timeout 300 imgcache -c threads=2 tag --context /proc \
		--dockerfile ctx/Dockerfile && one_line stderr &&
	grep "kernel" stderr && printf "FROM scratch\nCOPY etc/passwd /\n" >df &&
	expect_status 0 timeout 10 imgcache tag --context / --dockerfile df
'

test_that 'a Dockerfile outside the context, and its ignore file beside it' '
	mkdir out && cp ctx/Dockerfile out/df && a=$(imgcache tag --context ctx \
		--dockerfile out/df) && echo file >out/df.dockerignore &&
	b=$(imgcache tag --context ctx --dockerfile out/df) &&
	[ "$a" != "$b" ] && echo y >>ctx/file &&
	[ "$(imgcache tag --context ctx --dockerfile out/df)" = "$b" ]
'

test_that 'an ignore file of 10 MB is read in a few seconds' '
	i=0; while [ $i -lt 1000 ]; do
		echo "some/folder$i/with/a/long/name/**/*.tmp"; i=$((i + 1))
	done >thousand && i=0 && while [ $i -lt 250 ]; do
		cat thousand; i=$((i + 1))
	done >ctx/.dockerignore && [ "$(wc -c <ctx/.dockerignore)" -gt 10000000 ] &&
	expect_status 0 timeout 30 imgcache tag ctx && rm ctx/.dockerignore
'

test_that 'wildcards that explode elsewhere are linear or refused' '
	name=$(printf "a%.0s" $(seq 1 200)) && echo x >"ctx/$name" &&
	{
		printf "%s" "$(printf "*a%.0s" $(seq 1 100))b"
		printf "\n%s\n" "$(printf "**/%.0s" $(seq 1 100))*b"
	} >ctx/.dockerignore && timeout 10 imgcache tag ctx; status=$?
	rm ctx/.dockerignore
	printf "FROM scratch\nCOPY %sb* /\n" "$(printf "*a%.0s" $(seq 1 100))" \
		>df && { [ $status -eq 0 ] || [ $status -eq 128 ]; } &&
	expect_status 0 timeout 10 imgcache tag --context ctx --dockerfile df
'

test_that 'a bare repository and an unborn branch' '
	git init -q --bare bare.git && cp ctx/Dockerfile bare.git/ &&
	expect_status 0 imgcache tag bare.git && grep "^x1-" stdout &&
	git init -q unborn && cp ctx/Dockerfile unborn/ &&
	expect_status 0 imgcache tag unborn && grep "^g1-" stdout
'

test_that 'a file that cannot be read is named' '
	echo s >ctx/secret && chmod 0 ctx/secret && as= &&
	if [ "$(id -u)" -eq 0 ]; then
		chmod -R a+rX "$TRASH" && chmod 0 ctx/secret &&
		as="setpriv --reuid 65534 --clear-groups env HOME=/nonexistent
			IMGCACHE_DIR=$TRASH/nobody"
	fi &&
	expect_status 128 $as imgcache tag ctx && one_line stderr &&
	grep "secret" stderr && rm ctx/secret
'

test_that 'names of 255 bytes, newlines and bad UTF-8' '
	long=$(printf "n%.0s" $(seq 1 255)) && : >"ctx/$long" &&
	: >"$(printf "ctx/new\nline")" && : >"$(printf "ctx/\377\376")" &&
	expect_status 0 imgcache tag ctx && cp stdout one &&
	rm "$(printf "ctx/\377\376")" && imgcache tag ctx >two && ! cmp -s one two
'

test_that 'a tree 600 folders deep' '
	(cd ctx && python3 -c "
import os
for n in range(600):
	os.mkdir(\"a-folder-with-a-name\")
	os.chdir(\"a-folder-with-a-name\")
open(\"file\", \"w\").write(\"deep\")") &&
	expect_status 0 imgcache tag ctx && cp stdout one &&
	expect_status 0 imgcache tag --no-stat-cache ctx && same one stdout
'

test_that 'a ring of links does no harm' '
	ln -s . ctx/here && ln -s b ctx/a && ln -s a ctx/b &&
	expect_status 0 timeout 10 imgcache tag ctx &&
	printf "FROM scratch\nCOPY here/here/file a/x /\n" >df &&
	expect_status 0 timeout 10 imgcache tag --context ctx --dockerfile df
'

test_done
