#!/bin/sh
# SPDX-License-Identifier: MIT
# Why something is built again: in a line on a miss, and all of it by `imgcache
# why`.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest debian:12

test_that 'inputs changed: the file, and how many more' '
	mkdir -p tree/src && printf "FROM busybox\nCOPY . /t\n" \
		>tree/Dockerfile && echo 1 >tree/src/a && echo 1 >tree/src/b &&
	imgcache build tree >/dev/null 2>&1 && echo 2 >tree/src/a &&
	expect_status 1 imgcache get tree &&
	grep ": inputs changed: src/a edited$" stderr &&
	rm tree/src/b && chmod 600 tree/src/a && mkdir tree/new &&
	: >tree/new/c && expect_status 1 imgcache get tree --json &&
	jq -e ".reason == \"inputs-changed\" and
		.detail == \"new/c added, 3 more files\"" stdout
'

test_that 'a hit writes no listing; a build keeps all of them' '
	objects="select count(*) from objects" &&
	imgcache build tree >/dev/null 2>&1 &&
	n=$(sqlite3 "$IMGCACHE_DIR/catalog.db" "$objects") &&
	imgcache get tree >/dev/null && imgcache get tree >/dev/null &&
	[ "$(sqlite3 "$IMGCACHE_DIR/catalog.db" "$objects")" -eq "$n" ] &&
	for hex in $(sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"select text from objects" | grep -E "^(d|dockerfile|context) " |
		grep -oE "[0-9a-f]{32,40}"); do
		sqlite3 "$IMGCACHE_DIR/catalog.db" "select object from objects" |
			grep -q $hex || { echo $hex; exit 1; }
	done
'

