#!/bin/sh
# SPDX-License-Identifier: MIT
# What changes the key and what does not: each of the traps that other tools
# fell into (t/pitfalls.md has their numbers).
# shellcheck disable=SC2016,SC2086,SC2119,SC2120,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

umask 022
mkdir -p app/sub
printf 'FROM scratch\nARG A\nARG B\nCOPY . /\nRUN x\n' >app/Dockerfile
echo one >app/file
echo two >app/sub/file
ln -s file app/link
# .git of the tests below is not sent.
echo .git >app/.dockerignore
options="--platform linux/amd64"

tag() {
	imgcache tag app $options "$@"
}

# same_key COMMAND, other_key COMMAND: run it, and compare before and after.
same_key() {
	before=$(tag) && eval "$1" && after=$(tag) &&
	if [ "$before" != "$after" ]; then
		echo "$before became $after by: $1"
		return 1
	fi
}

other_key() {
	before=$(tag) && eval "$1" && after=$(tag) &&
	if [ "$before" = "$after" ]; then
		echo "$before stayed the same by: $1"
		return 1
	fi
}

test_that 'P1: names, contents and values have bounds' '
	mkdir -p p1/a p1/b && cp app/Dockerfile p1/a && cp app/Dockerfile p1/b &&
	printf bc >p1/a/a && printf c >p1/b/ab &&
	[ "$(imgcache tag p1/a)" != "$(imgcache tag p1/b)" ] &&
	[ "$(tag --build-arg A=1 --build-arg B=2)" != \
		"$(tag --build-arg "A=1 B=2")" ] &&
	[ "$(tag --label a=b --label c=d)" != "$(tag --label "a=b c=d")" ] &&
	[ "$(tag --label "a=b
label c d")" != "$(tag --label a=b --label c=d)" ]
'

test_that 'P1: a label or salt cannot look like another line' '
	tag -m --salt "x" --label "a=x" >one && for salt in "x y" \
		"x\\" "\"x\""; do
		tag -m --salt "$salt" >two &&
		[ "$(grep -c "" two)" -eq "$(tag -m --salt y | grep -c "")" ] ||
			exit 1
	done
'

test_that 'P2: a rename and a move are another key, back is the first' '
	first=$(tag) && other_key "mv app/file app/elif" &&
	other_key "mv app/elif app/sub/elif" &&
	mv app/sub/elif app/file && [ "$(tag)" = "$first" ]
'

test_that 'P2: two files that change places' '
	other_key "mv app/file x; mv app/sub/file app/file; mv x app/sub/file" &&
	mv app/file x && mv app/sub/file app/file && mv x app/sub/file
'

test_that 'P3: x counts, 600 counts, setuid counts, group-write does not' '
	first=$(tag) && other_key "chmod +x app/file" &&
	other_key "chmod 600 app/file" && other_key "chmod 4755 app/file" &&
	chmod 644 app/file && [ "$(tag)" = "$first" ] &&
	same_key "chmod g+w app/file" && same_key "chmod g+w app/sub" &&
	other_key "chmod 700 app/sub" && chmod 755 app/sub &&
	chmod 644 app/file && [ "$(tag)" = "$first" ]
'

test_that 'P3: umask 002 and 022 give one key, 077 another' '
	for u in 002 022 077; do
		(umask $u && mkdir "umask-$u" && cp app/Dockerfile "umask-$u/" &&
		chmod "$(printf %o $((0666 & ~0$u)))" "umask-$u/Dockerfile" &&
		mkdir "umask-$u/d" && echo x >"umask-$u/d/x")
	done && [ "$(imgcache tag umask-002)" = "$(imgcache tag umask-022)" ] &&
	[ "$(imgcache tag umask-002)" != "$(imgcache tag umask-077)" ]
'

test_that 'P4: a link counts by its text, not by what it leads to' '
	ln -sfn sub app/dir && first=$(tag) &&
	other_key "ln -sfn ../app/sub app/dir" &&
	ln -sfn sub app/dir && [ "$(tag)" = "$first" ] &&
	other_key "ln -sfn /no/where app/dir" &&
	other_key "rm app/dir; mkdir app/dir; cp app/sub/file app/dir" &&
	rm -r app/dir
