#!/bin/sh
# SPDX-License-Identifier: MIT
# A first project file from what a project holds, and ignore files that change
# nothing of what is built.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

umask 022
export IMGCACHE_PLATFORM=linux/amd64 IMGCACHE_BASE_POLICY=name

# put FILE LINE...: with its folders.
put() {
	file=$1
	shift
	mkdir -p "$(dirname "$file")" && printf '%s\n' "$@" >"$file"
}

# fresh: an empty project, in which the test stands.
fresh() {
	rm -rf "$TRASH/project" && mkdir "$TRASH/project" &&
	cd "$TRASH/project" || exit 1
}

# again: in the project of the test before.
again() {
	cd "$TRASH/project" || exit 1
}

# images: names of those in the project file, and that all have a tag.
images() {
	imgcache build --all --dry-run --json >/dev/null 2>&1
	sed -n 's/^  \([a-z0-9][a-z0-9._-]*\):$/\1/p' imgcache.yaml |
		tr '\n' ' '
}

# block NAME: its lines in the project file.
block() {
	sed -n "/^  $1:\$/,/^\$/p" imgcache.yaml
}

test_that 'nothing that is built: 1, what is looked for, nothing written' '
	fresh && put README x && expect_status 1 imgcache init &&
	one_line stderr && grep "no Dockerfile, package.json" stderr &&
	[ "$(ls)" = "README
stderr
stdout" ]
'

test_that 'one Dockerfile: the file, whole, and what is sent' '
	fresh && put Dockerfile "FROM scratch" "COPY src /" && put src/a x &&
	expect_status 0 imgcache init && cat >expect <<-\YAML &&
	# The images of this project, for imgcache; "man imgcache.yaml" has all keys.
	# A first proposal by imgcache init, from
	# Dockerfile
	version: 1

	# Where images are looked up and kept for the team:
	# registry: registry.example/team/cache

	# What imgcache prune keeps:
	# policy: {max_images: 50, max_age: 30d, keep_last: 2}

	images:

	  # Dockerfile
	  project:
	    dockerfile: Dockerfile
	    context: .
	YAML
	tr "\047" "\042" <imgcache.yaml >actual && same expect actual &&
	printf "%s\n" "created    imgcache.yaml" \
		"created    Dockerfile.dockerignore" >expect &&
	same expect stdout && imgcache tag project && cat >expect <<-IGNORE &&
	# By imgcache init: what the stages of this Dockerfile read is sent,
	# and nothing else. A new COPY may need a line here.
	*
	!src
	IGNORE
	same expect Dockerfile.dockerignore
'

test_that 'once more: nothing changes, 0' '
	again && cp imgcache.yaml one && expect_status 0 imgcache init &&
	printf "%s\n" "unchanged  imgcache.yaml" \
		"unchanged  Dockerfile.dockerignore" >expect &&
	same expect stdout && same one imgcache.yaml
'

test_that 'what is there and differs stays, 1; --force replaces it' '
	again && sed "s/context: \./context: ./; s/^version/# mine\nversion/" \
		one >imgcache.yaml && cp imgcache.yaml mine &&
	expect_status 1 imgcache init && same mine imgcache.yaml &&
	grep "^kept       imgcache.yaml" stdout &&
	says stderr "imgcache.yaml is there already and differs; --force replaces it" &&
	expect_status 0 imgcache init --force && same one imgcache.yaml &&
	grep "^replaced   imgcache.yaml" stdout
'

test_that '--dry-run writes nothing and shows what patch takes' '
	again && rm Dockerfile.dockerignore && cp mine imgcache.yaml &&
	expect_status 0 imgcache init -n --force && same mine imgcache.yaml &&
	! [ -e Dockerfile.dockerignore ] && cp stdout diff &&
	patch -s -p1 <diff && same one imgcache.yaml &&
	expect_status 0 imgcache init && ! grep -v unchanged stdout
'

test_that '--json: files, diffs, notes' '
	again && put b/Dockerfile "FROM scratch" "COPY none /" &&
	expect_status 1 imgcache init -n --json && jq -c "[.dryRun, .images,
		[.files[] | [.path, .action]]]" stdout >actual &&
	echo "[true,1,[[\"imgcache.yaml\",\"keep\"],[\"Dockerfile.dockerignore\",\"unchanged\"]]]" \
		>expect && same expect actual &&
	jq -e ".notes[0] | test(\"none\")" stdout &&
	jq -r ".files[0].diff" stdout | grep "^+  # b:"
'

test_that 'an allow list: the tag is that of before, what is new counts not' '
	fresh && put Dockerfile "FROM scratch AS base" "COPY a* b/c /" \
		"FROM base AS test" "COPY --chown=1 t/*.sh /" "FROM base" \
		"RUN --mount=type=bind,source=m,target=/m true" \
		"COPY [\"link\", \"odd [[]1]\", \"/\"]" && put a1 x && put a2 x &&
	put b/c/d x && put b/e x && put t/1.sh x && put t/2 x && put m/x x &&
	put r/x x && ln -s r link && put "odd [1]" x && put skip.me x &&
	put b/c/skip.md x && put .dockerignore "*.me" "**/*.md" &&
	before=$(imgcache tag .) && other=$(imgcache tag . --target test) &&
	imgcache init && [ "$(imgcache tag project)" = "$before" ] &&
	[ "$(imgcache tag . --target test)" = "$other" ] &&
	imgcache context project --list >../actual && cat >../expect <<-LIST &&
	a1
	a2
	b/
	b/c/
	b/c/d
	link
	m/
	m/x
	"odd [1]"
	r/
	r/x
	t/
	t/1.sh
	LIST
	same ../expect ../actual && put a3 x && [ "$(imgcache tag project)" != \
		"$before" ]
