#!/bin/sh
# SPDX-License-Identifier: MIT
# The JSON of the verbs by the schemas of t/schema, which say strictly what
# imgcache-formats(5) promises: no field more, none less, and what each may be.
# Of SARIF 2.1.0 the schema has the part that is written.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"
# shellcheck source=t/lib-schema.sh
. "$TOP/t/lib-schema.sh"

standin_start
standin_packages
standin_base busybox:latest debian:12
printf '%b\n' 'imgcache-inventory 1' 'apt\tgit\t1:2.39.5' 'apt\tjq\t1.6' \
	'npm\ttypescript\t5.4.5' end >"$STANDIN_DIR/inventory"
mkdir -p app/src bad
printf '%s\n' 'FROM busybox AS build' 'RUN echo made' 'COPY src /src' \
	'FROM busybox' 'COPY --from=build /src /s' 'COPY big /' >app/Dockerfile
echo 1 >app/src/a
echo TOKEN=1 >app/.env
head -c 40000 /dev/zero >app/big
head -c 90000 /dev/zero >app/unread
printf '*.o\n# nothing\n' >app/.dockerignore
: >app/x.o
ln -s src app/link
printf 'FROM busybox\nRUN echo no\nRUN false\n' >bad/Dockerfile
cat >imgcache.yaml <<'YAML'
version: 1
images:
  app: {context: app}
  twin: {context: app}
  tools: {base: "debian:12", apt: [git, jq], npm: [typescript@5.4]}
  bad: {context: bad}
YAML

test_that 'list: nothing' 'gives 0 list imgcache list --json && has ". == []"'
test_that 'stats: nothing' 'gives 0 stats imgcache stats --json &&
	has ".lookups == 0 and .hitRate == null and .days == []"'
test_that 'prune: nothing' 'gives 0 prune imgcache prune --json &&
	has ".images == []"'
test_that 'verify: never built' 'gives 0 verify imgcache verify --json &&
	has "all(.state == \"unknown\") and length == 4"'
test_that 'why: never built' 'gives 0 why imgcache why --json app &&
	has ".before == null and .status == null and .changes == []"'
test_that 'get: a miss' 'gives 1 get imgcache get --json app &&
	has ".state == \"miss\" and .reason == \"never-built\""'
test_that 'build: some that succeed' '
	gives 0 build imgcache build --json app twin tools &&
	has "length == 3 and .[0].built and .[1].built == false"'
test_that 'build: one that fails, one that is there' '
	gives 2 build imgcache build --json app bad && has "any(.success) and any(.success == false and
		.error != null and (.logs | length > 0))"'
test_that 'build: in the background' '
	gives 0 build-background imgcache build --background --json app &&
	has ".[0].started == false" && imgcache invalidate app &&
	gives 0 build-background imgcache build --background --json app &&
	has ".[0].started" && imgcache wait "$(jq -r ".[0].imageId" stdout)"'
test_that 'wait: the images' '
	gives 0 list imgcache wait --json "$(imgcache build --background app)"'
test_that 'get: a hit' '
	gives 0 get imgcache get --json tools && has ".hit and .local"'
test_that 'get: unknown' '
	export DOCKER_HOST=unix:///nowhere/docker.sock &&
	gives 128 get imgcache get --json tools &&
	has ".state == \"unknown\" and .hit == null and .local == null"'
test_that 'get --id: image and log; of the failed, too' '
	gives 0 get-id imgcache get --id "$(imgcache tag app | cut -c 4-15)" &&
	has ".logs | length > 0" && gives 0 get-id imgcache get --id \
		"$(imgcache tag bad | cut -c 4-15)" &&
	has ".buildStatus == \"failed\""'