'

test_that 'P4: dangling links and loops are no error' '
	other_key "ln -s nowhere app/dangling; ln -s loop app/loop; ln -s . app/sub/up" &&
	rm app/dangling app/loop app/sub/up
'

test_that 'P5: an unreadable file or directory is an error that names it' '
	[ "$(id -u)" -ne 0 ] || as="setpriv --reuid 65534 --clear-groups"
	chmod 755 . && mkdir -m 777 -p of-nobody &&
	IMGCACHE_DIR=$PWD/of-nobody/state && export IMGCACHE_DIR &&
	cp -a app p5 && chmod 000 p5/sub/file &&
	expect_status 128 $as imgcache tag p5 && ! [ -s stdout ] &&
	one_line stderr && grep "sub/file.: Permission denied" stderr &&
	chmod 644 p5/sub/file && chmod 000 p5/sub &&
	expect_status 128 $as imgcache tag p5 && ! [ -s stdout ] &&
	one_line stderr && grep "sub.: Permission denied" stderr &&
	chmod 755 p5/sub
'

test_that 'P5: a missing context, Dockerfile or key file is an error' '
	imgcache tag --context app --dockerfile no/such >stdout 2>stderr
	[ $? -ge 128 ] && one_line stderr && grep "no/such" stderr &&
	printf "version: 1\nimages: {x: {dockerfile: no/such}}" >imgcache.yaml &&
	expect_status 128 imgcache tag x; status=$?; rm imgcache.yaml
	[ $status -eq 0 ] && one_line stderr && grep "no/such" stderr &&
	expect_status 128 imgcache tag app --key-file no/such &&
	one_line stderr && grep "no/such" stderr &&
	expect_status 128 imgcache tag app --build-context x=no/such &&
	one_line stderr && grep "no/such" stderr &&
	imgcache tag --context no/such >stdout 2>stderr; [ $? -ge 128 ] &&
	one_line stderr && grep "no/such" stderr
'

test_that 'P7: a build argument without a value is the environment now' '
	none=$(tag --build-arg A) && one=$(A=1 tag --build-arg A) &&
	two=$(A=2 tag --build-arg A) && [ "$none" != "$one" ] &&
	[ "$one" != "$two" ] && [ "$(tag --build-arg A=1)" = "$one" ]
'

test_that 'P7: SOURCE_DATE_EPOCH and BUILDKIT_* count, from anywhere' '
	plain=$(tag) && env=$(SOURCE_DATE_EPOCH=1 tag) &&
	[ "$plain" != "$env" ] &&
	[ "$(tag --build-arg SOURCE_DATE_EPOCH=1)" = "$env" ] &&
	[ "$(tag --build-arg BUILDKIT_INLINE_CACHE=1)" != "$plain" ]
'

test_that 'P7: proxies count only where they are declared' '
	same=$(tag) && [ "$(tag --build-arg HTTP_PROXY=http://a)" = "$same" ] &&
	[ "$(HTTPS_PROXY=http://b tag)" = "$same" ] &&
	cp -a app p7 && printf "ARG HTTP_PROXY\nRUN x\n" >>p7/Dockerfile &&
	[ "$(imgcache tag p7 --build-arg HTTP_PROXY=a)" != \
		"$(imgcache tag p7 --build-arg HTTP_PROXY=b)" ]
'

test_that 'P7: an argument that the Dockerfile does not declare' '
	[ "$(tag --build-arg UNUSED=1)" = "$(tag)" ]
'

test_that 'P7: an argument counts only where something can use it' '
	mkdir idle && printf "FROM scratch\nARG A\nCOPY . /\n" >idle/Dockerfile &&
	[ "$(imgcache tag idle --build-arg A=1)" = "$(imgcache tag idle)" ] &&
	echo "ENV X=\$A" >>idle/Dockerfile &&
	[ "$(imgcache tag idle --build-arg A=1)" != "$(imgcache tag idle)" ]
