#!/bin/sh
# SPDX-License-Identifier: MIT
# What a base brings along: its ONBUILD instructions run in whatever is built
# from it, so the args that they declare and the images that they copy from
# count, wherever it is known from.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start

# base REF LINE...: an image from scratch with these instructions.
base() {
	base_ref=$1
	shift
	mkdir -p base &&
	printf '%s\n' 'FROM scratch' "$@" >base/Dockerfile &&
	docker buildx build "--tag=$base_ref" base 2>/dev/null
}

# pushed REF LINE...: the same, and the registry has it.
pushed() {
	base "$@" && docker push "$1" >/dev/null
}

digest_of() {
	echo "sha256:$(cat "$STANDIN_DIR/registry/$1")"
}

# Questions to registry and engine from now on, by anybody. A digest takes the
# registry two: its manifest and the configuration that it names.
count_anew() {
	rm -rf "$STANDIN_DIR/count"
	: >"$STANDIN_DIR/calls"
}

asked() {
	if [ -f "$STANDIN_DIR/count/$1" ]; then
		cat "$STANDIN_DIR/count/$1"
	else
		echo 0
	fi
}

# args FILE: the names of the args in a manifest.
args() {
	sed -n 's/^arg \([^ ]*\) .*/\1/p' "$1" | tr '\n' ' '
}

tag() {
	imgcache tag --context app "$@"
}

pushed plain:1 'ENV A=1'
pushed on:1 'ONBUILD ARG V' 'ONBUILD RUN echo $V'
mkdir -p app && echo 'FROM on:1' >app/Dockerfile

test_that 'an arg that only ONBUILD of the base declares counts' '
	tag --build-arg V=1 >one && tag --build-arg V=2 >two && ! cmp one two &&
	tag -m --build-arg V=1 --build-arg W=1 >stdout 2>stderr &&
	[ "$(args stdout)" = "V " ] && ! [ -s stderr ]
'

test_that 'another one does not, nor any with a base that has no triggers' '
	tag --build-arg W=1 >one && tag --build-arg W=2 >two && same one two &&
	echo "FROM plain:1" >app/Dockerfile &&
	tag --build-arg V=1 >one && tag --build-arg V=2 >two && same one two;
	status=$?; echo "FROM on:1" >app/Dockerfile; [ $status -eq 0 ]
'

test_that 'what is remembered is not asked again, neither here nor there' '
	tag --build-arg V=1 >one && count_anew &&
	tag --build-arg V=1 >two && same one two &&
	[ "$(asked inspect)" -eq 0 ] && [ "$(asked imagetools)" -eq 0 ] &&
	DOCKER_HOST=unix:///nowhere tag --build-arg V=1 >two && same one two
'

test_that 'the image is built once, a hit asks for nothing but itself' '
	imgcache build --context app --build-arg V=1 >ref 2>err && cat err &&
	imgcache get --context app --build-arg V=1 >two && same ref two && count_anew &&
	imgcache get --context app --build-arg V=1 >two && same ref two &&
	[ "$(asked inspect)" -eq 1 ] && [ "$(asked imagetools)" -eq 0 ] &&
	expect_status 1 imgcache get --context app --build-arg V=2
'

test_that 'an image that a trigger copies from is a base, and moves the key' '
	pushed tools:1 && pushed from:1 "ONBUILD COPY --from=tools:1 /t /t" &&
	mkdir -p from && echo "FROM from:1" >from/Dockerfile &&
	imgcache tag -m from >one && grep "^base tools:1 sha256:" one &&
	pushed tools:1 "ENV MOVED=1" && imgcache invalidate --base tools:1 &&
	imgcache tag -m from >two && ! cmp one two
'

