#!/bin/sh
# SPDX-License-Identifier: MIT
# The oldest engine that is supported: 20.10, with the classic store. It knows
# no named contexts, so a base cannot be pinned for a user's Dockerfile; what
# would be another image than the key says is refused.
# shellcheck disable=SC2016
# shellcheck source=t/engine/own.sh
. "$(dirname "$0")/engine/own.sh"
own_engine old old
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"
old_cleanup() {
	engine_cleanup
	own_stop
}
trap old_cleanup EXIT

mkdir -p src
echo "file $RUN" >src/file
cat >imgcache.yaml <<YAML
version: 1
images:
  small:
    base: "busybox:latest"
    env: {RUN: "$RUN", TEXT: "a \$b \"c\""}
    copy: [{from: src, to: /srv}]
    labels: {imgcache-test: "$RUN"}
  onsmall:
    base: "@small"
    env: {MORE: "1"}
    labels: {imgcache-test: "$RUN"}
  hello:
    base: "debian:bookworm-slim"
    apt: [hello]
    user: app
    refresh: "$RUN"
    labels: {imgcache-test: "$RUN"}
YAML

test_that 'it is that engine, and doctor has nothing against it' '
	docker version --format "{{.Server.Version}}" | grep "^20\.10\." &&
	imgcache doctor --json >out;
	jq -e "any(.[]; .topic == \"engine\" and .health != \"ill\")" out
'

test_that 'a generated image with env and copy builds' '
	expect_status 0 imgcache build small && cp stdout small &&
	expect_status 0 imgcache spawn small --rm -- \
		sh -c "cat /srv/file; echo \"\$TEXT\"" &&
	printf "file %s\na \$b \"c\"\n" "$RUN" >expect && same expect stdout
'

test_that 'the second build is a hit that starts no docker process' '
	: >docker-calls && expect_status 0 imgcache build small &&
	same small stdout && expect_status 0 imgcache get small &&
	same small stdout && ! [ -s docker-calls ]
'

test_that 'an image on that image' '
	expect_status 0 imgcache build onsmall &&
	expect_status 0 imgcache spawn onsmall --rm -- \
		sh -c "echo \$MORE \$RUN" &&
	[ "$(cat stdout)" = "1 $RUN" ]
'

test_that 'a package from apt; nothing of the build stays behind' '
	expect_status 0 imgcache build hello && cp stdout hello &&
	expect_status 0 imgcache spawn hello --rm -- \
		sh -c "hello; id -un; find /dev /run -name \"imgcache*\"
			ls -A /var/lib/apt/lists /var/cache/apt/archives" &&
	grep -x "Hello, world!" stdout && grep -x app stdout &&
	! grep -E "imgcache|\.deb|Packages" stdout &&
	docker diff "$(docker create --label "imgcache-test=$RUN" \
		"$(cat hello)")" >diff && ! [ -s diff ] &&
	id=$(sed "s/.*:g1-//" hello | cut -c1-12) &&
	imgcache get --id "$id" --json >row && jq -e "any(.dependencies[];
		.name == \"hello\" and .asked and .installed != null)" row
'

test_that 'removed behind our back: gone, and built again' '
	docker rmi onsmall >/dev/null 2>&1
	docker rmi "$(imgcache get onsmall)" >/dev/null &&
	expect_status 1 imgcache get onsmall && grep gone stderr &&
	expect_status 0 imgcache build onsmall
'

# put IMAGE: make it the registry's base:1, and leave none here.
base=$IMGCACHE_TEST_REGISTRY/base-$RUN:1
put() {
	docker tag "$1" "$base" && docker push -q "$base" &&
	docker rmi "$base"
}
printf 'FROM busybox\nENV MOVED=%s\n' "$RUN" |
	docker buildx build -q --label "imgcache-test=$RUN" \
	-t "moved-$RUN:1" - >/dev/null
mkdir app
printf 'FROM %s\nLABEL imgcache-test=%s\nCOPY file /file\n' "$base" "$RUN" \
	>app/Dockerfile
echo "one $RUN" >app/file

# is_first REF: was it built from the first image of that name?
is_first() {
	docker run --rm --pull=never "$1" env >env.txt && ! grep MOVED env.txt
}

test_that 'a Dockerfile whose base the registry has builds' '
	put busybox:latest >/dev/null &&
	expect_status 0 imgcache build app && is_first "$(cat stdout)" &&
	[ "$(calls build-context)" = 0 ] &&
	expect_status 0 imgcache get app
'

test_that 'the registry has moved on: refused, with what to do' '
	put "moved-$RUN:1" >/dev/null && echo "two $RUN" >app/file &&
	expect_status 128 imgcache build app && ! [ -s stdout ] &&
	grep "too old to pin .$base." stderr && grep "run: docker pull" stderr
'

test_that 'what it says to do helps' '
	eval "$(sed -n "s/.*; run: //p" stderr)" >/dev/null &&
	expect_status 0 imgcache build app && is_first "$(cat stdout)" &&
	[ "$(docker run --rm --pull=never "$(cat stdout)" cat /file)" = \
		"two $RUN" ]
'

test_that 'another image under that name here: refused, with what to do' '
	docker tag "moved-$RUN:1" "$base" && echo "three $RUN" >app/file &&
	expect_status 128 imgcache build app && ! [ -s stdout ] &&
	grep "too old to pin .$base." stderr &&
	eval "$(sed -n "s/.*; run: //p" stderr)" >/dev/null &&
	expect_status 0 imgcache build app && is_first "$(cat stdout)"
'

test_that 'a base that moves while it is built from: status 3, no key' '
	echo "four $RUN" >app/file && mkdir meanwhile &&
	cat >meanwhile/docker <<-SCRIPT && chmod +x meanwhile/docker &&
	#!/bin/sh
	case "\$*" in *"buildx build"*)
		"$real_docker" tag "moved-$RUN:1" "$base" ;;
	esac
	exec "$real_docker" "\$@"
	SCRIPT
	PATH=$PWD/meanwhile:$PATH expect_status 3 imgcache build app &&
	grep "may have changed while it was built from" stderr &&
	expect_status 1 imgcache get app
'

test_that 'a base that only this engine has: moved, it is another key' '
	docker tag busybox:latest "own-$RUN:1" && mkdir own &&
	printf "FROM own-%s:1\nLABEL imgcache-test=%s\n" "$RUN" "$RUN" \
		>own/Dockerfile &&
	expect_status 0 imgcache build own && is_first "$(cat stdout)" &&
	imgcache tag own >first && docker tag "moved-$RUN:1" "own-$RUN:1" &&
	imgcache tag own >second && ! cmp first second &&
	expect_status 0 imgcache build own && ! is_first "$(cat stdout)";
	status=$?
	docker rmi "own-$RUN:1" >/dev/null
	[ $status -eq 0 ]
'

# 20.10 itself would take the last name from under a running container.
test_that 'prune leaves the image of a running container its name' '
	imgcache spawn small -d --name "run-$RUN" \
		--label "imgcache-test=$RUN" -- sleep 600 >/dev/null &&
	expect_status 0 imgcache prune --grace 0 --max-size 1B --low-size 0 \
		--json &&
	jq -e "any(.images[]; .action == \"in-use\" and
		(.reason | test(\"run-$RUN\")))" stdout &&
	expect_status 0 imgcache get small && same small stdout &&
	expect_status 1 imgcache get onsmall && grep pruned stderr &&
	docker rm -f "run-$RUN" >/dev/null
'
docker rmi "$base" >/dev/null 2>&1

test_done