test_that 'list: completed with dependencies and two names, failed' '
	gives 0 list imgcache list --json --all &&
	has "any(.dependencies | length >= 3) and any(.names | length == 2) and
		any(.buildStatus == \"failed\")"'
test_that 'why: a hit' 'gives 0 why imgcache why --json app &&
	has ".state == \"hit\" and .reason == null"'
test_that 'verify: fresh' 'gives 0 verify imgcache verify --json app &&
	has ".[0].state == \"fresh\""'

echo 2 >app/src/a
echo 'LABEL a=b' >>app/Dockerfile
sed -i 's/git, jq/git, curl/' imgcache.yaml
test_that 'why: files, instructions, steps' '
	gives 0 why imgcache why --json app && has ".before.tag and
		any(.changes[]; .subject == \"file\" and .how == \"edited\") and
		any(.changes[]; .subject == \"instruction\") and
		any(.steps[]; .runs) and .firstStep != null"'
test_that 'why: packages' 'gives 0 why imgcache why --json tools &&
	has "[.changes[] | select(.subject == \"package\").how] | sort ==
		[\"added\", \"removed\"]"'
test_that 'why: a build that failed' 'expect_status 0 imgcache why --json bad &&
	valid why stdout && has ".status == \"failed\""'
test_that 'verify: stale' 'gives 1 verify imgcache verify --json &&
	has "any(.state == \"stale\" and .reason == \"inputs-changed\")"'
test_that 'stats: hits, misses, failures, steps' '
	gives 0 stats imgcache stats --json && has ".hits.local > 0 and
		.unknown > 0 and
		.missesByReason[\"never-built\"] > 0 and .builds.failed > 0 and
		(.images | length > 2) and (.days | length == 1) and
		(.slowestSteps | length > 0)" &&
	gives 0 stats imgcache stats --json --since 1d && has .since'
test_that 'context: read, unread, ignored, advice; a recipe without any' '
	gives 0 context imgcache context --json app && has ".contexts[0] |
		(.unread.files > 0) and (.ignored.patterns | length > 0) and
		(.advice | length > 0)" &&
	gives 0 context imgcache context --json tools'
test_that 'context: what is read is not known' '
	mkdir odd && printf "FROM busybox\nNEW thing\n" >odd/Dockerfile &&
	gives 0 context imgcache context --json odd &&
	has ".contexts[0] | .unread == null and .unknown"'
test_that 'context --list' '
	gives 0 context-list imgcache context --list --json app &&
	has "any(.type == \"link\") and any(.type == \"file\")"'
test_that 'prune: what goes, what stays; a dry run' '
	gives 0 prune faketime -f +10d imgcache prune --json --dry-run \
		--max-images 1 &&
	has ".dryRun and .removed > 0 and any(.images[]; .action == \"keep\")" &&
	gives 0 prune faketime -f +10d imgcache prune --json --max-images 1 \
		--build-cache --filter until=240h &&
	has ".removed > 0 and .buildCacheSize != null"'
test_that 'list: the pruned' 'gives 0 list imgcache list --json --all'

test_that 'lint: nothing, findings, the rules' '
	mkdir "a b" none && echo "FROM debian:12" >none/Dockerfile &&
	gives 0 lint imgcache lint --json none && has ". == []" &&
	printf "%s\n" "FROM debian" "# Grüße" \
		"ARG NPM_TOKEN" "RUN pip install numpy>=1" >"a b/Dockerfile" &&
	gives 1 lint imgcache lint --json "a b" && has "length > 2 and
		any(.fixable) and any(.severity == \"error\")" &&
	gives 0 lint-rules imgcache lint --rules --json'
test_that 'lint: SARIF, with findings and without' '
	gives 1 sarif imgcache lint --format sarif "a b" &&
	has ".runs[0].results | length > 2" && cp stdout sarif &&
	gives 0 sarif imgcache lint --format sarif none &&
	has ".runs[0].results == []"'

# A schema that lets everything through would be no test.
test_that 'the schemas refuse a field more, one less, another type' '
	imgcache list --json --all >good && imgcache stats --json >stats &&
	for edit in "list good .[0].more=1" "list good del(.[0].tag)" \
		"list good .[0].size=\"1\"" "list good .[0].createdAt=1" \
		"list good .[0].buildStatus=\"new\"" \
		"list good .[0].dependencies=[{}]" "list good {a:1}" \
		"stats stats .days[0].more=1" "stats stats .hitRate=2" \
		"stats stats .missesByReason.no=1" \
		"sarif sarif .runs[0].results[0].level=\"info\"" \
		"sarif sarif .runs[0].more=1" \
		"sarif sarif .runs[0].results[0].locations=[]"; do
		set -- $edit && jq "$3" "$2" >broken && ! cmp -s broken "$2" &&
		! "$python" -B "$schemas/check.py" "$schemas/$1.json" broken \
			>/dev/null || { echo "passed: $edit"; exit 1; }
	done'

# Fields and words of a schema.
named() {
	jq -r '.. | objects | (.properties // {} | keys[]),
		(.enum // [] | .[] | strings)' "$@" | sort -u
}

test_that 'every field and word of a schema is in imgcache-formats(5)' '
	tr " ,()" "\n" <"$TOP/man/imgcache-formats.5" | sort -u >told &&
	for schema in "$schemas"/*.json; do
		[ "${schema##*/}" != sarif.json ] || continue
		named "$schema" | comm -23 - told | sed "s|^|$schema: |"
	done >untold && cat untold && ! [ -s untold ]'

# What is no field or word there is a verb, null, or a value of why's "of".
test_that 'and what is told there is in a schema' '
	awk "/^\\.S[sh]/ { on = /The answer/ || (on && !/EXAMPLES/) }
		on && /^\\.(It )?(Cm|Brq|Pq)/" "$TOP/man/imgcache-formats.5" |
	sed "s/^\\.//; s/ Fl .*//; s/[]:,;.(){}[]/ /g
		s/\\<\\(It\\|Cm\\|Brq\\|Pq\\|No\\|or\\)\\> *//g" |
		tr -s " " "\n" | grep . | sort -u >told &&
	{ named "$schemas"/*.json && printf "%s\n" get build list wait null \
		generated; } | sort -u >have &&
	comm -23 told have >more && cat more && [ -s told ] && ! [ -s more ]'

test_done
