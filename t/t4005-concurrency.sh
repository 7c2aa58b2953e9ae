#!/bin/sh
# SPDX-License-Identifier: MIT
# Many at once, and one that dies: one build for a key, no hit lost, nothing
# blocked by the dead.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir -p slow
printf 'FROM busybox\nRUN sleep 0.7\n' >slow/Dockerfile

# all COUNT COMMAND: that many at once; their statuses go to the file statuses.
all() {
	count=$1
	shift
	n=0
	: >statuses
	while [ $n -lt "$count" ]; do
		n=$((n + 1))
		{ "$@" >"out.$n" 2>"err.$n"; echo $? >>statuses; } &
	done
	wait
}

test_that 'P25: 20 processes that want one key cause one build' '
	: >"$STANDIN_DIR/calls" && all 20 imgcache build slow &&
	[ "$(sort -u statuses)" = 0 ] && [ "$(sort -u out.* | wc -l)" -eq 1 ] &&
	[ "$(calls buildx build)" -eq 1 ]
'

test_that 'who waits says for whom' '
	grep -l "wait" err.* | wc -l >waiting && [ "$(cat waiting)" -ge 15 ] &&
	grep -hE "wait" err.* | head -n 1 >line && cat line &&
	grep -E "waiting for pid [0-9]+ on [^ ]+, which builds it$" line
'

test_that 'each of them is counted, one of them is no hit' '
	imgcache stats --json >stats && jq -e ".lookups == 20 and
		.hits.local + .misses == 20 and .builds.total == 1" stats
'

test_that 'P24: 32 processes that hit 5 times each: not one lost' '
	before=$(imgcache stats --json | jq .hits.local) &&
	printf "#!/bin/sh\nfor i in 1 2 3 4 5; do imgcache get slow || exit 1; done\n" \
		>five && chmod +x five && all 32 ./five &&
	[ "$(sort -u statuses)" = 0 ] &&
	[ "$(imgcache stats --json | jq .hits.local)" -eq $((before + 160)) ]
'

test_that 'a catalog that nobody has made yet, opened by 20 at once' '
	for round in 1 2 3 4 5; do
		IMGCACHE_DIR=$PWD/new$round && export IMGCACHE_DIR &&
		all 20 imgcache get slow && cat err.* &&
		[ "$(sort -u statuses)" = 0 ] &&
		[ "$(imgcache stats --json | jq .lookups)" -eq 20 ] || exit 1
	done
'

test_that 'builds of different keys do not wait for each other' '
	for n in 1 2 3 4; do
		mkdir -p par$n && printf "FROM busybox\nRUN sleep 0.$n; echo $n\n" \
			>par$n/Dockerfile
	done && before=$(date +%s%N) && for n in 1 2 3 4; do
		imgcache build par$n >/dev/null 2>err.$n &
	done; wait; after=$(date +%s%N)
	! grep -l wait err.1 err.2 err.3 err.4
'

# Two containers with one engine: neither sees the other's lock or its pids.
if unshare -rpf true 2>/dev/null; then
	test_that 'two containers in which the build has one pid: no name of both' '
		printf "FROM busybox\nRUN sleep 0.7; echo pid\n" >slow/Dockerfile &&
		: >"$STANDIN_DIR/calls" && for n in 1 2; do
			IMGCACHE_DIR=$PWD/container$n unshare -rpf \
				imgcache build slow >out.$n 2>err.$n &
		done; wait; cat err.*
		[ -s out.1 ] && cmp out.1 out.2 &&
		[ "$(grep -o "imgcache-unkeyed:[^ ]*" \
			"$STANDIN_DIR/calls" | sort -u | wc -l)" -eq 2 ]
	'
else
	test_skip 'two containers in which the build has one pid: no name of both' \
		'no unshare here'
fi

test_that 'P34: a second prune while one runs: 75, at once' '
	faults "images * slow 1000"
	imgcache -c grace=0 prune --max-images 1 >/dev/null 2>&1 & pid=$!
	sleep 0.4; expect_status 75 imgcache prune; status=$?; wait $pid; faults
	[ $status -eq 0 ] && one_line stderr && ! [ -s stdout ]
'

test_that 'kill -9 of a build: docker goes on and holds the lock' '
	printf "FROM busybox\nRUN sleep 1.2; echo orphan\n" >slow/Dockerfile &&
	: >"$STANDIN_DIR/calls"
	imgcache build slow >/dev/null 2>&1 & pid=$!
	n=0; until [ "$(calls buildx build)" -ge 1 ] || [ $n -gt 200 ]; do
		n=$((n + 1)); sleep 0.02
	done
	sleep 0.2; kill -9 $pid; wait $pid 2>/dev/null
	expect_status 0 timeout -k 1 30 imgcache build slow && cat stderr &&
	grep "waiting for docker, which goes on with what pid $pid on" stderr
