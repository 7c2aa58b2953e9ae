#!/bin/sh
# SPDX-License-Identifier: MIT
# What init writes builds on a real engine: a project with Dockerfiles, one for
# node, one for python, as they are found; and an allow list is no other image.
# shellcheck disable=SC2016
# shellcheck source=t/lib-packages.sh
. "$(dirname "$0")/lib-packages.sh"

# In case the machine stands behind a proxy that certificates are needed for.
NODE_EXTRA_CA_CERTS=$packages_ca
export NODE_EXTRA_CA_CERTS

forget() {
	if [ -s "$TRASH/refs" ]; then
		sort -u "$TRASH/refs" | xargs docker rmi >/dev/null 2>&1
	fi
	engine_cleanup
}
trap forget EXIT

# build NAME...: their refs, removed at the end.
build() {
	imgcache build "$@" >built && cat built >>"$TRASH/refs" && cat built
}

run() {
	docker run --rm --network=none --pull=never "$@"
}

mkdir -p docked/api/src docked/api/real docked/web docked/node_modules/x
cat >docked/api/Dockerfile <<DOCKERFILE
FROM busybox AS base
COPY version link/data /app/
FROM base AS dev
COPY src/*.txt /tests/
FROM base AS prod
ARG GREETING
ENV GREETING=\$GREETING
COPY src /app/src
RUN --mount=type=bind,source=real,target=/m cat /m/data >/app/bound
LABEL run=$RUN
DOCKERFILE
cat >docked/compose.yaml <<YAML
services:
  api:
    build:
      context: api
      target: prod
      args: {GREETING: "\${INIT_GREETING:-hello}"}
  tests:
    build: {context: api, target: dev}
  db: {image: "postgres:16"}
YAML
printf 'FROM busybox\nCOPY . /all\nLABEL run=%s\nRUN ls /all\n' "$RUN" \
	>docked/web/Dockerfile
echo "v $RUN" >docked/api/version
echo "data $RUN" >docked/api/real/data
ln -s real docked/api/link
echo text >docked/api/src/a.txt
echo code >docked/api/src/main.c
echo log >docked/api/src/x.log
echo secret >docked/api/unread
echo '**/*.log' >docked/api/.dockerignore
mkdir -p docked/web/.git docked/web/__pycache__
echo x >docked/web/.git/HEAD
echo x >docked/web/__pycache__/m.pyc
echo page >docked/web/index.html

test_that 'Dockerfiles and compose: as written, all of it builds' '
	cd docked && before=$(imgcache build --dockerfile api/Dockerfile \
		--context api --target prod --build-arg GREETING=hello) &&
	echo "$before" >>"$TRASH/refs" && echo "$before" >../before &&
	expect_status 0 imgcache init && ! [ -s stderr ] &&
	build --all >refs && cat refs && [ "$(wc -l <refs)" -eq 3 ]
'

test_that 'with the allow list the image is the one of before' '
	cd docked && grep -x "!src" api/Dockerfile.dockerignore &&
	[ "$(imgcache get api)" = "$(cat ../before)" ]
'

test_that 'what is in it is what the Dockerfile says, arguments and all' '
	cd docked && ref=$(imgcache get api) &&
	run "$ref" sh -c "cat /app/version /app/data /app/bound; ls /app/src;
		echo \$GREETING" >out && cat >expect <<-END &&
	v $RUN
	data $RUN
	data $RUN
	a.txt
	main.c
	hello
	END
	same expect out && run "$(imgcache get tests)" ls /tests >out &&
	[ "$(cat out)" = a.txt ]
'

test_that 'what docker itself builds by that ignore file is the same' '
	cd docked && docker buildx build -q --target prod -o type=local,dest=out1 \
		--build-arg GREETING=hello api >/dev/null &&
	mv api/Dockerfile.dockerignore aside && mv api other-name &&
	docker buildx build -q --target prod -o type=local,dest=out2 \
		--build-arg GREETING=hello other-name >/dev/null;
	status=$?; mv other-name api; mv aside api/Dockerfile.dockerignore
	[ $status -eq 0 ] && diff -r out1/app out2/app && ls out1/app/src &&
	rm -r out1 out2
'