test_that 'a stage that a trigger copies from is in use' '
	pushed stage:1 "ONBUILD COPY --from=builder /t /t" &&
	mkdir -p stage && cat >stage/Dockerfile <<-DOCKERFILE &&
	FROM plain:1 AS builder
	ARG N
	RUN :
	FROM tools:1 AS unused
	FROM stage:1
	DOCKERFILE
	imgcache tag -m stage --build-arg N=1 >stdout &&
	[ "$(args stdout)" = "N " ] && grep "^base plain:1 " stdout &&
	! grep "^base tools:1" stdout
'

test_that 'triggers of a base that such a stage begins with count too' '
	printf "FROM on:1 AS builder\nFROM stage:1\n" >stage/Dockerfile &&
	imgcache tag -m stage --build-arg V=1 >stdout &&
	[ "$(args stdout)" = "V " ]
'

test_that 'a moved base with other triggers: others count' '
	pushed moves:1 "ONBUILD ARG OLD" "ONBUILD RUN :" && mkdir -p moves &&
	echo "FROM moves:1" >moves/Dockerfile &&
	both="--build-arg OLD=1 --build-arg NEW=1" &&
	imgcache tag -m moves $both >stdout && [ "$(args stdout)" = "OLD " ] &&
	pushed moves:1 "ONBUILD ARG NEW" "ONBUILD RUN :" &&
	imgcache tag -m moves $both >stdout && [ "$(args stdout)" = "OLD " ] &&
	imgcache invalidate --base moves:1 &&
	imgcache tag -m moves $both >stdout && [ "$(args stdout)" = "NEW " ]
'

test_that 'an image that only this engine has' '
	base local:1 "ONBUILD ARG V" "ONBUILD RUN :" && mkdir -p local &&
	echo "FROM local:1" >local/Dockerfile &&
	imgcache tag -m local --build-arg V=1 --build-arg W=1 >stdout &&
	[ "$(args stdout)" = "V " ] && base local:1 "ONBUILD ARG W" "ONBUILD RUN :" &&
	imgcache tag -m local --build-arg V=1 --build-arg W=1 >stdout &&
	[ "$(args stdout)" = "W " ]
'

test_that 'an image given as a named context has triggers as well' '
	mkdir -p named && printf "FROM ctx\n" >named/Dockerfile &&
	imgcache tag -m named --build-context ctx=docker-image://on:1 \
		--build-arg V=1 --build-arg W=1 >stdout &&
	[ "$(args stdout)" = "V " ] &&
	imgcache tag -m named --build-context ctx=base \
		--build-arg V=1 >stdout && [ "$(args stdout)" = "" ]
'

# pinned LINE...: a Dockerfile that begins with a digest nobody was asked of.
pinned() {
	pushed pin:1 "$@" && mkdir -p pinned &&
	echo "FROM pin:1@$(digest_of pin:1)" >pinned/Dockerfile &&
	docker rmi pin:1 >/dev/null && count_anew
}

test_that 'a digest as written is looked at once, and for good' '
	pinned "ONBUILD ARG V" "ONBUILD RUN :" "ENV N=1" &&
	imgcache tag -m pinned --build-arg V=1 --build-arg W=1 >one &&
	[ "$(args one)" = "V " ] && [ "$(asked imagetools)" -eq 2 ] &&
	faketime "+400 days" imgcache tag -m pinned --build-arg V=1 \
		--build-arg W=1 >two && same one two &&
	[ "$(asked imagetools)" -eq 2 ] && [ "$(asked inspect)" -eq 1 ]
'

test_that 'the engine is asked first, for the image of just that digest' '
	pinned "ONBUILD ARG V" "ONBUILD RUN :" "ENV N=2" && docker pull pin:1 >/dev/null &&
	count_anew && imgcache tag -m pinned --build-arg V=1 >stdout &&
	[ "$(args stdout)" = "V " ] && [ "$(asked imagetools)" -eq 0 ]
'

nobody() {
	faults "imagetools * exit 1 no-network" "inspect * exit 404 gone"
}

test_that 'nobody can tell: the same key where nothing else could count' '
	pinned "ENV N=3" && imgcache tag --context-mode full pinned >one &&
	nobody && rm -rf "$IMGCACHE_DIR" &&
	expect_status 0 imgcache tag --context-mode full pinned
	status=$?; faults; [ $status -eq 0 ] && same one stdout &&
	! [ -s stderr ]