'

test_that 'P7, P11: the platform is always a line, whoever chose it' '
	options= && tag -m | grep "^platform linux/" &&
	DOCKER_DEFAULT_PLATFORM=linux/arm64 tag -m >one &&
	grep "^platform linux/arm64$" one &&
	tag -m --platform linux/arm64 >two && same one two
'

test_that 'P8: one key before git add, after it, after the commit' '
	GIT_CONFIG_NOSYSTEM=1 && export GIT_CONFIG_NOSYSTEM &&
	options="$options --hash git" && first=$(tag) && cd app &&
	git -c init.defaultBranch=x init -q . && cd .. && [ "$(tag)" = "$first" ] &&
	git -C app add -A && [ "$(tag)" = "$first" ] &&
	git -C app -c user.name=x -c user.email=x commit -qm x &&
	[ "$(tag)" = "$first" ] &&
	git -C app -c user.name=x -c user.email=x commit -q --allow-empty \
		-m unrelated && [ "$(tag)" = "$first" ]
'

test_that 'P8: every dirty state has a key of its own' '
	options="$options --hash git" && clean=$(tag) && echo 2 >app/file &&
	two=$(tag) && echo 3 >app/file && three=$(tag) &&
	echo one >app/file && [ "$clean" != "$two" ] &&
	[ "$two" != "$three" ] && [ "$(tag)" = "$clean" ]
'

test_that 'P8: untracked files and files that git ignores are sent, so count' '
	options="$options --hash git" && other_key "echo x >app/untracked" &&
	echo "*.secret" >app/.gitignore && other_key "echo x >app/a.secret" &&
	rm app/untracked app/.gitignore app/a.secret
'

test_that 'an image that is none has its place, and may be meant as a stage' '
	mkdir nope && printf "FROM scratch\nCOPY --from=nope / /x/\n" \
		>nope/Dockerfile && ! imgcache tag nope 2>out &&
	grep "nope/Dockerfile:2: no stage above has the name .nope." out &&
	printf "FROM nope\n" >nope/Dockerfile && ! imgcache tag nope 2>out &&
	grep "nope/Dockerfile:1: " out && ! grep "no stage" out
	status=$?; rm -rf nope out; [ $status -eq 0 ]
'

test_that 'P14: what git stores is not what is on disk' '
	options="$options --hash git" && cd app &&
	printf "a\r\nb\r\n" >crlf && first=$(cd .. && tag) &&
	git config core.autocrlf true && echo "crlf text" >.git/info/attributes &&
	git add crlf 2>/dev/null && [ "$(cd .. && tag)" = "$first" ] &&
	echo "crlf ident" >.git/info/attributes &&
	[ "$(cd .. && tag)" = "$first" ] &&
	git config filter.up.clean "tr a-z A-Z" &&
	echo "crlf filter=up" >.git/info/attributes && touch crlf &&
	git add crlf && [ "$(cd .. && tag)" = "$first" ];
	status=$?
	git rm -qf --cached crlf; rm -f crlf .git/info/attributes
	git config --unset core.autocrlf
	[ $status -eq 0 ]
'

# The key of the folder's bytes where there is no git.
bare_tag() {
	rm -rf bare && cp -a "$1" bare && rm -rf bare/.git &&
	imgcache tag bare --platform linux/amd64 --hash git
}

# What no file says any more: two contents, one object; for each way there is.
gone_rules() {
	rm -rf gone && git init -q gone && cd gone && git config core.safecrlf false &&
	printf "FROM scratch\nCOPY f /f\n" >Dockerfile && sleep 0.05 &&
	case $1 in
	config) git config core.autocrlf input ;;
	info) echo "f text" >.git/info/attributes ;;
	branch) git checkout -q -b with && echo "f text" >.gitattributes ;;
	esac && sleep 0.05 && printf %b "$2" >f && sleep 0.05 &&
	case $1 in
	once) git -c core.autocrlf=input add . ;;
	*) git add . ;;
	esac && git -c user.name=a -c user.email=a@b commit -q -m 1 && sleep 0.05 &&
	case $1 in
	config) git config --unset core.autocrlf ;;
	info) rm .git/info/attributes ;;
	branch) git checkout -q -b without && git rm -q .gitattributes &&
		git -c user.name=a -c user.email=a@b commit -q -m 2 ;;
	esac && cd ..
}

