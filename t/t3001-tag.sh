#!/bin/sh
# SPDX-License-Identifier: MIT
# The manifest, written here a second time with stock tools and compared whole,
# and the key that is its hash.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

# H: the hash of stdin as the stock tool of $hash gives it.
H() {
	case $hash in
	git) git hash-object --no-filters --stdin ;;
	*) xxh128sum | cut -d" " -f1 ;;
	esac
}

# file MODE PATH NAME: its line in a listing.
file() {
	printf '%s\n' "f $1 $(stat -c %s "$2") $(H <"$2") $3"
}

# key FILE: the tag of a manifest.
key() {
	case $hash in
	git) echo "g1-$(H <"$1")" ;;
	*) echo "x1-$(H <"$1")" ;;
	esac
}

digest=sha256:$(printf base | sha256sum | cut -d" " -f1)
# From now on a base is known without engine and registry.
lock() {
	echo "imgcache-lock 2" >imgcache.lock
	printf '%s\n' "$@" | LC_ALL=C sort | while read -r ref; do
		echo "$ref $digest"
		printf '\tlinux/%s {"env":[],"onbuild":[]}\n' amd64 arm64
	done >>imgcache.lock
}

newline=$(printf '\nx')
newline=${newline%x}
umask 022
mkdir -p app/sub app/empty "app/a b"
echo one >app/file
printf '#!/bin/sh\n' >app/run.sh
chmod 755 app/run.sh
: >app/nothing
echo two >app/sub/two
chmod 600 app/sub/two
chmod 700 app/sub
echo s >"app/a b/q\"x"
echo z >"app/n${newline}l"
echo u >app/é
echo suid >app/suid
chmod 4755 app/suid
ln -s file app/link
ln -s /no/where app/dangling
mkfifo app/fifo
printf 'FROM debian:12 AS one\nARG A\nARG B\nCOPY . /\nRUN x\n' >app/Dockerfile

# The listing of app as the manual page of the key describes it.
listing() {
	file 600 app/sub/two two >sub
	file 100644 "app/a b/q\"x" '"q\"x"' >ab
	: >empty
	{
		file 100644 app/Dockerfile Dockerfile
		echo "d $(H <ab) \"a b\""
		echo "l $(printf /no/where | H) dangling"
		echo "d $(H <empty) empty"
		echo "x fifo fifo"
		file 100644 app/file file
		echo "l $(printf file | H) link"
		file 100644 "app/n${newline}l" '"n\nl"'
		file 100644 app/nothing nothing
		file 100755 app/run.sh run.sh
		echo "d 700 $(H <sub) sub"
		file 4755 app/suid suid
		file 100644 app/é "$(printf '"\\303\\251"')"
	}
}

for hash in git xxh3; do
	test_that "$hash: the manifest of a Dockerfile with its context, whole" '
		listing >root && cat >expect <<-MANIFEST &&
		imgcache-manifest 1
		hash $hash
		salt "a b"
		dockerfile $(stat -c %s app/Dockerfile) $(H <app/Dockerfile)
		frontend -
		target one
		platform linux/amd64
		network none
		addhost h:1.2.3.4
		label a "x y"
		label b 2
		arg A $(printf secret | H)
			secret token
		ssh default
		base debian:12 $digest
		named other dir $(H <sub)
		extra extra 6 $(echo extra | H)
		context full $(H <root)
		MANIFEST
		echo extra >extra && lock debian:12 &&
		printf "version: 1\n" >imgcache.yaml &&
		expect_status 0 imgcache tag -m app --hash $hash --salt "a b" \
			--target one --network none --add-host h:1.2.3.4 \
			--label b=2 --label "a=x y" --build-arg B \
			--build-arg A=secret --secret id=token,env=TOKEN \
			--ssh default --build-context other=app/sub \
			--platform linux/amd64 --key-file extra --context-mode full &&
		! [ -s stderr ] && same expect stdout
	'

	test_that "$hash: its hash by the stock tool is the key" '
		imgcache tag -m app --hash $hash >manifest &&
		imgcache tag app --hash $hash >tag && key manifest >expect &&
		same expect tag
	'

	test_that "$hash: the manifest of a generated image, whole" '
		lock debian:12 && imgcache dockerfile --base debian:12 \
			--apt git --refresh one --platform linux/arm64 >file && cat >expect <<-MANIFEST &&
		imgcache-manifest 1
		hash $hash
		epoch one
		dockerfile $(stat -c %s file) $(H <file)
		frontend -
		platform linux/arm64
		base debian:12 $digest
		context none
		MANIFEST
		expect_status 0 imgcache tag -m --base debian:12 --apt git \
			--hash $hash --refresh one --platform linux/arm64 &&
		same expect stdout && imgcache tag --base debian:12 --apt git \
			--hash $hash --refresh one --platform linux/arm64 \
			>tag && key expect >key && same key tag
	'

	test_that "$hash: the manifest of copies" '
		lock debian:12 && imgcache dockerfile --base debian:12 \
			--copy app/file:/srv/f >file &&
		file 100644 app/file file >app-listing &&
		echo "d $(H <app-listing) app" >root && cat >expect <<-MANIFEST &&
		imgcache-manifest 1
		hash $hash
		dockerfile $(stat -c %s file) $(H <file)
		frontend -
		platform linux/amd64
		base debian:12 $digest
		context sources $(H <root)
		MANIFEST
		expect_status 0 imgcache tag -m --base debian:12 --hash $hash \
			--copy app/file:/srv/f --platform linux/amd64 &&
		same expect stdout
	'
