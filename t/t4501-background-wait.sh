#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds in the background, and what any process can do about them: `build
# --background`, `wait`, `list --building`, `log -f`, `get --id`, `delete`.
# shellcheck disable=SC2016,SC2034,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest

# image DIR STEP...: a Dockerfile with these steps.
image() {
	mkdir -p "$1" && echo "FROM busybox" >"$1/Dockerfile" &&
	image_dir=$1 && shift && for image_step; do
		echo "RUN $image_step" >>"$image_dir/Dockerfile"
	done
}

status_of() {
	imgcache get --id "$1" | jq -r .buildStatus
}

# until_it COMMAND...: ten seconds at most.
until_it() {
	left=500
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.02
	done
}

is() {
	[ "$(status_of "$1")" = "$2" ]
}

# worker ID: the process that builds it in the background.
worker() {
	sed -n 's/^pid \([0-9]*\) .*/\1/p' "$IMGCACHE_DIR"/locks/job-?1-"$1"*
}

# A zombie has ended, though nobody has asked for its status.
runs() {
	case $(ps -o stat= -p "$1") in '' | Z*) false ;; esac
}

# once TEXT FILE: it is said, and not again.
once() {
	cat "$2" && [ "$(grep -o -- "$1" "$2" | wc -l)" -eq 1 ]
}

left_behind() {
	find "$IMGCACHE_DIR/locks" -name "job-*" | grep .
}

test_that 'it prints the id, returns at once, and wait sees it completed' '
	image a "sleep 0.7; echo one" && before=$(date +%s%N) &&
	expect_status 0 imgcache build --background a &&
	[ $((($(date +%s%N) - before) / 1000000)) -lt 600 ] &&
	one_line stdout && id=$(cat stdout) &&
	[ "$id" = "$(imgcache tag a | cut -c 4-15)" ] &&
	grep "building in the background: imgcache log -f $id" stderr &&
	expect_status 0 imgcache wait "$id" && echo "$id completed" >expect &&
	same expect stdout && ! [ -s stderr ] && imgcache get a &&
	! left_behind
'

test_that 'it is one lookup, and its miss is counted' '
	imgcache stats --json | jq -e ".lookups == 2 and .misses == 1"
'

test_that 'what is there is answered without a process' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build -b a &&
	imgcache tag a | cut -c 4-15 >expect && same expect stdout &&
	! [ -s stderr ] && ! [ -s "$STANDIN_DIR/calls" ] &&
	imgcache build -b a --json | jq -e ".[0].hit and (.[0].started | not)"
'

test_that 'while it runs: building, for list, get --id, and as JSON' '
	image b "sleep 1; echo two" && id=$(imgcache build -b -q b) &&
	until_it is "$id" building && imgcache list --building >list &&
	grep "$id" list && [ "$(wc -l <list)" -eq 2 ] &&
	imgcache list --building --json | jq -e "length == 1" &&
	imgcache wait "$id" && is "$id" completed &&
	imgcache list --building --json | jq -e "length == 0"
'

test_that 'a reader of its output does not wait for the build' '
	image c "sleep 2" && before=$(date +%s%N) &&
	id=$(imgcache build -b c 2>&1 | cat) &&
	[ $((($(date +%s%N) - before) / 1000000)) -lt 1500 ] &&
	imgcache wait "$(imgcache tag c | cut -c 4-15)"
'

test_that 'the build outlives the shell and its terminal' '
	image d "sleep 0.8; echo late" &&
	setsid sh -c "imgcache build -b -q d >id; kill -HUP 0; kill -KILL 0"
	id=$(cat id) && sid=$(ps -o sid= "$(worker "$id")") &&
	[ "$(echo $sid)" != "$(ps -o sid= $$ | tr -d " ")" ] &&
	expect_status 0 imgcache wait "$id"
'

