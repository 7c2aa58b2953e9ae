#!/bin/sh
# SPDX-License-Identifier: MIT
# What docker is sent, what it weighs, what is read of it; without an engine.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

umask 022

# weigh PATH BYTES: a file of that size.
weigh() {
	mkdir -p "$(dirname "$1")" && head -c "$2" /dev/zero >"$1"
}

dockerfile() {
	printf '%s\n' "$@" >app/Dockerfile
}

# context ARGUMENT...: of app; ask FILTER: of its JSON.
context() {
	imgcache context app "$@"
}

ask() {
	context --json >json && jq -cr ".contexts[0] | $1" json
}

project() {
	rm -rf app && mkdir app &&
	weigh app/src/main.c 2000 && weigh app/src/util.c 1000 &&
	weigh app/docs/film 500000 && weigh app/docs/text 1000 &&
	weigh app/tmp/old/log 300000 && weigh app/a.o 7000 &&
	dockerfile "FROM nowhere.example/no/such:1" "COPY src /src" &&
	printf "tmp\n# objects\n**/*.o\n*.none\n" >app/.dockerignore
}

test_that 'the report, whole, in ASCII' '
	project && LC_ALL=C context >actual && sed "s/^	//" >expect <<-TEXT &&
	$PWD/app, .dockerignore
	  context       504 kB         6 files  what COPY . / would copy
	    read        3.0 kB         2 files  all that BuildKit fetches
	    unread      501 kB         4 files  by no instruction
	  left out      307 kB         2 files  by 2 of 3 patterns

	Where the weight is
	    504 kB  ####################  .
	    501 kB  ####################  \`- docs/
	    500 kB  ####################     \`- film
	
	Left out
	    300 kB         1 file   tmp
	    7.0 kB         1 file   **/*.o

	Read by no instruction
	    501 kB  docs/
	TEXT
	sed -i "s/^	\$//" expect && same expect actual
'

test_that 'where the locale has them, bars in eighths and lines' '
	weigh app/docs/two 250000 && weigh app/three 90000 &&
	context >actual && grep -F "  ├─ docs/" actual &&
	grep -F "  │  ├─ film" actual && grep -F "  └─ three" actual &&
	grep -E " 500 kB  █+▉ +│" actual && rm app/docs/two app/three
'

test_that 'no engine, no catalog, no file of the context is opened' '
	project && rm -rf "$IMGCACHE_DIR" && context >/dev/null &&
	context --list >/dev/null && ! [ -e "$IMGCACHE_DIR" ] &&
	[ "$(calls buildx)" -eq 0 ] || exit 1
	command -v strace >/dev/null || exit 0
	strace -f -e trace=openat,open -o trace imgcache context app >/dev/null &&
	grep -F Dockerfile trace && ! grep -E "main.c|film|a\.o" trace
'

test_that 'the list: every entry once, folders first, in byte order' '
	context --list >actual && cat >expect <<-TEXT && same expect actual
	.dockerignore
	Dockerfile
	docs/
	docs/film
	docs/text
	src/
	src/main.c
	src/util.c
	TEXT
'

test_that 'odd names are quoted in lines, raw with -z' '
	project && rm -r app/src app/docs app/tmp && mkdir "app/a b" &&
	echo >"app/a b/$(printf "x\ny")" && echo >"app/$(printf "\303\251")" &&
	ln -s nowhere app/link && context --list >actual &&
	cat >expect <<-\TEXT && same expect actual &&
	.dockerignore
	Dockerfile
	"a b"/
	"a b/x\ny"
	link
	"\303\251"
	TEXT
	context --list -z | tr "\0\n" "\n?" >actual && {
		printf ".dockerignore\nDockerfile\na b/\na b/x?y\nlink\n"
		printf "\303\251\n"
	} >expect && same expect actual
'

test_that 'the list as JSON has types' '
	mkfifo app/pipe && context --list --json | jq -c "[.[] | .type]" >actual &&
	echo "[\"file\",\"file\",\"dir\",\"file\",\"link\",\"special\",\"file\"]" \
		>expect && same expect actual
'

# Rules that bring entries back, and the corners of what is entered.
for rules in '*|!src' 'docs|!docs/text' '**/*.c|!src/main.c' 'src/*|!src/u*' \
	'*|!**/*.o' '' 'docs/*|!docs/none' '!x|tmp/old'; do
	test_that "sent and left out are all there is: '$rules'" '
		project && echo "$rules" | tr "|" "\n" >app/.dockerignore &&
		all=$(find app ! -type d -printf x | wc -c) &&
		bytes=$(find app -type f -printf "%s\n" |
			awk "{ n += \$1 } END { print n }") &&
		ask ".files + .ignored.files, .bytes + .ignored.bytes" >actual &&
		printf "%s\n" $all $bytes >expect && same expect actual &&
		imgcache context app --list -z | tr "\n" "?" | tr "\0" "\n" |
			grep -vc "/\$" >listed && ask .files >actual &&
		same actual listed
	'
done

test_that 'each pattern is told with what it leaves out, and its line' '
	project && ask ".ignored.patterns | map([.pattern, .line, .files,
		.bytes])" >actual &&
	echo "[[\"tmp\",1,1,300000],[\"**/*.o\",3,1,7000]]" >expect &&
	same expect actual
