#!/bin/sh
# SPDX-License-Identifier: MIT
# A registry as the shared catalog: what one machine has built, another pulls
# instead of building it, and whatever goes wrong on the way is no image.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-machines.sh
. "$(dirname "$0")/lib-machines.sh"

cat >imgcache.yaml <<'YAML'
version: 1
registry: r.example/team/cache
images:
  tools: {base: busybox, env: {A: "1"}}
  top: {base: "@tools", env: {B: "1"}}
YAML
ref=$(imgcache tag --ref tools)
tag=${ref#*:}

# share NAME: machine a has built it and put it into the registry.
share() {
	on a && imgcache build "$1" >/dev/null 2>&1 &&
	docker push "$(imgcache get "$1")" >/dev/null
}

test_that 'nobody has it: asked once, and built' '
	expect_status 0 imgcache build tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls buildx imagetools inspect --format="{{json .}}" "--" \
		"$ref")" -eq 1 ]
'

test_that 'a hit on the engine asks no registry and starts no process' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build tools &&
	expect_status 0 imgcache get tools && ! [ -s "$STANDIN_DIR/calls" ]
'

test_that 'built here, not pushed: two states' '
	imgcache get tools --json >answer && jq -e ".local and (.pushed | not)
		and .pushedRef == null and (.pulled | not)" answer &&
	imgcache list --json | jq -e ".[0] | .local and (.pushed | not) and
		.pushedRef == null and .pushedAt == null and
		.origin == \"built\"" && ! imgcache list | grep pushed
'

share tools
digest=sha256:$(cat "$TRASH/a/tags/"*"$tag")

test_that 'built on a is a remote hit on b: no build' '
	on b && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache build tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls buildx build)" -eq 0 ] && [ "$(calls pull)" -eq 1 ] &&
	grep "pull.*r.example/team/cache@$digest" "$STANDIN_DIR/calls" &&
	grep -x "tools: pulling from r.example/team/cache" stderr &&
	grep "^tools: pulled in " stderr
'

test_that 'it is counted as a remote hit, with its time' '
	on b && [ "$(count "[.lookups, .hits.local, .hits.remote, .misses,
		.unknown] | tostring")" = "\"[1,0,1,0,0]\"" ] &&
	[ "$(count .builds.total)" -eq 0 ] && [ "$(count .hitRate)" = 1 ]
'

test_that 'then it is local as well, and has its other name' '
	on b && : >"$STANDIN_DIR/calls" && expect_status 0 imgcache get tools &&
	[ "$(cat stdout)" = "$ref" ] && ! [ -s "$STANDIN_DIR/calls" ] &&
	docker image inspect "r.example/team/cache:tools-$(echo "${tag#g1-}" |
		cut -c 1-12)" >/dev/null
'

test_that 'the catalog knows whence, and the digest' '
	on b && imgcache list --json >list && jq -e "length == 1 and (.[0] |
		.local and .pushed and .pushedRef == \"$ref\" and
		.origin == \"pulled\" and .pushedAt != null and
		.digestHash == \"$digest\" and .buildStatus == \"completed\")" \
		list && imgcache list | grep "pushed" &&
	[ "$(imgcache get --digest tools)" = "$digest" ]
'

test_that 'pulled where a build of it failed: nothing is left of that build' '
	on b && imgcache delete "$tag" >/dev/null && faults "build * exit 1" &&
	rm -rf moved && mv "$STANDIN_REGISTRY/registry" moved &&
	expect_status 2 imgcache build tools
	status=$?; faults; rm -rf "$STANDIN_REGISTRY/registry"
	mv moved "$STANDIN_REGISTRY/registry"; [ $status -eq 0 ] &&
	imgcache list --json --status failed | jq -e ".[0] | .log != null" &&
	expect_status 0 imgcache get --no-count tools &&
	imgcache list --json | jq -e ".[0] |
		.buildStatus == \"completed\" and .origin == \"pulled\" and
		.reason == null and .log == null"
'

test_that 'a rebuild that fails leaves its row as it was' '
	on b && imgcache list --json | jq ".[0] | del(.log)" >expect &&
	faults "build * exit 1" && expect_status 2 imgcache build --rebuild tools
	status=$?; faults; imgcache list --json | jq ".[0] | del(.log)" >actual
	[ $status -eq 0 ] && same expect actual &&
	expect_status 0 imgcache log tools
