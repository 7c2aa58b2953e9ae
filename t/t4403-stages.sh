#!/bin/sh
# SPDX-License-Identifier: MIT
# Stages: one that is invalidated is built anew alone, and each has a build cache
# of its own.
# shellcheck disable=SC2016,SC2034,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
unset GITHUB_ACTIONS

mkdir app
echo flask >app/requirements.txt
echo '{}' >app/package.json
echo 1 >app/main
cat >app/Dockerfile <<'FILE'
FROM busybox AS Python-Deps
COPY requirements.txt /
RUN echo python >/python
FROM busybox AS node-deps
COPY package.json /
RUN echo node >/node
FROM busybox AS unused
RUN echo unused >/unused
FROM busybox
COPY --from=python-deps /python /
COPY --from=node-deps /node /
COPY main /
FILE

# project CACHE: the section of imgcache.yaml
project() {
	printf 'version: 1\n%s\nimages:\n' "$1" >imgcache.yaml
	printf '  %s: {dockerfile: app/Dockerfile, context: app%s}\n' \
		app '' other ', labels: {x: "1"}' plain ', salt: x' \
		>>imgcache.yaml
}

# last OPTION: the values of the option in the last build of the image itself.
last() {
	grep "buildx' 'build'.*'--tag=" "$STANDIN_DIR/calls" | tail -n 1 |
		tr "'" "\n" | grep -e "^--$1" >actual
	shift
	for value; do echo "$value"; done >expect && same expect actual
}

project "cache: {}"
test_that 'invalidate --stage NAME: that image misses, others do not' '
	imgcache build app && imgcache build other &&
	expect_status 0 imgcache invalidate --stage python-deps app &&
	grep "^1 image" stdout && expect_status 1 imgcache get app &&
	says stderr "'\''app'\'': invalidated" && imgcache get other
'

test_that 'why names the command' '
	expect_status 1 imgcache why app; cat stdout &&
	grep "imgcache invalidate --stage python-deps app" stdout
'

test_that 'the next build redoes that stage alone, and is a hit then' '
	imgcache build app && last no-cache "--no-cache-filter=python-deps" &&
	imgcache get app
'

test_that 'the build after that redoes nothing' '
	echo 2 >app/main && imgcache build app && last no-cache
'

test_that 'without a name: of every image that has it; in any case' '
	imgcache build app && imgcache build other && imgcache build plain &&
	expect_status 0 imgcache invalidate --stage NODE-Deps --json &&
	jq -e ".images >= 3" stdout && for i in app other plain; do
		expect_status 1 imgcache get $i && imgcache build $i &&
		last no-cache "--no-cache-filter=node-deps" || return 1
	done
'

test_that 'sources that changed meanwhile: the stage is redone still' '
	imgcache invalidate --stage node-deps app && echo 3 >app/main &&
	imgcache build app && last no-cache "--no-cache-filter=node-deps" &&
	echo 4 >app/main && imgcache build app && last no-cache
'

test_that 'a failed build: it is still to be redone' '
	imgcache invalidate --stage node-deps app &&
	faults "build * exit 1 ERROR: no" &&
	expect_status 2 imgcache build app; faults
	imgcache build app && last no-cache "--no-cache-filter=node-deps"
'

test_that 'two stages; with --rebuild everything, which does for them' '
	imgcache invalidate --stage node-deps app &&
	imgcache invalidate --stage python-deps app && imgcache build app &&
	last no-cache "--no-cache-filter=python-deps" \
		"--no-cache-filter=node-deps" &&
	imgcache invalidate --stage node-deps app &&
	imgcache build --rebuild app && last no-cache --no-cache &&
	echo 5 >app/main && imgcache build app && last no-cache
'

test_that 'the image and a stage of it: everything' '
	imgcache invalidate app && imgcache invalidate --stage node-deps app &&
	imgcache build app && last no-cache --no-cache && imgcache get app
'

