#!/bin/sh
# SPDX-License-Identifier: MIT
# Which digest a base stands for, and what happens when nobody can say.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest

move() {
	echo "$1" | docker import - busybox:latest &&
	docker push busybox:latest
}

tag() {
	imgcache tag --base busybox "$@"
}

test_that 'the answer of the registry is remembered for base_ttl' '
	tag >one && : >"$STANDIN_DIR/calls" && move 2 && tag >two &&
	same one two && [ "$(calls buildx imagetools)" -eq 0 ]
'

test_that 'after base_ttl it is asked again, and a moved base is a new key' '
	faketime "+23 hours" imgcache tag --base busybox >two && same one two &&
	faketime "+25 hours" imgcache tag --base busybox >two &&
	! cmp one two && [ "$(calls buildx imagetools)" -eq 1 ]
'

test_that 'a clock that went back does not keep an answer for ever' '
	move 3 && faketime "-2 days" imgcache tag --base busybox >three &&
	[ "$(calls buildx imagetools)" -eq 2 ] && ! cmp two three
'

test_that 'base_ttl=0 asks each time' '
	: >"$STANDIN_DIR/calls" && imgcache -c base_ttl=0 tag --base busybox &&
	imgcache -c base_ttl=0 tag --base busybox &&
	[ "$(calls buildx imagetools)" -eq 2 ]
'

test_that 'a registry without an answer: the old one, with a warning' '
	tag >one && for fault in no-network denied forbidden http-500 tls \
		rate-limit; do
		faults "imagetools * exit 1 $fault" "inspect * exit 404 gone" &&
		expect_status 0 imgcache -c base_ttl=0 tag --base busybox &&
		same one stdout && one_line stderr &&
		grep "warning: base .busybox. cannot be looked up now" stderr ||
			{ echo $fault; exit 1; }
	done; status=$?; faults; [ $status -eq 0 ]
'

test_that 'nonsense of the registry is no answer either' '
	tag >one && for mode in nonsense half huge kill "exit 0 {}" \
		"exit 0 []"; do
		faults "imagetools * $mode" "inspect * exit 404 gone" &&
		expect_status 0 timeout -k 1 20 imgcache -c base_ttl=0 tag \
			--base busybox && same one stdout ||
			{ echo "$mode"; exit 1; }
	done; status=$?; faults; [ $status -eq 0 ]
'

test_that 'nothing remembered, no answer: 128, one line, no key' '
	rm -rf "$IMGCACHE_DIR" && faults "imagetools * exit 1 no-network" \
		"inspect * exit 404 gone" && expect_status 128 imgcache tag \
		--base busybox; status=$?; faults
	[ $status -eq 0 ] && ! [ -s stdout ] && one_line stderr &&
	grep "busybox" stderr && nothing_kept
'

test_that 'a base that does not exist: what to do, for every verb' '
	for verb in tag get build spawn; do
		if [ $verb = spawn ]; then want=125; else want=128; fi
		expect_status $want imgcache $verb --base no/such:1 &&
		! [ -s stdout ] && says stderr "base '\''no/such:1'\'' does not exist, neither on the engine nor in its registry; check the name, pull or build it, or log in" ||
			{ echo $verb; exit 1; }
	done && nothing_kept
'

test_that 'a registry that gives no answer does not say that there is none' '
	faults "imagetools * exit 1 no-network"
	expect_status 128 imgcache tag --base no/such:1; status=$?; faults
	[ $status -eq 0 ] && ! [ -s stdout ] && one_line stderr &&
	grep "cannot find out which image base .no/such:1. is" stderr &&
	nothing_kept
'

test_that 'an image of this engine only: by its id, with a name of ours' '
	echo local | docker import - mine:1 >id && id=$(cat id) &&
	imgcache tag -m --base mine:1 | grep "^base mine:1 $id$" &&
	imgcache dockerfile --base mine:1 |
		grep "^FROM localhost/imgcache-base:${id#sha256:}$" &&
	imgcache build --base mine:1 >ref 2>err && cat err &&
	docker image inspect "localhost/imgcache-base:${id#sha256:}" >/dev/null
'

test_that 'that image made anew is another key, and the reason is known' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images: {local: {base: "mine:1", env: {A: "1"}}}
	YAML
	imgcache build local >/dev/null 2>&1 &&
	echo other | docker import - mine:1 &&
	expect_status 1 imgcache get local &&
	grep "^imgcache: .local.: a base moved: mine:1$" stderr
	status=$?; rm imgcache.yaml; [ $status -eq 0 ]
'

test_that 'base_policy: name asks nobody, and a moved base is no new key' '
	: >"$STANDIN_DIR/calls" && export DOCKER_HOST=unix:///nowhere &&
	tag --base-policy name >one && tag -m --base-policy name |
		grep "^base busybox name$" && move 4 &&
	tag --base-policy name >two && same one two &&
	[ "$(calls buildx)" -eq 0 ]
'

