#!/bin/sh
# SPDX-License-Identifier: MIT
# The engine is the truth: whatever happens behind our back is a miss with its
# reason, and put right by the next build.
# shellcheck disable=SC2016,SC2086
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

recipe="--base busybox:latest --env RUN=$RUN --label imgcache-test=$RUN"
ref=$(imgcache build $recipe 2>/dev/null)

test_that 'an image removed behind our back is gone, and built again' '
	docker rmi "$ref" >/dev/null &&
	expect_status 1 imgcache get $recipe && grep "gone" stderr &&
	expect_status 0 imgcache build $recipe &&
	[ "$(cat stdout)" = "$ref" ]
'

test_that 'a foreign image under our tag is refused, and repaired' '
	docker tag busybox:latest "$ref" &&
	expect_status 1 imgcache get $recipe && grep "another image" stderr &&
	expect_status 0 imgcache build $recipe &&
	expect_status 0 imgcache get $recipe
'

test_that 'an image derived from ours and tagged with our tag is refused' '
	printf "FROM %s\nENV DERIVED=1\n" "$ref" |
		docker buildx build -q -t "$ref" - >/dev/null &&
	expect_status 1 imgcache get $recipe && grep "another image" stderr &&
	expect_status 1 imgcache get $recipe && grep "another image" stderr &&
	expect_status 0 imgcache build $recipe &&
	expect_status 0 imgcache get $recipe &&
	docker run --rm --pull=never "$ref" env >env && ! grep DERIVED env
'

test_that 'a derived image with a name of its own is never ours' '
	printf "FROM %s\nENV DERIVED=2\n" "$ref" |
		docker buildx build -q -t "derived:$RUN" - >/dev/null &&
	rm -rf "$IMGCACHE_DIR" &&
	imgcache prune --max-images 1 --grace 0 >/dev/null &&
	docker image inspect "derived:$RUN" >/dev/null &&
	docker rmi "derived:$RUN" >/dev/null
'

test_that 'a lost catalog: the image is adopted by its label' '
	imgcache build $recipe >/dev/null &&
	rm -rf "$IMGCACHE_DIR" &&
	expect_status 0 imgcache get $recipe &&
	[ "$(cat stdout)" = "$ref" ] &&
	imgcache list --json >list && jq -e "length > 0" list
'

test_that 'an adopted image weighs what it weighed where it was built' '
	imgcache build $recipe --env WEIGHED=1 >/dev/null 2>&1 &&
	imgcache list --json | jq -r ".[0].size" >expect &&
	export IMGCACHE_DIR=$PWD/another &&
	imgcache get --json $recipe --env WEIGHED=1 | jq .size >answer &&
	imgcache list --json | jq -r ".[0].size" >actual &&
	same expect actual && same expect answer &&
	[ "$(cat actual)" -gt 0 ]
'

test_that 'a corrupt catalog is set aside and filled from the labels' '
	printf "this is no database, this is nothing" |
		dd of="$IMGCACHE_DIR/catalog.db" conv=notrunc 2>/dev/null &&
	expect_status 0 imgcache get $recipe &&
	ls "$IMGCACHE_DIR" >files && grep "catalog.db.corrupt-" files &&
	imgcache list --json >list && jq -e "length > 0" list
'

test_that 'invalidated: a miss, the next build is new, then a hit' '
	id=$(docker image inspect --format "{{.Id}}" "$ref") &&
	imgcache invalidate "${ref#*:}" &&
	expect_status 1 imgcache get $recipe && grep invalidated stderr &&
	expect_status 0 imgcache build $recipe &&
	expect_status 0 imgcache get $recipe &&
	[ "$(docker image inspect --format "{{.Id}}" "$ref")" != "$id" ]
'