'

test_that 'made anew from its own file it is the same, not longer' '
	again && cp Dockerfile.dockerignore one && imgcache init --force &&
	same one Dockerfile.dockerignore
'

test_that 'a new COPY is in it after --force' '
	again && put new x && echo "COPY new /" >>Dockerfile && imgcache init --force &&
	grep -x "!new" Dockerfile.dockerignore && grep -x "\*.me" \
		Dockerfile.dockerignore
'

test_that 'an ignore file of a person stays, and is what --force goes by' '
	again && put Dockerfile.dockerignore "b/c/d" && expect_status 1 imgcache init &&
	grep "^kept       Dockerfile.dockerignore" stdout &&
	[ "$(cat Dockerfile.dockerignore)" = b/c/d ] &&
	imgcache init --force >/dev/null && grep -x "b/c/d" \
		Dockerfile.dockerignore && grep -x "!a\*" Dockerfile.dockerignore
'

test_that 'the whole folder is copied: what hardly ever belongs there' '
	fresh && put Dockerfile "FROM scratch" "COPY . /app" "RUN npm ci" &&
	put node_modules/x x && put .git/HEAD x && put lib/__pycache__/x x &&
	put .venv/x x && put .env x && put .dockerignore "*.log" &&
	imgcache init && cat >expect <<-IGNORE &&
	# By imgcache init: the whole folder is copied, but hardly ever this.
	# What is behind a # is for you to decide.
	# history of the repository:
	.git
	# installed packages:
	node_modules
	# a virtual environment:
	# .venv
	# bytecode:
	**/__pycache__
	# may hold secrets:
	# .env

	# As in .dockerignore:
	*.log
	IGNORE
	same expect Dockerfile.dockerignore && cp expect one &&
	imgcache init --force >/dev/null && same one Dockerfile.dockerignore
'

test_that 'what the build asks git or does not install is not taken away' '
	again && put Dockerfile "FROM scratch" "COPY . /app" "RUN git describe >v" &&
	imgcache init --force >/dev/null &&
	grep -x "# .git" Dockerfile.dockerignore &&
	grep -x "# node_modules" Dockerfile.dockerignore
'

test_that 'what it reads is not known: no allow list, and why' '
	fresh && put Dockerfile "FROM busybox" "COPY \$WHAT /" && put a x &&
	imgcache init 2>stderr && ! [ -e Dockerfile.dockerignore ] &&
	grep "Dockerfile: no allow list: line 2: " stderr
'

test_that 'contexts: the folder in which all is that it reads' '
	fresh && put api/Dockerfile "FROM scratch" "COPY api/src lib /" &&
	put api/src/x x && put lib/x x &&
	put web/Dockerfile "FROM scratch" "COPY src /" && put web/src/x x &&
	put docker/Dockerfile.job "FROM scratch" "COPY . /" &&
	put deep/a/b/Dockerfile "FROM scratch" "COPY a/x /" && put deep/a/x x &&
	imgcache init && block api >b && grep "context: \.\$" b &&
	block web | grep "context: web\$" &&
	block job | grep "context: \.\$" && block b | grep "context: deep\$" &&
	[ "$(images)" = "api job web b " ] &&
	for name in api web job b; do imgcache tag $name || exit 1; done
'

test_that 'what would not build is a comment with its reason, and a note' '
	fresh && put Dockerfile "FROM scratch" "COPY dist /" &&
	put b/Dockerfile "FROM \$BASE" && put c/Dockerfile "RUN x" &&
	put d/Dockerfile "FROM scratch" "COPY x /" && put d/x x &&
	put d/.dockerignore x && put ok/Dockerfile "FROM scratch" &&
	imgcache init 2>stderr && [ "$(images)" = "ok " ] &&
	grep "it reads .dist., which is not there" imgcache.yaml &&
	grep "BASE" imgcache.yaml && grep "^  # project:" imgcache.yaml &&
	[ "$(grep -c "would not build as it is" stderr)" -eq 4 ] &&
	! grep "$PWD" imgcache.yaml && imgcache tag ok
'

test_that 'a list that one Dockerfile reads has no other image, whoever else' '
	fresh && put pyproject.toml "[project]" "name = \"p\"" \
		"dependencies = [\"requests==2.0\"]" &&
	put Dockerfile.dev "FROM busybox" "COPY . /all" &&
	put docker-bake.json "{\"target\": {\"base\": {\"context\": \".\"}}}" &&
	imgcache init 2>err && cat imgcache.yaml err &&
	grep "would not build" err && ! grep "of its own" err
