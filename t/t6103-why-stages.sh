#!/bin/sh
# SPDX-License-Identifier: MIT
# Why, of a Dockerfile with several stages: bases, names and targets.
# shellcheck disable=SC2016
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest debian:12 alpine:3.19 node:22

mkdir -p app/src
cat >app/Dockerfile <<'DF'
FROM debian:12 AS build
WORKDIR /w
COPY src src
RUN make
FROM debian:12 AS mid
ARG MODE=one
RUN mid
FROM busybox AS final
COPY --from=build /w/out /
COPY --from=mid /m /
RUN last
FROM final AS extra
RUN extra
DF
echo 1 >app/src/a
echo 'version: 1
images:
  app: {context: app, target: final}' >imgcache.yaml
cp app/Dockerfile kept
cp imgcache.yaml kept.yaml
imgcache build app >/dev/null 2>&1

# edited SED-EXPRESSION: out and why.json are what why says then.
edited() {
	cp kept app/Dockerfile && sed -i "$1" app/Dockerfile &&
	imgcache why app >out && imgcache why app --json >why.json
	edited_status=$?
	cp kept app/Dockerfile
	cat out
	return "$edited_status"
}

# tells LINE...: "subject how name" of all changes.
tells() {
	for tells_line; do echo "$tells_line"; done >expect
	jq -r '.changes[] | .subject + " " + .how + " " + (.name // "-")' \
		why.json >actual && same expect actual
}

# first LABEL: the first step that runs again.
first() {
	jq -r 'if .firstStep == null then "none" else .steps[.firstStep] |
		"\(.stage) \(.number)/\(.total)" end' why.json >actual &&
	echo "$1" >expect && same expect actual
}

# Bases are handed to docker as named contexts, which have no number there.
test_that 'progress, log, catalog and why number the steps of the file' '
	echo 2 >app/src/a && imgcache build app 2>progress >out &&
	imgcache log app >log && imgcache why app --since "$(imgcache tag app)" \
		--json >why.json && cat progress log &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "select name from steps" >catalog &&
	for step in "build 2/4" "build 3/4" "build 4/4" "mid 2/2" "final 2/4" \
		"final 4/4"; do
		for file in progress log catalog; do
			grep -qF "[$step] " $file || { echo "$step" $file; exit 1; }
		done
	done && ! grep -E "\[(build|mid|final) 1/" progress log catalog &&
	! grep imgcache log
'

test_that 'another base of the first of two stages that stood on it' '
	edited "1s/debian:12/node:22/" && tells "base edited node:22" &&
	first "build 2/4" &&
	grep -x "  base         Dockerfile:1 changed; runs from \[build 2/4\] on" \
		out && grep -x "               - debian:12" out &&
	grep -x "               + node:22" out
'

test_that 'another base of a middle stage, one that another stage has' '
	edited "5s/debian:12/busybox/" && tells "base edited busybox" &&
	first "mid 2/2" &&
	grep -x "  base         Dockerfile:5 changed; runs from \[mid 2/2\] on" out &&
	grep -x "               - debian:12" out &&
	grep -x "               + busybox" out &&
	grep -x "  1 of 7 steps runs again, 2 more may.*" out
'

test_that 'the same other base of two stages is one change' '
	edited "s/debian:12/node:22/" && tells "base edited node:22" &&
	first "build 2/4" && grep -x "  4 of 7 steps run again, 3 more may.*" out
'

test_that 'bases that changed places are told line by line' '
	edited "1s/debian:12/busybox/; 8s/busybox/node:22/" &&
	tells "base edited busybox" "base edited node:22" &&
	first "build 2/4" &&
	grep -x "  base         Dockerfile:1 changed; runs from \[build 2/4\] on" \
		out &&
	grep -x "               Dockerfile:8 changed; runs from \[final 2/4\] on" out
'

test_that 'a digest behind the name of one of them' '
	digest=$(docker image inspect node:22 | jq -r ".[0].Id") &&
	edited "5s/debian:12/node:22@$digest/" &&
	tells "base edited node:22@$digest" && first "mid 2/2" &&
	grep -x "               - debian:12" out
'

test_that 'get says it in a line' '
	sed -i "5s/debian:12/node:22/" app/Dockerfile &&
	expect_status 1 imgcache get app; cp kept app/Dockerfile
	grep ": a base moved: base node:22 instead of debian:12$" stderr
'

test_that 'a base that moved: the first step of those that stand on it' '
	docker image inspect debian:12 | jq -r ".[0].Id" >old &&
	echo newer | docker import - debian:12 >/dev/null &&
	docker push debian:12 >/dev/null &&
	imgcache invalidate --base debian:12 >/dev/null && edited "" &&
	tells "base moved debian:12" && first "build 2/4" &&
	grep "^  base         debian:12 moved, .*; runs from \[build 2/4\] on$" out &&
	grep -c "^               [-+] sha256:" out >n && [ "$(cat n)" -eq 2 ] &&
	grep -x "  4 of 7 steps run again, 3 more may.*" out &&
	imgcache build app >/dev/null 2>&1
'

