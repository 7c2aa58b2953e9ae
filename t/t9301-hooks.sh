#!/bin/sh
# SPDX-License-Identifier: MIT
# The recipes of imgcache-hooks(7) and the examples of env and exec, taken from
# the pages themselves, with an engine.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

unset GITHUB_ENV GITHUB_OUTPUT COMPOSE_FILE COMPOSE_PROJECT_NAME
mkdir -p app && cd app || exit 1
cat >imgcache.yaml <<YAML
version: 1
images:
  tools: {base: "busybox:latest", env: {RUN: "$RUN"}, labels: {imgcache-test: "$RUN"}}
  web: {base: "busybox:latest", env: {RUN: "$RUN", W: "1"}, labels: {imgcache-test: "$RUN"}}
YAML

# example NAME: the display that follows that comment in one of the pages.
example() {
	awk -v name="$1" '
		$1 == ".\\\"" && $2 == "example" { wanted = $3 == name }
		wanted && /^\.Ed/ { exit }
		wanted && !/^\./ { print }' "$TOP/man/imgcache-hooks.7" \
		"$TOP/man/imgcache-env.1" "$TOP/man/imgcache-exec.1" |
		sed 's/\\e/\\/g' >"$TRASH/example" &&
	[ -s "$TRASH/example" ] && cat "$TRASH/example"
}

# Pulumi is none of Debian's: its words, and the variables that it has.
printf '#!/bin/sh\necho "pulumi $*"\necho "web $IMGCACHE_WEB_REF"\n' \
	>"$TRASH/bin/pulumi"
chmod +x "$TRASH/bin/pulumi"
# docker compose, where there is only the program of that name.
if ! docker compose version >/dev/null 2>&1 &&
	command -v docker-compose >/dev/null; then
	sed "2i [ \"\$1\" = compose ] && shift && exec docker-compose \"\$@\"" \
		"$TRASH/bin/docker" >"$TRASH/bin/d" &&
		chmod +x "$TRASH/bin/d" && mv "$TRASH/bin/d" "$TRASH/bin/docker"
fi
printf '#!/bin/sh\necho "nightly $IMGCACHE_TOOLS_REF"\n' >nightly
chmod +x nightly

test_that 'env: a miss ends the script before the tool is run' '
	example pulumi-config | sed "s/ --build//" >script &&
	expect_status 1 sh script && ! [ -s stdout ] && ! [ -s set-images.sh ]
'

test_that 'Pulumi: environment' '
	example pulumi-exec >script && expect_status 0 sh script &&
	printf "pulumi up --yes\nweb %s\n" "$(imgcache get web)" >want &&
	same want stdout
'

test_that 'Pulumi: configuration' '
	example pulumi-config >script && expect_status 0 sh script &&
	grep "^pulumi config set-all --plaintext imgcache:web.ref=$(
		imgcache get web) --plaintext imgcache:web.tag=" stdout &&
	tail -n 2 stdout | grep -x "pulumi up --yes"
'

test_that 'Pulumi: the commands of Command' '
	example pulumi-command.ts >program &&
	tag=$(sed -n "s/.*command: \"\(.*\)\".*/\1/p" program) &&
	create=$(sed -n "s/.*create: \"\(.*\)\".*/\1/p" program) &&
	[ "$($create)" = "$(imgcache get web)" ] &&
	case $($create) in *:"$($tag)") ;; *) false ;; esac
'

if docker compose version >/dev/null 2>&1; then
	test_that 'compose: by the environment' '
		example compose.yaml >compose.yaml && example compose-exec >script &&
		COMPOSE_PROJECT_NAME=imgcache$$ && export COMPOSE_PROJECT_NAME &&
		expect_status 0 sh script; status=$?
		image=$(docker ps -a --filter "label=imgcache-test=$RUN" \
			--format "{{.Image}}"); docker compose config 2>&1
		IMGCACHE_WEB_REF=x docker compose down
		[ $status -eq 0 ] && [ "$image" = "$(imgcache get web)" ]
	'
	test_that 'compose: over a file that is built otherwise' '
		printf "version: \"3\"\nservices:\n  web:\n    build: ./none\n    network_mode: none\n" \
			>compose.yaml && mkdir -p none && example compose-env >script &&
		COMPOSE_PROJECT_NAME=imgcache$$ && export COMPOSE_PROJECT_NAME &&
		expect_status 0 sh script; status=$?
		image=$(docker ps -a --filter "label=imgcache-test=$RUN" \
			--format "{{.Image}}"); docker compose down
		[ $status -eq 0 ] && [ "$image" = "$(imgcache get web)" ]
	'
	test_that 'compose: without exec it says how it is meant' '
		example compose.yaml >compose.yaml &&
		! docker compose config >out 2>&1 &&
		grep "run me by imgcache exec" out
	'
else
	test_skip 'compose' 'neither docker compose nor docker-compose'
fi

# An image without a name would be nobody's to remove.
unkept() {
	sed "s/ app$/ --set app.output=type=cacheonly app/"
}
rm -f compose.yaml		# bake would read it, too
printf 'ARG BASE\nFROM $BASE\nLABEL imgcache-test=%s\n' "$RUN" >Dockerfile
test_that 'bake: by the environment' '
	example docker-bake.hcl >docker-bake.hcl &&
	example bake-exec | sed "s/bake app/bake --print app/" >script &&
	expect_status 0 sh script && [ "$(jq -r .target.app.args.BASE stdout)" = \
		"$(imgcache get tools)" ] && example bake-exec | unkept >script &&
	expect_status 0 sh -e script