for way in config info branch once; do
	test_that "P14: rules of git's that are gone: $way" '
		gone_rules $way "x\r\ny\n" && one=$(imgcache tag gone \
			--platform linux/amd64) && [ "$one" = "$(bare_tag gone)" ] &&
		gone_rules $way "x\ny\r\n" && two=$(imgcache tag gone \
			--platform linux/amd64) && [ "$two" = "$(bare_tag gone)" ] &&
		[ "$one" != "$two" ]
	'
done
rm -rf gone bare

test_that 'P14: flags of the index are not believed' '
	options="$options --hash git" && first=$(tag) &&
	git -C app update-index --assume-unchanged file &&
	git -C app update-index --skip-worktree sub/file &&
	echo changed >app/file && one=$(tag) && [ "$one" != "$first" ] &&
	echo changed >app/sub/file && [ "$(tag)" != "$one" ] &&
	echo one >app/file && echo two >app/sub/file && [ "$(tag)" = "$first" ]
'

test_that 'P13: the same size and mtime, other bytes: another key' '
	for hash in git xxh3; do
		options="--platform linux/amd64 --hash $hash" && touch -d @1000000000 app/file &&
		first=$(tag) && printf "uno\n" >app/file &&
		touch -d @1000000000 app/file && [ "$(tag)" != "$first" ] &&
		printf "one\n" >app/file && [ "$(tag)" = "$first" ] || exit 1
	done
'

test_that 'P13: changed many times within one tick' '
	n=0 && : >keys && while [ $n -lt 30 ]; do
		printf "%02d\n" $n >app/file && tag >>keys && n=$((n + 1))
	done && [ "$(sort -u keys | wc -l)" -eq 30 ]
	status=$?; echo one >app/file; [ $status -eq 0 ]
'

test_that 'mtime, owner, place and name of the folder do not count' '
	first=$(tag) && same_key "touch -d @1 app/file app/sub" &&
	cp -a app elsewhere && [ "$(imgcache tag elsewhere $options)" = "$first" ] &&
	mv elsewhere/.git moved-git &&
	[ "$(imgcache tag elsewhere $options --hash git)" = "$first" ] &&
	if [ "$(id -u)" -eq 0 ]; then chown -R 1234:5678 elsewhere; fi &&
	[ "$(imgcache tag elsewhere $options --hash git)" = "$first" ] &&
	[ "$(cd elsewhere && imgcache tag . $options --hash git)" = "$first" ] &&
	[ "$(imgcache tag "$PWD/elsewhere/" $options --hash git)" = "$first" ]
'

test_that 'a repository of somebody else gives the same key' '
	[ "$(id -u)" -eq 0 ] || exit 0
	first=$(tag --hash git) && chown -R 1234 app &&
	[ "$(tag --hash git)" = "$first" ]
	status=$?; chown -R 0 app; [ $status -eq 0 ]
'

test_that 'P9: <Dockerfile>.dockerignore comes first, even an empty one' '
	mkdir p9 && cp app/Dockerfile p9/ && echo x >p9/x && echo y >p9/y &&
	all=$(imgcache tag p9) && printf "y\n.dockerignore\n*.dockerignore\n" \
		>p9/.dockerignore && few=$(imgcache tag p9) &&
	[ "$few" != "$all" ] && echo z >p9/y && [ "$(imgcache tag p9)" = "$few" ] &&
	: >p9/Dockerfile.dockerignore && one=$(imgcache tag p9) &&
	echo w >p9/y && [ "$(imgcache tag p9)" != "$one" ]
'