test_that 'another engine has what was invalidated to redo, too' '
	imgcache invalidate --stage node-deps app && imgcache build app &&
	mkdir second && standin_stop && (
		STANDIN_DIR=$TRASH/second DOCKER_HOST=unix://$TRASH/second/docker.sock
		export STANDIN_DIR DOCKER_HOST
		standin_start && standin_base busybox:latest &&
		imgcache build app
		last no-cache "--no-cache-filter=python-deps" \
			"--no-cache-filter=node-deps"
		rc=$?; standin_stop; exit $rc
	) && standin_start
'

test_that 'no such stage, or one that is not in use: 1, with those there are' '
	for stage in nosuch unused; do
		expect_status 1 imgcache invalidate --stage $stage app &&
		says stderr "'\''app'\'' has no stage '\''$stage'\'' in use; \
there is node-deps, python-deps" || return 1
	done
	expect_status 1 imgcache invalidate --stage nosuch &&
	one_line stderr && grep "no image of the project has a stage" stderr
'

test_that 'wrong usage' '
	expect_status 129 imgcache invalidate --stage a --all &&
	expect_status 129 imgcache invalidate --stage "" &&
	expect_status 1 imgcache invalidate --stage node-deps apq &&
	grep "apq" stderr &&
	expect_status 128 imgcache -C /tmp invalidate --stage a &&
	grep "no imgcache.yaml" stderr
'

platform=$(imgcache tag app --manifest | sed -n 's/^platform //p' | tr / -)
stages="stages: {python-deps: app/requirements.txt, Node-Deps: [app/package.json]}"

# exports: target and cache of the stages that were written since the last call.
exports() {
	grep "buildx' 'build'.*'--output=type=cacheonly'" "$STANDIN_DIR/calls" |
		tr "'" "\n" | grep -e ^--target= -e ^--cache-to= >actual
	: >"$STANDIN_DIR/calls"
	for value; do echo "$value"; done >expect && same expect actual
}

# to STAGE: its cache in r.example/c, as docker is given it.
to() {
	echo "--cache-to=type=registry,ref=r.example/c:cache-$1--app-$platform,mode=max"
}

test_that 'each stage is exported to a ref of its own, and read always' '
	project "cache: {to: r.example/c, from: r.example/c, $stages}" &&
	echo 6 >app/main && imgcache build app 2>words && cat words &&
	! grep -i "not used" words &&
	last cache- \
		"--cache-to=type=registry,ref=r.example/c:cache-app-$platform,mode=max" \
		"--cache-from=type=registry,ref=r.example/c:cache-app-$platform" \
		"--cache-from=type=registry,ref=r.example/c:cache-python-deps--app-$platform" \
		"--cache-from=type=registry,ref=r.example/c:cache-node-deps--app-$platform" &&
	exports --target=python-deps "$(to python-deps)" \
		--target=node-deps "$(to node-deps)"
'

test_that 'an export makes no image, has no label and redoes nothing' '
	echo 7 >app/requirements.txt && imgcache build app &&
	grep "output=type=cacheonly" "$STANDIN_DIR/calls" >call && cat call &&
	! grep -e "--tag" -e "--label" -e "--no-cache" -e "--load" call &&
	exports --target=python-deps "$(to python-deps)"
'

test_that 'nothing of a stage changed: read, not written' '
	echo 8 >app/main && imgcache build app && exports
'

test_that 'its instructions changed: written; a comment, another stage: not' '
	sed -i "s/echo node/echo node2/" app/Dockerfile && imgcache build app &&
	exports --target=node-deps "$(to node-deps)" &&
	sed -i "s/echo unused/echo unused2/; s/^FROM busybox$/# x\n&/" \
		app/Dockerfile && echo 9 >app/main && imgcache build app &&
	exports
'

test_that 'redone: written again, though no trigger changed' '
	imgcache invalidate --stage node-deps app && imgcache build app &&
	exports --target=python-deps "$(to python-deps)" \
		--target=node-deps "$(to node-deps)"
