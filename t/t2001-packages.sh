#!/bin/sh
# SPDX-License-Identifier: MIT
# Package names and versions, manager by manager, by flag: what is accepted
# comes out quoted, what is not gets one line that says what to write.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

newline=$(printf '\nx')
newline=${newline%x}
apt_form='write name, name:arch, name=version or name/release'
apt_name='a name has only a-z, 0-9, + . and -, at least two of them'

# packages MANAGER TEXT: the lines of the Dockerfile that install them.
packages() {
	imgcache dockerfile --base-policy name --base debian "--$1" "$2" \
		>out || return 1
	case $1 in
	apt) sed -n "/^    set -- /,/[^\\\\]\$/p" out ;;
	*) sed -n "/ install .*-- /,/[^\\\\]\$/p" out ;;
	esac | grep "^        '" | sed "s/^ *//; s/; .*//; s/ \\\\$//; s/;\$//"
}

# takes MANAGER TEXT LINE...: accepted, and these lines are installed.
takes() {
	manager=$1
	text=$2
	shift 2
	test_that "$manager takes \"$text\"" "
		packages $manager '$text' >actual &&
		printf '%s\\n' $(for line; do printf "\"'%s'\" " "$line"; done) \\
			>expect && same expect actual
	"
}

# refuses MANAGER TEXT WHY: 129, one line, nothing made; a crash is no refusal.
refuses() {
	refused_text=$2
	refused_why="$1 package $3"
	refused_manager=$1
	test_that "$1 refuses \"$(printf '%s' "$2" | tr '\n' ' ')\"" '
		expect_status 129 imgcache tag --base-policy name --base debian \
			"--$refused_manager" "$refused_text" &&
		! [ -s stdout ] && says stderr "$refused_why" &&
		! [ -e "$IMGCACHE_DIR" ]
	'
}

refuses apt 'curl;rm -rf /' "'curl;rm': $apt_name; $apt_form"
refuses apt '-o Foo' \
	"'-o': it would be read as an option; only packages can be listed"
refuses apt '-oFoo=1' \
	"'-oFoo=1': it would be read as an option; only packages can be listed"
refuses apt 'pkg-' "'pkg-': apt would remove it; write 'pkg'"
refuses apt "git${newline}RUN" "'RUN': $apt_name; write 'run'"
refuses apt 'git ==1' "'git ==1': it has white space; write 'git=1'"
refuses apt 'git==1' "'git==1': apt writes versions with '='; write 'git=1'"
refuses apt 'git=' "'git=': a version begins with a digit; write name=version"
refuses apt 'git=$(id)' \
	"'git=\$(id)': a version begins with a digit; write name=version"
refuses apt 'Git' "'Git': $apt_name; write 'git'"
refuses apt 'g' "'g': $apt_name; $apt_form"
refuses apt 'lib*' "'lib*': $apt_name; $apt_form"
refuses apt '$(id)' "'\$(id)': $apt_name; $apt_form"
refuses apt '`id`' "'\`id\`': $apt_name; $apt_form"
refuses apt "a'b" "'a'b': $apt_name; $apt_form"
refuses apt './x.deb' "'./x.deb': $apt_name; $apt_form"
refuses apt 'é' \
	"'\\xc3\\xa9': it has a byte that is not ASCII; write the package's name as the index has it"
refuses pip 'a;b' \
	"'a;b': it has a marker; put that line into a requirements file (pip_requirements)"
refuses pip '-r x' \
	"'-r': it would be read as an option; only packages can be listed"
refuses pip '--index-url=x' \
	"'--index-url=x': it would be read as an option; only packages can be listed"
refuses pip 'numpy >=1' "'numpy >=1': it has white space; write 'numpy>=1'"
refuses pip 'numpy=1' "'numpy=1': pip writes versions with '=='; write 'numpy==1'"
refuses pip 'git+https://x/y' \
	"'git+https://x/y': it is a path or a URL; put that line into a requirements file (pip_requirements)"
refuses npm 'x@npm:y' "'x@npm:y': it is an alias; write the package's own name"
refuses npm 'x@git+ssh://y' \
	"'x@git+ssh://y': it is a URL or a repository; write a package of the registry, or use npm_lock"
