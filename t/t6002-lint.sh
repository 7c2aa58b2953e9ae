#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache lint`: what it looks at, what silences it, how it says it.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

room() {
	cd "$TRASH" && rm -rf room && mkdir room && cd room || return 1
}

# ids [OPTION...]: the rules found, each with its file and line.
ids() {
	imgcache lint --severity info --json "$@" >../found 2>../words
	status=$?
	cat ../words
	jq -r '.[] | "\(.rule) \(.file):\(.line)"' ../found >../ids
	cat ../ids
	return "$status"
}

# list LINE...: exactly these were found.
list() {
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@" >../expect
	else
		: >../expect
	fi
	same ../expect ../ids
}

test_that 'nothing found: status 0, nothing on stdout' '
	room && echo "FROM debian:12" >Dockerfile &&
	expect_status 0 imgcache lint && ! [ -s stdout ] &&
	[ "$(cat stderr)" = "nothing found in 1 file" ] &&
	expect_status 0 imgcache lint -q && ! [ -s stderr ] &&
	[ "$(imgcache lint --json)" = "[]" ]
'

test_that 'a folder without anything to look at' '
	room && expect_status 0 imgcache lint &&
	[ "$(cat stderr)" = "no Dockerfile, ignore file or script here" ]
'

test_that 'where a cache is hangs on the program and its settings' '
	mkdir -p where && cd where && has() {
		cat >Dockerfile && imgcache lint --json --rule IC017 . >found
		jq -r ".[0].cure" found | tee cure | grep -F "$1"
	} && printf "FROM centos:7\nRUN yum install -y git\n" |
		has "target=/var/cache/yum,sharing=locked" &&
	printf "FROM fedora:42\nRUN dnf install -y git\n" |
		has "/var/cache/libdnf5" &&
	printf "FROM python:3.12\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x\n" |
		has "with PIP_NO_CACHE_DIR= (empty)" &&
	printf "FROM node:22\nENV HOME=/srv\nRUN npm ci\n" |
		has "under that HOME" && jq -e ".[0].fixable == false" found
'

test_that 'a warning: status 1, its place, cause and cure' '
	room && printf "FROM debian:12\nRUN pip install numpy>=1.26\n" \
		>Dockerfile &&
	expect_status 1 imgcache lint && cat >expect <<-\END &&
	Dockerfile:2:5: warning: IC017 install-without-mount
	    RUN pip install numpy>=1.26
	        ^~~~~~~~~~~~~~~~~~~~~~~
	  '\''pip install'\'' has no cache mount: when this step runs again, it fetches
	  everything again
	  --fix: RUN --mount=type=cache,id=pip,target=/root/.cache/pip

	Dockerfile:2:17: error: IC010 unquoted-version
	    RUN pip install numpy>=1.26
	                    ^~~~~~~~~~~
	  the shell reads '\''>'\'' as a redirection: any version of '\''numpy'\'' is installed, and
	  the file '\''=1.26'\'' is written
	  --fix: quote it: "numpy>=1.26"
	END
	same expect stdout && cat >expect <<-END && same expect stderr

	2 findings in 1 file: 1 error, 1 warning
	2 of them can be cured: imgcache lint --fix
	END
'

test_that 'nothing is wider than 80 columns' '
	room && {
		printf "FROM registry.example.test/a-long-name/%020d/x:latest\n" 1
		printf "RUN pip install %0100d \\\\\n   %090d>=1\n" 1 2
		printf "\tCOPY --chown=%090d . /a\n" 3
	} >Dockerfile && mkdir .git && touch x
	imgcache lint >out; cat out; [ -s out ] &&
	! grep -E "^.{81}" out
'