test_that 'log -f begins before the build does and ends with it' '
	image e "echo first" "sleep 0.6; echo last" &&
	id=$(imgcache build -b -q e) &&
	expect_status 0 timeout -k 1 20 imgcache log -f "$id" &&
	grep first stdout && grep last stdout && is "$id" completed
'

test_that 'a build that fails: 2, and its log' '
	image f "exit 3" && id=$(imgcache build -b -q f) &&
	expect_status 2 imgcache wait "$id" &&
	echo "$id failed" >expect && same expect stdout && one_line stderr &&
	grep "build of image $id failed: .*exit code: 3; see imgcache log $id" \
		stderr &&
	is "$id" failed && imgcache log "$id" | grep "exit 3" &&
	imgcache get --id "$id" | jq -e ".logs | length > 1"
'

test_that 'what fails before docker has words too' '
	image g "echo g" && faults "build * fail" >/dev/null 2>&1; faults
	mkdir -p broken && printf "#!/bin/sh\n[ \"\$2\" = version ] ||
		[ \"\$1\" = version ] || { echo no docker here >&2; exit 1; }
	exec \"$STANDIN_BIN/docker\" \"\$@\"\n" >broken/docker &&
	chmod +x broken/docker && id=$(PATH=$PWD/broken:$PATH \
		imgcache build -b -q g) && expect_status 2 imgcache wait "$id" &&
	imgcache log "$id" >log && grep "no docker here" log
'

test_that 'sources that change while they are built: 3' '
	image h "sleep 0.6" && echo "COPY x /" >>h/Dockerfile && echo 1 >h/x &&
	id=$(imgcache build -b -q h) && until_it is "$id" building &&
	sleep 0.2 && echo 2 >h/x && expect_status 3 imgcache wait "$id" &&
	echo "$id changed" >expect && same expect stdout &&
	grep "x. " stderr && once "sources changed" stderr &&
	is "$id" changed && echo 1 >h/x &&
	imgcache why h >why && cat why && ! grep "did not end" why &&
	grep "nothing differs, but its last build, just now, is void" why &&
	once "sources changed" why
'

# moved DIR: its build in the background, while which its sources move. The id.
moved() {
	faults "build * do echo 2 >$PWD/$1/x" && id=$(imgcache build -b -q "$1") &&
	expect_status 3 imgcache wait "$id" && faults && echo 1 >"$1/x" &&
	! left_behind
}

# row_of ID FILTER: of the one row of that id, as list has it.
row_of() {
	imgcache list --json | jq -e "[.[] | select(.imageId == \"$1\")] |
		if length == 1 then .[0] | $2 else halt_error end"
}

test_that 'what they gave is one row, and list, get, log, wait mean it' '
	image moves "echo it" && echo "COPY x /" >>moves/Dockerfile &&
	echo 1 >moves/x && moved moves && row_of "$id" ".buildStatus ==
		\"changed\" and .dockerImageId != null" &&
	imgcache get --id "$id" | jq -e ".buildStatus == \"changed\" and
		.dockerImageId != null and (.logs | length > 1)" &&
	imgcache log "$id" >log && cat log && grep "echo it" log &&
	grep "x. " log && expect_status 3 imgcache wait "$id" &&
	echo "$id changed" >expect && same expect stdout && one_line stderr
'

test_that 'and the next lookup of these inputs says what became of them' '
	expect_status 1 imgcache get moves && cat stderr &&
	grep "interrupted: the sources changed while .* .x. edited" stderr &&
	imgcache why moves >why && cat why &&
	once "sources changed" why &&
	expect_status 1 imgcache why --since "$(imgcache tag moves |
		cut -c 4-15)" moves && one_line stderr &&
	! grep "not built here" stderr && grep "see imgcache log" stderr
'

test_that 'and delete, which takes its image from the engine' '
	id=$(imgcache tag moves | cut -c 4-15) &&
	image=$(imgcache get --id "$id" | jq -r .dockerImageId) &&
	docker image inspect "$image" >/dev/null &&
	expect_status 0 imgcache delete "$id" &&
	! docker image inspect "$image" 2>/dev/null &&
	row_of "$id" ".buildStatus == \"deleted\""