'

test_that 'deleted on b: pulled again' '
	on b && imgcache delete "$tag" >/dev/null &&
	! docker image inspect "$ref" >/dev/null 2>&1 &&
	imgcache list --json | jq -e ".[0] | (.local | not) and .pushed" &&
	expect_status 0 imgcache get tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(count .hits.remote)" -eq 2 ]
'

test_that 'gone behind our back: pulled again' '
	on b && docker rmi "$ref" "${ref%:*}:tools-$(echo "${tag#g1-}" |
		cut -c 1-12)" >/dev/null &&
	expect_status 0 imgcache get tools && [ "$(count .hits.remote)" -eq 3 ]
'

test_that 'a foreign image under our tag here: the right one is pulled' '
	on b && standin_base other:1 && docker tag other:1 "$ref" &&
	expect_status 0 imgcache get tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(imgcache get --image-id tools)" = "$digest" ] &&
	[ "$(count .hits.remote)" -eq 4 ]
'

test_that 'a dry run says that it would be pulled, and pulls nothing' '
	on b && imgcache delete "$tag" >/dev/null && : >"$STANDIN_DIR/calls" &&
	expect_status 0 imgcache build -n tools &&
	grep -E "^tools +pull +the registry has it$" stdout &&
	[ "$(calls pull)" -eq 0 ] && expect_status 0 imgcache build -n tools \
		--json && jq -e ".[0] | .state == \"hit\" and .pushed and
		.reason == null and .detail == null and
		(.local | not) and (.pulled | not)" stdout
'

test_that 'spawn runs what it pulled; get --no-count pulls and counts not' '
	on b && expect_status 0 imgcache spawn tools --rm -- \
		sh -c "echo \$IMAGE_ID" && [ "sha256:$(cat stdout)" = "$digest" ] &&
	imgcache delete "$tag" >/dev/null && before=$(count .lookups) &&
	expect_status 0 imgcache get --no-count tools &&
	[ "$(cat stdout)" = "$ref" ] && [ "$(count .lookups)" -eq "$before" ]
'

test_that 'twenty at once cause one pull' '
	on b && imgcache delete "$tag" >/dev/null && : >"$STANDIN_DIR/calls" &&
	faults "pull * slow 400"; n=0; : >statuses
	while [ $n -lt 20 ]; do
		n=$((n + 1))
		{ imgcache build tools >"out.$n" 2>/dev/null; echo $? >>statuses; } &
	done; wait; faults
	[ "$(sort -u statuses)" = 0 ] && [ "$(sort -u out.* | wc -l)" -eq 1 ] &&
	[ "$(calls pull)" -eq 1 ] && [ "$(calls buildx build)" -eq 0 ]
'

test_that 'an image on a shared one: pulled, and its base is left alone' '
	share top && on b && imgcache delete "$tag" >/dev/null &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache build top &&
	[ "$(calls pull)" -eq 1 ] && [ "$(calls buildx build)" -eq 0 ] &&
	expect_status 1 imgcache -c registry=none.example/x get tools
'

test_that 'what is built on b takes its base from the registry' '
	on b && cp imgcache.yaml more.yaml &&
	echo "  more: {base: \"@tools\", env: {C: \"1\"}}" >>more.yaml &&
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache -f more.yaml \
		build more && [ "$(calls pull)" -eq 1 ] &&
	[ "$(calls buildx build)" -eq 1 ] &&
	docker image inspect "localhost/imgcache:$tag" >/dev/null
'

test_that 'why the next one missed: the manifest came along' '
	on b && sed "s/A: \"1\"/A: \"2\"/" imgcache.yaml >changed.yaml &&
	expect_status 1 imgcache -f changed.yaml get tools &&
	grep "inputs changed: ENV changed" stderr
'

# From here on what the registry says is wrong in one way or another.
fresh() {
	on b && imgcache delete --force "$tag" >/dev/null 2>&1
	: >"$STANDIN_DIR/calls"
}

# answer_is WHAT FAULT: neither yes nor no; one line, in time, nothing pulled.
unknown() {
	fresh && before=$(count .unknown) && faults "$1"
	unset CI
	expect_status 128 timeout -k 1 60 imgcache -c registry_timeout=2s \
		-c transfer_timeout=2s get tools
	status=$?
	cat stderr
	faults
	[ $status -eq 0 ] && ! [ -s stdout ] &&
		[ "$(grep -vc "pulling" stderr)" -eq 1 ] &&
		[ "$(count .unknown)" -eq $((before + 1)) ]
}