test_that 'colours when asked for, none otherwise' '
	room && echo "FROM debian" >Dockerfile
	imgcache --color=always lint >out 2>words
	grep "$(printf "\033\[33mwarning\033\[0m")" out &&
	imgcache lint >out 2>words; ! grep "$(printf "\033")" out words
'

test_that 'control characters of a file do not reach the terminal' '
	room && printf "FROM a\033[31m:1\nRUN pip install \033]0;x\007b\n" \
		>Dockerfile
	imgcache lint --severity info >out 2>words; [ $? -eq 1 ] &&
	! grep "$(printf "\033")" out words
'

test_that 'severity: what counts, and that there is more' '
	room && printf "%s\n" "FROM python:3.12" "RUN --mount=type=cache,"\
"target=/root/.cache/pip pip install x" >Dockerfile &&
	expect_status 0 imgcache lint && ! [ -s stdout ] &&
	grep -Fx "1 of less weight: --severity info shows all" stderr &&
	expect_status 1 imgcache lint --severity info && grep IC013 stdout &&
	expect_status 0 imgcache lint --severity error && ! [ -s stdout ]
'

test_that 'a file that docker would refuse is a finding, not a failure' '
	room && printf "FROM a:1\nRUN <<EOF\n" >Dockerfile &&
	expect_status 1 imgcache lint --json &&
	jq -e ".[0].rule == \"IC000\" and .[0].line == 2 and
		.[0].severity == \"error\"" stdout
'

test_that 'rules: some of them, by id or name, with commas or not' '
	room && printf "FROM debian\nRUN apt-get update\n" >Dockerfile &&
	ids --rule IC003; list "IC003 Dockerfile:1" &&
	ids --rule moving-base,ic008; list "IC003 Dockerfile:1" \
		"IC008 Dockerfile:2" &&
	ids --rule IC008 --rule IC003; list "IC003 Dockerfile:1" \
		"IC008 Dockerfile:2"
'

test_that 'one rule shows its notes without --severity' '
	room && printf "%s\n" "FROM python:3.12" "RUN --mount=type=cache,"\
"target=/root/.cache/pip pip install x" >Dockerfile &&
	expect_status 1 imgcache lint --rule IC013 && grep IC013 stdout
'

test_that 'wrong words' '
	room && echo "FROM debian:12" >Dockerfile &&
	expect_status 129 imgcache lint --rule IC999 && one_line stderr &&
	grep "no lint rule .IC999." stderr &&
	expect_status 129 imgcache lint --rule moving-bse &&
	grep "did you mean .moving-base." stderr &&
	expect_status 129 imgcache lint --dry-run && one_line stderr &&
	expect_status 129 imgcache lint --json --format sarif &&
	expect_status 129 imgcache lint --format xml &&
	expect_status 128 imgcache lint nowhere && grep nowhere stderr
'

test_that 'a file that cannot be read is a failure' '
	room && echo "FROM debian:12" >Dockerfile && ln -s loop loop &&
	expect_status 128 imgcache lint loop && one_line stderr
'

test_that 'one that is only found is passed over, with a warning' '
	room && echo "FROM debian" >Dockerfile && head -c 17000000 /dev/zero \
		>big.sh && expect_status 1 imgcache lint && grep IC003 stdout &&
	grep "not looked at: .*big.sh" stderr &&
	expect_status 128 imgcache lint big.sh
'

# Formats.

rich() {
	room && mkdir "a b" && printf "%s\n" "FROM debian" \
		"# Grüße" "ARG ÄPFEL=1 NPM_TOKEN" >"a b/Dockerfile"
}

test_that 'json: every field' '
	rich && expect_status 1 imgcache lint --format json &&
	jq -e "length == 2 and (.[1] | .rule == \"IC014\" and
		.name == \"secret-in-image\" and .severity == \"warning\" and
		.file == \"a b/Dockerfile\" and .line == 3 and .column == 13 and
		.endLine == 3 and .endColumn == 22 and (.cause | length > 20)
		and (.cure | length > 20) and .fixable == false)" stdout
'

test_that 'sarif: a run with rules and results' '
	rich && expect_status 1 imgcache lint --format sarif &&
	jq -e ".version == \"2.1.0\" and (.runs | length == 1) and
		(.runs[0].tool.driver.rules | length > 20) and
		(.runs[0].results | length == 2) and
		(.runs[0].results[1].locations[0].physicalLocation |
			.artifactLocation.uri == \"a%20b/Dockerfile\" and
			.region == {startLine: 3, startColumn: 13, endLine: 3,
				endColumn: 22}) and
		(.runs[0] as \$r | all(\$r.results[]; .ruleId as \$id |
			any(\$r.tool.driver.rules[]; .id == \$id)))" stdout &&
	imgcache lint --format sarif --severity error >out &&
	jq -e ".runs[0].results == []" out
'

test_that 'github: a command for each, with what would end it escaped' '
	room && mkdir "a,b:c" && printf "FROM debian\n" >"a,b:c/Dockerfile" &&
	expect_status 1 imgcache lint --format github &&
	one_line stdout && grep "^::warning file=a%2Cb%3Ac/Dockerfile,line=1,"\
"col=6,endLine=1,endColumn=12,title=IC003 moving-base::.debian. has" stdout
'

# What is looked at.

test_that 'Dockerfiles of all names, but no templates and no others' '
	room && for f in Dockerfile Dockerfile.dev api.Dockerfile \
		Containerfile Dockerfile-x; do echo "FROM debian" >$f; done &&
	for f in Dockerfile.j2 Dockerfile.ejs Dockerfile.m4 \
		Dockerfile__tmpl__; do
		echo "FROM debian" >$f; done && echo "set x" >Dockerfile.conf &&
	printf "ARG A=x\nFROM {{ base }}\n" >Dockerfile.prod &&
	printf "ARG F=\"{{.N}}\"\nFROM debian\n" >Dockerfile.args &&
	echo "FROM debian" >Dockerfile.md && ids; list \
		"IC003 Containerfile:1" "IC003 Dockerfile:1" \
		"IC003 Dockerfile-x:1" "IC003 Dockerfile.args:2" \
		"IC003 Dockerfile.dev:1" "IC003 api.Dockerfile:1"
'

test_that 'not what tools make, what git ignores, what is hidden' '
	room && for d in node_modules/a vendor/b .git/c .cache/d made/e \
		deep/made2/f src; do
		mkdir -p $d && echo "FROM debian" >$d/Dockerfile
	done && echo /made/ >.gitignore && echo made2 >deep/.gitignore &&
	ids; list "IC003 src/Dockerfile:1"
'

test_that 'named files and folders, and no others' '
	room && mkdir a b && for d in . a b; do
		echo "FROM debian" >$d/Dockerfile; done &&
	echo "FROM debian" >odd-name &&
	ids a; list "IC003 a/Dockerfile:1" &&
	ids odd-name b/Dockerfile; list "IC003 b/Dockerfile:1" \
		"IC003 odd-name:1"
'

test_that 'the project is searched from below it, and -C is followed' '
	room && mkdir -p a/b && echo "version: 1" >imgcache.yaml &&
	echo "FROM debian" >a/Dockerfile && cd a/b &&
	imgcache lint --json >../../../found; jq -e \
		"length == 1 and (.[0].file | endswith(\"/a/Dockerfile\"))" \
		../../../found && cd "$TRASH" && imgcache -C room/a lint --json |
		jq -e ".[0].file == \"Dockerfile\""
'

test_that 'the context that a recipe names' '
	room && mkdir docker dist && touch dist/app &&
	echo dist >.dockerignore &&
	printf "ARG BASE\nFROM \$BASE\nCOPY dist/app /app\n" >docker/Dockerfile &&
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  app: {dockerfile: docker/Dockerfile, context: ., args: {BASE: "debian"}}
	YAML
	ids; list "IC003 docker/Dockerfile:2" "IC019 docker/Dockerfile:3"
'

test_that 'the context that a compose file names' '
	room && mkdir -p web/docker web/dist && touch web/dist/app web/x &&
	echo dist >web/.dockerignore &&
	printf "FROM debian:12\nCOPY dist/app /a\n" >web/docker/Dockerfile &&
	cat >compose.yaml <<-YAML &&
	services:
	  web:
	    build: {context: ./web, dockerfile: docker/Dockerfile}
	YAML
	ids; list "IC019 web/docker/Dockerfile:2"
'

test_that 'named contexts of a compose file are no images' '
	room && printf "FROM base\nCOPY --from=tools /t /t\n" >Dockerfile &&
	cp Dockerfile b.Dockerfile && cat >compose.yaml <<-YAML &&
	services:
	  web:
	    build:
	      context: .
	      additional_contexts: {base: "service:b", tools: ../tools}
	  b:
	    build:
	      context: .
	      dockerfile: b.Dockerfile
	      additional_contexts: ["tools=docker-image://tools:1"]
	YAML
	ids; list "IC003 b.Dockerfile:1"
'

test_that 'the context is guessed from what is copied' '
	room && mkdir -p .git docker src && touch src/main.py &&
	echo src/main.py >.dockerignore &&
	printf "FROM debian:12\nCOPY src/main.py /\n" >docker/Dockerfile &&
	ids; list "IC019 docker/Dockerfile:2"
'

test_that 'include: of a recipe is its ignore file' '
	room && mkdir src .git && touch src/a && cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  app: {dockerfile: Dockerfile, include: [src/]}
	YAML
	printf "FROM debian:12\nCOPY . /app\n" >Dockerfile && ids; list
'

# Comments.

test_that 'a comment silences the whole instruction below it' '
	room && cat >Dockerfile <<-\DOCKER &&
	# imgcache lint ignore=IC003, IC014: made here
	FROM debian

	# imgcache lint ignore=IC017: one time only
	# another comment

	RUN apt-get update && \
	    apt-get install x
	DOCKER
	ids; list "IC026 Dockerfile:1" && imgcache lint 2>words
	grep -Fx "2 silenced by comments" words
'

test_that 'within a continued RUN it is for the next line' '
	room && cat >Dockerfile <<-\DOCKER &&
	FROM python:3.12
	RUN --mount=type=cache,id=x,target=/root/.cache/pip true && \
	    # imgcache lint ignore=IC010: a file is wanted
	    pip install a>=1 && \
	    pip install b>=2
	DOCKER
	ids; list "IC010 Dockerfile:5"
'

test_that 'for the whole file, for an ignore file, for a script' '
	room && mkdir web && mkdir web/node_modules && cat >Dockerfile <<-D &&
	FROM debian
	FROM busybox
	# imgcache lint ignore-file=IC003: all of them move here
	D
	printf "# imgcache lint ignore=IC022: the top is meant\n%s\n" \
		node_modules >.dockerignore &&
	printf "# imgcache lint ignore=IC015: the disk is small\n%s\n" \
		"docker system prune -f" >x.sh && ids; list
'

test_that 'a comment without a reason, with a wrong id, silences nothing' '
	room && printf "%s\n" "# imgcache lint ignore=IC003:" \
		"FROM debian AS x" "# imgcache lint ignore=IC03: because" "FROM busybox" \
		>Dockerfile && ids; list "IC025 Dockerfile:1" \
		"IC003 Dockerfile:2" "IC025 Dockerfile:3" "IC003 Dockerfile:4"
'

test_that 'what is silenced is not fixed' '
	room && printf "%s\n" "FROM python:3.12" \
		"# imgcache lint ignore=IC010: a file is wanted" \
		"# imgcache lint ignore=IC017: no" \
		"RUN pip install a>=1" >Dockerfile && cp Dockerfile before &&
	expect_status 0 imgcache lint --fix && same before Dockerfile
'

# The project file.

test_that 'lint: of imgcache.yaml, and no warning that it is not used' '
	room && mkdir old && echo "FROM debian" >old/Dockerfile && cat \
		>Dockerfile <<-D && cat >imgcache.yaml <<-YAML &&
	FROM debian
	RUN --mount=type=cache,target=/root/.cache/pip pip install x
	RUN apt-get update
	ARG NPM_TOKEN
	D
	version: 1
	lint:
	  ignore: [IC014]
	  rules: {ic008: off, IC013: error}
	  exclude: [old]
	YAML
	ids; list "IC003 Dockerfile:1" "IC013 Dockerfile:2" && ! [ -s ../words ] &&
	jq -e ".[1].severity == \"error\"" ../found &&
	ids --rule IC008; list "IC008 Dockerfile:3" &&
	ids old/Dockerfile; list "IC003 old/Dockerfile:1"
'

test_that 'severity: of imgcache.yaml, which the command line overrides' '
	room && echo "FROM debian" >Dockerfile &&
	printf "version: 1\nlint: {severity: error}\n" >imgcache.yaml &&
	expect_status 0 imgcache lint && ! [ -s stdout ] &&
	expect_status 1 imgcache lint --severity warning && grep IC003 stdout
'

test_that 'a rule that there is not: file, line, column, the nearest' '
	room && printf "version: 1\nlint:\n  ignore: [IC0003]\n" \
		>imgcache.yaml && expect_status 128 imgcache lint &&
	one_line stderr && grep "^imgcache: imgcache.yaml:3:12: .*IC0003" stderr &&
	printf "version: 1\nlint: {rules: {StageNameCasing: off}}\n" \
		>imgcache.yaml && expect_status 0 imgcache lint
'

# The table of rules.

page_rules() {
	sed -n 's/^\.It Cm \(IC[0-9]* .*\) No /\1 /p' "$TOP/man/imgcache-lint.1"
}

page_summaries() {
	awk '/^\.It Cm IC/ { if (t) print t; t = ""; on = 1; next }
		/^\.El/ { if (on && t) print t; on = 0; t = "" }
		on { t = t (t ? " " : "") $0 }' "$TOP/man/imgcache-lint.1" |
		sed 's/\\&//g'
}

test_that 'the page has the rules of --rules, in their order' '
	imgcache lint --rules --json >rules &&
	jq -r ".[] | \"\(.id) \(.name) \(.severity)\(if .fixes then \" fix\"
		else \"\" end)\"" rules >expect && [ "$(wc -l <expect)" -ge 27 ] &&
	page_rules >actual && same expect actual &&
	jq -r ".[].summary" rules >expect &&
	page_summaries >actual && same expect actual
'

test_that '--rules for people' '
	expect_status 0 imgcache lint --rules && ! [ -s stderr ] &&
	grep -E "^IC017  install-without-mount +warning  --fix$" stdout &&
	! grep "^IC" stdout | grep -E "[a-z] (info|warning|error)" &&
	! grep -E "^.{81}" stdout
'

# BuildKit's own checks.

# What the stand-in answers is what buildx 0.29 with engine 28.5 does, but for
# the texts of "data" and "def", which nobody reads.

# checks VERSION: a docker with that buildx, whose check answers check.json. An
# engine that has no check of a file says $CHECK_ERROR instead; only of files
# named $CHECK_NOT where that is set.
checks() {
	cat >"$STANDIN_DIR/bin/docker" <<-SCRIPT
	#!/bin/sh
	echo "\$*" >>"$TRASH/asked"
	case "\$*" in
	"buildx version") echo "github.com/docker/buildx v$1 1234567" ;;
	"buildx build --call=check,format=json --progress=quiet --file="*)
		case "\$*" in
		*"--file=\${CHECK_NOT-/}"*)
			if [ -n "\${CHECK_ERROR-}" ]; then
				printf "%s\n" "\$CHECK_ERROR" >&2
				exit 1
			fi ;;
		esac
		cat "$TRASH/check.json"
		cat "$TRASH/check.err" >&2
		exit "\$(cat "$TRASH/check.status")" ;;
	*) echo "unexpected: \$*" >&2; exit 99 ;;
	esac
	SCRIPT
	chmod +x "$STANDIN_DIR/bin/docker"
	: >"$TRASH/asked"
}