'

test_that 'nobody can tell: every arg counts, with a warning that says why' '
	nobody && imgcache tag -m pinned --build-arg V=1 --build-arg \
		HTTP_PROXY=p >stdout 2>stderr
	status=$?; faults; [ $status -eq 0 ] &&
	[ "$(args stdout)" = "HTTP_PROXY V " ] &&
	grep "^imgcache: warning: build argument .V. counts, .*ONBUILD" stderr
'

test_that 'nobody can tell: stages above may be copied from' '
	{ printf "FROM plain:1 AS above\nFROM scratch AS zero\n" &&
	cat pinned/Dockerfile && echo "FROM tools:1"; } >above.df &&
	sed "s/@.*/& AS it/" above.df >x && mv x above.df &&
	imgcache tag --base plain:1 && nobody &&
	imgcache tag -m pinned --dockerfile above.df --target it >stdout
	status=$?; faults; [ $status -eq 0 ] && grep "^base plain:1" stdout &&
	! grep "^base tools:1" stdout && imgcache invalidate --base pin:1 &&
	imgcache tag -m pinned --dockerfile above.df --target it >stdout &&
	! grep "^base plain:1" stdout
'

test_that 'that nobody can tell is not asked again for an hour' '
	pinned "ENV N=4" && nobody && imgcache tag pinned --build-arg V=1 >one &&
	faults && imgcache tag pinned --build-arg V=1 >two && same one two &&
	[ "$(asked imagetools)" -eq 0 ] &&
	faketime "+61 minutes" imgcache tag pinned --build-arg V=1 >two &&
	! cmp one two && [ "$(asked imagetools)" -eq 2 ]
'

test_that 'or until invalidate --base' '
	pinned "ENV N=5" && nobody && imgcache tag pinned --build-arg V=1 >one &&
	faults && imgcache invalidate --base other:1 &&
	imgcache tag pinned --build-arg V=1 >two && ! cmp one two
'

test_that 'an answer during the build does not make it a change' '
	pinned "ENV N=6" && faults "imagetools 1 exit 1 no-network" \
		"inspect 1 exit 404 gone" &&
	expect_status 0 imgcache build pinned --build-arg V=1; status=$?; faults
	cat stderr; [ $status -eq 0 ]
'

test_that 'base_policy: name asks nobody, so every arg counts' '
	count_anew && imgcache tag -m --context app --base-policy name --build-arg W=1 \
		>stdout 2>stderr && [ "$(args stdout)" = "W " ] &&
	[ "$(asked imagetools)" -eq 0 ] && [ "$(asked inspect)" -eq 0 ]
'

cat >imgcache.yaml <<'YAML'
version: 1
images:
  app: {context: app}
  tools: {base: "plain:1"}
YAML

test_that 'the lock file has what a Dockerfile needs to know of its bases' '
	expect_status 0 imgcache lock && ! [ -s stderr ] &&
	sed "s,^\tlinux/[a-z0-9/]* ,c," imgcache.lock >actual &&
	cat >expect <<-LOCK && same expect actual
	imgcache-lock 2
	on:1 $(digest_of on:1)
	c{"env":[],"onbuild":["ARG V","RUN echo \$V"]}
	plain:1 $(digest_of plain:1)
	LOCK
'

test_that 'with it nobody is asked, on a machine that knows nothing' '
	tag --build-arg V=1 --build-arg W=1 >one && rm -rf "$IMGCACHE_DIR" &&
	count_anew && DOCKER_HOST=unix:///nowhere tag --build-arg V=1 >two &&
	same one two && [ "$(calls buildx)" -eq 0 ] &&
	tag --build-arg V=2 >two && ! cmp one two
'

