#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds that fail, in every way: the status, one line, the log, and nothing
# that would pass for an image.
# shellcheck disable=SC2016,SC2094,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
mkdir -p bad good
printf 'FROM busybox\nRUN echo before\nRUN echo last words; exit 7\n' \
	>bad/Dockerfile
printf 'FROM busybox\nRUN echo fine\n' >good/Dockerfile

# clean TAG: the next build works, and no row, file or name is left over.
clean() {
	faults
	imgcache list --json --status building >list
	[ "$(jq length list)" -eq 0 ] || { echo "a row builds"; return 1; }
	find "$IMGCACHE_DIR" "$STANDIN_DIR/tags" -name '.tmp*' -o \
		-name '*Dockerfile' -o -name '*unkeyed*' | grep . && return 1
	imgcache build good >/dev/null 2>words || { cat words; return 1; }
	imgcache delete "$(imgcache list --json --limit 1 --status completed |
		jq -r '.[0].imageId')" >/dev/null
}

test_that 'a step that fails: 2, the step, its words, its status, the log' '
	expect_status 2 imgcache build bad && ! [ -s stdout ] &&
	grep "last words" stderr && grep "exit code: 7" stderr &&
	id=$(sed -n "s/.*; see imgcache log \([0-9a-f]\{12\}\)$/\1/p" stderr) &&
	log=$(imgcache log --path "$id") && [ -f "$log" ] &&
	grep "last words" "$log" && grep "before" "$log" && clean
'

test_that 'the log of the failed build, by its verb' '
	id=$(imgcache list --json --status failed | jq -r ".[0].imageId") &&
	expect_status 0 imgcache log "$id" && grep "last words" stdout &&
	! [ -s stderr ]
'

test_that 'build --json on a failure: valid, with error and log' '
	expect_status 2 imgcache build --json bad && jq -e "length == 1 and
		(.[0].error | length > 0) and (.[0].log | length > 0) and
		(.[0].built | not)" stdout
'

test_that 'the failed build is counted, in success rate and per image' '
	imgcache stats --json >stats &&
	jq -e ".builds.failed == 2 and .builds.total == 3" stats
'

for fault in no-engine no-rights lost-engine no-space denied forbidden \
	not-found rate-limit no-network tls http-500; do
	test_that "docker says $fault: one line, no image, the next build works" "
		faults 'build * exit 1 $fault' &&
		timeout -k 1 60 imgcache build good >stdout 2>stderr
		status=\$?; cat stderr; ! [ -s stdout ] &&
		case \$status in 2 | 128) ;; *) exit 1 ;; esac &&
		[ \$(grep -c '^imgcache: ' stderr) -ge 1 ] &&
		! grep -iE 'assert|abort|segfault|null' stderr && clean
	"
done

test_that 'no space on the engine: what to do' '
	faults "build * exit 1 no-space"; imgcache build good 2>stderr
	clean && grep -iE "space" stderr && grep -iE "prune|free" stderr
'

test_that 'no rights: what to do' '
	faults "build * exit 1 no-rights"; imgcache build good 2>stderr
	clean && grep -i "group\|sudo\|rights\|permission" stderr
'

for mode in half huge nonsense kill; do
	test_that "docker ends like that: $mode" "
		faults 'build * $mode' &&
		timeout -k 1 60 imgcache build good >stdout 2>stderr
		status=\$?; tail -n 3 stderr | cut -c 1-300
		case $mode in
		huge) [ \$status -eq 0 ] ;;
		*) [ \$status -eq 2 ] || [ \$status -eq 128 ] ;;
		esac && if [ \$status -ne 0 ]; then ! [ -s stdout ]; fi &&
		if [ \$status -eq 0 ]; then
			imgcache delete \$(imgcache list --json --limit 1 \
				--status completed | jq -r '.[0].imageId')
		fi && clean
	"
done

test_that 'docker says that all is well, but there is no image' '
	faults "build * no-image"
	imgcache build good >stdout 2>stderr; status=$?; cat stderr
	! [ -s stdout ] && [ $status -ge 2 ] && [ $status -le 128 ] &&
	grep "the engine has no such image" stderr && clean
'

test_that 'an image with another key than asked for is not handed out' '
	faults "build * other-label io.imgcache.key=g1-$(printf %040d 0)" &&
	imgcache build good >stdout 2>stderr; status=$?; cat stderr
	find "$STANDIN_DIR/tags" -name "*unkeyed*" -printf "%f\n" | tr % / |
		xargs -r docker rmi
	! [ -s stdout ] && [ $status -ge 2 ] && [ $status -le 128 ] && clean &&
	expect_status 1 imgcache get good
'

test_that 'a step that hangs: idle_timeout ends it, 2' '
	printf "FROM busybox\nRUN sleep 60\n" >bad/Dockerfile &&
	expect_status 2 timeout -k 1 30 imgcache -c idle_timeout=1s \
		build bad && ! [ -s stdout ] && grep "silent for 1 s" stderr && clean
'

test_that 'build_timeout ends a build' '
	expect_status 2 timeout -k 1 30 imgcache -c build_timeout=1s build bad &&
	! [ -s stdout ] && grep "build_timeout\|longer than" stderr && clean
'