# at FIRST [LAST]: the location of an instruction, a range for each line.
at() {
	printf '"location": {"ranges": ['
	at_line=$1
	while :; do
		printf '{"start": {"line": %s}, "end": {"line": %s}}' \
			"$at_line" "$at_line"
		at_line=$((at_line + 1))
		[ "$at_line" -le "${2:-$1}" ] || break
		printf ,
	done
	printf ']}'
}

# warning RULE FIRST-LINE DETAIL [LAST-LINE]: one entry of the answer.
warning() {
	printf '{"ruleName": "%s", "description": "What %s is about",
		"url": "https://docs.example.test/%s/", "detail": "%s", %s}' \
		"$1" "$1" "$1" "$3" "$(at "$2" ${4+"$4"})"
}

# answer WARNING...: what the check prints, and its exit status.
answer() {
	rm -f "$TRASH/check.stop"
	answer_again "$@"
}

answer_again() {
	echo 0 >"$TRASH/check.status"
	if [ $# -gt 0 ] || [ -e "$TRASH/check.stop" ]; then
		echo 1 >"$TRASH/check.status"
	fi
	[ -e "$TRASH/check.stop" ] || : >"$TRASH/check.err"
	{
		printf '{"warnings": '
		between='['
		for answer_part; do
			printf '%s%s' "$between" "$answer_part"
			between=,
		done
		if [ $# -gt 0 ]; then printf ']'; else printf null; fi
		[ ! -e "$TRASH/check.stop" ] || cat "$TRASH/check.stop"
		printf ', "sources": [{"filename": "Dockerfile",
			"data": "RlJPTQo=", "definition": {"def": ["WgA="],
			"metadata": {}, "Source": {"locations": {}}},
			"language": "Dockerfile"}]}\n'
	} >"$TRASH/check.json"
}