'

test_that 'moved twice: the id means the last of them' '
	image twice "echo 2" && echo "COPY x /" >>twice/Dockerfile &&
	echo 1 >twice/x && moved twice && first=$(imgcache get --id "$id" |
		jq -r .tag) && moved twice && imgcache get --id "$id" |
		jq -e ".tag != \"$first\" and .buildStatus == \"changed\"" &&
	imgcache delete "$id" && imgcache get --id "$id" |
		jq -e ".tag != \"$first\" and .buildStatus == \"deleted\""
'

test_that 'moved where an image had been: the same, and why it had gone stays' '
	image was "echo was" && echo "COPY x /" >>was/Dockerfile &&
	echo 1 >was/x && imgcache build was && id=$(imgcache tag was |
		cut -c 4-15) && imgcache delete "$id" && imgcache get --id "$id" >old
	moved was && imgcache get --id "$id" | jq -e ".buildStatus ==
		\"changed\" and .dockerImageId != null" &&
	expect_status 1 imgcache get was && grep ": deleted$" stderr &&
	imgcache delete "$id" && imgcache get --id "$id" | jq -e ".buildStatus ==
		\"deleted\"" && ! docker images | grep "unkeyed.*$id"
'

printf 'version: 1\nimages: {v1: {context: queue/v1}, v2: {context: queue/v2}}\n' \
	>before.yaml
test_that 'moved while its image stays: the log of that build is the id'\''s' '
	image stays "echo docker said it" && echo "COPY x /" >>stays/Dockerfile &&
	echo 1 >stays/x && imgcache -q build stays >ref &&
	faults "build * do echo 2 >$PWD/stays/x" &&
	id=$(imgcache build -b -q --rebuild stays) &&
	expect_status 3 imgcache wait "$id"; status=$?; faults; echo 1 >stays/x
	[ $status -eq 0 ] && imgcache log "$id" >log && cat log &&
	grep "docker said it" log && grep "sources changed" log &&
	imgcache get stays | same ref -
'

test_that 'sources that moved before it began: no image is said to be dirty' '
	image queue/v1 "sleep 1.5; echo v" && image queue/v2 "echo before" &&
	set -- $(imgcache -f before.yaml build -b -q --jobs=1 v1 v2) &&
	tag=$(imgcache -f before.yaml tag v2) &&
	image queue/v2 "echo after" && expect_status 3 imgcache wait "$1" "$2" &&
	image queue/v2 "echo before" &&
	[ "$(imgcache -f before.yaml tag v2)" = "$tag" ] &&
	expect_status 1 imgcache -f before.yaml verify v2 && cat stdout &&
	! grep dirty stdout && grep "the sources changed before" stdout &&
	imgcache delete "$2" && expect_status 1 imgcache -f before.yaml get v2 &&
	says stderr "'\''v2'\'': never built"
'

test_that 'kill -9 of its process: interrupted, once docker has ended too' '
	image i "sleep 1.5" && id=$(imgcache build -b -q i) &&
	until_it is "$id" building && sleep 0.3 && kill -9 "$(worker "$id")" &&
	is "$id" building && expect_status 2 imgcache wait "$id" &&
	echo "$id interrupted" >expect && same expect stdout &&
	grep "ended without a word" stderr && is "$id" interrupted &&
	imgcache list --building --json | jq -e "length == 0" &&
	! left_behind
'

test_that 'kill -9 while it is still pending: interrupted at once' '
	image j "sleep 1"; imgcache build j >/dev/null 2>&1 & fg=$!
	id=$(imgcache tag j | cut -c 4-15)
	until_it is "$id" building; imgcache build -b -q j >id
	kill -9 "$(worker "$id")"; wait $fg; status=$?
	[ $status -eq 0 ] && is "$id" completed &&
	[ "$(cat id)" = "$id" ] && expect_status 2 imgcache wait "$id" &&
	grep "is there, but its build in the background was interrupted" stderr
