#!/bin/sh
# SPDX-License-Identifier: MIT
# imgcache.yaml: whatever is wrong with it is said with file, line and column
# and with what to write; status 128, nothing on stdout, nothing written.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

# bad TITLE YAML WHERE: TEXT. YAML is for printf.
bad() {
	bad_yaml=$2
	bad_text=$3
	test_that "$1" '
		printf "$bad_yaml" >imgcache.yaml &&
		expect_status 128 timeout -k 1 10 imgcache tag x &&
		! [ -s stdout ] && says stderr "imgcache.yaml$bad_text" &&
		! [ -e "$IMGCACHE_DIR" ]
	'
}

x='version: 1\nimages:\n  x:'

bad 'an empty file' '' ": the file is empty; begin with 'version: 1'"
bad 'no version' 'images: {}' \
	":1:1: no 'version'; begin with 'version: 1'"
bad 'a file of the future is not called full of unknown keys' \
	'version: 2\nbrand: new' \
	":1:10: version '2' is not known to this imgcache, which reads version 1"
bad 'an unknown key with its nearest' 'version: 1\nimags: {}' \
	":2:1: unknown key 'imags'; did you mean 'images'?"
bad 'an unknown key of an image' "$x\n    bse: busybox" \
	":4:5: unknown key 'bse'; did you mean 'base'?"
bad 'an unknown key of a section' 'version: 1\npolicy: {max_imgs: 2}' \
	":2:10: unknown key 'max_imgs'; did you mean 'max_images'?"
bad 'an unknown key of a copy' "$x {copy: [{from: a, to: /b, mode: 1}]}" \
	":3:32: unknown key 'mode'; known here: from, to"
bad 'a duplicate key' "$x\n    base: a\n    base: b" \
	":5:5: 'base' is here a second time; the first is in line 4"
bad 'a duplicate image' "$x {base: a}\n  x: {base: b}" \
	":4:3: 'x' is here a second time; the first is in line 3"
bad 'a list where text belongs' "$x\n    base: [a]" \
	':4:11: expected text, found a list'
bad 'a mapping where a list belongs' "$x\n    apt: {a: b}" \
	':4:10: expected a list of packages, found a mapping'
bad 'a mapping inside a list of packages' "$x\n    apt: [git, {a: b}]" \
	':4:16: expected text, found a mapping'
bad 'images as a list' 'version: 1\nimages: [a]' \
	':2:9: expected a mapping, found a list'
bad 'a number where a count belongs' 'version: 1\npolicy: {max_images: many}' \
	":2:22: 'max_images' needs a whole number, such as 50, not 'many'"
bad 'a size without a unit that exists' 'version: 1\npolicy: {max_size: 2XB}' \
	":2:20: 'max_size' needs a size with its unit, such as 20GB, or 0, not '2XB'"
bad 'a name that cannot be one' 'version: 1\nimages:\n  X: {base: b}' \
	":3:3: 'X' is no name for an image; write lower-case letters, digits, '.', '_' and '-', a letter or digit first"
bad 'a package that is a command' "$x\n    apt: [\"curl;rm -rf /\"]" \
	":4:11: apt package 'curl;rm -rf /': it has white space; write one package per entry and no white space inside"
bad 'a package with a newline' "$x\n    npm: [\"foo\\\\nbar\"]" \
	":4:11: npm package 'foo\\x0abar': it has a control byte; write one package per entry"
bad 'a version with a blank' "$x\n    apt: [git, \"git ==1\"]" \
	":4:16: apt package 'git ==1': it has white space; write 'git=1'"
bad 'an anchor' "$x &a {base: b}\n  y: *a" \
	":3:6: anchors ('&a') are not used here; write the value out"
bad 'an alias bomb' 'version: 1\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]' \
	":2:4: anchors ('&a') are not used here; write the value out"
bad 'an alias of nothing' "$x *a" \
	":3:6: aliases ('*a') are not used here; quote a value that begins with '*'"
bad 'a merge key' 'version: 1\n<<: {images: {}}' \
	":2:1: merge keys ('<<') are not used here; write the keys out"
bad 'a tag' '!!python/object version: 1' \
	":1:1: tags ('tag:yaml.org,2002:python/object') are not used here; quote a value that begins with '!'"