'

test_that 'nothing that builds: a file that is read, and then uncommented' '
	fresh && put compose.yaml "services:" "  a: {build: ./nope}" &&
	imgcache init && grep -x "images:" imgcache.yaml &&
	imgcache config >/dev/null && mkdir nope &&
	put nope/Dockerfile "FROM scratch" &&
	sed -i "s/^  # \(a:\|  [dc]\)/  \1/" imgcache.yaml &&
	imgcache tag a || { cat imgcache.yaml; false; }
'

test_that 'compose files: builds, variables, the same one once' '
	fresh && put docker-compose.yml "services:" \
		"  web:" "    build: ./web" \
		"  api:" "    build:" "      context: ." \
		"      dockerfile: api/Dockerfile" "      target: prod" \
		"      args:" "        - V=\${V:-1}" "        - HOME_OF=\$NOBODY" \
		"        - HOME" "      extra_hosts: {a: 1.2.3.4}" \
		"      network: none" "      labels: {x: \"1\"}" \
		"      additional_contexts: {lib: ./web}" \
		"  web2:" "    build: {context: web}" \
		"  db:" "    image: postgres" \
		"  inline:" "    build: {context: ., dockerfile_inline: FROM x}" \
		"  away:" "    build: https://example.com/x.git" \
		"  out:" "    build: ../x" "  var:" "    build: \$DIR" \
		"  list:" "    build: [x]" &&
	put web/Dockerfile "FROM scratch" &&
	put api/Dockerfile "FROM scratch AS base" "FROM base AS prod" \
		"ARG V" "ARG HOME_OF" "ARG HOME" "RUN :" "COPY --from=lib . /" &&
	imgcache init 2>stderr && [ "$(images)" = "web api " ] &&
	grep "# The same: docker-compose.yml: service web2" imgcache.yaml &&
	block api >actual && cat >expect <<-\YAML && same expect actual &&
	  api:
	    dockerfile: api/Dockerfile
	    context: .
	    target: prod
	    args:
	      V: "${V:-1}"
	      HOME_OF: "${NOBODY:-}"
	      HOME:
	    build_contexts:
	      lib: web
	    network: none
	    add_hosts:
	      - "a:1.2.3.4"
	    labels:
	      x: 1
	YAML
	imgcache tag -m api >one && V=2 imgcache tag -m api >two &&
	! cmp -s one two && grep "^network none" one && cut -d: -f2- stderr |
		sort >actual && cat >expect <<-TEXT && same expect actual
	 docker-compose.yml: service away was left out: its context is elsewhere, so that it has no key
	 docker-compose.yml: service inline was left out: its Dockerfile is in the file itself
	 docker-compose.yml: service list was left out: its build has a form that is not read
	 docker-compose.yml: service out was left out: its context is outside of the project
	 docker-compose.yml: service var was left out: a variable is in its paths or its target
	TEXT
'

test_that 'a compose file that cannot be read is noted, all else goes on' '
	fresh && put compose.yaml "x-a: &a {b: 1}" "services: {w: {build: .}}" &&
	put Dockerfile "FROM scratch" && imgcache init 2>stderr &&
	grep "compose.yaml was left out: compose.yaml:1:6: " stderr &&
	[ "$(images)" = "project " ]
'

test_that 'bake files in JSON, and HCL noted' '
	fresh && put docker-bake.json "{ \"target\": {" \
		"\"app\": {\"context\": \"app\", \"dockerfile\": \"D\"," \
		"  \"args\": {\"A\": \"1\"}, \"contexts\": {\"n\": \"app\"}," \
		"  \"platforms\": [\"linux/amd64\"]}," \
		"\"child\": {\"inherits\": [\"app\"]} } }" &&
	put docker-bake.hcl "target x {}" && put app/D "FROM scratch" "ARG A" &&
	imgcache init 2>stderr && block app >actual &&
	cat >expect <<-YAML && same expect actual &&
	  app:
	    dockerfile: app/D
	    context: app
	    args:
	      A: 1
	    build_contexts:
	      n: app
	    platforms:
	      - linux/amd64
	YAML
	grep "# The same: docker-bake.json: target child" imgcache.yaml &&
	grep "docker-bake.hcl was left out: HCL is not read" stderr
'