'

test_that 'what docker sends without content is told' '
	mkdir -p hollow/.p/q && echo kept >hollow/.p/q/file &&
	echo other >hollow/.p/q/more && : >hollow/.p/q/none &&
	printf "FROM scratch\nCOPY . /\n" >hollow/Dockerfile &&
	printf "*\n!.p/q\n**/.*\n" >hollow/.dockerignore &&
	imgcache context --json hollow >json &&
	[ "$(jq -c ".contexts[0].emptied" json)" = \
		"{\"path\":\".p/q/file\",\"files\":2,\"bytes\":11}" ] &&
	imgcache context hollow | grep -F "docker sends 2 files without their content, .p/q/file is" &&
	printf "*\n**/.*\n!.p/q\n" >hollow/.dockerignore &&
	imgcache context --json hollow | jq -e ".contexts[0].emptied == null"
'

test_that 'what is left out need not be readable' '
	project && mkdir app/tmp/shut && echo >app/tmp/shut/x &&
	chmod 0 app/tmp/shut && as= &&
	if [ "$(id -u)" -eq 0 ]; then
		chmod a+rX "$TRASH" && as="setpriv --reuid 65534
			--clear-groups env HOME=/nonexistent"
	fi &&
	$as imgcache context --json app >json; status=$?
	chmod 755 app/tmp/shut; [ $status -eq 0 ] &&
	[ "$(jq -c ".contexts[0].ignored | [.files, .unreadable]" json)" = \
		"[2,1]" ]
'

test_that 'what is sent must be, and the error names it' '
	project && mkdir app/shut && chmod 0 app/shut && as= &&
	if [ "$(id -u)" -eq 0 ]; then
		as="setpriv --reuid 65534 --clear-groups env HOME=/nonexistent"
	fi && expect_status 128 $as imgcache context app && one_line stderr &&
	grep "shut.: Permission denied" stderr; status=$?
	rmdir app/shut; [ $status -eq 0 ]
'

test_that 'wildcards, links and binds are read' '
	project && ln -s docs/text app/link &&
	dockerfile "FROM x" "COPY s*/m*.c /" "COPY link /" &&
	ask .unread.heaviest[].path >actual &&
	printf "%s\n" docs/film >expect && same expect actual &&
	[ "$(ask .unread.files)" -eq 4 ] &&
	dockerfile "FROM x" "RUN --mount=type=bind,source=docs,target=/d true" &&
	[ "$(ask .unread.bytes)" -lt 4000 ]
'

