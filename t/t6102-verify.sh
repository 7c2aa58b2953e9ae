#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache verify`: fresh, stale and why, dirty, unknown; images and containers.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir -p app web
printf 'FROM busybox\nCOPY . /a\n' >app/Dockerfile
printf 'FROM busybox\nCOPY . /w\n' >web/Dockerfile
echo 1 >app/main.c
echo 1 >web/index
cat >imgcache.yaml <<'YAML'
version: 1
images:
  app: {context: app}
  web: {context: web}
YAML

# runs NAME REF [OPTION...]: a container that goes on running.
started=
runs() {
	runs_name=$1
	runs_ref=$2
	shift 2
	docker run --name="$runs_name" "$@" "$runs_ref" sleep 300 \
		>/dev/null 2>&1 &
	started="$started $!"
	runs_n=0
	until grep -lq "name $runs_name\$" "$STANDIN_DIR"/containers/* \
		2>/dev/null; do
		runs_n=$((runs_n + 1))
		[ "$runs_n" -lt 200 ] || return 1
		sleep 0.05
	done
}

verify_cleanup() {
	for verify_pid in $started; do
		kill "$verify_pid" 2>/dev/null
	done
	standin_cleanup
}
trap verify_cleanup EXIT

# line TEXT: it stands in stdout, as a whole.
line() {
	grep -Fx -- "$1" stdout || { cat stdout; return 1; }
}

test_that 'never built is unknown, and no failure' '
	expect_status 0 imgcache verify && line "unknown  app  never built" &&
	line "unknown  web  never built"
'

test_that 'built: fresh' '
	imgcache build app web >/dev/null 2>&1 &&
	expect_status 0 imgcache verify && line "fresh    app" &&
	line "fresh    web" && ! [ -s stderr ]
'

test_that 'an edit: 1, and the file; the other one stays fresh' '
	echo 2 >app/main.c && expect_status 1 imgcache verify &&
	line "stale    app  inputs changed: main.c edited" &&
	line "fresh    web" && expect_status 0 imgcache verify web &&
	expect_status 1 imgcache verify app web
'

test_that 'no lookup is counted, nothing is built' '
	imgcache stats --json | jq .lookups >before && : >"$STANDIN_DIR/calls" &&
	imgcache verify >/dev/null; imgcache stats --json | jq .lookups >after
	same before after && ! grep buildx "$STANDIN_DIR/calls"
'

test_that 'invalidated, deleted: stale; built again: fresh' '
	echo 1 >app/main.c && imgcache invalidate app >/dev/null &&
	expect_status 1 imgcache verify app && line "stale    app  invalidated" &&
	imgcache build app >/dev/null 2>&1 && expect_status 0 imgcache verify app &&
	imgcache delete "$(imgcache tag app)" >/dev/null && expect_status 1 imgcache verify app &&
	line "stale    app  deleted" && imgcache build app >/dev/null 2>&1
'

test_that 'a container: fresh, then stale naming the file' '
	runs one "$(imgcache get app)" &&
	expect_status 0 imgcache verify --container one &&
	line "fresh    container one  app" && echo 2 >app/main.c &&
	expect_status 1 imgcache verify --container one &&
	line "stale    container one  app: inputs changed: main.c edited"
'

test_that 'what was built meanwhile does not make it fresh' '
	imgcache build app >/dev/null 2>&1 &&
	expect_status 0 imgcache verify app &&
	expect_status 1 imgcache verify --container one &&
	line "stale    container one  app: inputs changed: main.c edited"
'

test_that 'respawned from the new image: fresh' '
	runs two "$(imgcache get app)" &&
	expect_status 0 imgcache verify --container two
'

test_that 'by the beginning of an id; none of that name: 128' '
	id=$(grep -l "name two\$" "$STANDIN_DIR"/containers/* |
		sed "s:.*/::" | cut -c 1-12) &&
	expect_status 0 imgcache verify --container "$id" &&
	line "fresh    container two  app" &&
	expect_status 128 imgcache verify --container nothing &&
	says stderr "no container '\''nothing'\'' on the engine; see docker ps -a"
'

test_that 'a container of somebody else is unknown, and no failure' '
	runs other busybox && expect_status 0 imgcache verify \
		--container other &&
	line "unknown  container other  not built by imgcache"
'

test_that 'an image built from ours is not taken for ours' '
	printf "FROM %s\nENV X=1\n" "$(imgcache get app)" >derived &&
	docker buildx build --tag=derived:1 --file=derived . >/dev/null 2>&1 &&
	runs child derived:1 && expect_status 0 imgcache verify \
		--container child && grep "^unknown  container child  built from" \
		stdout
'

test_that 'all that run, by name; labels choose' '
	runs web1 "$(imgcache get web)" --label=com.docker.compose.project=shop &&
	expect_status 1 imgcache verify --all-running &&
	cut -c 1-24 stdout >actual && printf "%s\n" "unknown  container child" \
		"stale    container one  " "unknown  container other" \
		"fresh    container two  " "fresh    container web1 " >expect &&
	same expect actual &&
	expect_status 0 imgcache verify \
		--label com.docker.compose.project=shop && one_line stdout &&
	line "fresh    container web1  web" &&
	expect_status 0 imgcache verify --label com.docker.compose.project &&
	one_line stdout
'

test_that 'a label that no running container has: so it says, and 128' '
	expect_status 128 imgcache verify \
		--label com.docker.compose.project=none && ! [ -s stdout ] &&
	says stderr "no running container has the label '\''com.docker.compose.project=none'\''; see docker ps" &&
	expect_status 128 imgcache verify app --all-running --label a --label b &&
	says stderr "no running container has all of the labels '\''a'\'' ...; see docker ps"
'

test_that 'an image of another project says where to verify it' '
	mkdir -p elsewhere && cp imgcache.yaml elsewhere/ &&
	cp -R app web elsewhere/ && expect_status 0 imgcache -C elsewhere \
		verify --container two && grep "^unknown  container two  app: of the project in $PWD;" stdout
'

test_that 'from a directory or flags: unknown, so it says' '
	runs flags "$(imgcache build --base busybox --env A=1 2>/dev/null)" &&
	expect_status 0 imgcache verify --container flags &&
	grep "^unknown  container flags  built from flags or a directory" stdout
'

test_that 'a lost catalog: known by the tag and the alias beside it' '
	mv "$IMGCACHE_DIR" kept && expect_status 0 imgcache verify \
		--container two && line "fresh    container two  app" &&
	expect_status 1 imgcache verify --container one &&
	line "stale    container one  app: inputs changed";
	status=$?; rm -rf "$IMGCACHE_DIR"; mv kept "$IMGCACHE_DIR"
	[ $status -eq 0 ]
'

test_that 'sources that changed while it was built: dirty' '
	mkdir -p moving && echo 1 >moving/file &&
	printf "FROM busybox\nCOPY . /m\nRUN sleep 1\n" >moving/Dockerfile &&
	cat >>imgcache.yaml <<-YAML &&
	  moving: {context: moving}
	YAML
	(imgcache build moving >out 2>err; echo $? >status) & sleep 0.5
	echo 2 >moving/file; wait; [ "$(cat status)" -eq 3 ] &&
	expect_status 1 imgcache verify moving && grep "^dirty    moving" stdout &&
	echo 1 >moving/file && expect_status 1 imgcache verify moving &&
	grep "^dirty    moving  the sources changed while they were built: .*file" \
		stdout && ! grep -v "^   " stdout | grep "changed.*changed" &&
	ref=$(docker images --format "{{.Repository}}:{{.Tag}}" 2>/dev/null |
		grep unkeyed | head -n 1); [ -n "$ref" ] ||
	ref=$(ls "$STANDIN_DIR/tags" | grep unkeyed | head -n 1 | tr % /) &&
	runs dirt "$ref" && expect_status 1 imgcache verify --container dirt &&
	grep "^dirty    container dirt  moving: the sources changed while they" \
		stdout
'

test_that 'and one row says so, by which its log is found' '
	imgcache list --json moving >list && jq -e "length == 1 and
		(.[0] | .buildStatus == \"changed\" and
		(.reason | startswith(\"the sources changed\")) and
		.dockerImageId != null)" list && imgcache log moving >log &&
	grep "COPY" log
'

test_that 'and its build came to its end, with its steps' '
	cat err && ! grep "not recorded" err &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT b.status, b.duration_us > 0,
		count(s.build) > 0, b.image IS NOT NULL FROM builds b
		LEFT JOIN steps s ON s.build = b.id
		WHERE b.name = '\''moving'\''" >row && cat row &&
	[ "$(cat row)" = "changed|1|1|1" ]
'

test_that 'the row of a key that was there before is what it was' '
	echo 7 >moving/file; imgcache build moving >ref 2>/dev/null || exit 1
	tag=$(cut -d: -f2 ref)
	imgcache delete "$(echo "$tag" | cut -c 4-15)" >/dev/null || exit 1
	(imgcache build --rebuild moving >out 2>err; echo $? >status) & sleep 0.5
	echo 3 >moving/file; wait
	[ "$(cat status)" -eq 3 ] &&
	[ "$(imgcache list --json moving | jq -r ".[] |
		select(.tag == \"$tag\") | .buildStatus")" = deleted ]
'

test_that 'JSON: an array of all of it' '
	imgcache verify app --container one --container other --json >json
	[ $? -eq 1 ] && jq -e "length == 3 and .[0].state == \"fresh\" and
		.[0].container == null and .[1].state == \"stale\" and
		.[1].subject == \"one\" and .[1].name == \"app\" and
		.[1].reason == \"inputs-changed\" and
		(.[1].detail | contains(\"main.c\")) and
		.[1].tag != .[1].wanted and .[2].tag == null" json
'

test_that '--quiet: the status is the answer' '
	expect_status 1 imgcache verify -q --container one && ! [ -s stdout ] &&
	! [ -s stderr ] && expect_status 0 imgcache verify -q app &&
	imgcache verify app >expect && expect_status 0 imgcache -q verify app &&
	same expect stdout && ! [ -s stderr ]
'

test_that 'an engine that gives no answer: 128' '
	DOCKER_HOST=unix://$PWD/none.sock expect_status 128 imgcache verify app &&
	one_line stderr && DOCKER_HOST=unix://$PWD/none.sock expect_status 128 \
		imgcache verify --all-running && one_line stderr
'

test_that 'an image that cannot be judged hides no other' '
	mkdir -p bad && printf "FROM nobody/knows:it\n" >bad/Dockerfile &&
	cp imgcache.yaml kept.yaml && echo "  bad: {context: bad}" \
		>>imgcache.yaml
	expect_status 128 imgcache verify; one_line stderr || exit 1
	grep -x "fresh    app" stdout && grep -x "fresh    web" stdout &&
	grep "^unknown  bad  .*bad/Dockerfile:1: base" stdout &&
	grep "bad/Dockerfile:1: .*nobody/knows:it" stderr &&
	expect_status 128 imgcache verify --json && jq -e "length > 2 and
		any(.[]; .subject == \"bad\" and .state == \"unknown\")" stdout
	status=$?; mv kept.yaml imgcache.yaml; [ $status -eq 0 ]
'

test_that '--watch: what is stale at once, then only news; ends by a signal' '
	imgcache verify --watch app --container one >news 2>err & pid=$!
	n=0; until grep -q "container one" news; do
		n=$((n + 1)); [ $n -lt 100 ] || break; sleep 0.1
	done
	echo 3 >app/main.c
	n=0; until grep -q "stale    app" news; do
		n=$((n + 1)); [ $n -lt 100 ] || break; sleep 0.1
	done
	sleep 2.5; kill -s TERM $pid; wait $pid; status=$?
	cat news err; [ $status -eq 143 ] && [ "$(grep -c . news)" -eq 2 ] &&
	grep -E "^[0-9:]{8}  stale    app +inputs changed: main.c edited$" news &&
	! [ -s err ]
'

test_that '--watch --json: an object a line' '
	imgcache verify --watch --json app >lines & pid=$!
	n=0; until [ -s lines ]; do
		n=$((n + 1)); [ $n -lt 100 ] || break; sleep 0.1
	done
	kill -s TERM $pid; wait $pid; cat lines
	[ "$(grep -c . lines)" -eq 1 ] && jq -e ".state == \"stale\"" lines
'

test_that 'within 80 columns' '
	mkdir -p app/a-folder-with-a-long-name && : \
		>app/a-folder-with-a-long-name/and-a-file-with-a-rather-long-name.c &&
	imgcache verify app --container one >out; cat out; ! grep -E ".{81}" out
'

test_that 'the tag of what there is, where there is something' '
	imgcache build app >/dev/null 2>&1 && tag=$(imgcache tag app) &&
	imgcache verify app --json | jq -e --arg t "$tag" \
		".[0].tag == \$t and .[0].wanted == \$t" && cp app/main.c kept.c &&
	echo other >app/main.c && imgcache verify app --json >json; cat json
	jq -e --arg t "$tag" ".[0].state == \"stale\" and .[0].tag == \$t and
		.[0].wanted != \$t" json && cp kept.c app/main.c &&
	imgcache invalidate app >/dev/null && imgcache verify app --json >json
	cat json; jq -e --arg t "$tag" ".[0].state == \"stale\" and
		.[0].tag == \$t" json && docker rmi "localhost/imgcache:$tag" \
		>/dev/null
	imgcache verify app --json >json; cat json
	jq -e ".[0].state == \"stale\" and .[0].tag == null" json
	status=$?; imgcache build app >/dev/null 2>&1; [ $status -eq 0 ]
'

test_done