'

test_that 'kill -9 leaves a catalog that is sound, and no row that builds' '
	sqlite3 "$IMGCACHE_DIR/catalog.db" "PRAGMA integrity_check" >check &&
	[ "$(cat check)" = ok ] &&
	imgcache list --json --status building | jq -e "length == 0" &&
	expect_status 0 imgcache doctor
'

test_that 'kill -9 at any moment, twenty times, then all is well' '
	n=0; while [ $n -lt 20 ]; do
		n=$((n + 1))
		imgcache build --base busybox --env K=$((n % 5)) >/dev/null 2>&1 &
		pid=$!; sleep "0.0$((n * 7 % 50 + 10))"
		kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
	done
	for k in 0 1 2 3 4; do
		expect_status 0 timeout -k 1 30 imgcache build --base busybox \
			--env K=$k && imgcache get --base busybox --env K=$k \
			>/dev/null || exit 1
	done
	sqlite3 "$IMGCACHE_DIR/catalog.db" "PRAGMA integrity_check" >check &&
	[ "$(cat check)" = ok ]
'

test_that 'prune sweeps what the killed ones left' '
	find "$IMGCACHE_DIR/handover" -type f -exec touch -d "3 days ago" {} + &&
	expect_status 0 imgcache prune && find "$IMGCACHE_DIR/handover" \
		-name "*Dockerfile*" >left && ! [ -s left ]
'