bad 'a tab that indents' 'version: 1\n\timages: 1' \
	':2:1: a tab cannot indent; use spaces'
bad 'a bracket that is not closed' 'version: 1\nimages: {x: {base: b, bad' \
	":3:1: did not find expected ',' or '}'"
bad 'bytes that are not UTF-8' '\377\376' \
	':1:1: invalid leading UTF-8 octet; the file has to be plain UTF-8 text'
bad 'a zero byte' 'version: 1\0foo' \
	':1:11: control characters are not allowed; the file has to be plain UTF-8 text'
bad 'images built from each other' \
	'version: 1\nimages:\n  x: {base: "@y"}\n  y: {base: "@x"}' \
	':3:3: images are built from each other: x -> y -> x'
bad 'an image built from itself' "$x {base: \"@x\"}" \
	':3:3: images are built from each other: x -> x'
bad 'an image that is a named context of itself' \
	'version: 1\nimages:\n  x: {build_contexts: {b: docker-image://@x}}' \
	':3:3: images are built from each other: x -> x'
bad 'a base that is no image of the file' "$x {base: \"@z\"}" \
	":3:13: no image 'z' in imgcache.yaml"
bad 'two kinds of recipe in one' "$x {base: b, dockerfile: c}" \
	":3:3: 'base' is for images that imgcache writes the Dockerfile of, 'dockerfile' for those that have one; use one kind"
bad 'a path that leaves the project' "$x {copy: [{from: ../a, to: /b}]}" \
	":3:14: copy from '../a': it leaves the project; write a path inside it"
bad 'an absolute path' "$x {context: /abs}" \
	":3:16: path '/abs': it is absolute; write it relative to the project"
bad 'a setting that a stranger must not make' 'version: 1\nstate_dir: /tmp/x' \
	":2:1: 'state_dir' is a matter of each user; it belongs into ~/.config/imgcache/config.yaml"
bad 'a variable that is not set' "$x {base: \"\${NOPE}\"}" \
	":3:13: 'NOPE' is not set in the environment; set it, or write \${NOPE:-default}"
bad 'a variable that is not closed' "$x {base: \"\${NOPE\"}" \
	":3:13: cannot expand '\${NOPE'; write \${NAME}, \${NAME:-default}, or \$\${ for a literal \${"
bad 'a platform that is none' "$x {base: b, platforms: [linux]}" \
	":3:28: platform 'linux': it is not os/arch or os/arch/variant; write one like linux/amd64"
bad 'a second document' 'version: 1\n---\nversion: 1' \
	":2:1: a second document ('---') is not used here"

# deep BYTES: that many brackets.
deep() {
	printf 'version: 1\nx: ' && head -c "$1" /dev/zero | tr '\0' "[" && echo
}

test_that 'a nest of a million brackets' '
	deep 1000000 >imgcache.yaml &&
	expect_status 128 timeout -k 1 10 imgcache tag x &&
	says stderr "imgcache.yaml:2:35: nested deeper than 32 levels; no setting needs that many"
'

test_that 'a file of more than 1 MiB' '
	{ echo "version: 1"; head -c 1048577 /dev/zero | tr "\0" "#"; } \
		>imgcache.yaml &&
	expect_status 128 timeout -k 1 10 imgcache tag x &&
	one_line stderr && grep "imgcache.yaml.: larger than 1.0 MB" stderr
'

test_that 'a million keys end with an error, not with the memory' '
	{ echo "version: 1"; seq -f "k%g: 1" 1 90000; } >imgcache.yaml &&
	expect_status 128 timeout -k 1 10 sh -c "
		ulimit -v 400000; exec imgcache tag x" && one_line stderr
'

test_that 'an image that the file does not have' '
	printf "$x {base: b}" >imgcache.yaml &&
	expect_status 129 imgcache tag y && ! [ -s stdout ] &&
	says stderr "no image '\''y'\'' in imgcache.yaml" &&
	printf "version: 1\nimages: {tools: {base: b}}" >imgcache.yaml &&
	expect_status 129 imgcache tag tolls && says stderr \
	"no image '\''tolls'\'' in imgcache.yaml; did you mean '\''tools'\''?"
'

