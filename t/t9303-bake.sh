#!/bin/sh
# SPDX-License-Identifier: MIT
# Bake and compose files, read by the real docker buildx bake.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

mkdir -p web
cat >web/Dockerfile <<DOCKERFILE
FROM busybox:latest AS base
ARG A
RUN echo \$A-$RUN >/a
FROM base AS prod
COPY f /f
DOCKERFILE
echo hello >web/f
cat >docker-bake.hcl <<HCL
variable "V" { default = "d" }
target "common" { labels = { imgcache-test = "$RUN" } }
target "app" {
  inherits = ["common"]
  context = "web"
  target = "prod"
  args = { A = "x-\${V}" }
  tags = ["bake:$RUN"]
}
target "inline" {
  inherits = ["common"]
  context = "web"
  dockerfile-inline = "FROM busybox\nCOPY f /g\n"
}
group "default" { targets = ["app", "inline"] }
HCL
cat >web/compose.yaml <<YAML
services:
  web:
    image: compose:$RUN
    build:
      context: .
      target: prod
      args: {A: "x-d"}
      labels: {imgcache-test: "$RUN"}
  db: {image: busybox}
YAML
flags="--target prod --label imgcache-test=$RUN web"

test_that 'a target is what its flags would be; no engine is asked' '
	(DOCKER_HOST=unix:///nowhere imgcache -c base_policy=name tag \
		--bake docker-bake.hcl:app) >one &&
	imgcache -c base_policy=name tag --build-arg A=x-d $flags >two &&
	same two one
'

test_that 'variables of bake come from the environment' '
	V=e imgcache tag --bake docker-bake.hcl:app >one &&
	imgcache tag --build-arg A=x-e $flags >two && same two one
'

test_that 'built, its name put; the image that bake builds has the same layers' '
	expect_status 0 imgcache build --bake docker-bake.hcl:app &&
	docker image inspect --format "{{.RootFS.Layers}}" "bake:$RUN" >ours &&
	docker buildx bake -f docker-bake.hcl --load --provenance=false app 2>/dev/null &&
	docker image inspect --format "{{.RootFS.Layers}}" "bake:$RUN" >theirs &&
	same theirs ours
'

test_that 'a compose service is the same recipe; a hit puts its name' '
	expect_status 0 imgcache build --compose web/compose.yaml:web &&
	! grep building stderr && docker image inspect "compose:$RUN" >/dev/null &&
	imgcache get --build-arg A=x-d $flags >two && same two stdout
'

test_that 'dockerfile-inline is built' '
	expect_status 0 imgcache build --bake docker-bake.hcl:inline &&
	expect_status 0 imgcache spawn --bake docker-bake.hcl:inline --rm -- cat /g &&
	[ "$(cat stdout)" = hello ]
'

test_that 'several targets and an unknown one are said' '
	expect_status 129 imgcache tag --bake docker-bake.hcl &&
	grep "which one? it has app, inline" stderr &&
	expect_status 129 imgcache tag --bake docker-bake.hcl:nope &&
	grep "the target .nope. is not there" stderr &&
	expect_status 129 imgcache tag --bake docker-bake.hcl:apq &&
	grep "there is no target .apq.; did you mean .app.?" stderr
'

test_done
