#!/bin/sh
# SPDX-License-Identifier: MIT
# imgcache.lock: which digest each base has, for the whole team.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest debian:12
mkdir -p api
cat >api/Dockerfile <<'DOCKERFILE'
FROM debian:12 AS build
FROM busybox
COPY --from=build /etc/hostname /h
DOCKERFILE
cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: busybox}
  again: {base: busybox, env: {A: "1"}}
  api: {context: api}
YAML

# digest_of REF: as the registry of the stand-in has it.
digest_of() {
	echo "sha256:$(cat "$STANDIN_DIR/registry/$1:"*)"
}

test_that 'lock writes every base once, sorted, with its digest' '
	expect_status 0 imgcache lock && ! [ -s stderr ] &&
	cat >expect <<-LOCK &&
	imgcache-lock 2
	busybox $(digest_of busybox)
	c{"env":[],"onbuild":[]}
	debian:12 $(digest_of debian)
	c{"env":[],"onbuild":[]}
	LOCK
	sed "s,^\tlinux/[a-z0-9/]* ,c," imgcache.lock >actual &&
	same expect actual
'

test_that 'a second time nothing changes, not even the file' '
	cp -p imgcache.lock before && expect_status 0 imgcache lock &&
	same before imgcache.lock
'

test_that 'what is locked is not asked for, neither for tag nor for get' '
	: >"$STANDIN_DIR/calls" && rm -rf "$IMGCACHE_DIR" &&
	expect_status 0 imgcache tag tools && imgcache tag api &&
	expect_status 1 imgcache get tools && [ "$(calls buildx)" -eq 0 ]
'

test_that 'a base that a stage has the name of is locked, and kept to' '
	mkdir -p own && printf "FROM %s AS alpine\nRUN own\n" \
		docker.io/library/alpine >own/Dockerfile && standin_base alpine:latest &&
	cp imgcache.yaml kept.yaml && cp imgcache.lock kept.lock &&
	echo "  own: {context: own}" >>imgcache.yaml && imgcache lock &&
	grep "^docker.io/library/alpine $(digest_of alpine)$" imgcache.lock &&
	imgcache build own >one && DOCKER_HOST=unix:///nowhere imgcache \
		tag own >stdout && grep "$(cat stdout)$" one &&
	echo other | docker import - alpine:latest &&
	expect_status 0 imgcache get own && same one stdout &&
	imgcache delete "$(cat one)" && expect_status 128 imgcache build own &&
	grep "since a stage has its name, and the engine has another" stderr
	status=$?; mv kept.yaml imgcache.yaml; mv kept.lock imgcache.lock
	[ $status -eq 0 ]
'

test_that 'tag without any engine' '
	DOCKER_HOST=unix:///nowhere expect_status 0 imgcache tag api
'

test_that 'a base that moved: the key stays until lock --update' '
	imgcache tag tools >one && echo moved | docker import - busybox:latest &&
	docker push busybox:latest && rm -rf "$IMGCACHE_DIR" &&
	imgcache tag tools >two && same one two && imgcache lock &&
	imgcache tag tools >two && same one two &&
	expect_status 0 imgcache lock --update && cat stdout &&
	imgcache tag tools >two && ! cmp one two &&
	grep "^busybox $(digest_of busybox)$" imgcache.lock
'

test_that 'what is locked is what is built' '
	imgcache build tools >/dev/null &&
	imgcache dockerfile tools |
		grep "^FROM busybox@$(digest_of busybox)$"
'

# To docker "x" and "x:latest" are one name, of which the last pin counts.
test_that 'a digest that the registry has not got: where it is from' '
	sed "s/^\(busybox sha256:\).*/\1$(printf %064d 0)/" imgcache.lock \
		>wrong.lock && cp imgcache.lock kept.lock &&
	cp wrong.lock imgcache.lock && expect_status 2 imgcache build tools
	status=$?; mv kept.lock imgcache.lock; [ $status -eq 0 ] &&
	grep "; imgcache.lock has that digest, run: imgcache lock --update busybox; see imgcache log tools$" stderr
'

test_that 'two spellings of a base are one: the digest of the first' '
	mkdir -p twice && printf "FROM debian\nRUN x\n" >twice/Dockerfile &&
	printf "version: 1\nimages: {t: {context: twice}}\n" >twice.yaml &&
	cp imgcache.lock before && echo 1 | docker import - debian:latest &&
	docker push debian:latest && imgcache -f twice.yaml lock &&
	was=$(sed -n "s/^debian //p" imgcache.lock) && [ -n "$was" ] &&
	echo 2 | docker import - debian:latest && docker push debian:latest &&
	for other in debian:latest docker.io/library/debian; do
		echo "COPY --from=$other /x /" >>twice/Dockerfile
	done && imgcache -f twice.yaml tag -m t >manifest && cat manifest &&
	[ "$(grep -c "^base .*debian.* $was$" manifest)" -eq 3 ] &&
	: >"$STANDIN_DIR/calls" && imgcache -f twice.yaml build t &&
	grep -o "build-context=[^ ]*" "$STANDIN_DIR/calls" >pins && cat pins &&
	[ "$(grep -c "@$was" pins)" -eq 3 ] && mv before imgcache.lock
'

# spelled REF...: the digests that a Dockerfile with these bases has, once each.
spelled() {
	printf "FROM %s\n" "$@" >twice/Dockerfile &&
	imgcache -f twice.yaml tag -m t >manifest && cat manifest >&2 &&
	sed -n "s/^base .*debian.* //p" manifest | sort -u
}