test_that 'bake: what is inherited, and targets built from another' '
	fresh && put docker-bake.json "{ \"target\": {" \
		"\"_c\": {\"args\": {\"A\": \"1\", \"B\": \"1\"}}," \
		"\"a\": {\"inherits\": [\"_c\"], \"dockerfile\": \"a.Dockerfile\"," \
		"  \"args\": {\"B\": \"2\"}}," \
		"\"b\": {\"inherits\": [\"a\"], \"dockerfile\": \"b.Dockerfile\"," \
		"  \"contexts\": {\"base\": \"target:a\"}}," \
		"\"m\": {\"matrix\": {\"x\": [\"1\"]}, \"name\": \"m-\${x}\"," \
		"  \"dockerfile\": \"m.Dockerfile\"}," \
		"\"v\": {\"dockerfile\": \"v.Dockerfile\"," \
		"  \"args\": {\"A\": \"\${A}\"}} } }" &&
	put a.Dockerfile "FROM scratch" "ARG A" "ARG B" &&
	put b.Dockerfile "FROM base" && put m.Dockerfile "FROM scratch" &&
	put v.Dockerfile "FROM scratch" && put c.Dockerfile "FROM base" &&
	imgcache init 2>stderr && [ "$(images)" = "a b c " ] &&
	block a >actual && block b >>actual && cat >expect <<-YAML &&
	  a:
	    dockerfile: a.Dockerfile
	    context: .
	    args:
	      A: 1
	      B: 2

	  b:
	    dockerfile: b.Dockerfile
	    context: .
	    args:
	      A: 1
	      B: 2
	    build_contexts:
	      base: "docker-image://@a"

	YAML
	same expect actual && grep "target m was left out: it is a matrix" stderr &&
	grep "target v was left out: it has variables" stderr && tr -d "\n" \
		<imgcache.yaml | sed "s/# / /g; s/  */ /g" >flat &&
	grep "without this file by: imgcache build --bake docker-bake.json:v" flat &&
	imgcache tag a && imgcache tag b
'

test_that 'HCL: how its targets are built, and no Dockerfile of theirs alone' '
	fresh && put docker-bake.hcl "# target \"no\" {" "target \"a\" {" \
		"  context = \"sub\" // x" "  dockerfile = \"a.Dockerfile\"" "}" \
		"target \"b\" { /* \" */ inherits = [\"a\"]" "}" &&
	put sub/a.Dockerfile "FROM base" && put sub/b.Dockerfile "FROM scratch" &&
	imgcache init 2>stderr && [ "$(images)" = "sub-b " ] &&
	grep "docker-bake.hcl was left out: HCL is not read" stderr &&
	grep -c "imgcache build --bake" imgcache.yaml &&
	grep "docker-bake.hcl:b\$" imgcache.yaml && ! grep "target no" imgcache.yaml
'

test_that 'HCL alone: a file that is valid and says so' '
	fresh && put docker-bake.hcl "target \"a\" {}" &&
	put Dockerfile "FROM scratch" && imgcache init 2>stderr &&
	grep -x "# A first proposal by imgcache init." imgcache.yaml &&
	grep "imgcache build --bake docker-bake.hcl:a\$" imgcache.yaml &&
	expect_status 0 imgcache config
'

test_that 'HCL, JSON and compose: no --bake for what --bake does not take' '
	fresh && put docker-bake.hcl "target \"base\" {}" "target \"app\" {" \
		"  contexts = {" "    below = \"target:base\"" "  }" "}" \
		"target \"_x\" { inherits = [\"app\"] }" "target \"dev\" {" \
		"  inherits = [\"base\", \"_x\"]" "  args = {A = \"1\"}" "}" \
		"target \"own\" {" "  inherits = [\"base\"]" \
		"  contexts = {a = \"target\"}" "}" &&
	put sub/docker-bake.json "{\"target\": {\"j\": {" \
		"\"dockerfile-inline\": \"FROM below\"," \
		"\"contexts\": {\"below\": \"target:k\"}}," \
		"\"k\": {\"dockerfile-inline\": \"FROM scratch\"}}}" &&
	put c/compose.yaml "services:" "  s:" "    build:" \
		"      dockerfile_inline: FROM t" \
		"      additional_contexts: {t: \"service:t\"}" "  t: {build: t}" &&
	put c/t/Dockerfile "FROM scratch" && imgcache init 2>stderr &&
	tr "\n" " " <imgcache.yaml | sed "s/# / /g; s/  */ /g" >flat && cat flat &&
	grep -o "build --bake [^ ]*" flat >actual && printf "build --bake %s\n" \
		docker-bake.hcl:base docker-bake.hcl:own sub/docker-bake.json:k |
		sort >expect && sort -o actual actual && same expect actual &&
	! grep -e --compose flat && grep "not read: app dev; built from another \
target.*docker buildx bake --file docker-bake.hcl --print app dev \
>docker-bake.json" flat
'

test_that 'commands to paste: words of a shell, and nothing that it runs' '
	fresh && put "my  dir/docker-bake.hcl" "target \"base\" {}" \
		"target \"odd;name \$(touch x)\" {" \
		"  contexts = { a = \"target:base\" }" "}" \
		"target \"-o\" {}" "target \"app\" {" \
		"  contexts = { a = \"target:base\" }" "}" &&
	odd=$(printf "it\047s \$(touch x)/compose.yaml") &&
	put "$odd" "services: {s: {build: \$D}}" &&
	imgcache init 2>stderr && cat imgcache.yaml &&
	! grep -e odd -e " -o" imgcache.yaml &&
	tr "\n" " " <imgcache.yaml | sed "s/ # / /g" | tr "\047" "^" >flat &&
	grep -F -e "--bake ^my  dir/docker-bake.hcl:base^ " flat &&
	grep -F -e "--file ^my  dir/docker-bake.hcl^ --print app >d" flat &&
	grep -o -e "--compose .*:s^" flat >words &&
	eval "set -- $(tr "^" "\047" <words)" && [ "$#" -eq 2 ] &&
	[ "$2" = "$odd:s" ] && ! [ -e x ]