'

test_that 'what is there after all is no failure any more' '
	expect_status 0 imgcache build -b j &&
	expect_status 0 imgcache wait "$(imgcache tag j | cut -c 4-15)"
'

test_that 'delete ends it: nothing runs, no lock, no half row' '
	image k "sleep 30" && id=$(imgcache build -b -q k) &&
	until_it is "$id" building && sleep 0.2 && pid=$(worker "$id") &&
	expect_status 0 imgcache delete "$id" && echo "$id" >expect &&
	same expect stdout && ! runs "$pid" && is "$id" interrupted &&
	! left_behind && imgcache get --id "$id" | jq -e ".reason ==
		\"cancelled\" and .dockerImageId == null" &&
	! pgrep -f "imgcache-unkeyed:$(imgcache tag k)" &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT count(*) FROM builds
		WHERE status = '\''running'\''" >n && [ "$(cat n)" = 0 ] &&
	expect_status 1 imgcache get k && expect_status 2 imgcache wait "$id"
'

test_that 'delete of what a terminal builds: 75, it goes on' '
	image l "sleep 0.8"; imgcache build l >/dev/null 2>&1 & pid=$!
	id=$(imgcache tag l | cut -c 4-15)
	until_it is "$id" building && expect_status 75 imgcache delete "$id"
	status=$?; wait $pid && [ $status -eq 0 ] && one_line stderr
'

test_that 'while it is built, that is the reason, and no interrupted build' '
	image y "sleep 1.3; echo y" && id=$(imgcache build -b -q y) &&
	until_it is "$id" building &&
	expect_status 1 imgcache get y --json &&
	jq -e ".reason == \"being-built\"" stdout && imgcache get y 2>words
	grep "being built" words && imgcache why y >words && cat words &&
	grep "is being built" words && expect_status 1 imgcache verify y &&
	grep "being built" stdout && expect_status 0 imgcache build -n y &&
	grep "being built" stdout && imgcache wait "$id" && imgcache get y
'

printf 'version: 1\nimages: {w1: {context: queue/w1}, w2: {context: queue/w2}}\n' \
	>queue.yaml
test_that 'what waits to be built says so: get, why, wait, build -n, spawn' '
	image queue/w1 "sleep 3; echo w1" && image queue/w2 "echo w2" &&
	set -- $(imgcache -f queue.yaml build -b -q --jobs=1 w1 w2) &&
	until_it is "$1" building && is "$2" pending &&
	expect_status 1 imgcache -f queue.yaml get w2 &&
	grep "it is waiting to be built in the background" stderr &&
	expect_status 1 imgcache -f queue.yaml get --json w2 &&
	jq -e ".reason == \"pending\"" stdout &&
	expect_status 124 imgcache wait -t 0 "$2" &&
	says stderr "$2 is still waiting to be built, after 0 s" &&
	expect_status 124 imgcache wait -t 0 "$1" &&
	says stderr "$1 is still being built, after 0 s" &&
	imgcache -f queue.yaml why w2 >words && cat words &&
	grep "w2: it is waiting to be built in the background; there is no" words &&
	imgcache -f queue.yaml why w1 >words && cat words &&
	grep "w1: it is being built; there is no image" words &&
	imgcache -f queue.yaml build -n w2 >words && cat words &&
	grep "waiting to be built" words &&
	expect_status 0 imgcache -f queue.yaml spawn --on-miss=base w2 --rm \
		-- true &&
	grep "w2: going on with the base: it is waiting to be built" stderr &&
	imgcache wait "$1" "$2" && expect_status 0 imgcache -f queue.yaml get w2
'

test_that 'why: what is queued is compared with the image before it' '
	image queue/w1 "sleep 2; echo again" && image queue/w2 "echo two" &&
	set -- $(imgcache -f queue.yaml build -b -q --jobs=1 w1 w2) &&
	imgcache -f queue.yaml why w2 >words && cat words &&
	grep "^w2: 1 input differs from" words &&
	grep "inputs as they are: it is waiting to be built" words &&
	imgcache wait "$1" "$2" &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT reason FROM builds
		ORDER BY id DESC LIMIT 1" >reason && cat reason &&
	grep inputs-changed reason