test_that 'a lock file of the first version: looked at by digest, once' '
	cp imgcache.lock full && grep -v "^	" full | sed "s/-lock 2/-lock 1/" \
		>imgcache.lock && pushed on:1 "ONBUILD ARG OTHER" "ONBUILD RUN :" &&
	docker rmi on:1 >/dev/null && rm -rf "$IMGCACHE_DIR" && count_anew &&
	tag --build-arg V=1 --build-arg OTHER=1 >two && same one two &&
	tag --build-arg V=1 --build-arg OTHER=1 >two && same one two &&
	[ $(($(asked imagetools) + $(asked inspect))) -eq 1 ]
'

test_that 'lock adds what is missing and moves nothing' '
	expect_status 0 imgcache lock && same full imgcache.lock &&
	grep "^kept  *on:1" stdout
'

test_that 'lock --update moves both' '
	expect_status 0 imgcache lock --update &&
	grep "^on:1 $(digest_of on:1)$" imgcache.lock &&
	grep "\"onbuild\":\[\"ARG OTHER\",\"RUN :\"\]" imgcache.lock &&
	tag -m --build-arg V=1 --build-arg OTHER=1 >stdout &&
	[ "$(args stdout)" = "OTHER " ]
'

test_that 'lock where nobody can tell: said, and the digest is locked' '
	grep -v "^	" imgcache.lock >bare && cp bare imgcache.lock &&
	rm -rf "$IMGCACHE_DIR" && imgcache tag app >/dev/null &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "DELETE FROM base_configs" &&
	nobody && expect_status 0 imgcache lock on:1; status=$?; faults
	[ $status -eq 0 ] && one_line stderr && grep "on:1.*not locked" stderr &&
	same bare imgcache.lock && cp full imgcache.lock
'

test_that 'a damaged line of a configuration: file, line, what to do' '
	rm -rf "$IMGCACHE_DIR" && sed "s/\"env\":/\"env\";/" full \
		>imgcache.lock && expect_status 128 imgcache tag app &&
	one_line stderr && grep "imgcache.lock:3: .*lock --update" stderr
	status=$?; rm -f imgcache.lock; [ $status -eq 0 ]
'

cat >imgcache.yaml <<'YAML'
version: 1
images:
  plain: {base: "plain:1"}
  upper: {context: upper, args: {BASE: "@plain", V: "1"}}
  lower: {context: lower}
  above: {context: upper, args: {BASE: "@lower", V: "1", W: "1"}}
YAML
mkdir -p upper lower
printf 'ARG BASE\nFROM $BASE\n' >upper/Dockerfile
printf 'FROM plain:1\nONBUILD ARG V\nONBUILD RUN x\n' >lower/Dockerfile

test_that 'a generated image never has triggers, and need not be there' '
	imgcache tag -m upper >one && [ "$(args one)" = "BASE " ] &&
	sed -i "s/V: \"1\"}}\$/V: \"2\"}}/" imgcache.yaml &&
	imgcache tag -m upper >two && same one two
'

test_that 'those of another recipe are read in its Dockerfile' '
	imgcache tag -m above >one && [ "$(args one)" = "BASE V " ] &&
	expect_status 0 imgcache build above && imgcache tag -m above >two &&
	same one two && expect_status 0 imgcache get above
'

test_that 'one of ours by its ref: the engine says, if it has it' '
	ref=$(imgcache get lower) && mkdir -p byref &&
	echo "FROM $ref" >byref/Dockerfile &&
	imgcache tag -m byref --build-arg V=1 --build-arg W=1 >stdout &&
	[ "$(args stdout)" = "V " ] &&
	DOCKER_HOST=unix:///nowhere imgcache tag -m byref --build-arg V=1 \
		--build-arg W=1 >stdout && [ "$(args stdout)" = "V W " ]
'

test_that 'a foreign image under that ref says nothing' '
	ref=$(imgcache get lower) && docker tag plain:1 "$ref" && imgcache tag -m byref --build-arg V=1 \
		--build-arg W=1 >stdout && [ "$(args stdout)" = "V W " ]
'

test_done
