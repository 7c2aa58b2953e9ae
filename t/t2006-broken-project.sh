#!/bin/sh
# SPDX-License-Identifier: MIT
# A project file that is not right stops what needs its recipes, nothing else.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest

ERROR="imgcache.yaml:3:3: unknown key 'imags'"
WITHOUT="imgcache: warning: $ERROR"

# A good file and two images, then the same file with a word mistyped.
printf '%s\n' 'version: 1' 'images:' '  a: {base: busybox, env: {N: a}}' \
	'  b: {base: busybox, env: {N: b}}' >good.yaml
cp good.yaml imgcache.yaml
faketime -f "-9d" imgcache build --all >/dev/null 2>&1
printf '%s\n' 'version: 1' 'policy:' '  imags: 1' >imgcache.yaml

# warned: stderr is one line that says where, and that it goes on.
warned() {
	one_line stderr && grep -F "$WITHOUT" stderr
}

# there: names of the images that are left.
there() {
	imgcache list --json 2>/dev/null |
		jq -r '[.[] | select(.local) | .name] | sort | join(" ")'
}

test_that 'what needs recipes stops, at the place' '
	for verb in "build a" "get a" "tag a" "env a" "why a" \
		"build --base busybox"; do
		expect_status 128 imgcache $verb && one_line stderr &&
		grep "^imgcache: imgcache.yaml:3:3: " stderr || exit 1
	done
'

test_that 'doctor: one of its findings, ill, with its place' '
	expect_status 1 imgcache doctor --json && ! [ -s stderr ] &&
	jq -e ".[] | select(.topic == \"project\") | .health == \"ill\" and
		(.text | startswith(\"imgcache.yaml:3:3: \"))" stdout &&
	jq -e "any(.[]; .topic == \"catalog\")" stdout &&
	expect_status 1 imgcache doctor && grep "^ill.*imgcache.yaml:3:3" stdout
'

test_that 'doctor: a file that is right is one, too' '
	cp imgcache.yaml bad && cp good.yaml imgcache.yaml &&
	expect_status 0 imgcache doctor --json; cp bad imgcache.yaml
	jq -e ".[] | select(.topic == \"project\") | .health == \"ok\"" stdout
'

test_that 'list, stats, log, config: a warning, and on' '
	expect_status 0 imgcache list --json && warned &&
	[ "$(jq length stdout)" -eq 2 ] &&
	expect_status 0 imgcache stats && warned && grep "lookups" stdout &&
	expect_status 0 imgcache log a && warned &&
	expect_status 0 imgcache config max_images && warned &&
	[ "$(cat stdout)" = 0 ]
'

test_that 'pin, unpin: the same' '
	expect_status 0 imgcache pin a && warned &&
	expect_status 0 imgcache unpin a && warned
'

test_that 'prune: its limits are not known, nothing goes' '
	expect_status 0 imgcache prune --json && warned &&
	grep "no image is removed" stderr && [ "$(there)" = "a b" ]
'

test_that 'prune: limits of weaker origin are none' '
	mkdir -p "$HOME/.config/imgcache" &&
	echo "policy: {max_images: 1}" >"$HOME/.config/imgcache/config.yaml"
	expect_status 0 imgcache prune --json; rm -r "$HOME/.config"
	[ "$(jq .removed stdout)" -eq 0 ] && [ "$(there)" = "a b" ]
'

test_that 'prune: of the environment neither, what it keeps is not known' '
	MAX_CACHED_IMAGES=1 expect_status 0 imgcache prune --json && warned &&
	[ "$(jq .removed stdout)" -eq 0 ] && [ "$(there)" = "a b" ]
'

test_that 'prune: a limit on the line is refused, and what is wanted named' '
	expect_status 128 imgcache prune --max-images 1 && one_line stderr &&
	grep "imgcache.yaml:3:3: .*--keep-last and --grace" stderr &&
	[ "$(there)" = "a b" ]
'

test_that 'prune: with all on the line it does as it is told' '
	expect_status 0 imgcache prune --json --max-images 1 --keep-last 0 \
		--grace 0 && [ "$(jq .removed stdout)" -eq 1 ]
'

test_that 'prune: leftovers are swept all the same' '
	touch -d "-40 days" "$IMGCACHE_DIR/logs/old.log" &&
	imgcache prune 2>/dev/null && ! [ -e "$IMGCACHE_DIR/logs/old.log" ]
'

test_that '.env beside the file counts as before' '
	echo MAX_CACHED_IMAGES=7 >.env && mkdir -p sub &&
	expect_status 0 imgcache -C sub config max_images; rm .env
	[ "$(cat stdout)" = 7 ] && grep "\.\./imgcache.yaml:3:3" stderr
'

test_that 'a file named imgcache.yml: the same' '
	mkdir -p other && cp imgcache.yaml other/imgcache.yml &&
	expect_status 128 imgcache -C other build a && one_line stderr &&
	expect_status 0 imgcache -C other list && one_line stderr &&
	grep "rename it to imgcache.yaml" stderr
'

test_that 'a file that is named and not there is wrong for all' '
	expect_status 128 imgcache -f none.yaml list && one_line stderr &&
	! [ -s stdout ]
'

test_that 'init leaves it, init --force replaces it' '
	echo "FROM busybox" >Dockerfile && cp imgcache.yaml was &&
	expect_status 1 imgcache init && same was imgcache.yaml &&
	expect_status 0 imgcache init --force &&
	grep "^replaced   imgcache.yaml" stdout && imgcache get . >/dev/null;
	expect_status 0 imgcache list && ! [ -s stderr ]
'

test_done
