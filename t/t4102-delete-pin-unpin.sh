#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache delete`, `pin` and `unpin`.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
printf 'version: 1\nimages: {a: {base: busybox}, b: {base: busybox, env: {B: "1"}}}\n' \
	>imgcache.yaml

make() {
	ref=$(imgcache build "$1" 2>/dev/null) &&
	id=$(imgcache tag "$1" | cut -c 4-15)
}

there() {
	docker image inspect "$1" >/dev/null 2>&1
}

test_that 'pin prints the id; delete refuses what is pinned; --force does it' '
	make a && expect_status 0 imgcache pin a && [ "$(cat stdout)" = "$id" ] &&
	expect_status 128 imgcache delete "$id" && one_line stderr &&
	! [ -s stdout ] && grep "pinned.*\(unpin\|--force\)" stderr &&
	there "$ref" && expect_status 0 imgcache delete --force "$id" &&
	[ "$(cat stdout)" = "$id" ] && ! there "$ref"
'

test_that 'deleted: a miss with that reason, then built again' '
	expect_status 1 imgcache get a && cat stderr && grep "deleted" stderr &&
	says stderr "'\''a'\'': deleted" && make a && imgcache get a
'

test_that 'unpin, then it can be deleted' '
	make a && imgcache pin a && imgcache unpin a && expect_status 0 imgcache \
		delete "$id" && ! there "$ref"
'

test_that 'a name is the newest image that is there, not a build that failed' '
	make a && cp imgcache.yaml good.yaml && sed "s/a: {base: busybox/&, env: {F: f}/" \
		good.yaml >imgcache.yaml && faults "build * exit 1 failed" &&
	expect_status 2 imgcache build a; status=$?; faults
	failed=$(imgcache tag a | cut -c 4-15); cp good.yaml imgcache.yaml
	[ $status -eq 0 ] && expect_status 0 imgcache pin a &&
	[ "$(cat stdout)" = "$id" ] && [ "$id" != "$failed" ] &&
	expect_status 0 imgcache unpin a && [ "$(cat stdout)" = "$id" ] &&
	! imgcache list --pinned -q a | grep .
'

test_that 'a name is no id: the newest of it is another one tomorrow' '
	make a && expect_status 129 imgcache delete a && one_line stderr &&
	grep "$id" stderr && there "$ref"
'

test_that 'one that is not there: nothing is deleted at all' '
	make a && expect_status 1 imgcache delete "$id" 0000000 &&
	! [ -s stdout ] && one_line stderr && there "$ref"
'

test_that 'in use by a container, running or ended: 75, and it stays' '
	make a && docker run --name used "$ref" sleep 0.1 &&
	expect_status 75 imgcache delete "$id" && ! [ -s stdout ] &&
	one_line stderr && grep "used" stderr && there "$ref" &&
	rm -f "$STANDIN_DIR"/containers/* && imgcache get a &&
	expect_status 0 imgcache delete "$id"
'

test_that 'P31: names that people gave stay, and so the image' '
	make a && docker tag "$ref" mine:1 &&
	expect_status 0 imgcache delete "$id" && ! there "$ref" && there mine:1
	docker rmi mine:1
'

test_that 'our alias goes with it' '
	make a && ls "$STANDIN_DIR/tags" | grep "imgcache:a-$id" &&
	imgcache delete "$id" && ! ls "$STANDIN_DIR/tags" | grep "imgcache:a-"
'

test_that 'a foreign image under our tag stays' '
	make a && docker tag busybox "$ref" &&
	imgcache delete "$id" >stdout 2>stderr; cat stdout stderr; there "$ref" &&
	docker rmi "$ref"
'

test_that 'gone already: the row is put right, no error' '
	make a && docker rmi "$ref" "localhost/imgcache:a-$id" &&
	expect_status 0 imgcache delete "$id" &&
	imgcache list --json --status completed | jq -e "all(.[]; .name != \"a\")"
'

test_that 'never --force towards docker, never by bare id' '
	! grep -E "rmi? .*(-f|--force)|prune" "$STANDIN_DIR/calls"
'

test_that 'what was never built is not there to be pinned' '
	mkdir -p odd && printf "FROM busybox\nRUN exit 3\n" >odd/Dockerfile &&
	expect_status 2 imgcache build odd && id=$(imgcache tag odd |
		cut -c 4-15) && expect_status 128 imgcache pin "$id" &&
	says stderr "image $id is not there to be pinned: its status is \
'\''failed'\''; see imgcache list"
'

test_that 'pin and unpin of several, by name, id and ref' '
	make b && b=$id && make a && expect_status 0 imgcache pin "$id" b &&
	printf "%s\n%s\n" "$id" "$b" >expect && same expect stdout &&
	[ "$(imgcache list --json --pinned | jq length)" -eq 2 ] &&
	expect_status 0 imgcache unpin "$ref" b &&
	[ "$(imgcache list --json --pinned | jq length)" -eq 0 ]
'

test_that 'a pin survives a rebuild and an invalidation' '
	make a && imgcache pin a && sleep 1 && imgcache invalidate a &&
	make a && [ "$(imgcache list --json --pinned | jq -r ".[0].name")" = a ]
'

test_done