test_that 'a new file that is read by name of its folder is let through' '
	cd docked && echo new >api/src/new.txt && ref=$(build api) &&
	run "$ref" cat /app/src/new.txt && run "$(build tests)" ls /tests/new.txt
'

test_that 'where the whole folder is copied, the rubbish stays at home' '
	cd docked && run "$(imgcache get web)" ls -A /all >out && sort out >actual &&
	printf "%s\n" Dockerfile Dockerfile.dockerignore index.html >expect &&
	same expect actual
'

test_that 'the script for pulumi builds, and hands the names on' '
	cd docked && imgcache init --hooks pre-pulumi >/dev/null &&
	./pre-pulumi.sh sh -c "echo \$IMAGE_API" >out 2>err && cat out err &&
	[ "$(cat out)" = "$(imgcache get api)" ]
'

mkdir -p linked/app linked/base
cat >linked/compose.yaml <<YAML
services:
  app: {build: app}
  base: {build: base, image: "mybase$RUN:1"}
YAML
printf 'FROM mybase%s:1\nRUN cat /below >/above\n' "$RUN" >linked/app/Dockerfile
printf 'FROM busybox\nRUN echo %s >/below\n' "$RUN" >linked/base/Dockerfile
cat >linked/docker-bake.json <<JSON
{"target": {"_c": {"context": "."},
 "a": {"inherits": ["_c"], "dockerfile": "a.Dockerfile"},
 "b": {"inherits": ["_c"], "dockerfile": "b.Dockerfile",
  "contexts": {"base": "target:a"}}}}
JSON
printf 'FROM busybox\nRUN echo a%s >/a\n' "$RUN" >linked/a.Dockerfile
printf 'FROM base\nRUN cat /a >/b\n' >linked/b.Dockerfile

test_that 'an image that another one is built from is handed over' '
	cd linked && expect_status 0 imgcache init && ! [ -s stderr ] &&
	build --all >refs && cat refs && [ "$(wc -l <refs)" -eq 4 ] &&
	[ "$(run "$(imgcache get app)" cat /above)" = "$RUN" ] &&
	[ "$(run "$(imgcache get b)" cat /b)" = "a$RUN" ] &&
	echo "RUN echo more >>/below" >>base/Dockerfile && build --all >refs &&
	run "$(imgcache get app)" cat /above | grep more
'

mkdir -p node
cat >node/package.json <<JSON
{"name": "n$RUN", "version": "1.0.0", "engines": {"node": ">=18"},
"dependencies": {"is-number": "^7.0.0"}}
JSON
cat >node/package-lock.json <<JSON
{
  "name": "n$RUN", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "n$RUN", "version": "1.0.0",
      "dependencies": {"is-number": "^7.0.0"}},
    "node_modules/is-number": {"version": "7.0.0",
      "resolved": "https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz",
      "engines": {"node": ">=0.12.0"}}
  }
}
JSON

base=initbase-$RUN:1
packages_base | docker buildx build -q --provenance=false -t "$base" \
	--label "imgcache-test=$RUN" - >/dev/null

test_that 'node: a lock file, on the base that is asked for' '
	cd node && expect_status 0 imgcache init --base "$base" &&
	grep "npm_lock: \.\$" imgcache.yaml && ref=$(build --all) &&
	run -w /app "$ref" node -e "console.log(require(\"is-number\")(7))" \
		>out && [ "$(cat out)" = true ]
'

test_that 'python: requirements and apt.txt, on the base that is asked for' '
	mkdir python && cd python && wheels=wheels && wheel imgcache_probe 1.2.3 &&
	printf "# %s\n./wheels/imgcache_probe-1.2.3-py3-none-any.whl\n" \
		"$RUN" >requirements.txt && echo hello >apt.txt &&
	expect_status 0 imgcache init --base "$base" &&
	ref=$(build --all) && run "$ref" sh -c "hello; python3 -c \
		\"import imgcache_probe as p; print(p.version)\"" >out &&
	printf "Hello, world!\n1.2.3\n" >expect && same expect out
'

test_that 'built once, each is a hit' '
	for project in docked linked node python; do
		(cd $project && imgcache build --all >/dev/null 2>err &&
			cat err && ! grep building err) || exit 1
	done
'

test_done