test_that 'P9: a named context has an ignore file of its own' '
	mkdir named && echo x >named/x && echo y >named/y &&
	echo x >named/.dockerignore && echo file >app/.dockerignore &&
	cp app/Dockerfile kept && echo "COPY --from=n . /n" >>app/Dockerfile &&
	first=$(tag --build-context n=named) && echo z >named/x &&
	[ "$(tag --build-context n=named)" = "$first" ] && echo z >named/y &&
	[ "$(tag --build-context n=named)" != "$first" ] &&
	cp kept app/Dockerfile && echo .git >app/.dockerignore
'

test_that 'of two named contexts with one name the last is taken, as docker' '
	mkdir -p named2 && echo 2 >named2/x && cp app/Dockerfile kept &&
	echo "COPY --from=alpine /x /n" >>app/Dockerfile &&
	one=$(tag --build-context alpine=named2) &&
	for name in alpine docker.io/library/alpine alpine:latest; do
		[ "$(tag --build-context "$name=no/such" \
			--build-context alpine=named2)" = "$one" ] &&
		[ "$(tag --build-context alpine=named2 \
			--build-context "$name=named")" != "$one" ] || exit 1
	done; status=$?
	cp kept app/Dockerfile && [ $status -eq 0 ]
'

test_that 'P9: a pattern that is none is an error with its line' '
	echo "a[" >p9/Dockerfile.dockerignore &&
	expect_status 128 imgcache tag p9 && ! [ -s stdout ] &&
	one_line stderr && grep "dockerignore.*a\\[" stderr
'

test_that 'an empty directory counts, a directory that is ignored does not' '
	other_key "mkdir app/empty" && rmdir app/empty &&
	printf ".git\nignored\n" >app/.dockerignore &&
	same_key "mkdir app/ignored; echo x >app/ignored/x" &&
	same_key "chmod 000 app/ignored" && chmod 755 app/ignored &&
	rm -r app/ignored && echo .git >app/.dockerignore
'

test_that 'sockets and devices neither hang nor crash' '
	other_key "mkfifo app/fifo" && rm app/fifo &&
	if [ "$(id -u)" -eq 0 ] && mknod app/null c 1 3 2>/dev/null; then
		timeout -k 1 5 imgcache tag app; rm app/null; fi
'

# deep: folders in folders in the current one, 2700 bytes of names.
deep() {
	(n=0 && while [ $n -lt 100 ]; do
		mkdir -p dddddddddddddddddddddddddd &&
		cd dddddddddddddddddddddddddd && n=$((n + 1)) || exit 1
	done && eval "$1")
}

test_that 'names of all bytes, 255 long, and a path longer than PATH_MAX' '
	mkdir odd half && cp app/Dockerfile odd/ &&
	printf "x" >"odd/$(printf "\001\n\t\\\\\"\377\303")" &&
	: >"odd/$(head -c 255 /dev/zero | tr "\0" n)" &&
	(cd half && deep "echo deep >file") &&
	(cd odd && deep "mv $TRASH/half .") && imgcache tag odd >one &&
	(cd odd && deep "mv half $TRASH") && (cd half && deep "echo deeq >file") &&
	(cd odd && deep "mv $TRASH/half .") && imgcache tag odd >two &&
	! cmp one two
'

test_that 'P16: the value of a secret or an argument is nowhere' '
	standin_start; standin_base busybox; SECRET=hunter2000; export SECRET
	cp -a app p16 && rm -rf p16/.git && echo hunter3000 >secret-file &&
	printf "FROM busybox\nARG A\nCOPY . /\nRUN x\n" >p16/Dockerfile &&
	imgcache build p16 $options \
		--secret id=a,env=SECRET --secret id=b,src=secret-file \
		--build-arg A=hunter4000 >out 2>&1 &&
	imgcache tag p16 $options -m --secret id=a,env=SECRET \
		--build-arg A=hunter4000 >>out && imgcache list >>out &&
	imgcache list --json >>out && ! grep "hunter[234]000" out &&
	! grep -r "hunter[23]000" "$IMGCACHE_DIR" &&
	! grep -r "hunter4000" "$IMGCACHE_DIR/catalog.db"