test_that 'scratch is no base that could be looked up' '
	mkdir -p empty && echo "FROM scratch" >empty/Dockerfile &&
	DOCKER_HOST=unix:///nowhere expect_status 0 imgcache tag -m empty &&
	! grep "^base" stdout
'

test_that 'every stage in use has its base, a stage name is none' '
	standin_base one:1 two:1 three:1 && mkdir -p stages &&
	cat >stages/Dockerfile <<-DOCKERFILE &&
	ARG V=1
	FROM one:\$V AS a
	FROM two:1 AS unused
	FROM a AS b
	COPY --from=three:1 /x /x
	DOCKERFILE
	imgcache tag -m stages | sed -n "s/^base \([^ ]*\) .*/\1/p" >bases &&
	printf "one:1\nthree:1\n" >expect && same expect bases &&
	imgcache tag -m stages --build-arg V=2 >stdout 2>stderr
	[ $? -eq 128 ] && grep "one:2" stderr
'

test_that 'users files are built from the digest that is in the key' '
	imgcache build stages >/dev/null 2>err; cat err
	grep -o -- "--build-context=[^ ]*" "$STANDIN_DIR/calls" | tail -n 2 |
		tr -d "'\''" >pins && cat pins &&
	grep -x -- "--build-context=one:1=docker-image://one:1@sha256:[0-9a-f]*" \
		pins && grep -- "--build-context=three:1=docker-image://three" pins
'

# named SPELLING: a stage has the name of its base, alpine
named() {
	mkdir -p named && printf "FROM %s AS alpine\nRUN named\n" "$1" \
		>named/Dockerfile
}

test_that 'a base that a stage has the name of is not pinned, if spelled so' '
	for base in alpine alpine:latest \
		library/alpine docker.io/alpine docker.io/library/alpine \
		index.docker.io/library/alpine:latest; do
		standin_base "$base" && named "$base" &&
		: >"$STANDIN_DIR/calls" && imgcache build named &&
		[ "$(calls buildx build)" -eq 1 ] &&
		! grep -e "--build-context" "$STANDIN_DIR/calls" ||
			{ echo "$base"; exit 1; }
	done && for base in alpine:3 example.com/alpine; do
		standin_base "$base" && named "$base" &&
		: >"$STANDIN_DIR/calls" && imgcache build named &&
		grep -e "--build-context" "$STANDIN_DIR/calls" ||
			{ echo "$base"; exit 1; }
	done
'

# refused WHO CURE: the build is, for what alpine is now
refused() {
	expect_status 128 imgcache build named && tail -n 1 stderr >last &&
	says last "'alpine' cannot be pinned, since a stage has its name, and $1 another image of that name; rename the stage, or $2"
}

test_that 'what docker would take for it now has to be what is in the key' '
	named alpine && docker rmi alpine:latest && imgcache tag named >one &&
	echo moved | docker import - there:1 && docker tag there:1 alpine &&
	docker push alpine && docker rmi alpine && imgcache tag named >two &&
	same one two && refused "its registry now has" "build with --pull" &&
	expect_status 0 imgcache build --pull named && ! grep "$(cat two)" stdout
'

test_that 'a builder of another driver takes what the registry has' '
	standin_base alpine:latest && echo own | docker import - alpine:latest &&
	named alpine && echo docker-container >"$STANDIN_DIR/driver" &&
	refused "its registry now has" "run: docker pull alpine" &&
	docker pull alpine && expect_status 0 imgcache build named &&
	echo own | docker import - only-here:latest &&
	printf "FROM only-here AS only-here\nRUN x\n" >named/Dockerfile &&
	expect_status 128 imgcache build named && grep "no registry, where this builder looks, has that or another image of that name; rename the stage$" stderr
	status=$?; rm "$STANDIN_DIR/driver"; [ $status -eq 0 ]
'

test_that 'and after the build: it is filed under no key' '
	named alpine && echo "RUN moving" >>named/Dockerfile &&
	docker rmi alpine; imgcache invalidate --base alpine &&
	imgcache tag named && mkdir -p meanwhile &&
	docker=$(command -v docker) && cat >meanwhile/docker <<-SCRIPT &&
	#!/bin/sh
	case "\$*" in *"buildx build"*)
		echo after | "$docker" import - alpine:latest &&
		"$docker" push alpine:latest && "$docker" rmi alpine:latest ;;
	esac >/dev/null
	exec "$docker" "\$@"
	SCRIPT
	chmod +x meanwhile/docker &&
	PATH=$PWD/meanwhile:$PATH expect_status 3 imgcache build named &&
	grep "may have changed while it was built from: .alpine. c" stderr &&
	expect_status 1 imgcache get named
'

test_that 'a named context of the same image does not pin it' '
	standin_base alpine:latest && named alpine &&
	: >"$STANDIN_DIR/calls" && imgcache build named \
		--build-context other=docker-image://alpine &&
	grep -e "--build-context=other=docker-image://alpine@sha256:" \
		"$STANDIN_DIR/calls" &&
	! grep -e "--build-context=alpine" "$STANDIN_DIR/calls"