for fault in 'exit 1 denied' 'exit 1 forbidden' 'exit 1 rate-limit' \
	'exit 1 no-network' 'exit 1 tls' 'exit 1 http-500' hang half nonsense \
	kill 'exit 0 nothing'; do
	test_that "the registry's answer: $fault" "
		unknown 'imagetools * $fault'
	"
done

for fault in 'exit 1 denied' 'exit 1 http-500' hang kill \
	'exit 1 error: unexpected EOF'; do
	test_that "the pull: $fault" "
		unknown 'pull * $fault' && grep 'r.example/team/cache@$digest' stderr
	"
done

test_that 'an unknown answer is told as such in JSON' '
	fresh && faults "imagetools * exit 1 denied"
	expect_status 128 imgcache get --json tools; status=$?; faults
	[ $status -eq 0 ] && jq -e ".state == \"unknown\" and .hit == null and
		.reason == \"registry-unknown\" and (.detail | test(\"401\")) and
		.local == null" stdout
'

test_that 'on a workstation the build goes on without it, with a warning' '
	fresh && faults "imagetools * exit 1 http-500" &&
	expect_status 0 imgcache build tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(calls buildx build)" -eq 1 ] &&
	grep "^imgcache: warning: .*500.*; going on without it$" stderr &&
	grep "tools: building (the registry gives no answer: " stderr
'

test_that 'in CI it fails, and says what else can be done' '
	fresh && faults "imagetools * exit 1 http-500" &&
	CI=true expect_status 128 imgcache build tools; status=$?; faults
	[ $status -eq 0 ] && ! [ -s stdout ] && one_line stderr &&
	grep -- "500.*; --on-unknown=build goes on without it$" stderr &&
	[ "$(calls buildx build)" -eq 0 ]
'

test_that 'CI=false is no CI' '
	fresh && faults "imagetools * exit 1 http-500" &&
	CI=false expect_status 0 imgcache build tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(calls buildx build)" -eq 1 ]
'

# policy STATUS COMMAND...: with a registry that gives no answer.
policy() {
	fresh && faults "imagetools * exit 1 http-500"
	expect_status "$@"
	status=$?
	faults
	return $status
}

test_that 'the option, the setting and its variable say which' '
	CI=true policy 0 imgcache build --on-unknown=build tools &&
	policy 128 imgcache build --on-unknown fail tools &&
	policy 128 imgcache -c on_unknown=fail build tools &&
	CI=1 IMGCACHE_ON_UNKNOWN=build policy 0 imgcache build tools &&
	IMGCACHE_ON_UNKNOWN=build policy 128 imgcache build \
		--on-unknown=fail tools &&
	sed "1a on_unknown: fail" imgcache.yaml >fail.yaml &&
	policy 128 imgcache -f fail.yaml build tools &&
	policy 128 imgcache -f fail.yaml -c on_unknown=build get tools &&
	expect_status 129 imgcache build --on-unknown=maybe tools
'

test_that 'spawn has the same policies' '
	policy 0 imgcache spawn tools --rm -- true &&
	CI=true policy 125 imgcache spawn tools --rm -- true &&
	policy 125 imgcache spawn --on-unknown=fail tools --rm -- true &&
	CI=true policy 0 imgcache spawn --on-unknown=build tools --rm -- true
'

test_that 'spawn --on-miss=base: an unknown is a miss only where it builds' '
	fresh && faults "imagetools * exit 1 http-500" &&
	expect_status 0 imgcache spawn --on-miss=base tools --rm -- true &&
	grep "tools: pulling or building in the background" stderr &&
	imgcache wait tools &&
	[ "$(calls buildx build)" -eq 1 ] &&
	CI=true policy 125 imgcache spawn --on-miss=base tools --rm -- true &&
	policy 125 imgcache spawn --on-miss=fail tools --rm -- true &&
	one_line stderr && ! grep "going on" stderr
'

test_that 'not found is a no, whoever it hides from' '
	fresh && faults "imagetools * exit 1 not-found" && before=$(count .misses) &&
	CI=true expect_status 0 imgcache build tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(calls buildx build)" -eq 1 ] &&
	[ "$(count .misses)" -eq $((before + 1)) ]