test_that 'what --exclude leaves out is not read' '
	project && dockerfile "FROM x" "COPY --exclude=film . /" &&
	[ "$(ask .unread.files)" -eq 0 ] &&
	dockerfile "FROM x" "COPY --exclude=docs/film . /" &&
	ask .unread.heaviest[].path >actual && echo docs/film >expect &&
	same expect actual && [ "$(ask .unread.files)" -eq 1 ] &&
	dockerfile "FROM x" "COPY --exclude=docs . /" &&
	[ "$(ask .unread.heaviest[0].path)" = docs ]
'

test_that 'all is read when all is copied' '
	dockerfile "FROM x" "COPY . /" && [ "$(ask .unread.files)" -eq 0 ]
'

test_that 'context_mode: full changes nothing of what is read' '
	project && imgcache context app --context-mode full --json >json &&
	[ "$(jq .contexts[0].unread.files json)" -eq 4 ]
'

test_that 'a variable that only the base could set: not known, and why' '
	dockerfile "FROM x" "COPY \$DIR /" && [ "$(ask .unread)" = null ] &&
	ask .unknown | grep "^line 2: .*DIR" &&
	context | grep "what is read is not known: line 2" &&
	! context | grep "by no instruction"
'

test_that 'a Dockerfile that docker would refuse: the same' '
	dockerfile "FROM \$NONE" "COPY src /" && [ "$(ask .bytes)" -gt 500000 ] &&
	ask .unknown | grep "Dockerfile:1: .*NONE" &&
	dockerfile "FROM x" && expect_status 129 context --target none &&
	one_line stderr
'