'

test_that 'HCL: what is a target elsewhere than in contexts is no link' '
	fresh && put docker-bake.hcl "target \"base\" {}" "target \"app\" {" \
		"  contexts = { d = \"dir\" }" \
		"  args = { X = \"target:base\", contexts = \"target:base\" }" \
		"  labels = { inherits = \"on\" }" "}" "target \"on\" {" \
		"  args = { X = \"target:base\" }" \
		"  contexts = merge({ a = \"b\" }, {" \
		"    b = \"target:base\"" "  })" "}" &&
	imgcache init 2>stderr && grep "docker-bake.hcl:app\$" imgcache.yaml &&
	tr "\n" " " <imgcache.yaml | sed "s/ # / /g" >flat && cat flat &&
	grep "not read: on; built from another target" flat
'

test_that 'compose: a service built from the image of another' '
	fresh && put compose.yaml "services:" \
		"  app: {build: app}" "  base: {build: base, image: \"mybase:1\"}" \
		"  ctx:" "    build:" "      context: ctx" \
		"      additional_contexts: {below: \"service:app\"}" \
		"  bad: {build: bad, image: bad}" "  on: {build: on}" &&
	put app/Dockerfile "FROM docker.io/library/mybase:1" && put base/Dockerfile "FROM scratch" &&
	put ctx/Dockerfile "FROM below" && put own/Dockerfile "FROM mybase:1" &&
	put bad/Dockerfile "FROM scratch" "COPY none /" &&
	put on/Dockerfile "FROM bad" && imgcache init 2>stderr &&
	[ "$(images)" = "app base ctx own " ] && grep -A1 "build_contexts:\$" \
		imgcache.yaml | tr -d " " >actual && cat >expect <<-\YAML &&
	build_contexts:
	"docker.io/library/mybase:1":"docker-image://@base"
	--
	build_contexts:
	below:"docker-image://@app"
	--
	#build_contexts:
	#bad:"docker-image://@bad"
	--
	build_contexts:
	"mybase:1":"docker-image://@base"
	YAML
	same expect actual && grep "# it is built from .bad., which would not" \
		imgcache.yaml && for name in app base ctx own; do
		imgcache tag $name || exit 1
	done
'

test_that 'compose: what extends another is not written as if it were whole' '
	fresh && put compose.yaml "include: [more.yaml]" "services:" \
		"  base: {build: {context: ., args: {A: \"1\"}}}" \
		"  ext: {extends: {service: base}, build: {dockerfile: E}}" \
		"  bare: {extends: base}" "  img: {image: x}" \
		"  none: {extends: img}" "  loop: {extends: loop}" \
		"  far: {extends: {file: f.yaml, service: f}}" &&
	put Dockerfile "FROM scratch" "ARG A" && put E "FROM scratch" &&
	imgcache init 2>stderr && [ "$(images)" = "base " ] &&
	cut -d: -f2- stderr | sort >actual && cat >expect <<-TEXT &&
	 compose.yaml: include was left out: the files that it names are not read
	 compose.yaml: service bare was left out: it extends another service, which is not merged
	 compose.yaml: service ext was left out: it extends another service, which is not merged
	 compose.yaml: service far was left out: it extends a service of another file, which is not read
	TEXT
	same expect actual && tr "\n" " " <imgcache.yaml | sed "s/ # / /g" >flat &&
	for s in ext bare far; do
		grep "this file by: imgcache build --compose compose.yaml:$s " \
			flat || exit 1
	done
'

test_that 'compose: the Dockerfile of what extends another is not taken alone' '
	fresh && put compose.yaml "services:" \
		"  base: {build: {context: ., dockerfile: E.Dockerfile}}" \
		"  loop: {extends: loop, build: .}" \
		"  ext: {extends: base, build: {args: {A: \"1\"}}}" &&
	put compose.override.yaml "services: {base: {extends: {file: x}}}" &&
	put E.Dockerfile "FROM scratch" "ARG A" &&
	imgcache init 2>stderr && cat stderr && [ -z "$(images)" ] &&
	grep "service base .* of another file" stderr &&
	grep "service loop was" stderr && ! grep dockerfile: imgcache.yaml
'

test_that 'compose and bake: --compose is not said where it is refused' '
	fresh && put compose.yaml "services:" \
		"  a: {build: {context: \"https://example.com/x.git\"}}" \
		"  b: {build: \"git@example.com:x.git\"}" "  l: {build: [x]}" \
		"  v: {build: \$V}" \
		"  i: {build: {context: \"https://h/x\", dockerfile_inline: x}}" &&
	put docker-bake.json "{\"target\": {\"j\": {\"inherits\": [\"_r\"]}," \
		"\"_r\": {\"context\": \"https://example.com/x.git\"}}}" &&
	imgcache init 2>stderr && cat imgcache.yaml &&
	[ "$(grep -c "so that it has no key" stderr)" -eq 4 ] &&
	tr "\n" " " <imgcache.yaml | sed "s/ # / /g" >flat &&
	grep -o "no key" flat | wc -l | grep -x 4 &&
	grep -o "imgcache build --[a-z]* [^ ]*" flat >actual &&
	echo "imgcache build --compose compose.yaml:v" >expect &&
	same expect actual