'

# at_work: the ids of what is built now, or will be.
at_work() {
	imgcache list --building --json | jq -r ".[].imageId"
}

# queued DIR: it waits behind low to be built, as $2; its image is gone.
queued() {
	image low "sleep 9; echo $1" && imgcache -q build "$1" >/dev/null &&
	imgcache delete "$(imgcache tag "$1" | cut -c 4-15)" >/dev/null &&
	imgcache build -b -q --jobs=1 low "$1" >ids || return 1
	{ read -r low && read -r id; } <ids && until_it is "$low" building
}

test_that 'delete of what is queued, and built in a terminal: no end of that' '
	image top "sleep 3; echo top" && echo "COPY x /" >>top/Dockerfile &&
	echo 1 >top/x && queued top || exit 1
	imgcache -q build --no-cache top 2>/dev/null & fg=$!
	until_it is "$id" building; imgcache delete "$id" >/dev/null & del=$!
	until_it eval "[ -z \"\$(worker $id)\" ]"; status_of "$id" >actual
	touch top/x; wait $fg; first=$?; wait $del; imgcache delete "$low"
	imgcache list --building; cat actual; [ $first -eq 3 ] &&
	[ "$(cat actual)" = building ] &&
	imgcache list --json | jq -r ".[] | select(.imageId == \"$id\" and
		(.tag | length) < 40).buildStatus" >now && cat now &&
	[ "$(cat now)" = interrupted ] && [ -z "$(at_work)" ] &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT count(*) FROM images
		WHERE reason LIKE \"%without a word%\" AND tag LIKE \"%$id%\"" >n &&
	[ "$(cat n)" -eq 0 ]
'

test_that 'what is queued stays so where a build in a terminal is void' '
	image low "sleep 7; echo stays" && image nxt "echo nxt" &&
	echo "COPY x /" >>nxt/Dockerfile && echo 1 >nxt/x &&
	imgcache build -b -q --jobs=1 low nxt >ids &&
	{ read -r low && read -r id; } <ids && until_it is "$low" building &&
	faults "build * do touch $PWD/nxt/x" || exit 1
	expect_status 3 imgcache -q build nxt; status=$?; faults
	[ $status -eq 0 ] && at_work >at && cat at &&
	grep "$id" at && is "$id" pending && expect_status 0 imgcache wait "$id" &&
	is "$id" completed && expect_status 0 imgcache get nxt
'

test_that 'and delete means the job then' '
	image low "sleep 7; echo ends" && image nxt "echo del" &&
	echo "COPY x /" >>nxt/Dockerfile &&
	imgcache build -b -q --jobs=1 low nxt >ids &&
	{ read -r low && read -r id; } <ids && until_it is "$low" building &&
	faults "build * do touch $PWD/nxt/x" || exit 1
	expect_status 3 imgcache -q build nxt; status=$?; faults
	[ $status -eq 0 ] && expect_status 0 imgcache delete "$id" &&
	[ -z "$(worker "$id")" ]; status=$?
	imgcache delete "$low"; [ $status -eq 0 ]
'

test_that 'a row that is pending with nobody at it is settled' '
	image left "echo left" && imgcache -q build left >/dev/null &&
	id=$(imgcache tag left | cut -c 4-15) &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "UPDATE images SET status = \"pending\"
		WHERE tag LIKE \"%$id%\"" &&
	at_work >actual && cat actual && ! [ -s actual ] &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "SELECT status FROM images
		WHERE tag LIKE \"%$id%\"" >now && cat now
	[ "$(cat now)" = interrupted ]
'