test_that 'the spelling that is locked speaks for all, whichever comes first' '
	cp imgcache.lock before && printf "FROM debian:latest\n" \
		>twice/Dockerfile && imgcache -f twice.yaml lock &&
	was=$(sed -n "s/^debian:latest //p" imgcache.lock) && [ -n "$was" ] &&
	echo 3 | docker import - debian:latest && docker push debian:latest &&
	[ "$(spelled debian debian:latest)" = "$was" ] &&
	[ "$(spelled debian:latest debian)" = "$was" ] &&
	[ "$(spelled docker.io/library/debian)" = "$was" ] &&
	imgcache -f twice.yaml lock &&
	grep -x "docker.io/library/debian $was" imgcache.lock &&
	other=sha256:$(printf %064d 7) && sed "s,^docker.*,debian $other," \
		imgcache.lock >edited && mv edited imgcache.lock &&
	[ "$(spelled debian)" = "$other" ] &&
	[ "$(spelled debian:latest)" = "$was" ]; status=$?
	mv before imgcache.lock && [ $status -eq 0 ]
'

test_that 'lock --json says what was before' '
	echo again | docker import - busybox:latest && docker push busybox &&
	was=$(sed -n "s/^busybox //p" imgcache.lock) &&
	expect_status 0 imgcache lock --update --json && cat stdout &&
	jq -e ".[] | select(.ref == \"busybox\") | .was == \"$was\" and
		.digest == \"$(digest_of busybox)\"" stdout
'

test_that 'lock -u REF updates that one only' '
	for ref in busybox debian:12; do
		echo third | docker import - $ref && docker push $ref
	done && before=$(grep "^debian" imgcache.lock) &&
	expect_status 0 imgcache lock -u busybox &&
	grep "^busybox $(digest_of busybox)$" imgcache.lock &&
	grep -x "$before" imgcache.lock
'

test_that 'a lock file that is none: file, line, what to do; nothing written' '
	for line in "busybox" "busybox sha256:123" "busybox latest x" \
		"busybox md5:$(printf %064d 0)"; do
		printf "imgcache-lock 1\n%s\n" "$line" >imgcache.lock &&
		expect_status 128 imgcache tag tools && ! [ -s stdout ] &&
		one_line stderr && grep "imgcache.lock:2: .*lock --update" \
			stderr || exit 1
	done
'

test_that 'a lock file of the future, and one that is something else' '
	printf "imgcache-lock 3\nx y z\n" >imgcache.lock &&
	expect_status 128 imgcache tag tools && one_line stderr &&
	grep "imgcache.lock" stderr && printf "{}" >imgcache.lock &&
	expect_status 128 imgcache tag tools && one_line stderr &&
	: >imgcache.lock && imgcache tag tools >stdout 2>stderr; [ $? -le 128 ]
'

test_that 'lock --update, which that line names, mends it' '
	printf "imgcache-lock 1\nrubbish\n" >imgcache.lock && expect_status 0 imgcache lock \
		--update && head -n 1 imgcache.lock | grep -x "imgcache-lock 2"
'

test_that 'a base that does not exist: the lock file stays as it was' '
	printf "version: 1\nimages: {a: {base: \"no/such:1\"}}\n" >x.yaml &&
	printf "imgcache-lock 1\n" >imgcache.lock && cp imgcache.lock before &&
	expect_status 128 imgcache -f x.yaml lock &&
	! [ -s stdout ] && one_line stderr && grep "no/such:1" stderr &&
	same before imgcache.lock
'

test_that 'an image built from another of the project: no image is needed' '
	printf "%s\n" "version: 1" "images:" "  a: {base: busybox}" \
		"  b: {base: \"@a\"}" >x.yaml && rm -f imgcache.lock &&
	expect_status 0 imgcache -f x.yaml lock &&
	[ "$(wc -l <imgcache.lock)" -eq 2 ]
'

test_that 'on a terminal a digest gives way to the name, in a pipe it does not' '
	base=registry.example/team/platform/debian:bookworm &&
	echo x | docker import - $base && docker push $base &&
	imgcache lock $base >pipe && cat pipe &&
	grep -E "^new +$base  sha256:[0-9a-f]{64}$" pipe &&
	COLUMNS=80 imgcache lock $base >table && cat table &&
	grep -E "^kept +$base  sha256:[0-9a-f]{12,}~$" table &&
	! grep -E ".{81}" table
'

test_that 'no project, no lock' '
	mkdir elsewhere && cd elsewhere && mv ../imgcache.yaml ../y &&
	expect_status 128 imgcache lock; status=$?; mv ../y ../imgcache.yaml
	[ $status -eq 0 ] && one_line stderr
'

test_that 'a folder that cannot be written' '
	[ "$(id -u)" -ne 0 ] || as="setpriv --reuid 65534 --clear-groups"
	chmod 755 . && chmod -R a+rX . && mkdir -m 777 nobody &&
	chmod -R a+rwX "$STANDIN_DIR" && rm -f imgcache.lock &&
	expect_status 128 env IMGCACHE_DIR=$PWD/nobody/s $as imgcache lock &&
	one_line stderr && grep "imgcache.lock.: Permission denied" stderr &&
	! ls | grep -E "^\\.|tmp"
'

test_done