test_that 'no base, and none by default' '
	printf "$x {apt: [git]}" >imgcache.yaml && imgcache tag x >stdout 2>stderr
	case $? in 128 | 129) ;; *) exit 1 ;; esac
	says stderr "imgcache.yaml:3:3: no base image; name one with '\''base:'\'', or set DEFAULT_BASE_IMAGE"
'

test_that 'a directory, a device, a FIFO instead of the file' '
	rm -f imgcache.yaml && mkdir imgcache.yaml &&
	expect_status 128 timeout -k 1 5 imgcache tag x && one_line stderr &&
	rmdir imgcache.yaml && ln -s /dev/zero imgcache.yaml &&
	expect_status 128 timeout -k 1 5 imgcache tag x && one_line stderr &&
	rm imgcache.yaml && mkfifo imgcache.yaml &&
	expect_status 128 timeout -k 1 5 imgcache tag x && one_line stderr
'
rm -rf imgcache.yaml

test_that 'the other spelling of the name is not silently passed over' '
	echo "version: 1" >imgcache.yml && expect_status 128 imgcache tag x &&
	one_line stderr && grep "rename it to imgcache.yaml" stderr
'
rm -f imgcache.yml

test_that 'an unreadable file is an error, not no project' '
	[ "$(id -u)" -eq 0 ] && as="setpriv --reuid 65534 --clear-groups"
	chmod 755 . && printf "$x {base: b}" >imgcache.yaml &&
	chmod 000 imgcache.yaml && mkdir -m 777 nobody &&
	expect_status 128 env IMGCACHE_DIR=$PWD/nobody/s $as imgcache tag x &&
	one_line stderr && grep "imgcache.yaml.: Permission denied" stderr
'
rm -f imgcache.yaml

test_that 'found upwards, paths are relative to it, its name as one types it' '
	mkdir -p p/deep/er && printf "$x {bse: b}" >p/imgcache.yaml &&
	expect_status 128 imgcache -C p/deep/er tag x &&
	says stderr "../../imgcache.yaml:3:7: unknown key '\''bse'\''; did you mean '\''base'\''?" &&
	echo hello >p/file &&
	printf "$x {base: b, base_policy: name, copy: [{from: file, to: /f}]}" \
		>p/imgcache.yaml && imgcache -C p tag x >one &&
	imgcache -C p/deep/er tag x >two && same one two &&
	imgcache -f p/imgcache.yaml tag x >two && same one two
'

test_that 'CRLF, a byte order mark and comments change nothing' '
	printf "$x {base: b, base_policy: name}\n" >imgcache.yaml &&
	imgcache tag x >one && printf "\357\273\277# c\r\nversion: 1 # c\r\nimages:\r\n  x: {base: b, base_policy: name}\r\n" \
		>imgcache.yaml && imgcache tag x >two && same one two
'

test_that 'a broken file is an error for every verb that reads it' '
	printf "version: 1\nimags: {}" >imgcache.yaml &&
	for verb in "tag x" "get x" "build x" "build --all" "spawn x" \
		"lock" "dockerfile x"; do
		if [ "$verb" = "spawn x" ]; then want=125; else want=128; fi
		expect_status $want imgcache $verb && says stderr \
			"imgcache.yaml:2:1: unknown key '\''imags'\''; did you mean '\''images'\''?" &&
		! [ -s stdout ] || { echo "$verb"; exit 1; }
	done
'

test_that 'the flags and the file give one key' '
	mkdir -p src && echo 1 >src/file && cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  x:
	    base: debian:bookworm-slim
	    base_policy: name
	    apt: [git, curl]
	    npm: [typescript@5.4, "@types/node"]
	    pip: ["numpy==1.26.4", pandas]
	    claude_code: "1.0.0"
	    env: {LANG: C.UTF-8}
	    user: app
	    refresh: one
	    copy: [{from: src, to: /srv/src}]
	    labels: {a: b}
	YAML
	imgcache tag x >one && imgcache tag --base debian:bookworm-slim \
		--base-policy name --apt curl --apt git \
		--npm "@types/node typescript@5.4" \
		--pip "pandas numpy==1.26.4" --claude-code 1.0.0 \
		--env LANG=C.UTF-8 --user app --refresh one \
		--copy src:/srv/src --label a=b >two && same one two
'

test_done