test_that 'a lock file that somebody removed does no harm' '
	rm -f "$IMGCACHE_DIR"/locks/* && all 5 imgcache build slow &&
	[ "$(sort -u statuses)" = 0 ]
'

test_that 'P30: an image that is being looked at is not pruned' '
	ref=$(imgcache build --base busybox --env P=1 2>/dev/null) &&
	imgcache spawn --base busybox --rm -- sleep 1.2 >out 2>&1 & pid=$!
	imgcache build --base busybox >/dev/null 2>&1; sleep 0.5
	imgcache -c grace=0 prune --max-age 1s --max-images 1 -v >stdout 2>stderr
	wait $pid; status=$?; cat out stdout; [ $status -eq 0 ]
'

test_that 'delete while a build of that key runs' '
	printf "FROM busybox\nRUN sleep 0.6; echo del\n" >slow/Dockerfile
	imgcache build slow >out 2>err & pid=$!
	sleep 0.3; imgcache delete "$(imgcache tag slow | cut -c 4-15)" \
		>del 2>&1; echo $? >status
	wait $pid; built=$?; cat err del
	[ $built -eq 0 ] && imgcache get slow
'

# begun DIR STEPS [COMMAND]: builds it behind us, by that instead of `imgcache
# build`; returns when docker is at work. $pid
begun() {
	begun_dir=$1
	printf 'FROM busybox\nRUN %s\n' "$2" >"$1/Dockerfile"
	: >"$STANDIN_DIR/calls"
	shift 2
	[ $# -gt 0 ] || set -- imgcache build
	"$@" "$begun_dir" >first 2>first.err & pid=$!
	begun_n=0; until [ "$(calls buildx build)" -ge 1 ]; do
		begun_n=$((begun_n + 1)); [ $begun_n -lt 500 ] || return 1
		sleep 0.02
	done
	sleep 0.1
}

# reasons: of the misses so far, that are counted.
reasons() {
	imgcache stats --json | jq -cS .missesByReason
}

# last_build WHAT: a column of the last one.
last_build() {
	sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"SELECT $1 FROM builds ORDER BY id DESC LIMIT 1"
}

test_that 'a lookup while it is built is counted as that, of every verb' '
	IMGCACHE_DIR=$PWD/reasons; export IMGCACHE_DIR
	begun slow "sleep 2; echo counted" || exit 1
	imgcache -q exec slow -- true & two=$!
	imgcache -q spawn slow --rm -- true & three=$!
	imgcache -q build slow & four=$!
	expect_status 1 imgcache get slow; status=$?
	wait $pid $two $three $four; reasons >actual
	[ $status -eq 0 ] && jq -cnS "{\"being-built\": 4, \"never-built\": 1}" \
		>expect && same expect actual
'

test_that 'who waited to rebuild says why: it was asked' '
	begun slow "sleep 1; echo rebuilt" || exit 1
	expect_status 0 imgcache build --rebuild slow; status=$?; cat stderr
	wait $pid && [ $status -eq 0 ] && [ "$(last_build reason)" = asked ] &&
	! grep "interrupted" stderr && [ "$(calls buildx build)" -eq 2 ]
'

test_that 'who waited for one that died builds, and says so' '
	begun slow "sleep 1.2; echo dies" || exit 1
	kill -9 $pid; wait $pid 2>/dev/null
	expect_status 0 imgcache build slow && cat stderr &&
	grep "wait" stderr && [ "$(last_build reason)" = interrupted ] &&
	[ "$(calls buildx build)" -eq 2 ]
'

test_that 'who waited for one that failed has its failure, and builds nothing' '
	begun slow "sleep 1.2; exit 7" || exit 1
	all 3 imgcache build slow
	wait $pid; status=$?; cat first.err err.*; [ $status -eq 2 ] &&
	[ "$(sort -u statuses)" = 2 ] && [ "$(calls buildx build)" -eq 1 ] &&
	tail -n 1 first.err >expect && grep "exit code: 7; see imgcache log" \
		expect && for n in 1 2 3; do
		tail -n 1 err.$n >actual && same expect actual || exit 1
	done
'

test_that 'but not who asked for a build of its own, or with other means' '
	for means in --no-cache --shm-size=1m; do
		begun slow "sleep 1; echo $means; exit 8" || exit 1
		expect_status 2 imgcache build $means slow; status=$?
		wait $pid; first=$?; cat stderr
		[ $status -eq 0 ] && [ $first -eq 2 ] &&
		[ "$(calls buildx build)" -eq 2 ] || exit 1
	done
'

# own STATUS STEPS COMMAND: who waits for that builds by itself, to that end.
own() {
	own_status=$1
	shift
	begun slow "$@" || return 1
	expect_status "$own_status" imgcache build slow; own_ret=$?
	cat stderr first.err; wait $pid; own_first=$?
	[ $own_ret -eq 0 ] && [ $own_first -eq 2 ] &&
	grep "waiting for" stderr && [ "$(calls buildx build)" -eq 2 ]
}

for means in --shm-size=1m --ulimit=nofile=9 --allow=network.host \
	--no-cache --rebuild --cache-from=type=registry,ref=r/x; do
	test_that "nor where that one had means of its own: $means" '
		own 2 "sleep 1; echo $means; exit 7" imgcache build "$means"
	'
done
for means in BUILDX_BUILDER=other HTTPS_PROXY=http://bad:1 \
	DOCKER_CONFIG="$PWD/docker" SSL_CERT_FILE=/no/such; do
	test_that "the same from its environment: ${means%%=*}" '
		own 2 "sleep 1; echo ${means%%=*}; exit 7" env "$means" \
			imgcache build
	'
done

test_that 'nor its deadlines' '
	own 0 "sleep 2; echo build" imgcache -c build_timeout=1s build &&
	own 0 "sleep 2; echo idle" imgcache -c idle_timeout=1s build
'

test_that 'nor that its cache was not taken, or a step was killed' '
	faults "build 1 cache-denied"
	own 0 "sleep 1; echo denied" imgcache build \
		--cache-to type=registry,ref=r/x; status=$?; faults
	[ $status -eq 0 ] && own 2 "sleep 1; exit 137" imgcache build
'

# moved CHANGE: who waited after that change, while the first is at work.
moved() {
	rm -rf mv second.err && mkdir mv && echo 1 >mv/x && begun mv "sleep 1.5; echo $1
COPY x /" || return 1
	imgcache build mv >second 2>second.err & second=$!
	moved_n=0; until grep -s "waiting for" second.err; do
		moved_n=$((moved_n + 1)); [ $moved_n -lt 500 ] || return 1
		sleep 0.02
	done
	eval "$1"; wait $pid; first=$?; wait $second; second=$?
	cat first.err second.err; [ $first -eq 3 ]
}

test_that 'who waited builds what is there then, not void for what moved before' '
	moved "touch mv/x" && [ $second -eq 0 ] &&
	[ "$(calls buildx build)" -eq 2 ] && imgcache get mv
'

test_that 'and nothing where it is another key by then' '
	moved "echo 2 >mv/x" && [ $second -eq 3 ] &&
	[ "$(calls buildx build)" -eq 1 ] && [ "$(grep -c "" second.err)" -eq 2 ] &&
	grep "the sources changed before the build began" second.err
'

test_that 'nor whoever comes after it' '
	: >"$STANDIN_DIR/calls" && expect_status 2 imgcache build slow &&
	[ "$(calls buildx build)" -eq 1 ]
'

test_done