test_that 'what hardly ever belongs there is told, with its weight' '
	project && weigh app/node_modules/a/b.js 9000 &&
	weigh app/web/node_modules/c.js 1000 && weigh app/.git/pack 5000 &&
	weigh app/lib/__pycache__/m.pyc 300 && weigh app/lib/n.pyc 30 &&
	weigh app/.env 3 && weigh app/.venv/bin/x 77 &&
	ask ".advice | map([.pattern, .bytes, .secret])" | tr -d "\"" >actual &&
	cat >expect <<-TEXT && same expect actual
	[[**/node_modules,10000,false],[.git,5000,false],[**/__pycache__,300,false],[.venv,77,false],[**/*.pyc,30,false],[.env,3,true]]
	TEXT
'

test_that 'what the ignore file leaves out is not told again' '
	printf "%s\n" "**/node_modules" .git "**/*.pyc" .env .venv \
		"**/__pycache__" >>app/.dockerignore &&
	[ "$(ask ".advice | length")" -eq 0 ] && ! context | grep "Worth"
'

test_that 'nor what an instruction names itself' '
	project && weigh app/node_modules/a/b.js 9000 &&
	weigh app/src/node_modules/c.js 1000 && weigh app/.env 3 &&
	dockerfile "FROM x" "COPY node_modules /n" "COPY .env src /" &&
	[ "$(ask ".advice | map(.pattern)")" = "[\"**/node_modules\"]" ] &&
	[ "$(ask ".advice[0].files")" -eq 1 ]
'

test_that 'a name that could be a source is an output where it is built' '
	project && weigh app/dist/x.js 900 && weigh app/build/y.js 800 &&
	weigh app/target/z 700 && [ "$(ask ".advice | length")" -eq 0 ] &&
	echo "{}" >app/package.json &&
	[ "$(ask ".advice | map(.pattern)")" = "[\"dist\",\"build\"]" ] &&
	echo "/dist/" >app/.gitignore && git -C app init -q &&
	echo .git >>app/.dockerignore &&
	[ "$(ask ".advice | map(.pattern)")" = "[\"dist\"]" ]
'

test_that 'a folder is an environment of python by what is in it' '
	project && weigh app/venv/bin/x 900 && weigh app/env/prod 800 &&
	[ "$(ask ".advice | length")" -eq 0 ] && echo >app/venv/pyvenv.cfg &&
	[ "$(ask ".advice | map(.pattern)")" = "[\"venv\"]" ]
'

test_that '--max-size: silent below, one line and 1 beyond' '
	project && expect_status 0 context --max-size 600kB &&
	! [ -s stdout ] && ! [ -s stderr ] &&
	expect_status 1 context -m 400kB && ! [ -s stdout ] &&
	says stderr "the context is 504 kB, more than 400 kB; the heaviest is docs/ with 501 kB" &&
	expect_status 1 context -m 400kB --json && jq -e .bytes stdout &&
	one_line stderr
'

test_that 'a name in the project, and the Dockerfile that goes with it' '
	project && cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  tools: {base: "debian:bookworm-slim", apt: [git]}
	  api:
	    context: app
	    args: {BASE: "@tools"}
	  docs:
	    base: "@tools"
	    copy: [{from: app/docs, to: /docs}]
	  part: {context: app, include: [src]}
	YAML
	dockerfile "ARG BASE" "FROM \$BASE" "COPY src /src" &&
	imgcache context api --json | jq -c "[.name, .files]" >actual &&
	echo "[\"api\",6]" >expect && same expect actual &&
	imgcache context docs --list >actual &&
	printf "%s\n" app/ app/docs/ app/docs/film app/docs/text >expect &&
	same expect actual &&
	[ "$(imgcache context part --list | tr "\n" " ")" = \
		"src/ src/main.c src/util.c " ] &&
	[ "$(imgcache context tools)" = \
		"no context: the image needs no files" ] &&
	expect_status 1 imgcache context api -m 1kB &&
	grep "the context of .api. is 504 kB" stderr && rm imgcache.yaml
'

test_that 'named contexts have their own ignore file, sums and list' '
	project && mkdir other && weigh other/in/x 100 && weigh other/y 200 &&
	weigh other/z 400 && echo z >other/.dockerignore &&
	dockerfile "FROM x" "COPY src /" "COPY --from=o in /" &&
	context --build-context o=other --json >json &&
	jq -c ".contexts[1] | [.context, .bytes, .unread.bytes,
		.ignored.bytes]" json >actual &&
	echo "[\"o\",302,202,400]" >expect && same expect actual &&
	[ "$(jq .bytes json)" -eq \
		"$(jq "[.contexts[].bytes] | add" json)" ] &&
	context --build-context o=other --list --from o >actual &&
	printf "%s\n" .dockerignore in/ in/x y >expect && same expect actual &&
	context --build-context o=other | grep "^Build context o: $PWD/other" &&
	expect_status 129 context --build-context other=other --list \
		--from ohter && one_line stderr && grep "did you mean .other" stderr
'

test_that 'the ignore file of the Dockerfile goes first' '
	project && echo "*" >app/Dockerfile.dockerignore &&
	[ "$(ask .files)" -eq 0 ] &&
	context | grep "app, Dockerfile.dockerignore\$"
'

test_that 'a pattern that docker refuses is an error with its line' '
	project && echo "[" >app/.dockerignore &&
	expect_status 128 context && one_line stderr &&
	grep "dockerignore:1: " stderr
'

test_that 'no line over 80 columns, no byte that steers the terminal' '
	project && long=$(printf "%0200d" 0) && weigh "app/$long/$long/a" 90000 &&
	weigh "app/$long/b" 90000 && weigh "app/$(printf "\033[31mred\n")" 90000 &&
	weigh "app/$(printf "\345\244\247%.0s" 1 2 3 4 5 6 7 8 9 10 11 12 13 14 \
		15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30)" 80000 &&
	cd app && imgcache context . >../actual && cd .. &&
	[ "$(tail -n +2 actual | wc -L)" -le 80 ] && ! LC_ALL=C grep "[[:cntrl:]]" actual
'

test_that 'colours only where they are asked for' '
	imgcache --color always context app | grep "$(printf "\033\[1m")" &&
	! context | grep "$(printf "\033")"
'

test_that 'options that do not go together' '
	for words in "--list -m 5" "-z" "--list -z --json" "--from x"; do
		expect_status 129 context $words && one_line stderr || exit 1
	done
'

test_done