'

test_that 'keys that are options of a build: told, but not where they are off' '
	fresh && put compose.yaml "services:" "  a:" "    build:" \
		"      context: ." "      no_cache: true" "      shm_size: 1g" \
		"      cache_from: [x]" "      pull: false" "      cache_to: []" \
		"      ulimits: {nofile: 9}" &&
	put docker-bake.json "{\"target\": {\"j\": {\"no-cache\": true," \
		"\"no-cache-filter\": [\"x\"], \"context\": \"j\"}}}" &&
	put Dockerfile "FROM scratch" && put j/Dockerfile "FROM scratch" &&
	imgcache init 2>stderr && [ "$(images)" = "a j " ] &&
	cut -d: -f2- stderr | sort >actual && cat >expect <<-TEXT &&
	 compose.yaml: service a: cache_from is not taken over; give it to imgcache build
	 compose.yaml: service a: no_cache is not taken over; give it to imgcache build
	 compose.yaml: service a: shm_size is not taken over; give it to imgcache build
	 compose.yaml: service a: ulimits is not taken over; give it to imgcache build
	 docker-bake.json: target j: no-cache is not taken over; give it to imgcache build
	 docker-bake.json: target j: no-cache-filter is not taken over; give it to imgcache build
	TEXT
	same expect actual
'

test_that 'compose: a variable that must be set must be set here, too' '
	fresh && put compose.yaml "services: {a: {build: {context: .," \
		"  args: {A: \"\${UNSET:?must}\", B: \"\${UNSET2?}\"}}}}" &&
	put Dockerfile "FROM scratch" "ARG A" "ARG B" "RUN :" && unset UNSET UNSET2 &&
	imgcache init 2>stderr && cat imgcache.yaml && [ -z "$(images)" ] &&
	grep "a. would not build as it is: .UNSET. is not set" stderr &&
	grep "#     A: \"\${UNSET}\"" imgcache.yaml &&
	export UNSET=1 UNSET2=2 && imgcache init --force 2>stderr &&
	[ "$(images)" = "a " ] && unset UNSET &&
	expect_status 128 imgcache tag a && grep UNSET stderr
'

test_that 'images that are built from each other are no images' '
	fresh && put compose.yaml "services:" "  a: {build: a, image: ia}" \
		"  b: {build: b, image: ib}" && put a/Dockerfile "FROM ib" &&
	put b/Dockerfile "FROM ia" && imgcache init 2>stderr &&
	[ -z "$(images)" ] && grep "built from itself" stderr
'

test_that 'docker-compose.override.yml is merged, as docker compose does' '
	fresh && put docker-compose.yml "services:" "  web:" "    build:" \
		"      context: web" "      args: {A: \"1\", B: \"1\"}" \
		"  api: {image: x}" "  job: {build: job}" &&
	put docker-compose.override.yml "services:" "  web:" "    build:" \
		"      target: dev" "      args: [B=2]" "  api: {build: api}" &&
	put web/Dockerfile "FROM scratch AS dev" "ARG A" "ARG B" "FROM dev" &&
	put api/Dockerfile "FROM scratch" && put job/Dockerfile "FROM scratch" &&
	imgcache init 2>stderr && [ "$(images)" = "web api job " ] &&
	block web >actual && cat >expect <<-YAML && same expect actual &&
	  web:
	    dockerfile: web/Dockerfile
	    context: web
	    target: dev
	    args:
	      A: 1
	      B: 2

	YAML
	grep "# With what docker-compose.override.yml says" imgcache.yaml &&
	put docker-compose.override.yml "services: {web: &a {build: x}}" &&
	imgcache init --force 2>stderr >/dev/null && ! grep "target" imgcache.yaml &&
	grep "# docker-compose.override.yml could not be read, and is not" \
		imgcache.yaml
'

test_that 'a dev container, whose file has comments and commas' '
	fresh && put .devcontainer/devcontainer.json "{ // one" \
		"\"url\": \"https://x//y\", /* two" "*/ \"build\": {" \
		"\"dockerfile\": \"Dockerfile\", \"context\": \"..\"," \
		"\"args\": {\"A\": \"b\"}, }, }" &&
	put .devcontainer/Dockerfile "FROM scratch" "ARG A" "COPY src /" &&
	put src/x x && imgcache init && block devcontainer >actual &&
	cat >expect <<-YAML && same expect actual && imgcache tag devcontainer
	  devcontainer:
	    dockerfile: ".devcontainer/Dockerfile"
	    context: .
	    args:
	      A: b
	YAML
'

test_that 'npm: a lock file, with the version of node that is asked for' '
	fresh && put package.json "{\"engines\": {\"node\": \"^20\"}}" &&
	put package-lock.json "{\"lockfileVersion\": 3, \"packages\": {}}" &&
	put web/package.json "{}" && put web/sub/package.json "{}" &&
	imgcache init && block project >actual && cat >expect <<-YAML &&
	  project:
	    base: "node:20-bookworm-slim"
	    npm_lock: .
	YAML
	same expect actual && imgcache tag project &&
	! grep web imgcache.yaml && put .nvmrc "v18.1" &&
	imgcache init --force >/dev/null && grep "node:18-bookworm" imgcache.yaml
