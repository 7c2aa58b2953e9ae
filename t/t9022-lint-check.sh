#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache lint` with BuildKit's own checks, from a client and an engine that
# have them; what the stand-in of t6002 answers is compared with theirs.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

# check FILE: the answer in ../answer; the words, if it has one.
check() {
	"$real_docker" buildx build --call=check,format=json --progress=quiet \
		"--file=$1" -- "$PWD" >answer 2>said
	status=$?
	[ -s answer ]
}

printf 'FROM debian:bookworm-slim\n' >plain.Dockerfile
check "$PWD/plain.Dockerfile" ||
	test_skip_all "no --call=check: $(head -n 1 said)"

cat >lines.Dockerfile <<'END'
FROM debian:bookworm-slim as base
ENV A=b \
  NPM_TOKEN=c \
  D=$E
END
cat >flag.Dockerfile <<'END'
FROM debian:bookworm-slim
RUN --mont=type=cache true
END
cat >base.Dockerfile <<'END'
FROM debian:bookworm-slim AS one
MAINTAINER someone
FROM localhost:1/nowhere:1
END
cat >error.Dockerfile <<'END'
# check=error=true
FROM debian:bookworm-slim
MAINTAINER someone
END

# ids FILE: the rules found in it, each with its line.
ids() {
	imgcache lint --severity info --json "$1" >found 2>words
	jq -r '.[] | "\(.rule) \(.line)"' found | tee actual
}

list() {
	printf '%s\n' "$@" >expect
	same expect actual
}

test_that 'its answer: nothing to say is null, and status 0' '
	check "$PWD/plain.Dockerfile" && [ "$status" -eq 0 ] && ! [ -s said ] &&
	jq -e ".warnings == null and (.sources[0] | .filename ==
		\"plain.Dockerfile\" and .language == \"Dockerfile\") and
		(has(\"buildError\") | not)" answer
'

test_that 'its answer: a range for each line of an instruction' '
	check "$PWD/lines.Dockerfile"; [ "$status" -eq 1 ] && ! [ -s said ] &&
	jq -c ".warnings[] | select(.ruleName == \"SecretsUsedInArgOrEnv\") |
		.detail, [.location.ranges[] | .start.line, .end.line]" \
		answer >actual && cat actual && cat >expect <<-\END &&
	"Do not use ARG or ENV instructions for sensitive data (ENV \"NPM_TOKEN\")"
	[2,2,3,3,4,4]
	END
	same expect actual
'

test_that 'its answer: the error that a build would meet' '
	check "$PWD/flag.Dockerfile"; [ "$status" -eq 1 ] &&
	jq -e ".buildError.message ==
		\"dockerfile parse error on line 2: unknown flag: --mont (did you \
mean mount?)\" and .buildError.location.ranges[0].start.line == 2" answer &&
	check "$PWD/error.Dockerfile"; jq -e ".buildError | .location == {} and
		.message == \"lint violation found for rules: \" +
			\"MaintainerDeprecated\"" answer
'

test_that 'its findings are among ours, none twice' '
	ids lines.Dockerfile && list "FromAsCasing 1" "UndefinedVar 2" \
		"IC014 3" && ! [ -s words ]
'

test_that 'what it cannot read is found' '
	ids flag.Dockerfile && list "IC000 2" && ! [ -s words ]
'

test_that 'a base that is not to be had is said, and is no finding' '
	ids base.Dockerfile && list "MaintainerDeprecated 2" &&
	grep "own checks stop at base.Dockerfile:3: localhost:1/nowhere:1" words
'

test_that 'warnings that are made errors are warnings here' '
	ids error.Dockerfile && list "MaintainerDeprecated 3" && ! [ -s words ]
'

test_that 'a comment silences it by its name' '
	printf "%s\n" "FROM debian:bookworm-slim" "# imgcache lint \
ignore=MaintainerDeprecated: kept for the catalogue" "MAINTAINER someone" \
		>quiet.Dockerfile &&
	expect_status 0 imgcache lint quiet.Dockerfile
'

test_done