'

test_that 'the pull of what is gone meanwhile' '
	fresh && faults "pull * exit 1 not-found" &&
	expect_status 0 imgcache build tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(calls buildx build)" -eq 1 ]
'

test_that 'P19: a foreign image under our ref: refused, its digest named' '
	on a && docker tag busybox:latest "$ref" && docker push "$ref" &&
	foreign=sha256:$(cat "$TRASH/a/tags/"busybox*) && fresh &&
	expect_status 1 imgcache get tools && one_line stderr &&
	grep "another image is under its tag.*$foreign, which does not carry" \
		stderr && [ "$(calls pull)" -eq 0 ]
'

test_that 'P15: a label that is only the beginning of the key' '
	on a && docker import --change "LABEL io.imgcache.key=$(echo "$tag" |
		cut -c 1-15)" - "$ref" </dev/null && docker push "$ref" && fresh &&
	expect_status 1 imgcache get tools && grep "another image" stderr &&
	[ "$(calls pull)" -eq 0 ]
'

test_that 'then it is built, and no foreign image is touched' '
	there=$(cat "$STANDIN_REGISTRY/registry/"*"$tag") && fresh &&
	expect_status 0 imgcache build tools && [ "$(calls buildx build)" -eq 1 ] &&
	[ "$(cat "$STANDIN_REGISTRY/registry/"*"$tag")" = "$there" ]
'

test_that 'what comes is not what the registry said: refused, and removed' '
	on a && imgcache build --no-cache tools >/dev/null 2>&1 &&
	docker push "$ref" >/dev/null && fresh &&
	faults "pull * other-label io.imgcache.key=g1-0000" &&
	expect_status 1 imgcache get tools; status=$?; faults
	[ $status -eq 0 ] && [ "$(grep -vc pulling stderr)" -eq 1 ] &&
	grep "what came as r.example/team/cache@$digest does not carry" stderr &&
	! docker image inspect "$digest" >/dev/null 2>&1 &&
	! docker image inspect "$ref" >/dev/null 2>&1
'
test_that 'invalidated here: a miss here, and not elsewhere' '
	on b && expect_status 0 imgcache get tools && imgcache invalidate tools &&
	: >"$STANDIN_DIR/calls" && expect_status 1 imgcache get tools &&
	grep "invalidated: r.example/team/cache has $digest, which was built without" \
		stderr && [ "$(calls pull)" -eq 0 ] && on a &&
	expect_status 0 imgcache get tools
'

test_that 'built anew by somebody later: taken' '
	sleep 1.1 && on a && imgcache invalidate tools && imgcache build tools \
		>/dev/null 2>&1 && docker push "$ref" >/dev/null && on b &&
	expect_status 0 imgcache get tools && [ "$(cat stdout)" = "$ref" ] &&
	[ "$(imgcache get --image-id tools)" != "$digest" ]
'

test_that 'several registries are read in order' '
	fresh && expect_status 0 imgcache -c registry=first.example/x \
		-c "registries=second.example/y,r.example/team/cache" get tools &&
	[ "$(cat stdout)" = "first.example/x:$tag" ] &&
	grep -o "[a-z.]*example/[a-z/]*:g1-[0-9a-f]*" "$STANDIN_DIR/calls" |
		cut -d : -f 1 >order && printf "%s\n" first.example/x \
		second.example/y r.example/team/cache >expect && same expect order &&
	imgcache list --json | jq -e "any(.[]; .ref == \"first.example/x:$tag\"
		and .pushedRef == \"$ref\")"
'

test_that 'no digest of the other repository holds it' '
	on b && expect_status 0 imgcache delete "$tag" &&
	! docker image inspect "first.example/x:$tag" >/dev/null 2>&1
'

test_that 'without registry the first of registries is where refs stand' '
	cat >several.yaml <<-YAML &&
	version: 1
	registries: [one.example/x, "\${TWO:-r}.example/team/cache"]
	images:
	  tools: {base: busybox, env: {A: "1"}}
	YAML
	imgcache -f several.yaml tag --ref tools | grep "^one.example/x:$tag" &&
	TWO=two && export TWO && imgcache -f several.yaml config --json |
		jq -e ".[] | select(.name == \"registries\") | .value ==
			\"one.example/x, two.example/team/cache\""
'