'

test_that 'npm without a lock file: a comment that says what makes one' '
	fresh && put package.json "{}" && imgcache init &&
	grep "# .*npm install" imgcache.yaml && [ -z "$(images)" ]
'

test_that 'pip: each requirements file, with the version of python' '
	fresh && put jobs/requirements.txt numpy && put jobs/.python-version 3.11 &&
	put jobs/requirements-dev.txt "-r requirements.txt" pytest &&
	put jobs/apt.txt "git # for it" "curl jq" && imgcache init &&
	[ "$(images)" = "jobs-dev jobs " ] && block jobs >actual &&
	cat >expect <<-YAML && same expect actual && imgcache tag jobs-dev
	  jobs:
	    base: "python:3.11-slim-bookworm"
	    apt:
	      - git
	      - curl
	      - jq
	    pip_requirements: jobs/requirements.txt
	YAML
'

test_that 'pyproject.toml: its dependencies, less what has markers' '
	fresh && put pyproject.toml "[project]" "requires-python = \">=3.9\"" \
		"dependencies = [\"a >= 1\", \"b; python_version < \\\"4\\\"\"," \
		"\"c\"]" && imgcache init && block project >actual &&
	cat >expect <<-YAML && same expect actual && imgcache tag project &&
	  project:
	    base: "python:3.12-slim-bookworm"
	    pip:
	      - "a>=1"
	      - c
	YAML
	grep "# Not taken over, for its marker or address: b;" imgcache.yaml
'

test_that 'pyproject.toml: strings as TOML has them, nothing lost' '
	fresh && cat >pyproject.toml <<-\TOML && imgcache init &&
	[project]
	dependencies = ["a>=1; python_version<\"3\"", "b @ https://x/y.whl", "flask>=2",
	  # "no"
	  """six""", "c (>=1)"]
	[project.optional-dependencies]
	dev = ["pytest"]
	TOML
	block project >actual && cat >expect <<-YAML && same expect actual &&
	  project:
	    base: "python:3.12-slim-bookworm"
	    pip:
	      - "flask>=2"
	      - six
	YAML
	imgcache tag project && grep "^  # " imgcache.yaml >actual &&
	cat >expect <<-\TEXT && same expect actual
	  # pyproject.toml
	  # Not taken over, for its marker or address: a>=1; python_version<"3"
	  # Not taken over, for its marker or address: b @ https://x/y.whl
	  # Not taken over, for its form: c (>=1)
	  # Not taken over: the group dev
	TEXT
'

test_that 'pyproject.toml: nothing that can be taken over is no image' '
	fresh && put pyproject.toml "[project]" "dependencies = [\"a @ x\"]" &&
	imgcache init 2>stderr && [ -z "$(images)" ] &&
	grep "# Not taken over, .* a @ x" imgcache.yaml &&
	grep "^  # none of its dependencies can" imgcache.yaml &&
	put pyproject.toml "[project]" "dependencies = [\"a\", " "x" &&
	imgcache init --force 2>stderr && grep "# Not read: pyproject.toml" \
		imgcache.yaml && grep "pyproject.toml:4: this is not TOML" stderr
'

test_that 'pyproject.toml beside requirements: a comment for each' '
	fresh && put pyproject.toml "[project]" \
		"dependencies = [\"flask>=2\", \"six\"]" &&
	put requirements.txt numpy && imgcache init &&
	[ "$(images)" = "project " ] && tr -d "\n" <imgcache.yaml |
		sed "s/  # / /g" >flat && for d in "flask>=2" six; do
		grep "Not taken over from pyproject.toml, since requirements.txt is there: $d" \
			flat || exit 1
	done
'

test_that 'apt.txt alone, and --base for all that is generated' '
	fresh && put apt.txt git && imgcache init && block project |
		grep "base: \"debian:bookworm-slim\"" &&
	imgcache init --force --base ubuntu:24.04 >/dev/null &&
	block project | grep "base: \"ubuntu:24.04\"" &&
	DEFAULT_BASE_IMAGE=debian:trixie imgcache init --force >/dev/null &&
	block project | grep "base: \"debian:trixie\""
'

test_that 'what a Dockerfile reads is not generated, its neighbour is' '
	fresh && put Dockerfile "FROM scratch" "COPY api /api" &&
	put api/requirements.txt a && put web/requirements.txt b &&
	imgcache init && [ "$(images)" = "project web " ]
'

test_that 'a Dockerfile that is not understood: only what it names is its own' '
	fresh && put Dockerfile "FROM busybox" "COPY \$WHAT package*.json /" &&
	put apt.txt git && put requirements.txt a && put package.json "{}" &&
	put package-lock.json "{\"lockfileVersion\": 3, \"packages\": {}}" &&
	imgcache init 2>stderr && [ "$(images)" = "project project-2 " ] &&
	block project-2 >actual && grep "pip_requirements: requirements.txt" actual &&
	grep -- "- git" actual && ! grep npm_lock imgcache.yaml &&
	grep "package.json was left out: Dockerfile names it" stderr &&
	grep "requirements.txt has an image of its own, since what Dockerfile reads is not known" stderr
