#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache env`: what each format holds, read by the tool that it is for where
# that needs no engine; a miss prints nothing.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

unset GITHUB_ENV GITHUB_OUTPUT
standin_start
standin_base busybox:latest
cat >imgcache.yaml <<'YAML'
version: 1
images:
  web: {base: busybox}
  my-db.v2: {base: busybox, env: {A: "1"}, static: "reg.example:5000/db:stable"}
YAML

counted() {
	imgcache stats --json | jq .lookups
}

test_that 'a miss: 1, the reason, what to do, nothing printed' '
	imgcache build web >/dev/null 2>&1 && : >"$STANDIN_DIR/calls" &&
	expect_status 1 imgcache env && ! [ -s stdout ] &&
	says stderr "'\''my-db.v2'\'': never built; --build builds what misses" &&
	[ "$(calls buildx build)" -eq 0 ]
'

test_that '--build builds what misses, and only that' '
	: >"$STANDIN_DIR/calls" && expect_status 0 imgcache env --build &&
	[ "$(calls buildx build)" -eq 1 ] &&
	[ "$(grep -c ^export stdout)" -eq 8 ]
'

test_that 'without a name: all images; with names: those, in that order' '
	expect_status 0 imgcache env && grep -c _REF= stdout | grep -x 2 &&
	expect_status 0 imgcache env my-db.v2 web &&
	grep _REF= stdout | cut -d= -f1 >got &&
	printf "export IMGCACHE_MY_DB_V2_REF\nexport IMGCACHE_WEB_REF\n" >want &&
	same want got && expect_status 0 imgcache env web &&
	! grep MY_DB stdout
'

test_that 'shell: eval sets what get and tag say' '
	eval "$(imgcache env --format shell)" &&
	[ "$IMGCACHE_WEB_REF" = "$(imgcache get web)" ] &&
	[ "$IMGCACHE_WEB_TAG" = "$(imgcache tag web)" ] &&
	[ "$IMGCACHE_WEB_IMAGE_ID" = "$(imgcache get --image-id web)" ] &&
	[ "${IMGCACHE_WEB_DIGEST+set}" = set ] &&
	[ -z "$IMGCACHE_WEB_DIGEST" ] &&
	sh -c "[ \"\$IMGCACHE_MY_DB_V2_REF\" = \"$(imgcache get my-db.v2)\" ]"
'

test_that 'dotenv: sh reads it, and no value is quoted' '
	imgcache env --format dotenv >images.env && ! grep "[\"'\'']" images.env &&
	set -a && . ./images.env && set +a &&
	sh -c "[ \"\$IMGCACHE_WEB_REF\" = \"$(imgcache get web)\" ]"
'

test_that 'github: appended to both files, nothing on stdout' '
	echo BEFORE=1 >ghenv && : >ghout && imgcache env --format github web >want &&
	GITHUB_ENV=ghenv GITHUB_OUTPUT=ghout \
		expect_status 0 imgcache env --format github web &&
	! [ -s stdout ] && same want ghout &&
	{ echo BEFORE=1; cat want; } >want2 && same want2 ghenv &&
	grep -x "IMGCACHE_WEB_REF=$(imgcache get web)" ghenv
'

test_that 'github: a file that cannot be opened, and neither is written' '
	: >ghenv && GITHUB_ENV=ghenv GITHUB_OUTPUT=no/such/file \
		expect_status 128 imgcache env --format github web &&
	one_line stderr && grep "no/such/file.*GITHUB_OUTPUT" stderr &&
	! [ -s ghenv ] && ! [ -s stdout ]
'

test_that 'github: a miss writes to neither file' '
	: >ghenv && GITHUB_ENV=ghenv expect_status 1 imgcache env \
		--format github --base busybox --user nobody && ! [ -s ghenv ]
'

test_that 'pulumi: one command, run by a stand-in' '
	printf "#!/bin/sh\nfor w; do echo \"\$w\"; done\n" >pulumi &&
	chmod +x pulumi && imgcache env --format pulumi web >set.sh &&
	PATH=$PWD:$PATH sh set.sh >got && cat >want <<-WORDS && same want got
	config
	set-all
	--plaintext
	imgcache:web.ref=$(imgcache get web)
	--plaintext
	imgcache:web.tag=$(imgcache tag web)
	--plaintext
	imgcache:web.digest=
	--plaintext
	imgcache:web.imageId=$(imgcache get --image-id web)
	WORDS
'

test_that 'compose: an override, by the names of the images' '
	imgcache env --format compose >got && cat >want <<-YAML && same want got
	services:
	  "web":
	    image: "$(imgcache get web)"
	  "my-db.v2":
	    image: "$(imgcache get my-db.v2)"
	YAML
