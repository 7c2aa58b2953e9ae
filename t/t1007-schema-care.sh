#!/bin/sh
# SPDX-License-Identifier: MIT
# The JSON of the verbs that look after things, by the schemas of t/schema:
# tag, init, lock, invalidate, the build caches, the disk, config and doctor.
# shellcheck disable=SC2016,SC2154,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"
# shellcheck source=t/lib-schema.sh
. "$TOP/t/lib-schema.sh"

standin_start
standin_base busybox:latest debian:12
unset GITHUB_ACTIONS ACTIONS_RUNTIME_TOKEN ACTIONS_CACHE_URL
mkdir app
printf '%s\n' 'FROM busybox AS deps' 'COPY list /' 'RUN echo deps >/deps' \
	'FROM busybox' 'COPY --from=deps /deps /' 'COPY main /' >app/Dockerfile
echo 1 | tee app/main >app/list
cat >imgcache.yaml <<'YAML'
version: 1
images:
  app: {context: app}
  twin: {context: app}
  other: {base: "debian:12"}
YAML

test_that 'tag: of a recipe, with a registry, of flags, of a git work tree' '
	gives 0 tag imgcache tag --json app && cp stdout tag &&
	has ".name == \"app\" and .hash == \"xxh3\" and
		(.ref | startswith(\"localhost/imgcache:\"))" &&
	gives 0 tag imgcache tag --json other --registry r.example/c &&
	has ".hash == \"git\" and (.ref | startswith(\"r.example/c:g1-\"))" &&
	gives 0 tag imgcache tag --json --base busybox --label a=b &&
	has ".name == null"'
test_that 'tag: what fails leaves no document' '
	expect_status 129 imgcache tag --json nobody && ! [ -s stdout ] &&
	one_line stderr && expect_status 128 imgcache tag --json --base none:1 &&
	! [ -s stdout ] && one_line stderr'

test_that 'lock: new, kept, moved' '
	gives 0 lock imgcache lock --json && cp stdout lock &&
	has "length == 2 and all(.state == \"new\")" &&
	gives 0 lock imgcache lock --json && has "all(.state == \"kept\")" &&
	echo moved | docker import - busybox:latest && docker push busybox &&
	gives 0 lock imgcache lock --json --update &&
	has "map(.state) | sort == [\"kept\", \"moved\"]"'
test_that 'lock: one base alone; a project without any' '
	gives 0 lock imgcache lock --json debian:12 && has "length == 2" &&
	mkdir none && printf "FROM scratch\nCOPY x /\n" >none/Dockerfile &&
	: >none/x && printf "version: 1\nimages: {a: {context: .}}\n" \
		>none/imgcache.yaml &&
	(cd none && gives 0 lock imgcache lock --json && has ". == []")'

test_that 'list --caches, prune --caches: none; stats --disk: nothing' '
	gives 0 list-caches imgcache list --caches --json && has ". == []" &&
	gives 0 prune-caches imgcache prune --caches --json &&
	has ".dryRun == false and .caches == []" &&
	gives 0 stats-disk imgcache stats --disk --json &&
	has ".images == [] and .imagesSize == 0 and .localCaches == 0"'

# cached TYPE=PLACE...: a build that writes these caches.
cached() {
	echo x >>app/main
	for cache; do set -- "$@" --cache-to "$cache"; shift; done
	imgcache build app "$@"
}
test_that 'list --caches: of images and stages; registries, local, s3, read only' '
	cp imgcache.yaml kept && echo "cache: {to: [r.example/c, type=local],
		stages: {deps: app/list}}" >>imgcache.yaml &&
	imgcache build app && cp kept imgcache.yaml &&
	echo docker-container >"$STANDIN_DIR/driver" &&
	cached type=s3,bucket=b,region=r \
		type=azblob,account_url=https://a.example &&
	rm "$STANDIN_DIR/driver" && imgcache build other \
		--cache-from r.example/theirs:x && imgcache build --base busybox \
		--cache-to r.example/free &&
	gives 0 list-caches imgcache list --caches --json && cp stdout caches &&
	has "(map(.type) | unique) ==
			[\"azblob\", \"local\", \"registry\", \"s3\"] and
		any(.stage == \"deps\") and any(.stage == null) and
		any(.size > 0) and any(.size == null) and
		any(.exportedAt == null) and any(.exportedAt != null) and
		any(.project == null) and any(.deleteCommand == null) and
		any(.deleteCommand != null)"'
test_that 'list --caches: gha' '
	GITHUB_ACTIONS=true ACTIONS_RUNTIME_TOKEN=t ACTIONS_CACHE_URL=u \
		cached type=gha && gives 0 list-caches \
		imgcache list --caches --json && has "any(.type == \"gha\")"'

test_that 'stats --disk: images, pinned or run, a local cache' '
	imgcache pin other && docker run --name busy "$(imgcache get app)" true &&
	gives 0 stats-disk imgcache stats --disk --json && cp stdout disk &&
	has "any(.images[]; .pinned) and any(.images[]; .containers == 1) and
		any(.images[]; .name == null) and .localCachesSize > 0 and
		.localCaches > 0 and all(.images[]; .sharedSize != null)"'
test_that 'stats --disk of a name: its layers' '
	gives 0 stats-disk-name imgcache stats --disk app --json &&
	cp stdout layers && has ".name == \"app\" and (.layers | length > 1) and
		all(.layers[]; .images != null)" &&
	gives 0 stats-disk-name imgcache stats --disk --json "$(imgcache get \
		--json --base busybox | jq -r .imageId)" && has ".name == null"'
test_that 'stats --disk through the client: what is not told is null' '
	DOCKER_HOST=tcp://127.0.0.1:9 && export DOCKER_HOST &&
	gives 0 stats-disk imgcache stats --disk --json &&
	has "(.images | length > 0) and .ownSize == null and
		.freeableSize == null and all(.images[]; .ownSize == null)" &&
	gives 0 stats-disk-name imgcache stats --disk app --json'
test_that 'stats --disk without an engine: no document' '
	DOCKER_HOST=unix:///nowhere/docker.sock && export DOCKER_HOST &&
	expect_status 128 imgcache stats --disk --json && ! [ -s stdout ] &&
	one_line stderr'

test_that 'prune --caches: what was not used; a dry run' '
	gives 0 prune-caches faketime -f +90d imgcache prune --caches --json \
		--max-age 30d --dry-run && has ".dryRun and (.caches | length > 4)" &&
	jq ".caches | sort" stdout >would &&
	gives 0 prune-caches faketime -f +90d imgcache prune --caches --json \
		--max-age 30d && has "(.dryRun | not)" && cp stdout forgotten &&
	jq ".caches | sort" stdout >did && same would did &&
	gives 0 list-caches imgcache list --caches --json && has ". == []"'
test_that 'prune: local caches of this machine, kept and removed' '
	imgcache build other --rebuild --cache-to type=local &&
	gives 0 prune imgcache prune --json &&
	has "any(.caches[]; .action == \"keep\")" &&
	gives 0 prune faketime -f +90d imgcache prune --json \
		--cache-max-age 30d && has "any(.caches[]; .action == \"remove\")"'

test_that 'invalidate: names, an id, a base, a stage, all; none' '
	gives 0 invalidate imgcache invalidate --json app twin &&
	cp stdout invalidate && has ".images > 0" &&
	gives 0 invalidate imgcache invalidate --json \
		"$(imgcache tag --json other | jq -r .tag | cut -c 4-15)" &&
	has ".images == 1" &&
	gives 0 invalidate imgcache invalidate --json --base debian:12 &&
	gives 0 invalidate imgcache invalidate --json --stage deps &&
	gives 0 invalidate imgcache invalidate --json --all && has ".images > 2" &&
	gives 0 invalidate imgcache invalidate --json --base nobody:has &&
	has ".images == 0"'

test_that 'config: all, and from where; some by name are one document' '
	gives 0 config imgcache config --json && cp stdout config &&
	has "any(.origin == \"default\") and any(.value == \"\") and
		length > 20" &&
	printf "policy: {max_images: 7}\n" >>imgcache.yaml &&
	IMGCACHE_MAX_AGE=3d gives 0 config imgcache config --json max_images \
		max_age && has "map(.name) == [\"max_images\", \"max_age\"] and
		.[0].value == \"7\" and (.[0].origin | contains(\"yaml:\")) and
		.[1].origin == \"environment IMGCACHE_MAX_AGE\""'
test_that 'config: a name there is not, among others: no document' '
	expect_status 129 imgcache config --json color colour && one_line stderr &&
	! [ -s stdout ]'

test_that 'doctor: all well; with a note; what it repairs' '
	gives 0 doctor imgcache doctor --json && cp stdout doctor &&
	has "all(.health != \"ill\")" &&
	gives 1 doctor env DOCKER_HOST=tcp://127.0.0.1:9 imgcache doctor \
		--json && has "any(.health == \"note\" and .cure != null)" &&
	printf "%08192d" 0 | dd of="$IMGCACHE_DIR/catalog.db" conv=notrunc \
		bs=1024 seek=1 2>dd && gives 0 doctor imgcache doctor --json &&
	has "any(.health == \"repaired\")"'
test_that 'doctor: no engine, a broken project: ill, with what to do' '
	DOCKER_HOST=unix:///nowhere/docker.sock && export DOCKER_HOST &&
	gives 1 doctor imgcache doctor --json && has "any(.health == \"ill\" and
		.topic == \"engine\" and .cure != null)" &&
	cp imgcache.yaml kept && echo "what: is" >>imgcache.yaml &&
	gives 1 doctor imgcache doctor --json; status=$?
	cp kept imgcache.yaml && [ $status -eq 0 ] &&
	has "any(.health == \"ill\" and .topic == \"project\")"'

test_that 'init: a dry run, the files, once more, kept, replaced' '
	mkdir fresh && cp -r app fresh/ && cd fresh &&
	gives 0 init imgcache init --json --dry-run &&
	has ".dryRun and all(.files[]; .action == \"create\") and .images == 1" &&
	gives 0 init imgcache init --json && cp stdout ../init &&
	has "(.dryRun | not) and all(.files[]; .action == \"created\")" &&
	gives 0 init imgcache init --json && has "all(.files[];
		.action == \"unchanged\" and .diff == \"\")" &&
	echo "# mine" >>imgcache.yaml && gives 1 init imgcache init --json &&
	one_line stderr && has "any(.files[]; .action == \"kept\")" &&
	gives 1 init imgcache init --json -n && has "any(.files[];
		.action == \"keep\")" && gives 0 init imgcache init --json \
		--force --dry-run && has "any(.files[]; .action == \"replace\")" &&
	gives 0 init imgcache init --json --force && has "any(.files[];
		.action == \"replaced\")"'
test_that 'init: notes on what is left out; a hook' '
	mkdir noted && cd noted && git init -q . && printf "FROM \$X\n" \
		>Dockerfile && mkdir -p ok && echo "FROM busybox" >ok/Dockerfile &&
	gives 0 init imgcache init --json --hooks pre-push &&
	has "(.notes | length > 0) and any(.files[]; .path | test(\"push\"))"'
test_that 'init: nothing that is built: no document' '
	mkdir empty && cd empty && expect_status 1 imgcache init --json &&
	! [ -s stdout ]'

test_that 'the schemas refuse a field more, one less, another word' '
	for edit in "tag tag .more=1" "tag tag del(.manifest)" \
		"tag tag .hash=\"git\"" "lock lock .[0].state=\"old\"" \
		"lock lock .[0].was=\"sha256:1\"" "lock lock del(.[0].was)" \
		"list-caches caches .[0].more=1" \
		"list-caches caches del(.[0].stage)" \
		"list-caches caches .[0].type=\"inline\"" \
		"prune-caches forgotten .caches[0].more=1" \
		"prune-caches forgotten del(.caches[0].size)" \
		"prune-caches forgotten .removed=1" \
		"stats-disk disk .images[0].ownSize=-1" \
		"stats-disk disk del(.engineImages)" \
		"stats-disk-name layers .layers[0].images=0" \
		"stats-disk-name layers del(.layers[0].digest)" \
		"invalidate invalidate .images=-1" \
		"config config .[0].more=1" "config config del(.[0].help)" \
		"doctor doctor .[0].health=\"bad\"" \
		"doctor doctor .[0].cure=\"\"" \
		"doctor doctor del(.[0].topic)" \
		"init init .files[0].action=\"create\"" \
		"init init .files[0].diff=\"\"" "init init del(.notes)"; do
		set -- $edit && jq "$3" "$2" >broken && ! cmp -s broken "$2" &&
		! "$python" -B "$schemas/check.py" "$schemas/$1.json" broken \
			>/dev/null || { echo "passed: $edit"; exit 1; }
	done'

test_done