'

test_that 'a Dockerfile that does not build takes no list along' '
	fresh && put Dockerfile "FROM \$BASE" && put apt.txt git &&
	imgcache init 2>stderr && grep -- "- git" imgcache.yaml &&
	put Dockerfile "RUN x" && imgcache init --force 2>/dev/null >&2 &&
	grep -- "- git" imgcache.yaml
'

test_that 'both kinds in one folder have names of their own' '
	fresh && put requirements.txt a && put package.json "{}" &&
	put package-lock.json "{\"packages\": {}}" && imgcache init &&
	[ "$(images)" = "project-node project-python " ]
'

test_that 'names with what YAML minds, and Dockerfiles that share a folder' '
	fresh && put "my app: #1/Dockerfile" "FROM scratch" &&
	put "my app: #1/Dockerfile.dev" "FROM scratch" &&
	put "$(printf "\303\251t\303\251")/Dockerfile" "FROM scratch" &&
	put "$(printf "bad\377/Dockerfile")" "FROM scratch" &&
	imgcache init && [ "$(images)" = "my-app---1 my-app---1-dev t " ] &&
	for name in my-app---1 my-app---1-dev t; do
		imgcache tag $name || exit 1
	done
'

test_that 'no line of a comment is over 80 columns' '
	fresh && name=$(printf "%040d" 0) &&
	put Dockerfile "FROM scratch" "COPY $name/$name /" &&
	put compose.yaml "services: {a: {build: {context: ., args: {A: b}}}}" &&
	imgcache init && [ "$(wc -L <imgcache.yaml)" -le 90 ] &&
	grep -c "^  # " imgcache.yaml
'

test_that 'a pre-push hook, where git looks for it' '
	fresh && put Dockerfile "FROM scratch" && git init -q . &&
	imgcache init --hooks pre-push && [ -x .git/hooks/pre-push ] &&
	git config core.hooksPath hooks && cd "$TRASH/project" &&
	imgcache init --hooks pre-push && [ -x hooks/pre-push ] &&
	echo mine >hooks/pre-push && expect_status 1 imgcache init --hooks \
		pre-push && [ "$(cat hooks/pre-push)" = mine ] &&
	imgcache init --force --hooks pre-push >/dev/null &&
	grep "^exec imgcache build --all" hooks/pre-push
'

test_that 'the hook stops a push of what does not build, in a folder too' '
	standin_start && standin_base busybox:latest && fresh &&
	git init -q --bare ../there && git init -q . && mkdir "sub dir" &&
	cd "sub dir" && put Dockerfile "FROM busybox" "RUN exit 3" &&
	imgcache init --hooks pre-push >/dev/null && cd .. && git add . &&
	git -c user.name=a -c user.email=a@b commit -q -m one &&
	! git push -q ../there HEAD:main 2>err && cat err &&
	! git -C ../there rev-parse -q --verify main &&
	put "sub dir/Dockerfile" "FROM busybox" && git push -q ../there \
		HEAD:main && git -C ../there rev-parse -q --verify main
'

test_that 'pre-push outside of a work tree is an error, and nothing written' '
	fresh && put Dockerfile "FROM scratch" &&
	expect_status 128 imgcache init --hooks pre-push && one_line stderr &&
	grep "in no git work tree" stderr && ! [ -e imgcache.yaml ]
'

test_that 'a script for pulumi hands on the names of the images' '
	fresh && put Dockerfile "FROM busybox" && put b-1/Dockerfile "FROM busybox" &&
	imgcache init --hooks pre-pulumi && cd / &&
	"$TRASH/project/pre-pulumi.sh" sh -c "echo \$IMAGE_PROJECT \$IMAGE_B_1" \
		>"$TRASH/actual" 2>/dev/null && cd "$TRASH/project" &&
	echo "$(imgcache get project) $(imgcache get b-1)" >expect &&
	same expect "$TRASH/actual"
'

test_that 'a project file above is told of, and stays' '
	fresh && put imgcache.yaml "version: 1" "images: {}" && mkdir sub &&
	put sub/Dockerfile "FROM scratch" && cd sub && imgcache init 2>stderr &&
	grep "project/imgcache.yaml is no longer the project file" stderr &&
	[ -e imgcache.yaml ]
'

test_that 'a folder that cannot be written: an error, nothing lost' '
	fresh && put Dockerfile "FROM scratch" && chmod a-w . && as= &&
	if [ "$(id -u)" -eq 0 ]; then
		chmod a+rX "$TRASH" && as="setpriv --reuid 65534
			--clear-groups env HOME=/nonexistent"
	fi && $as imgcache init >/dev/null 2>"$TRASH/err"; status=$?
	chmod u+w .; cat "$TRASH/err"; [ $status -eq 128 ] &&
	one_line "$TRASH/err" && [ "$(ls)" = Dockerfile ]
'

test_done