test_that 'a moved local base is a new key with that reason' '
	docker tag busybox:latest "base-$RUN:1" &&
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  moved:
	    base: "base-$RUN:1"
	    labels: {imgcache-test: "$RUN"}
	YAML
	imgcache build moved >first 2>/dev/null &&
	printf "FROM busybox:latest\nENV OTHER=$RUN\n" |
		docker buildx build -q -t "base-$RUN:1" - >/dev/null &&
	expect_status 1 imgcache get moved && grep "base moved" stderr &&
	imgcache build moved >second 2>/dev/null && ! cmp first second &&
	docker run --rm --pull=never "$(cat second)" env >env &&
	grep "OTHER=$RUN" env
'

# docker_builds FILE: the image's id, how many steps there are and print.
docker_builds() {
	docker buildx build --progress=plain --provenance=false -t "within-$RUN:$1" -f "within/$1" \
		within 2>"$1.log" >/dev/null || { cat "$1.log"; return 1; }
	docker image inspect --format "{{.Id}}" "within-$RUN:$1"
	docker rmi "within-$RUN:$1" >/dev/null
	# a step is named again where another one came in between
	grep -E "^#[0-9]+ \[.*[0-9]/[0-9]+\] [A-EG-Z]" "$1.log" | sort -u |
		wc -l
	grep -c "^#[0-9]* [0-9.]* two$" "$1.log" || :
}

test_that 'comments within instructions: docker makes the same, so do we' '
	mkdir -p within && echo "$RUN" >within/file && printf "%s\n" \
		"FROM busybox" "RUN echo $RUN \\" "  && echo two \\ " \
		"  && echo three" "COPY \\" " file \\" " /f" "RUN <<E" "# in" \
		"" "echo \\" "# in" "E" "ENV A=b \\" "  C=d" >within/one &&
	printf "%s\n" "FROM busybox" "RUN echo $RUN \\" "# why \\" "" \
		"  && echo two \\ " "	  # and" "  && echo three" "COPY \\" \
		"#x" " file \\" "" "# y" " /f" "RUN <<E" "# in" "" "echo \\" \
		"# in" "E" "ENV A=b \\" "# z" "  C=d" "#" >within/two &&
	docker_builds one >first && docker_builds two >second &&
	cat first second && [ "$(head -n 1 first)" = "$(head -n 1 second)" ] &&
	[ "$(sed 1d first | xargs)" = "3 1" ] &&
	[ "$(sed 1d second | xargs)" = "3 0" ] &&
	one=$(imgcache tag --context within --dockerfile within/one) &&
	two=$(imgcache tag --context within --dockerfile within/two) &&
	[ "$one" = "$two" ]
'

test_that 'two processes that want one key cause one build' '
	: >docker-calls
	imgcache build $recipe --env BOTH=1 >one 2>err1 & one=$!
	imgcache build $recipe --env BOTH=1 >two 2>err2 & two=$!
	wait $one && wait $two && same one two &&
	[ "$(grep -c "buildx build" docker-calls)" -eq 1 ]
'

test_that 'kill -9 during a build, then the build works' '
	mkdir -p slow && printf "FROM busybox\nRUN echo $RUN; sleep 3\n" \
		>slow/Dockerfile
	imgcache build --context slow >/dev/null 2>&1 & pid=$!
	sleep 1.5; kill -9 $pid; wait $pid
	expect_status 0 imgcache build --context slow \
		--label imgcache-test=$RUN
	expect_status 0 imgcache doctor --json
'

test_that 'an interrupt leaves no build, no row that builds, no temp name' '
	mkdir -p slow2 && printf "FROM busybox\nRUN echo $RUN; sleep 60\n" \
		>slow2/Dockerfile
	rm -f "$IMGCACHE_DIR"/handover/*.Dockerfile
	imgcache build --context slow2 >/dev/null 2>&1 & pid=$!
	sleep 2; kill -TERM $pid
	wait $pid; status=$?
	[ $status -eq 143 ] &&
	imgcache list --status building --json >list &&
	jq -e "length == 0" list &&
	ls "$IMGCACHE_DIR/handover" >left && ! grep "Dockerfile" left
'

test_done