'

test_that 'bake: by a file' '
	example bake-env | sed "s/ app$/ --print app/" >script &&
	expect_status 0 sh script && [ "$(jq -r .target.app.args.BASE stdout)" = \
		"$(imgcache get tools)" ] && example bake-env | unkept >script &&
	expect_status 0 sh script
'

test_that 'GitHub Actions: the step, then the next one' '
	run=$(example github.yml |
		sed -n "s/^ *run: \(imgcache env .*\)/\1/p") && [ -n "$run" ] &&
	GITHUB_ENV=$PWD/ghenv GITHUB_OUTPUT=$PWD/ghout $run &&
	same ghenv ghout && env $(cat ghenv) sh -c \
		"docker run --rm \"\$IMGCACHE_TOOLS_REF\" echo made" | grep -x made
'

test_that 'GitLab: the command, its file read by a shell' '
	example gitlab.yml | sed -n "s/^    - \(imgcache env .*\)/\1/p" \
		>script && [ -s script ] && sh -e script &&
	! grep "[\"'\'' ]" images.env && . ./images.env &&
	[ "$IMGCACHE_TOOLS_REF" = "$(imgcache get tools)" ]
'

test_that 'docker run --env-file takes the dotenv file as it is' '
	imgcache env --format dotenv tools >images.env &&
	docker run --rm --env-file images.env "$(imgcache get tools)" \
		sh -c "echo \$IMGCACHE_TOOLS_REF" >got &&
	[ "$(cat got)" = "$(imgcache get tools)" ]
'

test_that 'cron: the commands, in an environment that has nothing' '
	example crontab | sed -n "s/^[@0-9].*cd app/cd app/p" >script &&
	[ "$(wc -l <script)" -eq 2 ] && cd .. && while read -r line; do
		expect_status 0 env -i HOME="$HOME" PATH="$PATH" \
			DOCKER_HOST="${DOCKER_HOST-}" \
			IMGCACHE_DIR="$IMGCACHE_DIR" sh -c "$line" &&
			! [ -s stderr ] || exit 1
	done <app/script && mv stdout got && cd app &&
	[ "$(cat ../got)" = "nightly $(imgcache get tools)" ]
'

test_that 'systemd: the command' '
	example nightly.service | sed -n "s|^ExecStart=/usr/local/bin/||p" \
		>script && expect_status 0 sh -e script && ! [ -s stderr ] &&
	[ "$(cat stdout)" = "nightly $(imgcache get tools)" ]
'

if command -v systemd-analyze >/dev/null; then
	test_that 'systemd: the files' '
		mkdir -p units && example nightly.timer >units/nightly.timer &&
		example nightly.service | sed "s|/usr/local/bin|$TOP/build|
			s|%h/app|/|" >units/nightly.service &&
		expect_status 0 systemd-analyze verify units/nightly.service \
			units/nightly.timer && ! [ -s stderr ] &&
		sed -i s/OnCalendar/OnCalender/ units/nightly.timer &&
		systemd-analyze verify units/nightly.timer 2>&1 | grep OnCalender
	'
else
	test_skip 'systemd: the files' 'no systemd-analyze'
fi

test_that 'a script that goes on with the names' '
	example shell >script && expect_status 0 sh script && ! [ -s stdout ] &&
	sed "s/ --build/ --base nowhere.example\/none:1/" script >miss &&
	{ sh miss >/dev/null 2>&1; [ $? -ne 0 ]; }
'

test_that 'imgcache-env(1): in a shell, and as a file' '
	example env-shell | sed "s/ make$/ echo made/" >script &&
	expect_status 0 sh script && [ "$(cat stdout)" = made ] &&
	rm -f images.env && example env-dotenv >script &&
	echo "env | grep ^IMGCACHE_TOOLS_REF=" >>script &&
	expect_status 0 sh script &&
	[ "$(cat stdout)" = "IMGCACHE_TOOLS_REF=$(imgcache get tools)" ]
'

test_that 'imgcache-exec(1): pulumi, and sh -c' '
	example exec-pulumi >script && expect_status 0 sh script &&
	grep -x "pulumi up" stdout && example exec-sh |
		sed "s/make -C/ls -d/" >script && expect_status 0 sh script &&
	[ "$(cat stdout)" = /src ]
'

if docker compose version >/dev/null 2>&1; then
	test_that 'imgcache-env(1): over a compose file' '
		printf "version: \"3\"\nservices: {web: {image: none, network_mode: none}}\n" \
			>compose.yaml && example env-compose >script &&
		COMPOSE_PROJECT_NAME=imgcache$$ && export COMPOSE_PROJECT_NAME &&
		expect_status 0 sh script; status=$?
		image=$(docker ps -a --filter "label=imgcache-test=$RUN" \
			--format "{{.Image}}"); docker compose down
		[ $status -eq 0 ] && [ "$image" = "$(imgcache get web)" ]
	'
else
	test_skip 'imgcache-env(1): over a compose file' 'no docker compose'
fi

test_done