test_that 'one without an answer does not hide what the next one has' '
	fresh && faults "imagetools 1 exit 1 http-500" &&
	expect_status 0 imgcache -c registry=first.example/x \
		-c registries=r.example/team/cache get tools; status=$?; faults
	[ $status -eq 0 ]
'

test_that 'one without an answer, and none that has it: unknown' '
	fresh && faults "imagetools 1 exit 1 http-500" &&
	expect_status 128 imgcache -c registry=first.example/x \
		-c registries=other.example/x get tools; status=$?; faults
	[ $status -eq 0 ]
'

test_that 'an image of before the registry was another keeps being it' '
	on a && : >"$STANDIN_DIR/calls" && expect_status 0 imgcache \
		-c registry=moved.example/x get tools && [ "$(cat stdout)" = \
		"moved.example/x:$tag" ] && ! [ -s "$STANDIN_DIR/calls" ] &&
	docker image inspect "moved.example/x:$tag" >/dev/null &&
	expect_status 0 imgcache get tools && [ "$(cat stdout)" = "$ref" ]
'

test_that 'an xxh3 key is asked for in no registry' '
	on b && : >"$STANDIN_DIR/calls" && imgcache build --hash xxh3 tools \
		>/dev/null 2>&1 && [ "$(calls buildx imagetools)" -eq 0 ]
'

test_that 'rebuilds and a cache that is off ask no registry' '
	fresh && imgcache build --rebuild tools >/dev/null 2>&1 &&
	imgcache build --no-cache tools >/dev/null 2>&1 &&
	ENABLE_IMAGE_CACHE=false imgcache build tools >/dev/null 2>&1 &&
	! grep "imagetools.*$tag" "$STANDIN_DIR/calls" && [ "$(calls pull)" -eq 0 ]
'

# limited VERB: t1 to t4 of a, each brought to b with that verb.
limited() {
	{ printf 'version: 1\nregistry: r.example/team/cache\n'
	echo 'policy: {max_images: 2, grace: 0, keep_last: 0}'
	echo 'images:'
	for n in 1 2 3 4; do
		echo "  t$n: {base: busybox, env: {LIMITED: \"$1 $n\"}}"
	done; } >limited.yaml
	on a && imgcache -f limited.yaml -c max_images=0 build --push \
		t1 t2 t3 t4 >/dev/null 2>&1 && on b || return
	imgcache prune --max-images=1 --grace 0 --keep-last 0 >/dev/null 2>&1
	: >"$STANDIN_DIR/calls"
	for n in 1 2 3 4; do
		case $1 in
		spawn) imgcache -f limited.yaml spawn --rm t$n -- true ;;
		*) imgcache -f limited.yaml "$1" t$n ;;
		esac || return
	done >/dev/null 2>words || { cat words; return 1; }
	[ "$(calls pull)" -eq 4 ] && [ "$(calls buildx build)" -eq 0 ] &&
	imgcache list --json | jq -e "[.[] | select(.local)] | length == 2" &&
	imgcache -f limited.yaml get t4
}

test_that 'a machine that only pulls keeps to the limits as well' '
	for verb in build get spawn env; do
		limited $verb || { echo "$verb"; exit 1; }
	done
'

test_that 'an interrupt during a pull ends it: by the signal, nothing kept' '
	fresh && faults "pull * hang"; env --default-signal=INT imgcache \
		get tools >out 2>err & pid=$!
	sleep 0.8; kill -INT $pid; wait $pid; status=$?; faults
	[ $status -eq 130 ] && ! [ -s out ] &&
	! docker image inspect "$ref" >/dev/null 2>&1 &&
	expect_status 0 imgcache get tools
'

test_that 'a home that cannot be written: pulled all the same' '
	[ "$(id -u)" -eq 0 ] && chmod 755 . && chmod -R a+rwX b registry &&
	fresh && install -d -o 65534 -m 555 sealed &&
	expect_status 0 setpriv --reuid 65534 --clear-groups env \
		IMGCACHE_DIR=$PWD/sealed HOME=$PWD/sealed imgcache get tools &&
	[ "$(cat stdout)" = "$ref" ]
'

test_that 'doctor --online asks each of them' '
	on b && imgcache -c registries=second.example/y doctor --online --json \
		>out; jq -e "[.[] | select(.topic == \"registry\" and
		.health == \"ok\") | .text] == [\"r.example/team/cache answers\",
		\"second.example/y answers\"]" out
'

test_done