'

test_that 'a local cache and a name of the user: each stage has its part' '
	echo docker-container >"$STANDIN_DIR/driver" &&
	project "cache: {to: [type=local, \"type=s3,bucket=b,name=n\"], $stages}" &&
	sed -i "/other:/d; /plain:/d" imgcache.yaml && echo 10 >app/main &&
	imgcache build app && exports --target=python-deps \
		"--cache-to=type=local,mode=max,dest=$IMGCACHE_DIR/cache/buildcache/python-deps--app-$platform/$(
		readlink "$IMGCACHE_DIR/cache/buildcache/python-deps--app-$platform/current")" \
		--target=python-deps \
		"--cache-to=type=s3,bucket=b,name=n-python-deps,mode=max" \
		--target=node-deps \
		"--cache-to=type=local,mode=max,dest=$IMGCACHE_DIR/cache/buildcache/node-deps--app-$platform/$(
		readlink "$IMGCACHE_DIR/cache/buildcache/node-deps--app-$platform/current")" \
		--target=node-deps \
		"--cache-to=type=s3,bucket=b,name=n-node-deps,mode=max" &&
	echo 11 >app/main && imgcache build app && exports
'

test_that 'a local cache that is gone is written again' '
	rm -rf "$IMGCACHE_DIR/cache/buildcache/node-deps--app-$platform" &&
	echo 12 >app/main && imgcache build app && cat actual;
	exports x; grep -c target=node-deps actual && ! grep python actual
'

rm "$STANDIN_DIR/driver"

test_that 'an export that fails: the build fails, and names the stage' '
	project "cache: {to: r.example/d, $stages}" && echo 13 >app/main &&
	faults "build 2 exit 1 ERROR: denied" &&
	expect_status 2 imgcache build app; faults; cat stderr
	grep "the cache of stage .python-deps. cannot be exported to \
.r.example/d:cache-python-deps--app-$platform.: .*denied" stderr &&
	grep "ignore-error=true" stderr &&
	log=$(imgcache log --path app) && grep denied "$log"
'

test_that 'ignore-error=true: a warning, and once more with the next build' '
	: >"$STANDIN_DIR/calls" &&
	project "cache: {to: \"type=registry,ref=r.example/d,ignore-error=true\", $stages}" &&
	faults "build 2 exit 1 ERROR: denied" &&
	expect_status 0 imgcache build app; faults; cat stderr
	grep "stage .python-deps. is not exported.*denied" stderr &&
	exports --target=python-deps \
		"--cache-to=type=registry,ref=r.example/d:cache-python-deps--app-$platform,mode=max" \
		--target=node-deps \
		"--cache-to=type=registry,ref=r.example/d:cache-node-deps--app-$platform,mode=max" &&
	echo 14 >app/main && imgcache build app && exports --target=python-deps \
		"--cache-to=type=registry,ref=r.example/d:cache-python-deps--app-$platform,mode=max"
'

test_that 'a stage that no image has: where it is written' '
	project "cache: {to: r.example/c, stages: {pyton-deps: app/main}}" &&
	calls buildx build >before; echo 15 >app/main
	expect_status 128 imgcache build app && says stderr \
		"imgcache.yaml:2:35: no image of the project has a stage '\''pyton-deps'\''; did you mean '\''python-deps'\''?" &&
	[ "$(calls buildx build)" = "$(cat before)" ]
'

test_that 'a stage of another image, one not in use: no mistake' '
	project "cache: {to: r.example/c, stages: {alone: app/main, unused: app/main}}" &&
	printf "FROM busybox AS alone\nCOPY main /\n" >app/Alone &&
	echo "  alone: {dockerfile: app/Alone, context: app}" >>imgcache.yaml &&
	: >"$STANDIN_DIR/calls" && imgcache build app && exports
'