'

test_that 'P16: another value of a secret is the same key, another id not' '
	one=$(tag --secret id=a,env=A) && two=$(A=2 tag --secret id=a,env=A) &&
	[ "$one" = "$two" ] && [ "$(tag --secret id=a,src=file)" = "$one" ] &&
	[ "$(tag --secret id=b,env=A)" != "$one" ] && [ "$(tag)" != "$one" ]
'

test_that 'P41: the key is in a label from outside, not in the Dockerfile' '
	imgcache dockerfile p16 $options >shown && same p16/Dockerfile shown &&
	grep -F "'\''--label=io.imgcache.key=" "$STANDIN_DIR/calls"
'

test_that 'salt, target, network, add-host: each another key, order is none' '
	tag >keys && tag --salt 1 >>keys && tag --salt 2 >>keys &&
	tag --network none >>keys && tag --network host >>keys &&
	tag --add-host a:1.1.1.1 >>keys && tag --add-host a:1.1.1.2 >>keys &&
	tag --label a=1 >>keys && tag --ssh default >>keys &&
	[ "$(sort -u keys | wc -l)" -eq 9 ] &&
	[ "$(tag --add-host a:1.1.1.1 --add-host b:1.1.1.1)" = \
		"$(tag --add-host b:1.1.1.1 --add-host a:1.1.1.1)" ] &&
	[ "$(tag --network default)" = "$(tag)" ]
'

test_that 'comments and stages that nobody needs do not count' '
	printf "# c\nFROM a AS u\nRUN x\nFROM scratch AS s\nCOPY file /\n" \
		>stages && one=$(imgcache tag --context app --dockerfile stages) &&
	printf "\nFROM a AS u\nRUN y\n#d\nFROM scratch AS s\nCOPY file /\n" \
		>stages &&
	[ "$(imgcache tag --context app --dockerfile stages)" = "$one" ] &&
	printf "FROM scratch AS s\nCOPY file /\n" >stages &&
	[ "$(imgcache tag --context app --dockerfile stages)" = "$one" ] &&
	printf "FROM scratch AS s\nCOPY  file /\n" >stages &&
	[ "$(imgcache tag --context app --dockerfile stages)" != "$one" ]
'