test_that 'cancel: a process that only has the number is left alone' '
	image z "sleep 32" && id=$(imgcache build -b -q z) &&
	until_it is "$id" building || exit 1
	lock=$(ls "$IMGCACHE_DIR"/locks/job-*"$id"*) && cp "$lock" line
	sleep 60 & other=$!
	sed "s/^pid [0-9]*/pid $other/" line >"$lock"
	expect_status 75 imgcache delete "$id"; status=$?
	kill -0 $other && alive=yes; kill $other
	cat line >"$lock" && imgcache delete "$id"
	[ $status -eq 0 ] && [ "$alive" = yes ] &&
	grep "cannot cancel $id: .*another one" stderr
'

test_that 'cancel: who only starts it is left alone' '
	image starts "sleep 31" && id=$(imgcache build -b -q starts) &&
	until_it is "$id" building || exit 1
	lock=$(ls "$IMGCACHE_DIR"/locks/job-*"$id"*) && cp "$lock" line
	sleep 60 9<"$lock" & other=$!
	sed "s/^pid [0-9]* on \([^:]*\): /pid $other on \1: start of a /" \
		line >"$lock"
	expect_status 75 imgcache delete "$id"; status=$?
	kill -0 $other && alive=yes; kill $other
	cat line >"$lock" && imgcache delete "$id"
	[ $status -eq 0 ] && [ "$alive" = yes ] &&
	grep "cannot cancel $id: it is just being started" stderr
'

test_that 'wait with a timeout: 124, and the build goes on' '
	image m "sleep 1.2" && id=$(imgcache build -b -q m) &&
	until_it is "$id" building &&
	expect_status 124 imgcache wait --timeout 0 "$id" && one_line stderr &&
	says stderr "$id is still being built, after 0 s" &&
	! [ -s stdout ] && expect_status 0 imgcache wait -t 30s "$id"
'

test_that 'two that wait for two, in their order; one failed is all failed' '
	image n1 "sleep 0.5; echo n" && image o1 "sleep 0.7" "exit 1" &&
	n=$(imgcache build -b -q n1) && o=$(imgcache build -b -q o1) || exit 1
	{ imgcache wait "$n" "$o" >w1 2>&1; echo $? >s1; } & other=$!
	expect_status 2 imgcache wait "$n" "$o"; status=$?; wait $other
	[ $status -eq 0 ] && [ "$(cat s1)" = 2 ] &&
	printf "%s completed\n%s failed\n" "$n" "$o" >expect &&
	same expect stdout
'

test_that 'wait --json, and wait for a name' '
	image p "echo p" && id=$(imgcache build -b -q p) &&
	expect_status 0 imgcache wait --json "$id" && jq -e ".[0].imageId ==
		\"$id\" and .[0].buildStatus == \"completed\"" stdout
'
printf 'version: 1\nimages: {q1: {context: p}}\n' >names.yaml
test_that 'wait --json says what list does: the names too' '
	image p "echo names" && id=$(imgcache -f names.yaml build -b -q q1) &&
	imgcache wait --json "$id" >waited &&
	imgcache list --json | jq --arg id "$id" \
		"map(select(.imageId == \$id))" >listed &&
	jq -e ".[0].names == [\"q1\"]" waited && same listed waited
'

test_that 'wait for what nobody knows: 1; for what is gone: 1' '
	expect_status 1 imgcache wait 0123456789ab && one_line stderr &&
	imgcache delete "$(imgcache tag p | cut -c 4-15)" >/dev/null &&
	expect_status 1 imgcache wait "$(imgcache tag p | cut -c 4-15)" &&
	grep "is deleted" stderr && expect_status 129 imgcache wait
'

test_that 'asked for twice: one build, one id' '
	image q "sleep 0.6" && : >"$STANDIN_DIR/calls" &&
	imgcache build -b -q q >one && imgcache build -b -q q >two &&
	same one two && imgcache build -b --json q | jq -e "length == 1" &&
	imgcache wait "$(cat one)" && [ "$(calls buildx build)" -eq 1 ]
'

