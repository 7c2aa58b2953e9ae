#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache spawn`: what docker run is told, and whose status comes out.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
printf 'version: 1\nimages: {a: {base: busybox}}\n' >imgcache.yaml
imgcache build a >/dev/null 2>&1
image=$(imgcache get --image-id a)

# told: the words of the last docker run.
told() {
	grep "docker 'run'" "$STANDIN_DIR/calls" | tail -n 1
}

told_all() {
	line=$(told)
	for word; do
		case $line in
		*" '$word'"*) ;;
		*)
			echo "no '$word' in: $line"
			return 1 ;;
		esac
	done
}

for status in 0 1 7 125 126 200; do
	test_that "the status of the container is ours: $status" "
		expect_status $status imgcache spawn a --rm -- \
			sh -c 'echo out; echo err >&2; exit $status' &&
		[ \"\$(cat stdout)\" = out ] && [ \"\$(cat stderr)\" = err ]
	"
done

test_that '127 and 126 as docker run gives them' '
	expect_status 127 imgcache spawn a --rm -- /no/such/thing &&
	expect_status 126 imgcache spawn a --rm -- /etc/passwd
'

test_that 'a container that a signal ended: 128 + n, and we live' '
	expect_status 143 imgcache spawn a --rm -- sh -c "kill -TERM \$\$"
'

test_that 'P37: by image id, --pull=never' '
	imgcache spawn a --rm -- true && told_all run --pull=never "$image" true
'

test_that 'memory in MB or with a unit, cpus' '
	imgcache spawn a --rm --memory 64 --cpus 1.5 -- true &&
	told | grep -E "'\''--memory=(64m|67108864b?)'\''" && told | grep -F "1.5" &&
	imgcache spawn a --rm -m 2g -- true && told | grep -E "2g|2147483648"
'

test_that 'a timeout and a word for a miss that are none' '
	for bad in "--timeout x" "--timeout -1" "--on-miss maybe"; do
		imgcache spawn a --rm $bad -- true >stdout 2>stderr; status=$?
		case $status in 125 | 129) ;; *) echo "$bad $status"; exit 1 ;; esac
		one_line stderr && ! [ -s stdout ] || { echo "$bad"; exit 1; }
	done
'

test_that 'every other option is passed to docker run' '
	expect_status 0 imgcache spawn a --rm -v /tmp:/here:ro -e FOO=bar \
		--hostname box -p 80:80 --label x=y -w /tmp --user 1:1 \
		--network none --read-only --init --name n1 -- true &&
	told_all --rm -v /tmp:/here:ro -e FOO=bar --hostname box -p 80:80 \
		--label x=y -w /tmp --user 1:1 --network none --read-only \
		--init --name n1
'

test_that 'variables reach the command' '
	expect_status 0 imgcache spawn a --rm -e FOO="b a r" -- \
		sh -c "echo \"\$FOO\"" && [ "$(cat stdout)" = "b a r" ]
'

test_that 'words after -- are the command, options among them' '
	expect_status 0 imgcache spawn a --rm -- echo -n --rm --help -- x &&
	[ "$(cat stdout)" = "--rm --help -- x" ]
'

test_that 'stdin reaches the command' '
	echo hello >in && imgcache spawn a --rm -i -- cat <in >out &&
	[ "$(cat out)" = hello ]
'

test_that '-d prints the id of the container' '
	expect_status 0 imgcache spawn a -d -- true && one_line stdout &&
	grep -E "^[0-9a-f]{64}$" stdout
'