'

if command -v docker-compose >/dev/null; then
	test_that 'compose: docker-compose puts it over a file of its own' '
		printf "version: \"3\"\nservices:\n  web:\n    build: .\n    image: w\n" \
			>compose.yaml &&
		imgcache env --format compose web >compose.images.yaml &&
		docker-compose -f compose.yaml -f compose.images.yaml config >got &&
		grep -F "image: $(imgcache get web)" got
	'
	test_that 'compose: docker-compose reads the dotenv file' '
		printf "version: \"3\"\nservices: {w: {image: \"\${IMGCACHE_WEB_REF}\"}}\n" \
			>compose.yaml && imgcache env --format dotenv web >.env-images &&
		docker-compose --env-file .env-images -f compose.yaml config >got &&
		grep -F "image: $(imgcache get web)" got
	'
else
	test_skip 'compose: the override, read by it' 'no docker-compose'
	test_skip 'compose: the dotenv file, read by it' 'no docker-compose'
fi

test_that 'bake: variables with their defaults' '
	imgcache env --format bake web >got && jq -e . got >/dev/null &&
	[ "$(jq -r ".variable.IMGCACHE_WEB_REF.default" got)" = \
		"$(imgcache get web)" ] && [ "$(jq ".variable | length" got)" -eq 4 ]
'

test_that 'recipe flags: no name, so no part of the name' '
	ref=$(imgcache build --base busybox --user u1 2>/dev/null) &&
	expect_status 0 imgcache env --format dotenv --base busybox --user u1 &&
	grep -x "IMGCACHE_REF=$ref" stdout && expect_status 129 imgcache env \
		--format compose --base busybox --user u1 && one_line stderr
'

test_that 'two names that are one variable: 129, nothing built' '
	mkdir -p two && printf "version: 1\nimages:\n  a-b: {base: busybox}\n  a.b: {base: busybox}\n" \
		>two/imgcache.yaml && : >"$STANDIN_DIR/calls" &&
	expect_status 129 imgcache -C two env --build && ! [ -s stdout ] &&
	one_line stderr && grep "IMGCACHE_A_B_REF" stderr &&
	[ "$(calls buildx build)" -eq 0 ] &&
	expect_status 0 imgcache -C two env --build a-b
'

test_that 'USE_STATIC_BASE_IMAGE: the agreed ref, its tag, no id' '
	USE_STATIC_BASE_IMAGE=true expect_status 0 imgcache env \
		--format dotenv my-db.v2 && cat >want <<-WORDS && same want stdout
	IMGCACHE_MY_DB_V2_REF=reg.example:5000/db:stable
	IMGCACHE_MY_DB_V2_TAG=stable
	IMGCACHE_MY_DB_V2_DIGEST=
	IMGCACHE_MY_DB_V2_IMAGE_ID=
	WORDS
'

test_that 'USE_STATIC_BASE_IMAGE: a digest of that ref' '
	d=sha256:$(printf %064d 7) && sed "s|db:stable|db@$d|" imgcache.yaml >s.yaml &&
	USE_STATIC_BASE_IMAGE=true expect_status 0 imgcache -f s.yaml env \
		--format dotenv my-db.v2 && grep -x "IMGCACHE_MY_DB_V2_TAG=" stdout &&
	grep -x "IMGCACHE_MY_DB_V2_DIGEST=$d" stdout
'

test_that 'each lookup is counted once, a hit as a miss' '
	before=$(counted) && imgcache env >/dev/null &&
	[ "$(counted)" -eq $((before + 2)) ] &&
	{ imgcache env --base busybox --user u9 >/dev/null 2>&1; [ $? -eq 1 ]; } &&
	[ "$(counted)" -eq $((before + 3)) ] &&
	[ "$(sqlite3 "$IMGCACHE_DIR/catalog.db" \
		"select count(*) > 0 from lookups where verb = '\''env'\''")" -eq 1 ]
'

test_that 'an engine that gives no answer: 128, nothing printed' '
	DOCKER_HOST=unix:///nowhere expect_status 128 imgcache env web &&
	! [ -s stdout ] && one_line stderr
'

test_that 'a build that fails: 2, nothing printed of the others' '
	mkdir -p bad && printf "FROM busybox\nRUN exit 9\n" >bad/Dockerfile &&
	printf "version: 1\nimages:\n  a: {base: busybox}\n  z: {context: .}\n" \
		>bad/imgcache.yaml && expect_status 2 imgcache -C bad env --build &&
	! [ -s stdout ]
'

test_done