test_that 'what is to be built anew is not lost where it is built just now' '
	image again "sleep 3; echo asked anew" && id=$(imgcache build -b -q again) &&
	until_it is "$id" building && for flag in --rebuild --no-cache; do
		expect_status 75 imgcache build -b $flag again && cat stderr &&
		one_line stderr && ! [ -s stdout ] &&
		grep "imgcache wait $id, then build again" stderr || exit 1
	done && NO_CACHE=true expect_status 75 imgcache build -b again &&
	one_line stderr && ! [ -s stdout ] && imgcache wait "$id" &&
	expect_status 0 imgcache build -b --rebuild again && imgcache wait "$id"
'

# unwritten ID: takes its log away to aside while it is built; $log is where it was.
unwritten() {
	until_it is "$1" building && until_it imgcache log --path "$1" &&
	log=$(imgcache log --path "$1") && until_it test -e "$log" &&
	mv "$log" aside
}

test_that 'log, before docker has made one: what there is to say, or pending' '
	image early "sleep 2; echo late" && id=$(imgcache build -b -q early) &&
	unwritten "$id" && expect_status 0 imgcache log "$id" && cat stdout &&
	grep "^early: building: \|^building: \|: building: " stdout &&
	! [ -s stderr ] && mv aside "$log" && imgcache wait "$id" || exit 1
	image early "sleep 2; echo later"; id=$(imgcache tag early | cut -c 4-15)
	imgcache build -q early & fg=$!
	unwritten "$id" && expect_status 1 imgcache log "$id" && cat stderr &&
	says stderr "image $id is pending, there is no log yet: imgcache log -f $id waits for it" &&
	{ imgcache log -f "$id" >followed 2>&1 & sleep 0.3; mv aside "$log"
		wait $!; } && cat followed && grep "echo later" followed
	status=$?; wait $fg; [ $status -eq 0 ]
'

test_that 'a job that waits for a build that fails ends as that, with its log' '
	image shared "echo said; sleep 2; exit 6"; : >"$STANDIN_DIR/calls"
	imgcache build shared 2>/dev/null & fg=$!
	id=$(imgcache tag shared | cut -c 4-15)
	until_it is "$id" building; imgcache build -b --json shared >asked
	jq -e ".[0].started" asked && expect_status 2 imgcache wait "$id"
	status=$?; cat stderr; wait $fg; [ $status -eq 0 ] &&
	[ "$(calls buildx build)" -eq 1 ] && grep "exit code: 6" stderr &&
	imgcache log "$id" >log && cat log && grep "waiting for pid" log &&
	grep "echo said" log
'

test_that 'the same for a rebuild: there, and pending, until it is replaced' '
	id=$(imgcache tag q | cut -c 4-15) && imgcache build -b -q --rebuild q &&
	imgcache list --building --json | jq -e ".[0].imageId == \"$id\"" &&
	expect_status 0 imgcache wait "$id" && is "$id" completed
'

cat >imgcache.yaml <<'YAML'
version: 1
images:
  low: {context: low}
  high: {context: high, args: {BASE: "@low"}}
  side: {context: side}
YAML
image low "sleep 0.4; echo low"
image side "echo side"
mkdir -p high && printf 'ARG BASE\nFROM $BASE\nRUN echo high\n' >high/Dockerfile

test_that 'several: one after the other, what is built from another after it' '
	expect_status 0 imgcache build -b -q --all && [ "$(wc -l <stdout)" -eq 3 ] &&
	cp stdout ids && expect_status 0 imgcache wait $(cat ids) &&
	! grep -v "completed$" stdout && ! left_behind &&
	imgcache get low && imgcache get high && imgcache get side
'

test_that 'what is built from a failed one fails with it, built once' '
	image low "sleep 0.3" "exit 5" && : >"$STANDIN_DIR/calls" &&
	imgcache build -b -q --all >ids && expect_status 2 imgcache wait \
		$(cat ids) && [ "$(calls buildx build)" -eq 1 ] &&
	imgcache wait high >out 2>&1; cat out;
	grep "low., which it is built from: .*exit code: 5" out &&
	imgcache list --building --json | jq -e "length == 0"