test_that 'a timeout: 124, the container is stopped' '
	before=$(date +%s) && expect_status 124 imgcache spawn a \
		--timeout 1 --rm --name slow -- sleep 30 &&
	[ $(($(date +%s) - before)) -lt 15 ] &&
	! grep -l "state running" "$STANDIN_DIR"/containers/*
'

test_that 'within the timeout: its own status' '
	expect_status 3 imgcache spawn a --timeout 20 --rm -- sh -c "exit 3"
'

test_that 'on a miss: build, the base, or fail' '
	expect_status 125 imgcache spawn --base busybox --user u1 \
		--on-miss=fail --rm -- true && one_line stderr &&
	grep "never built" stderr && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache spawn --base busybox --salt 2 \
		--on-miss=base --rm -- echo base && [ "$(cat stdout)" = base ] &&
	expect_status 0 imgcache spawn --base busybox --salt 2 --rm -- \
		echo built && [ "$(cat stdout)" = built ] &&
	[ "$(calls buildx build)" -eq 1 ]
'

test_that '--no-cache: no lookup, nothing counted' '
	before=$(imgcache stats --json | jq .lookups) && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache spawn a --no-cache --rm -- true &&
	[ "$(calls buildx build)" -eq 1 ] &&
	[ "$(imgcache stats --json | jq .lookups)" -eq "$before" ]
'

test_that 'a build that fails: 125, nothing is run' '
	mkdir -p bad && printf "FROM busybox\nRUN exit 9\n" >bad/Dockerfile &&
	: >"$STANDIN_DIR/calls" && expect_status 125 imgcache spawn bad --rm \
		-- echo no && ! [ -s stdout ] && [ "$(calls run)" -eq 0 ]
'

# vanish N: the first N times that something is to be run, its image goes.
vanish() {
	echo "$1" >"$STANDIN_DIR/vanish"
	cat >"$STANDIN_DIR/bin/docker" <<-SCRIPT
	#!/bin/sh
	left=\$(cat "$STANDIN_DIR/vanish")
	case \$* in run*echo*)
		if [ "\$left" -gt 0 ]; then
			echo \$((left - 1)) >"$STANDIN_DIR/vanish"
			"$STANDIN_BIN/docker" rmi "$ref" "$alias" >/dev/null
		fi ;;
	esac
	exec "$STANDIN_BIN/docker" "\$@"
	SCRIPT
	chmod +x "$STANDIN_DIR/bin/docker"
}
ref=localhost/imgcache:$(imgcache tag a)
alias=localhost/imgcache:a-$(imgcache tag a | cut -c 4-15)

test_that 'P30: the image vanishes between lookup and run: once more' '
	imgcache build a >/dev/null 2>&1; vanish 1
	expect_status 0 imgcache spawn a --rm -- echo again; status=$?
	rm "$STANDIN_DIR/bin/docker"; cat stderr
	[ $status -eq 0 ] && [ "$(cat stdout)" = again ]
'

test_that 'signals are passed on' '
	for sig in TERM HUP; do
		rm -f out; imgcache spawn a --rm -- sh -c "trap \"echo got $sig; exit 9\" $sig
			echo up; while :; do sleep 0.05; done" >out 2>&1 & pid=$!
		n=0; until grep -q up out || [ $n -gt 100 ]; do
			n=$((n + 1)); sleep 0.05; done
		kill -$sig $pid; wait $pid; status=$?; cat out
		grep "got $sig" out && [ $status -eq 9 ] || exit 1
	done
'

test_that 'no file and no lease that blocks is left' '
	find "$IMGCACHE_DIR/handover" -type f >left && cat left &&
	! [ -s left ] && faketime -f +2d imgcache prune --max-age 1d --json |
		jq -e "all(.images[]; .reason != \"somebody is about to use it\")"
'

test_that 'as with docker run, the command may follow without --' '
	expect_status 0 imgcache spawn a echo hi && [ "$(cat stdout)" = hi ]
'

test_that '--on-miss=base runs the base now, and builds for the next time' '
	mkdir -p later && printf "FROM busybox\nRUN sleep 1\n" \
		>later/Dockerfile && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache spawn --on-miss=base later --rm -- echo ran &&
	[ "$(cat stdout)" = ran ] && id=$(imgcache tag later | cut -c 4-15) &&
	grep "building in the background: imgcache log -f $id" stderr &&
	expect_status 0 imgcache spawn --on-miss=base later --rm -- true &&
	grep "going on with the base: it is being built" stderr &&
	expect_status 0 imgcache wait "$id" &&
	[ "$(calls buildx build)" -eq 1 ] &&
	expect_status 0 imgcache spawn --on-miss=base later --rm -- true &&
	! [ -s stderr ] && told_all run "$(imgcache get --image-id later)"
'

test_that '--on-miss=base: what has just failed is not built again at once' '
	mkdir -p bad && printf "FROM busybox\nRUN exit 8\n" >bad/Dockerfile &&
	id=$(imgcache tag bad | cut -c 4-15) && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache spawn --on-miss=base bad --rm -- true &&
	grep "imgcache log -f $id" stderr && ! imgcache wait "$id" &&
	expect_status 0 imgcache spawn --on-miss=base bad --rm -- echo ran &&
	[ "$(cat stdout)" = ran ] && one_line stderr &&
	grep "warning: .* failed .* ago.*imgcache log $id" stderr &&
	[ "$(calls buildx build)" -eq 1 ] &&
	expect_status 0 faketime -f +2h imgcache spawn --on-miss=base bad \
		--rm -- true && grep "imgcache log -f $id" stderr &&
	! imgcache wait "$id" && [ "$(calls buildx build)" -eq 2 ]
'

test_that '--on-miss=base that bypasses the cache starts nothing' '
	printf "FROM busybox\nRUN echo never\n" >later/Dockerfile &&
	for way in --no-cache "-e NO_CACHE=true"; do
		expect_status 0 imgcache spawn --on-miss=base $way later \
			--rm -- true && ! [ -s stderr ] || exit 1
	done && NO_CACHE=true expect_status 0 imgcache spawn --on-miss=base \
		later --rm -- true && ENABLE_IMAGE_CACHE=false expect_status 0 \
		imgcache spawn --on-miss=base later --rm -- true &&
	imgcache list --building --json | jq -e "length == 0" &&
	expect_status 1 imgcache get later
'

test_done