refuses npm './x' \
	"'./x': it is a folder or a tarball; write a package of the registry, or use copy"
refuses npm '@x' "'@x': the @ begins a scope; write @scope/name@version"
refuses npm '-g' \
	"'-g': it would be read as an option; only packages can be listed"
refuses npm 'x@$(id)' \
	"'x@\$(id)': after the @ comes a version, a range without white space or a tag; write name@1.2.3, name@^1.2 or name@latest"
refuses npm 'x@>=1 <2' \
	"'x@>=1 <2': it has white space; write one package per entry and no white space inside"

takes apt 'git' git
takes apt 'git,curl git' curl git
takes apt 'git=1:2.39.5-0+deb12u2' git=1:2.39.5-0+deb12u2
takes apt 'libstdc++6 git:amd64 git/stable' git/stable git:amd64 libstdc++6
takes pip 'numpy==1.26.4 pandas' numpy==1.26.4 pandas
takes pip 'x>=1,<2,!=1.5' 'x!=1.5,<2,>=1'
takes pip 'x~=1.2 y===1 z[a,b]==1.*' 'x~=1.2' y===1 'z[a,b]==1.*'
takes npm '@types/node typescript@5.4' @types/node typescript@5.4
takes npm '@a/b@^1.2 x@latest y@1||2' '@a/b@^1.2' x@latest 'y@1||2'

test_that 'a value that is empty' '
	for value in "" " " ","; do
		expect_status 129 imgcache tag --base debian --apt "$value" &&
		says stderr "'\''--apt'\'' needs a value: PACKAGES" || exit 1
	done
'

test_that 'no text of a user begins a line, an option or an instruction' '
	for value in "A=x
RUN id" "A=\$(id)" "A=\`id\`" "A=\${B}" "A=\"x" "A=x\\" "A=x y"; do
		if imgcache dockerfile --base-policy name --base busybox \
			--env "$value" >out 2>err; then
			[ "$(wc -l <out)" -eq 2 ] &&
			[ "$(tail -n 1 out | cut -c 1-4)" = "ENV " ] || {
				cat out; exit 1; }
		else
			one_line err || exit 1
		fi
	done
'

test_that 'a dollar sign in env stays one' '
	imgcache dockerfile --base-policy name --base busybox \
		--env "A=\$(id) \${B}" >out && cat out &&
	tail -n 1 out | grep -F "\\\$(id) \\\${B}"
'

test_that 'what is given twice counts once, the last of two values' '
	imgcache tag --base-policy name --base debian --apt git,curl \
		--env A=1 --env A=2 >one &&
	imgcache tag --base-policy name --base debian --env A=2 --apt curl \
		--apt git --apt git >two && same one two
'

test_that 'two versions of one package' '
	expect_status 129 imgcache tag --base-policy name --base debian \
		--apt "git=1 git=2" && one_line stderr && grep "git" stderr
'

test_that 'other flags of the wrong form' '
	for flag in "--user=a b" "--env=A B=c" "--env==x" "--copy=a" \
		"--copy=../a:/b" "--copy=a:b" "--refresh=a b" \
		"--platform=linux" "--claude-code=1;2" "--base=B@D" \
		"--network=x y" "--add-host=x" "--label==x" \
		"--base=-x" "--base=a b" "--salt=a
b"; do
		expect_status 129 imgcache tag --base-policy name \
			--base debian "$flag" && one_line stderr &&
		! [ -s stdout ] || { echo "$flag"; exit 1; }
	done
'

test_that 'flags of Dockerfiles of the wrong form' '
	mkdir -p ctx && echo "FROM scratch" >ctx/Dockerfile &&
	for flag in "--build-arg==x" "--build-arg=A B" "--target=a b" \
		"--secret=x" "--secret=src=x" "--ssh=" "--build-context=x" \
		"--build-context=x=/no/such" "--context-mode=some" \
		"--network=" "--dockerfile=/no/such"; do
		timeout -k 1 10 imgcache tag ctx "$flag" >stdout 2>stderr
		case $? in
		128 | 129) ;;
		*) echo "$flag"; exit 1 ;;
		esac
		one_line stderr && ! [ -s stdout ] || { echo "$flag"; exit 1; }
	done
'

test_done