test_that 'nor do comments within an instruction, but those of heredocs do' '
	tag_of() {
		printf "$1" >within &&
		imgcache tag --context app --dockerfile within
	} && one=$(tag_of "FROM busybox\nRUN a \\\\\n  && b\nRUN <<E\n#c\nE\n") &&
	[ "$(tag_of "FROM busybox\nRUN a \\\\\n# why\n\n\t#\n  && b\nRUN <<E\n#c\nE\n")" = \
		"$one" ] &&
	[ "$(tag_of "FROM busybox\nRUN a \\\\\n  && b\nRUN <<E\n#d\nE\n")" != "$one" ] &&
	[ "$(tag_of "FROM busybox\nRUN a \\\\\n  && c\nRUN <<E\n#c\nE\n")" != "$one" ]
'

test_that 'the Dockerfile outside the context counts by its bytes' '
	cp app/Dockerfile outside && one=$(imgcache tag --context app/sub \
		--dockerfile outside) && echo "LABEL a=b" >>outside &&
	[ "$(imgcache tag --context app/sub --dockerfile outside)" != "$one" ]
'

test_that 'a copy of what is not there: no tag, its place' '
	rm -rf gone && mkdir gone && cd gone && printf "%s\n" "version: 1" \
		"images:" "  x:" "    base: busybox" "    base_policy: name" \
		"    copy:" "      - {from: none/a, to: /a}" >imgcache.yaml &&
	for verb in tag get build "build -n"; do
		expect_status 128 imgcache $verb x && one_line stderr && grep \
			"imgcache.yaml:7:9: copy from .none/a. is not there" \
			stderr || exit 1
	done && rm imgcache.yaml &&
	IMGCACHE_BASE_POLICY=name expect_status 128 imgcache tag --base busybox \
		--copy ./none:/a && one_line stderr &&
	grep "copy ...none. is not there" stderr
'

test_that 'a copy of what .dockerignore leaves out; what is there is found' '
	cd gone && mkdir -p none real/sub && echo x >none/a && echo x >real/sub/f &&
	ln -sf real link && export IMGCACHE_BASE_POLICY=name &&
	for from in none/a ./none//a none/ . real real/sub link link/sub; do
		imgcache tag --base busybox --copy "$from:/a" || exit 1
	done && echo none/a >.dockerignore &&
	expect_status 128 imgcache tag --base busybox --copy none/a:/a &&
	grep "is left out by .dockerignore" stderr &&
	imgcache tag --base busybox --copy real:/a
'

test_that 'a file without its content is another input, warm or not' '
	mkdir -p hollow/.p/q && echo kept >hollow/.p/q/file &&
	touch -d "2026-01-01" hollow/.p/q/file hollow/.p/q hollow/.p &&
	printf "FROM scratch\nCOPY . /\n" >hollow/Dockerfile &&
	printf "*\n!.p/q/file\n" >hollow/.dockerignore &&
	whole=$(imgcache tag hollow) &&
	printf "*\n!.p/q/file\n.*\n" >hollow/.dockerignore &&
	for more in "" "" --no-stat-cache "--context-mode full"; do
		imgcache tag hollow $more || exit 1
	done >tags && [ "$(head -n 3 tags | sort -u | wc -l)" -eq 1 ] &&
	! grep "$whole" tags &&
	printf "*\n.*\n!.p/q/file\n" >hollow/.dockerignore &&
	[ "$(imgcache tag hollow)" = "$whole" ]
'

test_that 'what docker would send without its content is not copied' '
	mkdir -p made/dist/deep && cd made && echo a >dist/app.js &&
	echo a >dist/deep/b && : >dist/none && echo dist >.dockerignore &&
	for from in dist/app.js dist/deep; do
		expect_status 128 imgcache tag --base busybox \
			--copy "$from:/a" &&
		grep "$from.*sent by docker without its content" stderr ||
			exit 1
	done && imgcache tag --base busybox --copy dist/none:/a &&
	printf "dist/deep\n!dist/deep/b\n" >.dockerignore &&
	imgcache tag --base busybox --copy dist/app.js:/a &&
	imgcache tag --base busybox --copy dist/deep/b:/a
'

test_that 'what docker adds as arguments decides what is read, too' '
	mkdir -p dated/src-0 dated/src-5 && echo a >dated/src-0/f &&
	echo a >dated/src-5/f && printf "%s\n" "ARG SOURCE_DATE_EPOCH" \
		"ARG S=\${SOURCE_DATE_EPOCH:-0}" "FROM scratch" "ARG S" \
		"COPY src-\$S /x" >dated/Dockerfile &&
	SOURCE_DATE_EPOCH=5 imgcache tag dated >one && echo b >dated/src-5/f &&
	SOURCE_DATE_EPOCH=5 imgcache tag dated >two && ! cmp one two &&
	echo b >dated/src-0/f && SOURCE_DATE_EPOCH=5 imgcache tag dated >three &&
	same two three && mkdir proxied proxied/with proxied/without cfg &&
	echo a >proxied/with/f && echo a >proxied/without/f &&
	printf "%s\n" "ARG http_proxy" "ARG S=\${http_proxy:+with}" \
		"FROM scratch" "ARG S" "COPY \${S:-without}/f /" \
		>proxied/Dockerfile && cp -r "${DOCKER_CONFIG:-$HOME/.docker}"/. \
		cfg/ 2>/dev/null; echo "{\"proxies\": {\"default\":
			{\"httpProxy\": \"http://p.test:1\"}}}" >cfg/config.json &&
	DOCKER_CONFIG=$PWD/cfg imgcache tag proxied >one &&
	echo b >proxied/with/f &&
	DOCKER_CONFIG=$PWD/cfg imgcache tag proxied >two && ! cmp one two
'

test_done