test_that 'a trigger that is not there: where it is written' '
	project "cache: {to: r.example/c, stages: {python-deps: [app/main, app/no]}}" &&
	echo 16 >app/main && expect_status 128 imgcache build app &&
	cat stderr && grep "^imgcache: imgcache.yaml:2:59: cannot read .app/no., \
which triggers the cache of a stage: No such file" stderr &&
	project "cache: {to: r.example/c, stages: {python-deps: app}}" &&
	expect_status 128 imgcache build app && cat stderr &&
	grep "imgcache.yaml:2:48: .app. is no regular file" stderr
'

test_that 'stages without a cache to keep them in: said' '
	project "cache: {$stages}" && imgcache build app 2>stderr && cat stderr &&
	grep "cache.stages. has no cache" stderr
'

test_that 'stages change no key' '
	imgcache tag app >with && project "cache: {}" && imgcache tag app >without &&
	same with without
'

test_that 'list --caches: where, of what, size of local ones, age and use' '
	expect_status 0 imgcache list --caches --json && cat stdout &&
	jq -e ".[] | select(.place == \"r.example/c:cache-python-deps--app-$platform\") |
		.type == \"registry\" and .stage == \"python-deps\" and
		.image == \"app-$platform\" and .size == null and
		.exportedAt != null and .lastUsedAt != null and
		.deleteCommand == \"skopeo delete docker://\" + .place" stdout &&
	jq -e ".[] | select(.type == \"local\" and .stage == \"python-deps\") |
		.size > 0 and (.deleteCommand | startswith(\"rm -r -- \"))" stdout &&
	jq -e ".[] | select(.type == \"s3\" and .stage == \"node-deps\") |
		.place == \"b/n-node-deps\" and .deleteCommand == null" stdout &&
	jq -e ".[] | select(.type == \"registry\" and .stage == null) |
		.image == \"app-$platform\"" stdout &&
	imgcache list --caches --no-trunc >table && cat table &&
	grep "^TYPE .*IMAGE .*STAGE .*SIZE .*EXPORTED .*USED .*PLACE" table
'

test_that 'list --caches: within 80 columns, and nothing is lost' '
	COLUMNS=80 imgcache list --caches >table && cat table &&
	[ "$(awk "length > 80" table | wc -l)" -eq 0 ] &&
	place=$(imgcache list --caches --json | jq -r ".[0].place") &&
	sed "s/.*  //" table | tr -d "\n" | grep -F "$place"
'

test_that 'list --caches: no filters of images' '
	expect_status 129 imgcache list --caches app &&
	expect_status 129 imgcache list --caches --pinned && one_line stderr
'

# ages PLACE SECONDS: as if it had not been used for so long.
ages() {
	sqlite3 "$IMGCACHE_DIR/catalog.db" "UPDATE caches
		SET used_at = used_at - $2 WHERE place LIKE '$1'"
}

test_that 'prune --caches: what was not used is forgotten, with its command' '
	imgcache list --caches --json >all &&
	expect_status 0 imgcache prune --caches --max-age 30d && ! [ -s stdout ] &&
	grep "no build cache was unused long enough" stderr &&
	ages "r.example/c:cache-python-deps--app-%" 3000000 &&
	expect_status 0 imgcache prune --caches --max-age 30d --dry-run &&
	echo "skopeo delete docker://r.example/c:cache-python-deps--app-$platform" \
		>expect && same expect stdout && grep "would forget registry" stderr &&
	expect_status 0 imgcache prune --caches --max-age 30d &&
	same expect stdout && one_line stderr &&
	grep "^forgot registry r.example/c:cache-python-deps--app-$platform, not used for" stderr &&
	imgcache list --caches --json | jq length >n &&
	[ "$(cat n)" -eq $(($(jq length all) - 1)) ]
'

test_that 'forgotten: it is written with the next build, and known again' '
	project "cache: {to: r.example/c, $stages}" && echo 20 >app/main &&
	: >"$STANDIN_DIR/calls" && imgcache build app && cat "$STANDIN_DIR/calls" |
		grep -c "output=type=cacheonly.*cache-python-deps--" &&
	imgcache list --caches --json |
		jq -e ".[] | select(.place | contains(\"c:cache-python-deps--app\"))"
'

test_that 'a cache that only others write, one of a name not ours: no command' '
	project "cache: {from: r.example/theirs}" &&
	sed -i "/other:/d; /plain:/d" imgcache.yaml && echo 21 >app/main &&
	imgcache build app --cache-to r.example/own:name &&
	ages "r.example/theirs%" 3000000 && ages r.example/own:name 3000000 &&
	expect_status 0 imgcache prune --caches --max-age 30d --json &&
	cat stdout && jq -e "(.dryRun | not) and (.caches | length) == 2 and
		all(.caches[]; .deleteCommand == null)" stdout
'

test_that 'a local cache that is gone is forgotten' '
	project "cache: {to: type=local}" && echo 22 >app/main &&
	imgcache build app && rm -r "$IMGCACHE_DIR/cache/buildcache/app-$platform" &&
	expect_status 0 imgcache prune --caches && ! [ -s stdout ] &&
	grep "^forgot local .*buildcache/app-$platform" stderr
'

test_that 'a local cache: its command deletes it' '
	echo 23 >app/main && imgcache build app && ages "%buildcache/app-%" 3000000 &&
	[ -d "$IMGCACHE_DIR/cache/buildcache/app-$platform" ] &&
	imgcache prune --caches --max-age 1d | sh &&
	! [ -e "$IMGCACHE_DIR/cache/buildcache/app-$platform" ]
'

test_that 'registries that want a command of their own, or have none' '
	for to in 1.dkr.ecr.eu-west-1.amazonaws.com/t/c ghcr.io/t/c t/c \
		localhost:5000/c; do
		project "cache: {to: $to}" && echo "$to" >app/main &&
		imgcache build app || return 1
	done && imgcache list --caches --json >all && cat all &&
	jq -r ".[] | select(.place | test(\"amazonaws|ghcr|^t/c|localhost\")) |
		.deleteCommand" all | sort >actual && sort >expect <<-END &&
	aws ecr batch-delete-image --region eu-west-1 --registry-id 1 --repository-name t/c --image-ids imageTag=cache-app-$platform
	null
	null
	skopeo delete --tls-verify=false docker://localhost:5000/c:cache-app-$platform
	END
	same expect actual
'

test_that 'prune --caches: no other limit' '
	expect_status 129 imgcache prune --caches --max-images 3 &&
	one_line stderr && expect_status 129 imgcache prune --caches -v &&
	one_line stderr
'

test_that 'a long name still fits into a tag, and is that of the stage' '
	long=$(printf "%0100d" 0 | tr 0 l) &&
	sed "s/[Pp]ython-[Dd]eps/$long/" app/Dockerfile >app/Long &&
	printf "version: 1\ncache: {to: r.example/c, stages: {%s: app/main}}\nimages:\n  %s: {dockerfile: app/Long, context: app}\n" \
		"$long" a-name-of-thirty-characters-or >imgcache.yaml &&
	: >"$STANDIN_DIR/calls" && imgcache build a-name-of-thirty-characters-or &&
	exports x; cat actual; ref=$(sed -n "s/.*ref=r.example.c:\([^,]*\),.*/\1/p" actual) &&
	[ ${#ref} -le 128 ] && [ ${#ref} -gt 120 ]
'

# BuildKit takes such a file without looking whether it is the one it has.
test_that 'where --exclude blinds the cache, all is built anew' '
	mkdir blind && echo 1 >blind/f &&
	printf "FROM busybox\nCOPY --exclude=*.md f /\n" >blind/Dockerfile &&
	imgcache build blind && last no-cache &&
	printf "FROM busybox\nCOPY --exclude=* f /\n" >blind/Dockerfile &&
	imgcache build blind && last no-cache --no-cache &&
	IMGCACHE_DISABLE=1 imgcache build blind && last no-cache --no-cache
'

test_done