test_that 'a file that docker sends empty now, and whole again' '
	mkdir -p hollow/.p/q && echo kept >hollow/.p/q/file &&
	printf "FROM busybox\nCOPY . /t\n" >hollow/Dockerfile &&
	printf "*\n!.p/q\n" >hollow/.dockerignore &&
	imgcache build hollow >/dev/null 2>&1 &&
	printf "*\n!.p/q\n.p\n" >hollow/.dockerignore &&
	expect_status 1 imgcache get hollow &&
	grep ": inputs changed: .p/q/file sent empty now$" stderr &&
	imgcache build hollow >/dev/null 2>&1 && echo new >hollow/.p/q/file &&
	printf "*\n!.p/q\n" >hollow/.dockerignore &&
	imgcache why --json hollow >why &&
	[ "$(jq -r "[.changes[].how] | join(\" \")" why)" = "edited filled" ]
'

test_that 'prune keeps what the last image of a name was made from' '
	sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"update objects set stored_at = 1" &&
	imgcache prune >/dev/null && echo 3 >tree/src/a &&
	expect_status 1 imgcache get tree &&
	grep ": inputs changed: src/a edited$" stderr
'

test_that 'the catalog keeps steps by the words of the file' '
	mkdir -p secret && printf "FROM busybox\nARG TOKEN\nRUN echo \$TOKEN\n" \
		>secret/Dockerfile &&
	imgcache build secret --build-arg TOKEN=s3cret >/dev/null 2>&1 &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "select name from steps" >names &&
	grep -xF "[2/2] RUN echo \$TOKEN" names &&
	! sqlite3 "$IMGCACHE_DIR/catalog.db" .dump | grep s3cret
'

# The rest is about one project, with a Dockerfile and a generated image.
mkdir -p app/src/lib app/doc
cat >app/Dockerfile <<'DF'
ARG G=1
FROM debian:12 AS build
ARG VERSION
WORKDIR /w
COPY src src
RUN make $VERSION
COPY doc doc
RUN ls doc
FROM busybox
COPY --from=build /w/out /
RUN --mount=type=bind,source=key.txt,target=/k cat /k
CMD ["sh"]
DF
echo 1 >app/src/main.c; echo 1 >app/src/lib/x.c; echo 1 >app/doc/a.md
echo 1 >app/key.txt
cat >imgcache.yaml <<'YAML'
version: 1
images:
  app: {context: app, args: {VERSION: s3cret-one}}
  tools: {base: busybox, apt: [curl, git=1], refresh: weekly}
YAML
cp imgcache.yaml kept.yaml
cp -R app kept

# The project as it was when the images were built.
reset_project() {
	cp kept.yaml imgcache.yaml && rm -rf app && cp -R kept app
}

build_both() {
	reset_project && standin_packages &&
	faketime "2026-11-20 12:00:00" imgcache build app tools
}

# changes: "subject how name" of each, from the JSON of why.
changes() {
	imgcache why "$@" --json >why.json &&
	jq -r '.changes[] | .subject + " " + .how + " " + (.name // "-")' \
		why.json
}

# exactly NAME LINE...: these are the changes, and no other.
exactly() {
	exactly_name=$1
	shift
	changes "$exactly_name" >actual || return 1
	for exactly_line; do echo "$exactly_line"; done >expect
	same expect actual
}

# first NAME: the label of the first step that runs again.
first() {
	imgcache why "$1" --json | jq -r 'if .firstStep == null then "none" else
		.steps[.firstStep] | "\(.stage // "") \(.number)/\(.total)" end'
}

test_that 'never built: so it is said, and 0' '
	expect_status 0 imgcache why app && ! [ -s stderr ] &&
	echo "app: never built; there is no image of that name to compare with" \
		>expect && same expect stdout
'

test_that 'built: nothing differs' '
	build_both >out 2>err || { cat err; exit 1; }
	expect_status 0 imgcache why app && cat stdout &&
	grep "^app: nothing differs, the image is there, built " stdout &&
	imgcache why app --json | jq -e ".state == \"hit\" and .reason == null
		and .changes == [] and .status == \"completed\""
'

test_that 'it is no lookup, and calls no docker' '
	imgcache stats --json | jq .lookups >before && : >"$STANDIN_DIR/calls" &&
	echo 2 >app/src/main.c && imgcache why app >/dev/null &&
	imgcache stats --json | jq .lookups >after && same before after &&
	! [ -s "$STANDIN_DIR/calls" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'an edited file: by whom it is read, what runs again' '
	echo 2 >app/src/main.c && imgcache why app >out && cat out &&
	grep -x "app: 1 input differs from [gx]1-[0-9a-f]\{12\}, built .*" out &&
	grep -x "  files        1 read by \[build 3/6\] COPY src src" out &&
	grep -x "                 src/main.c edited" out &&
	grep -x "  4 of 7 steps run again, 2 more may; .*" out &&
	grep "    \[stage-1 2/3\]  COPY --from=build /w/out / .* maybe " out &&
	[ "$(first app)" = "build 3/6" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'added, removed, mode, link, and more in one folder' '
	rm app/src/main.c && ln -s x app/doc/link && chmod 755 app/doc/a.md &&
	for n in 1 2 3 4 5 6 7 8 9; do : >app/src/lib/n$n.c; done &&
	imgcache why app >out && cat out &&
	grep -x "                 src/main.c removed" out &&
	grep -x "                 src/lib/ 9 added: n1.c, n2.c, .*" out &&
	grep -x "                   n8.c and 1 more" out &&
	grep -x "                 doc/ 1 added: link; 1 mode: a.md 644 -> 755" \
		out &&
	imgcache why -v app | grep -x "  *n[78].c, .*n9.c" &&
	imgcache why app --json | jq -e ".changes | length == 12" &&
	[ "$(first app)" = "build 3/6" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'a link that leads elsewhere, and a file that became a link' '
	ln -s x app/doc/link &&
	faketime -f "-1h" imgcache build app >/dev/null 2>&1 && ln -sfn y app/doc/link && ln -sf main.c app/src/lib/x.c &&
	exactly app "file link doc/link" "file type src/lib/x.c";
	status=$?; reset_project; imgcache build app >/dev/null
	[ $status -eq 0 ]
'

test_that 'a directory that came is told by what is in it, empty or not' '
	mkdir -p app/doc/empty app/doc/full/deep && : >app/doc/full/deep/f &&
	exactly app "file added doc/empty" "file added doc/full/deep/f";
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'a file that is read by a bind mount: its RUN' '
	echo 2 >app/key.txt && exactly app "file edited key.txt" &&
	[ "$(first app)" = "stage-1 3/3" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'an instruction: both lines, and the step' '
	sed -i "s/make/make -j4/" app/Dockerfile &&
	imgcache why app >out && cat out &&
	grep -x "  instruction  Dockerfile:6 changed; runs from \[build 4/6\] on" \
		out && grep -x "               - RUN make \$VERSION" out &&
	grep -x "               + RUN make -j4 \$VERSION" out &&
	exactly app "instruction edited RUN" &&
	[ "$(first app)" = "build 4/6" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'an instruction that came, and one that went' '
	sed -i "/^RUN ls/d" app/Dockerfile && exactly app \
		"instruction removed RUN" && [ "$(first app)" = "none" ] ||
		exit 1
	reset_project && sed -i "/^COPY doc/i USER me" app/Dockerfile &&
	exactly app "instruction added USER" &&
	[ "$(first app)" = "build 6/6" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'another CMD or comment: no step runs again' '
	sed -i "s/\"sh\"/\"ash\"/" app/Dockerfile && imgcache why app >out &&
	cat out && grep "instruction  Dockerfile:12 changed; no step runs" out &&
	grep "  No step runs again" out && reset_project &&
	echo "# hello" >>app/Dockerfile && imgcache why app |
		grep "nothing differs"; status=$?
	reset_project; [ $status -eq 0 ]
'

test_that 'another COPY source is the instruction, and no file' '
	sed -i "s/^COPY src src/COPY doc src/" app/Dockerfile &&
	exactly app "instruction edited COPY"; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'an arg: its name, never its value' '
	sed -i "s/s3cret-one/s3cret-two/" imgcache.yaml &&
	exactly app "arg edited VERSION" && [ "$(first app)" = "build 2/6" ] ||
	[ "$(first app)" = "build 4/6" ] && imgcache why app >out &&
	imgcache why app --json >json && cat out &&
	grep -x "  arg          VERSION changed; runs from \[build 4/6\] on" out &&
	! grep s3cret out json; status=$?; reset_project
	! sqlite3 "$IMGCACHE_DIR/catalog.db" .dump | grep s3cret &&
	[ $status -eq 0 ]
'

test_that 'the default of an arg: its name' '
	sed -i "s/ARG G=1/ARG G=s3cret/" app/Dockerfile && imgcache why app >out &&
	cat out && grep -x "                 ARG G=\.\.\., whose value is another" out &&
	! grep s3cret out; status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'a base that moved: both digests' '
	echo other | docker import - debian:12 >/dev/null &&
	docker push debian:12 >/dev/null && imgcache invalidate --base debian:12 \
		>/dev/null && imgcache why app >out && cat out &&
	grep -x "  base         debian:12 moved, looked up .*; runs from \[build 2/6\] on" \
		out && [ "$(grep -c "^               [-+] sha256:[0-9a-f]*$" out)" -eq 2 ] &&
	[ "$(first app)" = "build 2/6" ] && imgcache build app >/dev/null 2>&1 &&
	imgcache get app
'

test_that 'another base in the file is one change' '
	sed -i "s/^FROM busybox/FROM debian:12/" app/Dockerfile && changes app &&
	changes app | grep -c . >n && [ "$(cat n)" -eq 1 ] &&
	[ "$(first app)" = "stage-1 2/3" ]; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'target, salt, network, label, host, secret, ssh, key file' '
	for line in "target: build" "salt: x" "network: host" \
		"labels: {a: b}" "add_hosts: [\"h:1.2.3.4\"]" \
		"key_files: [kept/key.txt]"; do
		sed "s|context: app,|context: app, $line,|" kept.yaml \
			>imgcache.yaml && changes app && exactly_one=$(changes app |
			grep -c .) && [ "$exactly_one" -eq 1 ] ||
			{ echo "$line"; exit 1; }
	done; status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'a salt runs RUN and COPY again, as the build does' '
	sed "s|context: app,|context: app, salt: x,|" kept.yaml >imgcache.yaml &&
	changes app >actual && echo "salt added -" >expect &&
	same expect actual && [ "$(first app)" = "build 3/6" ] &&
	jq -r "[.steps[] | select(.runs).text | split(\" \")[0]] | sort |
		join(\" \")" why.json >actual &&
	echo COPY COPY COPY RUN RUN RUN >expect && same expect actual
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'an arg that nothing uses any more went with what used it' '
	sed -i "/^RUN make/d; /^RUN ls/d" app/Dockerfile &&
	exactly app "instruction removed RUN" "instruction removed RUN"
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'edits of stages that the target does not need are none' '
	mkdir -p part && cp -R app/. part && cat >part.yaml <<-YAML &&
	version: 1
	images:
	  part: {context: part, target: build}
	YAML
	imgcache -f part.yaml build part &&
	sed -i "s/\"sh\"/\"ash\"/" part/Dockerfile && imgcache -f part.yaml \
		get part && echo 2 >part/src/main.c && imgcache -f part.yaml why \
		part --json >why.json && jq -r ".changes[].name" why.json >actual &&
	echo src/main.c >expect && same expect actual
'

test_that 'a network runs every RUN again, a label nothing' '
	sed "s/context: app,/context: app, network: host,/" kept.yaml \
		>imgcache.yaml && [ "$(first app)" = "build 4/6" ] &&
	sed "s/context: app,/context: app, labels: {a: b},/" kept.yaml \
		>imgcache.yaml && [ "$(first app)" = none ]; status=$?
	reset_project; [ $status -eq 0 ]
'

test_that 'packages of a generated image, by name and version' '
	sed -i "s/curl, git=1/git=2, jq/" imgcache.yaml &&
	faketime "2026-11-20 12:00:00" imgcache why tools >out; cat out
	grep -x "  package      apt curl removed; runs from \[stage-0 2/2\] on" out &&
	grep -x "               apt git changed; runs from \[stage-0 2/2\] on" out &&
	grep -x "               - git=1" out && grep -x "               + git=2" out &&
	grep -x "               apt jq added; runs from \[stage-0 2/2\] on" out &&
	grep -x "  1 of 1 step runs again.*" out &&
	grep "    \[stage-0 2/2\]  system packages" out; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'an epoch that rolled' '
	faketime "2026-11-27 12:00:00" imgcache why tools >out; cat out
	grep "  epoch        2026-W47 -> 2026-W48; runs from \[stage-0 2/2\] on" out
'

test_that 'env and copy of a recipe are told in its words' '
	sed -i "s/refresh: weekly/refresh: weekly, env: {A: b}/" imgcache.yaml &&
	faketime "2026-11-20 12:00:00" imgcache why tools >out; cat out
	grep "  recipe       ENV added; no step runs again for it" out;
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'an image of the project as base is told by its name' '
	cat >>imgcache.yaml <<-YAML &&
	  on-tools: {base: "@tools", env: {X: "1"}}
	YAML
	faketime "2026-11-20 12:00:00" imgcache build on-tools >/dev/null 2>&1 &&
	sed -i "s/curl, git=1/curl/" imgcache.yaml &&
	faketime "2026-11-20 12:00:00" imgcache why on-tools >out; cat out
	grep -x "  base         @tools changed, see imgcache why tools; no step runs again for it" \
		out && faketime "2026-11-20 12:00:00" imgcache get on-tools 2>err
	grep ": a base moved: base @tools changed$" err; status=$?
	reset_project; [ $status -eq 0 ]
'

test_that 'a base of ours behind an argument is one change' '
	mkdir -p two/base && (cd two && echo 1 >base/y && echo 1 >x &&
	printf "FROM busybox\nCOPY y /\n" >base/Dockerfile &&
	printf "ARG BASE\nFROM \$BASE\nRUN a\nCOPY x /\n" >Dockerfile &&
	printf "version: 1\nimages:\n  base: {context: base}\n  on: %s\n" \
		"{args: {BASE: \"@base\"}}" >imgcache.yaml &&
	imgcache build on >/dev/null 2>&1 && echo 2 >base/y &&
	imgcache why on >out && cat out && grep "^on: 1 input differs" out &&
	grep "@base changed, see imgcache why base; runs from .2/3. on" out &&
	! imgcache get on 2>err && grep ": a base moved: base @base changed$" err &&
	sed -i "s/RUN a/ARG BASE\nRUN a/" Dockerfile &&
	imgcache build on >/dev/null 2>&1 && echo 3 >base/y &&
	imgcache why on >out && cat out && grep "^  arg  *BASE changed" out &&
	printf "ARG BASE\nARG T=\$BASE\nFROM busybox AS z\nARG T\n" \
		>Dockerfile && printf "RUN b \$T\nFROM \$BASE\nCOPY x /\n%s\n" \
		"COPY --from=z /b /" >>Dockerfile &&
	imgcache build on >/dev/null 2>&1 && echo 4 >base/y &&
	imgcache why on >out && cat out && grep "^  arg  *BASE changed" out)
'

test_that 'files of a named context' '
	mkdir -p ctx named && echo 1 >ctx/f && printf \
		"FROM busybox\nCOPY --from=more f /\nRUN x\n" >named/Dockerfile &&
	imgcache build named --build-context more=ctx >/dev/null 2>&1 &&
	echo 2 >ctx/f && imgcache why named --build-context more=ctx >out &&
	cat out && grep -x "  files        1 read by \[stage-0 2/3\] COPY --from=more f /" \
		out && grep -x "                 more:f edited" out
'

test_that 'the image was deleted, pruned, lost: when' '
	imgcache build app >/dev/null 2>&1 &&
	imgcache delete app >/dev/null && imgcache why app >out && cat out &&
	grep "^app: nothing differs, but the image was deleted just now$" out &&
	imgcache build app >/dev/null 2>&1 &&
	faketime -f "+2d" imgcache prune --max-images 1 --keep-last 0 --grace 1 \
		>/dev/null; faketime -f "+5d" imgcache why app >out; cat out
	grep "^app: nothing differs, but the image was pruned 3 d ago$" out &&
	grep "more than 1 image\>" out && imgcache build app >/dev/null 2>&1 &&
	docker rmi "$(imgcache get app)" >/dev/null; imgcache why app >out
	cat out; grep "^app: nothing differs, but the image is gone from the engine, missed just now" \
		out; imgcache build app >/dev/null 2>&1
'

test_that 'invalidated: by what, when' '
	imgcache invalidate app >/dev/null && imgcache why app >out && cat out &&
	grep "^app: nothing differs, but it was invalidated just now$" out &&
	grep -x "  imgcache invalidate app" out &&
	imgcache build app >/dev/null 2>&1
'

test_that 'under another engine' '
	mkdir -p other && (STANDIN_DIR=$PWD/other && export STANDIN_DIR &&
	DOCKER_HOST=unix://$PWD/other/docker.sock && export DOCKER_HOST &&
	standin_start && standin_base busybox:latest debian:12 &&
	faketime "2026-11-20 12:00:00" imgcache why tools >out; cat out
	faketime "2026-11-20 12:00:00" imgcache get tools 2>got
	faketime "2026-11-20 12:00:00" imgcache verify tools >verified
	cat got verified
	standin_stop)
	grep "^tools: nothing differs, but the image is under another engine$" \
		out &&
	grep "tools.: never built: another engine has its image$" got &&
	grep "^unknown  tools  never built: another engine has its image$" \
		verified
'

test_that 'without an engine: the same, but whether it is there is not known' '
	echo 2 >app/src/main.c && imgcache why app >with &&
	DOCKER_HOST=unix://$PWD/none.sock imgcache why app >without 2>err
	cat without err && sed 1d with >x && sed 1d without | head -n 5 >y &&
	head -n 5 x >expect && same expect y && reset_project &&
	DOCKER_HOST=unix://$PWD/none.sock imgcache why app >without 2>err &&
	cat without && grep "^app: nothing differs, but the engine gives no answer; last the image was there" \
		without
'

test_that 'without an engine: what became of the image is known all the same' '
	mkdir -p fate && printf "FROM busybox\nCOPY . /t\n" >fate/Dockerfile &&
	ref=$(imgcache build fate 2>/dev/null) &&
	lost() { DOCKER_HOST=unix://$PWD/none.sock imgcache why fate; } &&
	lost >out && grep "no answer; last the image was there" out &&
	imgcache invalidate "${ref##*:}" && lost >out &&
	grep "nothing differs, but it was invalidated" out &&
	imgcache build fate >/dev/null 2>&1 && lost >out &&
	grep "last the image was there" out &&
	imgcache delete -f "$ref" >/dev/null && lost >out &&
	grep "nothing differs, but the engine gives no answer; last the image was deleted" out
'

test_that '--since and --between name images of the catalog' '
	one=$(imgcache tag app) && echo 2 >app/src/main.c &&
	two=$(imgcache tag app) && imgcache build app >/dev/null 2>&1 &&
	rm app/doc/a.md && imgcache why app --since "$one" >out && cat out &&
	grep "src/main.c edited" out && grep "doc/a.md removed" out &&
	imgcache why --between "$one" "$two" >out && cat out &&
	grep "^app: 1 input differs from $(echo "$one" | cut -c 1-15)," out &&
	grep "src/main.c edited" out && grep "1 read by \[build 3/6\]" out &&
	expect_status 1 imgcache why app --since nothing && one_line stderr &&
	expect_status 129 imgcache why --between "$one" && one_line stderr &&
	expect_status 129 imgcache why --since x --between "$one" "$two";
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'a directory is compared with what was built last from it' '
	cp -R kept dir && imgcache build dir >/dev/null 2>&1 &&
	echo 2 >dir/src/main.c && imgcache why dir >out && cat out &&
	grep "src/main.c edited" out && expect_status 1 imgcache get dir &&
	grep ": inputs changed: src/main.c edited$" stderr &&
	imgcache build dir 2>&1 >/dev/null | grep "inputs changed: src/main.c"
'

test_that 'what took how long the last time, by step' '
	echo 78 >app/src/main.c && imgcache why app --json >json && cat json &&
	jq -e ".stepsTimed == 6 and .cost >= 0 and .stepsToRun == 4 and
		([.steps[] | select(.runs) | .time] | all(. != null))" json;
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'within 80 columns on a terminal, whole lines in a pipe' '
	sed -i "s/make/make a-word-that-is-long-enough-to-be-cut-at-the-edge-of-it/" \
		app/Dockerfile && mkdir -p app/src/a-folder-with-a-rather-long-name &&
	for n in 1 2 3 4 5 6; do
		: >app/src/a-folder-with-a-rather-long-name/and-a-long-file-$n.c
	done
	script -qec "stty cols 80; imgcache why app" /dev/null | tr -d "\r" >tty
	cat tty; ! grep -E ".{81}" tty && grep "edge-o~$\|~$" tty &&
	imgcache why app | grep "at-the-edge-of-it \$VERSION$"; status=$?
	reset_project; [ $status -eq 0 ]
'

test_that 'colours only where they are wanted' '
	echo 2 >app/src/main.c && ! imgcache why app | grep "$(printf "\033")" &&
	env -u NO_COLOR imgcache --color always why app |
		grep "$(printf "\033\[1mapp\033\[0m")"; status=$?; reset_project
	[ $status -eq 0 ]
'

test_that 'a name that steers a terminal does not' '
	: >"app/src/$(printf "a\033[31m\nb")" && imgcache why app >out &&
	cat -v out && ! LC_ALL=C grep "$(printf "\033")" out &&
	imgcache why app --json | jq -e ".changes[0].name | contains(\"\u001b\")";
	status=$?; reset_project; [ $status -eq 0 ]
'

test_that 'what docker will not build: told, and no cost' '
	mkdir -p no/lib && printf "FROM busybox\nCOPY lib /l\n" >no/Dockerfile &&
	: >no/lib/l && imgcache build no >/dev/null 2>&1 &&
	echo BOGUS >>no/Dockerfile && imgcache why no >out && cat out &&
	grep "Docker will not build it: Dockerfile:3: .BOGUS. is no instruction" out &&
	! grep -E "no step runs|writes the image anew" out &&
	expect_status 1 imgcache get no &&
	grep "; docker will not build it: Dockerfile:3: " stderr &&
	! grep "what counts" stderr && printf "FROM busybox\nCOPY lib /l\n" \
		>no/Dockerfile && rm -r no/lib && imgcache why no >out &&
	cat out && grep "it reads .lib., which is not there" out &&
	! grep "run again" out && imgcache why no --json |
		jq -e ".refused | test(\"lib\")" && : >no/lib &&
	imgcache why no >out && ! grep "will not" out
'

test_that 'a build that failed: no image that is gone, no other machine' '
	mkdir -p fails && printf "FROM busybox\nRUN exit 3\n" >fails/Dockerfile &&
	expect_status 2 imgcache build fails && id=$(imgcache tag fails | cut -c 4-15) &&
	expect_status 1 imgcache why fails --since "$id" && one_line stderr &&
	grep "the build of .* failed here" stderr && imgcache delete "$id" &&
	imgcache why fails >out && cat out && ! grep "gone" out &&
	! imgcache list --json | grep "\"$id\""
'

test_that 'a file that became a folder is told as that' '
	mkdir -p kind && printf "FROM busybox\nCOPY . /k\n" >kind/Dockerfile &&
	: >kind/a && imgcache build kind >/dev/null 2>&1 && rm kind/a &&
	mkdir kind/a && imgcache why kind >out && cat out &&
	grep "a is a folder now, and was a file" out
'

test_that 'an option that does not go with --all is named' '
	expect_status 129 imgcache build --all --label a=b && one_line stderr &&
	grep "^imgcache: --label does not go with --all" stderr
'

test_that 'an image that was found on the engine: no files are known' '
	rm -rf "$IMGCACHE_DIR" && imgcache get app >/dev/null &&
	echo 77 >app/src/main.c && imgcache why app >out && cat out &&
	grep "^  files        which of them is not known" out &&
	grep "  Which of the 7 steps run again is not known." out &&
	expect_status 1 imgcache get app && grep "the context changed" stderr;
	status=$?; reset_project; [ $status -eq 0 ]
'

test_done