done

test_that 'no engine, no docker, no network for all of it' '
	! [ -e "$STANDIN_DIR/calls" ]
'

test_that 'rule: git in a work tree, xxh3 elsewhere, git without a context' '
	mkdir -p tree && cp app/Dockerfile tree/ && lock debian:12 &&
	imgcache tag tree | grep -E "^x1-[0-9a-f]{32}$" &&
	git -c init.defaultBranch=x init -q tree &&
	imgcache tag tree | grep -E "^g1-[0-9a-f]{40}$" &&
	imgcache tag --base debian:12 | grep -E "^g1-[0-9a-f]{40}$" &&
	imgcache tag tree --hash xxh3 | grep -E "^x1-"
'

test_that 'the ref: localhost without a registry, else the registry' '
	imgcache tag --ref --base debian:12 |
		grep -E "^localhost/imgcache:g1-[0-9a-f]{40}$" &&
	imgcache tag --ref --base debian:12 --registry r.example/team/x |
		grep -E "^r.example/team/x:g1-[0-9a-f]{40}$"
'

test_that 'a registry does not change the key of what is built on @name' '
	cat >named.yaml <<-YAML &&
	version: 1
	images:
	  one: {base: "debian:12", env: {A: "1"}}
	  two: {base: "@one", env: {B: "1"}}
	  three:
	    context: ctx3
	    hash: git
	    args: {FROM_IT: "@one"}
	    build_contexts: {it: "docker-image://@one"}
	YAML
	mkdir -p ctx3 && printf "ARG FROM_IT\nFROM \$FROM_IT\n" >ctx3/Dockerfile &&
	for name in two three; do
		imgcache -f named.yaml tag -m $name >one &&
		imgcache -f named.yaml tag -m $name --registry r.example/x \
			>two && same one two || exit 1
	done && grep "^base localhost/imgcache:g1-[0-9a-f]* g1-" one &&
	imgcache -f named.yaml tag --ref two --registry r.example/x |
		grep "^r.example/x:g1-"
'

test_that 'a registry, a name, a builder never change the key' '
	imgcache tag --base debian:12 >one &&
	imgcache tag --base debian:12 --registry r.example/x >two &&
	same one two && cat >imgcache.yaml <<-YAML &&
	version: 1
	images: {a: {base: "debian:12"}, b: {base: "debian:12"}}
	YAML
	imgcache tag a >a && imgcache tag b >b && same one a && same one b
'

test_that 'tag without engine, lock and memo: 128, and what to do' '
	rm imgcache.lock && expect_status 128 imgcache tag --base debian:12 &&
	! [ -s stdout ] && one_line stderr && grep "debian:12" stderr
'

test_that 'a base by digest needs no engine' '
	expect_status 0 imgcache tag -m --base "debian@$digest" &&
	grep "^base debian@$digest $digest$" stdout
'

test_that 'the Dockerfile of a directory needs no engine for FROM digest' '
	mkdir -p pinned && echo "FROM debian@$digest" >pinned/Dockerfile &&
	expect_status 0 imgcache tag -m pinned &&
	grep "^base debian@$digest $digest$" stdout
'

test_done