'

test_that 'where the log is of what failed is said once, and not in it' '
	low=$(imgcache tag low | cut -c 4-15) && imgcache wait "$low" 2>err
	once "see imgcache log" err && once "see imgcache log $low" err &&
	! grep "see imgcache log" "$IMGCACHE_DIR"/logs/?1-"$low"*-job.log &&
	once "exit code: 5" "$(echo "$IMGCACHE_DIR"/logs/?1-"$low"*-job.log)" &&
	imgcache wait high 2>err; once "see imgcache log" err &&
	once "exit code: 5; see imgcache log low" err
'

test_that 'what its process said stands before and after what docker said' '
	image low "sleep 0.1; echo once" && id=$(imgcache build -b -q low) &&
	imgcache wait "$id" && imgcache log low >log && cat log &&
	sed -n 1p log | grep "^low: building: inputs changed: " &&
	once "low: building" log && grep -n "echo once" log &&
	! grep "^$" log && image low "sleep 0.2; false" &&
	id=$(imgcache build -b -q low) &&
	imgcache log -f low >log && once "low: building" log &&
	sed -n 1p log | grep "^low: building" &&
	tail -n 1 log | grep "^step .2/2. .* failed: exit code: 1$"
'

test_that 'what is built from it ends as it did: ended, or of moved sources' '
	image low "sleep 30" && set -- $(imgcache build -b -q low high) &&
	until_it is "$1" building && imgcache delete "$1" &&
	expect_status 2 imgcache wait "$2" && cat stderr &&
	echo "$2 interrupted" >expect && same expect stdout &&
	grep "interrupted: .low., which it is built from: .*[dM]$" stderr &&
	image low "echo moves" && echo "COPY x /" >>low/Dockerfile &&
	echo 1 >low/x && faults "build * do echo 2 >$PWD/low/x" &&
	set -- $(imgcache build -b -q low high) &&
	expect_status 3 imgcache wait "$1" "$2"; status=$?; faults
	cat stderr; rm low/x; [ $status -eq 0 ] && printf "%s changed\n" "$1" \
		"$2" >expect && same expect stdout
'

test_that 'asked for while it is built: a miss, and why' '
	image low "sleep 3; echo counted" && counted() {
		imgcache stats --json | jq -c "[.misses, .lookups]"
	} && id=$(imgcache build -b -q low) && until_it is "$id" building &&
	before=$(counted) && imgcache build -b -q low && after=$(counted) &&
	echo "$before $after" && jq -en "$after == ($before | map(. + 1))" &&
	imgcache wait "$id"
'

test_that 'sources that changed before it began: 3, nothing is built' '
	image low "sleep 1; echo x" && image side "echo other" &&
	imgcache build -b -q low side >ids && sleep 0.2 &&
	image side "echo third" && : >"$STANDIN_DIR/calls" &&
	expect_status 3 imgcache wait $(cat ids) && cat stderr &&
	grep "changed before the build began" stderr
'

test_that 'no go with what needs its end, nor where nothing is recorded' '
	expect_status 129 imgcache build -b -n low && one_line stderr &&
	image low "echo not" && ENABLE_IMAGE_CACHE=false \
		expect_status 128 imgcache build -b low && one_line stderr &&
	grep "switched off" stderr
'

test_that 'without an engine: 128, no process' '
	DOCKER_HOST=unix:///no/such expect_status 128 imgcache build -b low &&
	! left_behind && ! [ -s stdout ]
'

test_that 'logs of it go as other logs do' '
	ls "$IMGCACHE_DIR"/logs/*-job.log >/dev/null &&
	find "$IMGCACHE_DIR/logs" -exec touch -d "1 year ago" {} + &&
	imgcache prune && ! ls "$IMGCACHE_DIR"/logs/*-job.log 2>/dev/null
'

test_done