test_that 'SIGTERM: the child is ended, no row builds, the signal is ours' '
	imgcache build bad >out 2>err & pid=$!
	n=0; until cat /proc/$pid/task/$pid/children >child 2>/dev/null &&
		grep -q "RUN sleep" err || [ $n -gt 100 ]; do
		n=$((n + 1)); sleep 0.05
	done
	kill -TERM $pid; wait $pid; status=$?; cat err
	[ $status -eq 143 ] && sleep 0.1 && ! kill -0 $(cat child) 2>/dev/null &&
	clean && ! [ -s out ]
'

test_that 'SIGINT the same' '
	env --default-signal=INT imgcache build bad >out 2>err & pid=$!
	sleep 0.4; kill -INT $pid; wait $pid; status=$?; cat err
	[ $status -eq 130 ] && clean && ! [ -s out ]
'

test_that 'an image of ours as it was survives a failed rebuild' '
	ref=$(imgcache build good 2>/dev/null) && faults "build * exit 1 no-space" &&
	expect_status 2 imgcache build --rebuild good ||
	expect_status 128 imgcache build --rebuild good
	faults; expect_status 0 imgcache get good && [ "$(cat stdout)" = "$ref" ]
'

test_that 'the inventory fails: a warning, and the image is there' '
	printf "nonsense\n" >"$STANDIN_DIR/inventory" &&
	expect_status 0 imgcache build --base busybox --env I=1 &&
	one_line stdout && grep "^imgcache: warning: .*versions" stderr
	printf "imgcache-inventory 1\nend\n" >"$STANDIN_DIR/inventory"
'

test_that 'the inventory: asked and installed versions are in the catalog' '
	standin_packages && printf "imgcache-inventory 1\napt\tgit\t1:2.39.5\napt\tlibc6\t2.36\nnpm\ttypescript\t5.4.5\nsystem\tos\tdebian 12\nend\n" \
		>"$STANDIN_DIR/inventory" &&
	expect_status 0 imgcache build --base busybox --apt git \
		--npm typescript@5.4 && imgcache list --json --limit 1 \
		--dependency git >list && jq -e ".[0].dependencies |
		any(.[]; .type == \"apt\" and .name == \"git\" and
			.installed == \"1:2.39.5\") and
		any(.[]; .type == \"npm\" and .name == \"typescript\" and
			.version == \"5.4\" and .installed == \"5.4.5\")" list
'

test_that 'one of a project: its log is named by the name' '
	mkdir -p named && printf "FROM busybox\nRUN exit 9\n" >named/Dockerfile &&
	printf "%s\n" "version: 1" "images:" "  api: {context: .}" \
		>named/imgcache.yaml &&
	expect_status 2 imgcache -C named build api && tail -n 1 stderr >last &&
	grep "; see imgcache log api$" last && ! grep -E ".{81}" last &&
	imgcache log api | grep "exit code: 9"
'

test_that 'the last line says why: what the step is called, and said last' '
	mkdir -p titled && mount=--mount=type=cache,target=/var/cache/a/long &&
	printf "FROM busybox\nRUN %s %s %s : %s; %s\n" \
		$mount/way1 $mount/way2 $mount/way3 "'\''system packages'\''" \
		"echo imgcache: nothing to install jq with; exit 4" \
		>titled/Dockerfile &&
	expect_status 2 imgcache build titled && cat stderr &&
	tail -n 1 stderr | grep "^imgcache: step \[[^]]*2/2\] system packages failed: exit code: 4: nothing to install jq with; see imgcache log [0-9a-f]*$" &&
	printf "FROM busybox\nRUN echo said last; exit 5\n" \
		>titled/Dockerfile && imgcache build titled 2>words
	tail -n 1 words | grep "exit code: 5: said last; see imgcache log"
'

vertex=sha256:$(printf '%064d' 7)

# said WORDS: docker's record of what a step prints, in base64
said() {
	printf '"logs":[{"vertex":"%s","stream":2,"data":"%s",' "$vertex" \
		"$(printf '%s\n' "$1" | base64 -w0)"
	printf '"timestamp":"2026-11-27T20:00:02Z"}]}\n'
}

test_that 'the last line that comes with the failure is the reason' '
	step="{\"vertexes\":[{
		\"digest\":\"$vertex\",\"name\":\"[2/2] RUN make\",
		\"started\":\"2026-11-27T20:00:01Z\"" &&
	error="process make did not complete successfully: exit code: 2" &&
	{ echo "$step}]," && said "gcc -c a.c" && echo "$step,
		\"completed\":\"2026-11-27T20:00:02Z\",\"error\":\"$error\"}]," &&
	said "a.c:7: error: what is wrong, in more words than the line before, $(
		printf "%0134d" 0)ä"; } | tr -d "\n\t" | sed "s/}]}/}]}\n/g" >words &&
	mkdir -p by && { echo "#!/bin/sh" &&
	echo "case \"\$*\" in *\"buildx build\"*)" &&
	echo "cat $PWD/words >&2; echo ERROR: failed to solve: $error >&2; exit 1" &&
	echo "esac; exec $(command -v docker) \"\$@\""; } >by/docker &&
	chmod +x by/docker && expect_status 2 env PATH="$PWD/by:$PATH" \
		imgcache build titled && cat stderr && tail -n 1 stderr |
		grep -a "RUN make failed: exit code: 2: a.c:7: .*0*; see" &&
	iconv -f UTF-8 -t UTF-8 stderr >/dev/null
'

test_done