# stopped MESSAGE LINE [WARNING...]: the answer of a check that met an error,
# where LINE is the location's JSON.
stopped() {
	printf ', "buildError": {"message": "%s", %s}' "$1" "$2" \
		>"$TRASH/check.stop"
	printf 'ERROR: %s\nDockerfile:1\n--------------------\n%s\n%s\n\n' \
		"$1" "   1 | >>> FROM" "--------------------" >"$TRASH/check.err"
	shift 2
	answer_again "$@"
}

checked() {
	room && printf "FROM debian:12 as x\nARG NPM_TOKEN\n" >Dockerfile &&
	answer "$(warning FromAsCasing "${1-1}" "casing does not match")" \
		"$(warning SecretsUsedInArgOrEnv "${2-2}" "Do not use ARG or \
ENV instructions for sensitive data (ARG \\\"NPM_TOKEN\\\")")"
}

test_that 'buildx 0.15: its findings are among ours, none twice' '
	checks 0.15.0 && checked && ids; list "FromAsCasing Dockerfile:1" \
		"IC014 Dockerfile:2" && jq -e ".[0].severity == \"warning\" and
		.[0].name == \"FromAsCasing\" and (.[0].cure |
			contains(\"/FromAsCasing\"))" ../found &&
	[ "$(grep -c "^buildx build --call=check,format=json .*\
--file=$PWD/Dockerfile -- $PWD$" ../asked)" -eq 1 ]
'

secret() {
	warning SecretsUsedInArgOrEnv 2 "Do not use ARG or ENV instructions \
for sensitive data (ENV \\\"$1\\\")" 4
}

test_that 'of an instruction of several lines, none twice' '
	checks 0.29.1 && room && printf "%s\n" "FROM debian:12" \
		"ENV A=b \\" "  NPM_TOKEN=c \\" "  D=e" >Dockerfile &&
	answer "$(secret NPM_TOKEN)" && ids; list "IC014 Dockerfile:3"
'

test_that 'of two names in one instruction, theirs is kept' '
	checks 0.29.1 && room && printf "%s\n" "FROM debian:12" \
		"ENV A=b \\" "  NPM_TOKEN=c \\" "  D=e" >Dockerfile &&
	answer "$(secret NPM_TOKEN)" "$(secret APIKEYS)" && ids
	list "SecretsUsedInArgOrEnv Dockerfile:2" "IC014 Dockerfile:3"
'

test_that 'a Dockerfile that BuildKit cannot read is found' '
	checks 0.29.1 && room && printf "FROM debian:12\nRUN --mont=a b\n" \
		>Dockerfile && stopped "dockerfile parse error on line 2: \
unknown flag: --mont (did you mean mount?)" "$(at 2)" && ids
	list "IC000 Dockerfile:2" && ! [ -s ../words ] &&
	jq -r ".[0].cause" ../found >actual &&
	[ "$(cat actual)" = "unknown flag: --mont (did you mean mount?)" ]
'

test_that 'a base that is not to be had is no finding' '
	checks 0.29.1 && checked && cp Dockerfile Dockerfile.b &&
	cp Dockerfile Dockerfile.c && stopped "x: failed to resolve source metadata for x" "$(at 1)" \
		"$(warning FromAsCasing 1 "casing")" && ids
	list "FromAsCasing Dockerfile:1" "IC014 Dockerfile:2" \
		"FromAsCasing Dockerfile.b:1" "IC014 Dockerfile.b:2" \
		"FromAsCasing Dockerfile.c:1" "IC014 Dockerfile.c:2" &&
	printf "imgcache: warning: BuildKit'\''s own checks stop %s\n" \
		"at Dockerfile:1: x: failed to resolve source metadata for x" \
		"early in 2 more files" >expect && same expect ../words
'

test_that 'a stop that BuildKit gives no line for has none made up' '
	checks 0.29.1 && checked && stopped "failed to read x" \
		"\"location\": {}" "$(warning FromAsCasing 1 "casing")" && ids
	list "FromAsCasing Dockerfile:1" "IC014 Dockerfile:2" &&
	printf "imgcache: warning: BuildKit'\''s own checks stop in %s\n" \
		"Dockerfile: failed to read x" >expect && same expect ../words
'

test_that 'warnings that are made errors stop nothing' '
	checks 0.29.1 && checked && stopped "lint violation found for rules: \
FromAsCasing" "\"location\": {}" "$(warning FromAsCasing 1 "casing")" && ids
	list "FromAsCasing Dockerfile:1" "IC014 Dockerfile:2" &&
	! [ -s ../words ]
'

test_that 'a frontend that is not to be had is left out, its file alone' '
	checks 0.29.1 && checked && cp Dockerfile Dockerfile.b &&
	CHECK_NOT=$PWD/Dockerfile" " CHECK_ERROR="Dockerfile:1
--------------------
   1 | >>> # syntax=docker/dockerfile:9
--------------------
ERROR: failed to build: failed to solve: failed to resolve source metadata" ids
	list "IC014 Dockerfile:2" "FromAsCasing Dockerfile.b:1" \
		"IC014 Dockerfile.b:2" &&
	grep "checks of Dockerfile are left out .*: failed to build" ../words &&
	[ "$(grep -c "" ../words)" -eq 1 ]
'

unsupported="ERROR: failed to build: failed to solve: unsupported request \
frontend.lint: unsupported request frontend.lint"

test_that 'an engine without checks is asked once, and nothing is said' '
	checks 0.29.1 && checked && cp Dockerfile Dockerfile.b &&
	CHECK_ERROR=$unsupported ids
	list "IC014 Dockerfile:2" "IC014 Dockerfile.b:2" &&
	! [ -s ../words ] && [ "$(grep -c call=check ../asked)" = 1 ]
'

test_that 'a frontend of the file without checks is no answer for others' '
	checks 0.29.1 && checked && cp Dockerfile Dockerfile.b &&
	sed -i "1i # syntax=docker/dockerfile:1.4" Dockerfile &&
	CHECK_NOT=$PWD/Dockerfile" " CHECK_ERROR=$unsupported ids
	list "IC014 Dockerfile:3" "FromAsCasing Dockerfile.b:1" \
		"IC014 Dockerfile.b:2" && ! [ -s ../words ]
'

test_that 'nothing of theirs: nothing of ours' '
	checks 0.15.0 && room && echo "FROM debian:12" >Dockerfile && answer &&
	expect_status 0 imgcache lint && grep "nothing found" stderr
'

test_that 'they are silenced by a comment, by their names' '
	checks 0.30.1 && checked 2 3 && sed -i "1i # imgcache lint \
ignore=FromAsCasing: as it was" Dockerfile && ids; list "IC014 Dockerfile:3"
'

test_that 'they are switched off in imgcache.yaml, by their names' '
	checks 0.30.1 && checked &&
	printf "version: 1\nlint: {ignore: [FromAsCasing]}\n" >imgcache.yaml &&
	ids; list "IC014 Dockerfile:2"
'

test_that 'not asked: buildx 0.13, --no-buildx, --rule, --fix' '
	checks 0.13.1 && checked && ids; list "IC014 Dockerfile:2" &&
	[ "$(cat ../asked)" = "buildx version" ] && checks 0.15.0 &&
	ids --no-buildx; list "IC014 Dockerfile:2" && ids --rule IC014
	imgcache lint --fix --dry-run >../out; ! [ -s ../asked ]
'

test_that 'no answer: one warning, our own findings' '
	checks 0.15.0 && checked && cp Dockerfile Dockerfile.b &&
	CHECK_ERROR="ERROR: Cannot connect to the Docker daemon at x" \
		expect_status 1 imgcache lint && grep IC014 stdout &&
	[ "$(grep -c "checks are left out" stderr)" -eq 1 ] &&
	grep "Cannot connect" stderr && [ "$(grep -c call=check ../asked)" = 1 ]
'

test_that 'without docker nothing is said of it' '
	checked && mkdir few && ln -s "$TOP/build/imgcache" few/ &&
	PATH=$PWD/few expect_status 1 imgcache lint &&
	! grep -i -e docker: -e buildx stderr
'

test_done