'

test_that 'an image of imgcache as a base enters as its key' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  lower: {base: busybox, env: {A: "1"}}
	  upper: {base: "@lower"}
	YAML
	lower=$(imgcache tag lower) && imgcache tag -m upper >one &&
	grep "^base localhost/imgcache:$lower $lower$" one &&
	sed -i s/\"1\"/\"2\"/ imgcache.yaml && imgcache tag -m upper >two &&
	! cmp one two
'

test_that 'build makes the lower image first' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build upper &&
	[ "$(calls buildx build)" -eq 2 ] &&
	expect_status 0 imgcache get lower && expect_status 0 imgcache get upper
'

test_that 'a platform that the base does not have' '
	expect_status 128 imgcache tag --base busybox --platform linux/s390x &&
	one_line stderr && grep "busybox.*linux/s390x" stderr
'

test_that 'two platforms, by flag and by file, one key' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images: {two: {context: empty, platforms: [linux/arm64, linux/amd64]}}
	YAML
	imgcache tag -m two >one && grep -c "^platform" one | grep -x 2 &&
	expect_status 0 imgcache tag -m --context empty \
		--platform linux/amd64,linux/arm64 && same one stdout &&
	expect_status 0 imgcache tag -m --context empty --platform \
		linux/arm64 --platform linux/amd64 && same one stdout
'

test_that 'the memo of a base is dropped by invalidate --base' '
	rm -f imgcache.yaml && tag >one && move 5 && tag >two && same one two &&
	expect_status 0 imgcache invalidate --base busybox && tag >two &&
	! cmp one two
'

test_that 'base_policy name: two named contexts swapped are another key' '
	mkdir -p swapped && printf "%s\n" "FROM scratch" "COPY --from=a /x /a" \
		"COPY --from=b /x /b" >swapped/Dockerfile &&
	export IMGCACHE_BASE_POLICY=name &&
	one=$(imgcache tag swapped --build-context a=docker-image://one:1 \
		--build-context b=docker-image://two:2) &&
	two=$(imgcache tag swapped --build-context a=docker-image://two:2 \
		--build-context b=docker-image://one:1) && [ "$one" != "$two" ] &&
	[ "$one" = "$(imgcache tag swapped --build-context \
		b=docker-image://two:2 --build-context a=docker-image://one:1)" ]
'

test_that 'the base of an image is its own, not that of another stage' '
	mkdir roots && printf "FROM alpine:1 AS build\nRUN make\n%s\n%s\n" \
		"FROM busybox:latest" "COPY --from=build /a /a" \
		>roots/Dockerfile && standin_base alpine:1 &&
	ref=$(imgcache build roots) &&
	imgcache list --json --base busybox:latest | grep -F "\"$ref\"" &&
	docker image inspect "$ref" | grep "image.base.name.*busybox:latest"
'

# It has our label by inheritance, and our name because somebody gave it.
test_that 'FROM one of ours by name: what was built from it is another' '
	mkdir -p lower upper && printf "FROM busybox\nRUN lower\n" \
		>lower/Dockerfile && lower=$(imgcache build lower) &&
	printf "FROM %s\nRUN upper\n" "$lower" >upper/Dockerfile &&
	mkdir other && printf "FROM %s\nRUN other\n" "$lower" \
		>other/Dockerfile && docker buildx build --tag="$lower" \
		--label="io.imgcache.key=${lower##*:}" \
		--file=other/Dockerfile -- other &&
	expect_status 128 imgcache build upper && one_line stderr &&
	grep "somebody else under a name of ours" stderr &&
	imgcache build lower && expect_status 0 imgcache build upper
'

# elsewhere DIR: what another catalog builds of it, with an id of its own.
elsewhere() {
	IMGCACHE_DIR=$PWD/others imgcache build "$1"
}

# built_upon REF
built_upon() {
	mkdir -p upon && printf "FROM %s\nRUN upon\n" "$1" >upon/Dockerfile &&
	expect_status 0 imgcache build upon
}

test_that 'FROM one of ours that another catalog built: deleted here once' '
	mkdir again && printf "FROM busybox\nRUN again\n" >again/Dockerfile &&
	again=$(imgcache build again) && imgcache delete "$again" &&
	! docker image inspect "$again" && one=$(elsewhere again) &&
	[ "$one" = "$again" ] && built_upon "$again"
'

test_that 'the same where the sources had moved in a build here' '
	mkdir moving && echo 1 >moving/f && mkdir during &&
	printf "FROM busybox\nCOPY f /\n" >moving/Dockerfile &&
	cat >during/docker <<-SCRIPT && chmod +x during/docker &&
	#!/bin/sh
	case "\$*" in *"buildx build"*) echo 2 >"$PWD/moving/f" ;; esac
	exec "$(command -v docker)" "\$@"
	SCRIPT
	PATH=$PWD/during:$PATH expect_status 3 imgcache build moving &&
	echo 1 >moving/f && moving=$(elsewhere moving) && built_upon "$moving"
'

test_done