test_that 'a base that an arg names: the arg, and what stands on it' '
	mkdir -p arg && printf "%s\n" "ARG B" "FROM debian:12 AS one" "RUN one" \
		"FROM \$B AS two" "COPY --from=one /a /a" "RUN two" \
		>arg/Dockerfile && imgcache build arg --build-arg B=debian:12 \
		>/dev/null 2>&1 && imgcache why arg --build-arg B=node:22 --json \
		>why.json && imgcache why arg --build-arg B=node:22 >out; cat out
	tells "base added node:22" "arg edited B" && first "two 2/3" &&
	grep -x "  base         node:22 added; runs from \[two 2/3\] on" out &&
	grep -x "  arg          B changed; runs from \[two 2/3\] on" out
'

test_that 'another image to copy from is the instruction that names it' '
	edited "10s/--from=mid/--from=node:22/" && first "final 3/4" &&
	grep "Dockerfile:10 changed; runs from \[final 3/4\] on" out &&
	! grep "^  base" out
'

test_that 'a stage with a base of its own is told by its lines' '
	edited "7a FROM node:22 AS more\nRUN more
		10s/--from=mid/--from=more/" &&
	tells "instruction edited FROM" "instruction removed ARG" \
		"instruction edited RUN" "instruction edited COPY" || :
	! grep "^base" actual
'

test_that 'a stage of another name: no step runs, and no line says so' '
	edited "s/AS mid/AS other/; s/from=mid/from=other/" &&
	tells "instruction edited FROM" "instruction edited COPY" &&
	first none && grep "No step runs again" out && ! grep "runs from" out &&
	[ "$(grep -c "; no step runs again for it$" out)" -eq 2 ]
'

test_that 'a stage of another name, and an edit in it: that runs' '
	edited "s/AS mid/AS other/; s/from=mid/from=other/; s/RUN mid/RUN x/" &&
	first "other 2/2" &&
	grep "Dockerfile:7 changed; runs from \[other 2/2\] on" out &&
	[ "$(grep -c "; no step runs again for it$" out)" -eq 2 ]
'

test_that 'a stage of another name, copied from to another place' '
	edited "s/AS mid/AS other/; s:from=mid /m /:from=other /m /x:" &&
	first "final 3/4" &&
	grep "Dockerfile:10 changed; runs from \[final 3/4\] on" out &&
	[ "$(grep -c "; no step runs again for it$" out)" -eq 1 ]
'

test_that 'the default of an arg: no two lines that are the same' '
	edited "s/MODE=one/MODE=two/" && tells "instruction edited ARG" &&
	first "mid 2/2" && ! grep "^ *[-+] " out &&
	grep -x "                 ARG MODE=\.\.\., whose value is another" out
'

test_that 'another target: the stages that come and go, by their lines' '
	one=$(imgcache tag app) &&
	sed "s/target: final/target: extra/" kept.yaml >imgcache.yaml &&
	imgcache build app >/dev/null 2>&1 && two=$(imgcache tag app) &&
	imgcache why --between "$one" "$two" >out && cat out &&
	grep -x "  target       final -> extra; runs from \[extra 1/1\] on" out &&
	grep -x "               + FROM final AS extra" out &&
	! grep "^ *[-+] RUN" out &&
	imgcache why --between "$two" "$one" >out && cat out &&
	grep -x "  target       extra -> final; no step runs again for it" out &&
	grep -x "               - FROM final AS extra" out &&
	imgcache why --between "$two" "$one" -v >out && cat out &&
	grep -x "               - RUN extra" out &&
	imgcache why --between "$two" "$one" --json >why.json &&
	tells "target edited -" &&
	jq -e ".stages == [{name: \"extra\", how: \"removed\",
		lines: [\"FROM final AS extra\", \"RUN extra\"]}]" why.json;
	status=$?; cp kept.yaml imgcache.yaml; [ $status -eq 0 ]
'

test_that 'targets that have no stage in common' '
	sed "s/target: final/target: build/" kept.yaml >imgcache.yaml &&
	imgcache build app >/dev/null 2>&1 && one=$(imgcache tag app) &&
	sed "s/target: final/target: mid/" kept.yaml >imgcache.yaml &&
	imgcache build app >/dev/null 2>&1 && two=$(imgcache tag app) &&
	imgcache why --between "$one" "$two" >out && cat out &&
	grep "^  target       build -> mid" out &&
	grep -x "               - FROM debian:12 AS build" out &&
	grep -x "               + FROM debian:12 AS mid" out &&
	! grep instruction out && ! grep "^  base" out;
	status=$?; cp kept.yaml imgcache.yaml; [ $status -eq 0 ]
'

test_that 'another kind of hash is nothing that runs a step' '
	key=$(imgcache tag app) && imgcache build app >/dev/null 2>&1 &&
	imgcache why app --hash git --since "$key" >out && cat out &&
	grep -x "  hash         xxh3 -> git, so files could not be compared" out
'

test_that 'a number is no target, as docker has it, now and of the last image' '
	sed "s/target: final/target: 1/" kept.yaml >imgcache.yaml &&
	expect_status 128 imgcache why app; status=$?
	cp kept.yaml imgcache.yaml; cat stderr; [ $status -eq 0 ] &&
	one_line stderr && grep "no stage .1.; name one with FROM" stderr
'

test_done
