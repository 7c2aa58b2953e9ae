#!/bin/sh
# SPDX-License-Identifier: MIT
# Each rule of lint finds what it should, at its place, and nothing else.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib.sh
. "$(dirname "$0")/lib.sh"

# room: an empty folder, whatever the last case left.
room() {
	cd "$TRASH" && rm -rf room && mkdir room && cd room || exit 1
}

found() {
	imgcache lint --no-buildx --severity info --json >../found 2>../words
	status=$?
	[ "$status" -le 1 ] || cat ../words
	[ "$status" -le 1 ]
}

# bad RULE PLACE TITLE TEXT [SETUP]: a Dockerfile of that text, in a folder
# where SETUP was run, has exactly one finding of the rule, at line:column.
bad() {
	wanted="$wanted bad:$1"
	bad_rule=$1 bad_place=$2 bad_text=$4 bad_setup=${5:-:}
	test_that "$1: $3" '
		room && printf "%s\n" "$bad_text" >Dockerfile &&
		eval "$bad_setup" && found &&
		jq -r --arg r "$bad_rule" ".[] | select(.rule == \$r) |
			\"\(.file):\(.line):\(.column)\"" ../found >../actual &&
		case $bad_place in
		*:*:*) echo "$bad_place" ;;
		*) echo "Dockerfile:$bad_place" ;;
		esac >../expect && cat ../found && same ../expect ../actual
	'
}

# good RULE TITLE TEXT [SETUP]: no finding of the rule.
good() {
	wanted="$wanted good:$1"
	good_rule=$1 good_text=$3 good_setup=${4:-:}
	test_that "$1: not $2" '
		room && printf "%s\n" "$good_text" >Dockerfile &&
		eval "$good_setup" && found &&
		jq -r --arg r "$good_rule" \
			".[] | select(.rule == \$r)" ../found >../actual &&
		cat ../actual && ! [ -s ../actual ]
	'
}
wanted=

# A file of so many bytes.
weigh() {
	mkdir -p "$(dirname "$1")" && head -c "$2" /dev/zero >"$1"
}

bad IC000 2:1 'an instruction that there is not' 'FROM a
BOGUS b'
bad IC000 1:1 'nothing before FROM but ARG' 'RUN true
FROM a'
bad IC000 2:1 'a heredoc without an end' 'FROM a
RUN <<EOF
true'
bad IC000 .dockerignore:2:1 'a pattern that docker refuses' 'FROM a:1' \
	'printf "ok\n[a-\n" >.dockerignore'
good IC000 'a global ARG above FROM' 'ARG V=1
FROM a:$V'
good IC000 'a base that only the caller knows' 'ARG B
FROM $B'
good IC000 'another frontend'\''s file' '# syntax=example/other:1
BOGUS b'

bad IC001 2:1 'copy, then npm install' 'FROM node:22
COPY . /app
WORKDIR /app
RUN npm install'
bad IC001 3:1 'in a stage below' 'FROM python:3.12 AS base
WORKDIR /app
COPY ./ .
FROM base
RUN pip install -r requirements.txt'
bad IC001 2:1 'system packages, too' 'FROM debian:12
ADD . /src
RUN apt-get update && apt-get install -y git'
bad IC001 2:1 'packages that xargs hands over from a file' 'FROM debian:12
COPY . /src
RUN apt-get update && xargs -a /src/apt.txt apt-get install -y'
bad IC001 2:1 'or from its input' 'FROM debian:12
COPY . /src
RUN apt-get update && xargs -r apt-get install -y < /src/apt.txt'
bad IC001 2:1 'or from a pipe' 'FROM python:3.12
COPY . /src
RUN cat /src/r.txt | xargs -n1 pip install'
good IC001 'xargs with another program' 'FROM debian:12
COPY . /src
RUN xargs -a /src/x -n 1 make apt-get install </src/y'
good IC001 'the usual order' 'FROM node:22
COPY package*.json ./
RUN npm ci
COPY . .'
good IC001 'what installs the project itself' 'FROM python:3.12
COPY . /app
RUN pip install /app'
good IC001 'a second install of the same' 'FROM node:22
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm ci --omit=dev'
good IC001 'a copy from a stage' 'FROM node:22 AS a
FROM node:22
COPY --from=a . /app
RUN npm ci'

bad IC002 2:1 '.git without an ignore file' 'FROM a:1
COPY . /app' 'mkdir .git && weigh .git/objects/x 5000'
bad IC002 2:1 'node_modules that a pattern misses' 'FROM node:22
COPY . /app
RUN npm ci' 'mkdir -p web/node_modules && echo node_modules >.dockerignore'
bad IC002 2:1 'a very big context' 'FROM a:1
COPY . /app' 'weigh data.bin 101000000'
test_that 'IC002: one changes, more of them change' '
	room && mkdir .git && printf "FROM a:1\nCOPY . /app\n" >Dockerfile &&
	found && jq -e ".[] | select(.rule == \"IC002\") | .cause |
		endswith(\", which changes without the sources\")" ../found &&
	mkdir .venv .tox .nox && found && cat ../found &&
	jq -e ".[] | select(.rule == \"IC002\") | .cause |
		endswith(\" and 1 more, which change without the sources\")" \
		../found
'
good IC002 'an ignore file that leaves it out' 'FROM a:1
COPY . /app' 'mkdir .git && echo .git >.dockerignore'
good IC002 '.git for a step that calls git' 'FROM a:1
COPY . /app
RUN git describe >/version' 'mkdir .git'
good IC002 'modules that no step installs' 'FROM a:1
COPY . /app' 'mkdir node_modules'
good IC002 'a context of which nothing big is copied' 'FROM a:1
COPY src /app' 'mkdir .git src'

bad IC003 1:6 'no tag' 'FROM debian'
bad IC003 1:6 'latest' 'FROM debian:latest AS x'
bad IC003 1:6 'a branch of a distribution' 'FROM node:lts-alpine'
bad IC003 2:6 'an image that is copied from' 'FROM a:1
COPY --from=busybox /bin/sh /'
bad IC003 2:6 'a tag beside a digest' "FROM a@sha256:$(printf '%064d' 1) AS x
FROM debian:12
COPY --from=x /a /"
good IC003 'a release' 'FROM debian:bookworm-20260101-slim'
good IC003 'a dated snapshot' 'FROM rust:nightly-2026-01-02'
good IC003 'scratch and stages' 'FROM scratch AS x
FROM x'
good IC003 'what imgcache.lock pins' 'FROM debian:latest' '
	printf "version: 1\n" >imgcache.yaml
	printf "imgcache-lock 1\ndebian:latest sha256:%064d\n" 1 >imgcache.lock'

bad IC004 2:17 '--force-reinstall' 'FROM python:3.12
RUN pip install --force-reinstall numpy'
bad IC004 2:39 'what the base is made of' 'FROM node:22
RUN apt-get update && apt-get install nodejs git'
bad IC004 4:21 'what a stage below has' 'FROM debian:12 AS base
RUN apt-get install curl git
FROM base
RUN apt-get install curl'
bad IC004 2:17 'pip install -I' 'FROM python:3.12
RUN pip install -I numpy'
bad IC004 2:17 '--ignore-installed' 'FROM python:3.12
RUN pip install --ignore-installed numpy'
good IC004 'what -I is elsewhere' 'FROM debian:12
RUN apt-get install -I curl; xargs -I{} pip install {} <a; xargs -I{} pip install {} <b'
good IC004 'another base' 'FROM debian:12
RUN apt-get update && apt-get install nodejs'
good IC004 'the same of another release' 'FROM debian:12
RUN apt-get update && apt-get install meson
RUN apt-get -t bookworm-backports install meson'
good IC004 'the same of another repository' 'FROM fedora:40
RUN dnf install buildah
RUN dnf install --enablerepo=updates-testing buildah'
good IC004 'what was removed in between' 'FROM debian:12
RUN apt-get install gcc && apt-get purge gcc
RUN apt-get install gcc'
bad IC004 3:39 'after an update alone' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN apt-get update && apt-get install lua-http'
good IC004 'after a repository was added' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN echo "deb https://r.example.test/ /" >/etc/apt/sources.list.d/r.list
RUN apt-get update && apt-get install lua-http'
good IC004 'after a repository was added in the step' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN add-apt-repository ppa:a/b && apt-get install lua-http'
bad IC004 4:39 'after a note about repositories' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN echo "no sources.list here" >/note; cat /etc/apt/sources.list
RUN apt-get update && apt-get install lua-http'
bad IC004 4:39 'after a repository was removed' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN rm -f /etc/apt/sources.list.d/x.list; add-apt-repository -r ppa:a/b
RUN apt-get update && apt-get install lua-http'
bad IC004 4:39 'after a repository was copied away' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN cp /etc/apt/sources.list /root/
RUN apt-get update && apt-get install lua-http'
bad IC004 4:39 'after lists were only deleted' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN find /etc/apt/sources.list.d -name "*.list" -delete
RUN apt-get update && apt-get install lua-http'
bad IC004 4:39 'after a file of that name elsewhere' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
COPY sources.list /doc/notes
RUN apt-get update && apt-get install lua-http'
bad IC004 4:39 'after a label' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
LABEL note="see sources.list"
RUN apt-get update && apt-get install lua-http'
bad IC004 4:39 'after a trigger that did not run' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
ONBUILD RUN echo x >/etc/apt/sources.list
RUN apt-get update && apt-get install lua-http'
good IC004 'after a repository was added by tee' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN echo "deb https://r.example.test/ /" | sudo tee -a /etc/apt/sources.list
RUN apt-get update && apt-get install lua-http'
good IC004 'after a repository was moved there' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN mv /tmp/r.list /etc/apt/sources.list.d/
RUN apt-get update && apt-get install lua-http'
good IC004 'after a repository was installed' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN install -m 644 -t /etc/apt/sources.list.d /tmp/r.list
RUN apt-get update && apt-get install lua-http'
good IC004 'after a repository was fetched' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN curl -fsSLo /etc/apt/sources.list.d/r.list https://r.example.test/r
RUN apt-get update && apt-get install lua-http'
good IC004 'after the sources were edited' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN sed -i s/bookworm/trixie/ /etc/apt/sources.list
RUN apt-get update && apt-get install lua-http'
good IC004 'after the sources were edited by another' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN find /etc/apt/sources.list.d -type f -exec sed -i s/a/b/ {} +
RUN apt-get update && apt-get install lua-http'
good IC004 'after a pin' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN printf "Pin: x" >/etc/apt/preferences.d/x
RUN apt-get update && apt-get install lua-http'
good IC004 'after sources were copied into the folder' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
COPY sources.list /etc/apt/
RUN apt-get update && apt-get install lua-http'
good IC004 'after sources were copied by JSON' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
COPY ["r.list", "/etc/apt/sources.list.d/r.list"]
RUN apt-get update && apt-get install lua-http'
good IC004 'after sources were written by sh -c' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN sh -c "echo x >/etc/apt/sources.list"
RUN apt-get update && apt-get install lua-http'
good IC004 'after sources were written in JSON' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN ["sh", "-c", "echo x >/etc/apt/sources.list"]
RUN apt-get update && apt-get install lua-http'
good IC004 'after EPEL' 'FROM fedora:40
RUN dnf install buildah
RUN dnf install -y epel-release
RUN dnf install buildah'
good IC004 'with sources that are mounted' 'FROM debian:12
RUN apt-get update && apt-get install lua-http
RUN --mount=type=bind,source=r,target=/etc/apt/sources.list.d/r.list apt-get update && apt-get install lua-http'
good IC004 'after a repository was copied' 'FROM fedora:40
RUN dnf install buildah
COPY r.repo /etc/yum.repos.d/
RUN dnf install buildah'
good IC004 'after a repository was added in a heredoc' 'FROM alpine:3.20
RUN apk add git
RUN <<EOF
echo https://r.example.test/ >>/etc/apk/repositories
EOF
RUN apk add git'

bad IC005 2:65 '--no-cache-dir under a mount' 'FROM python:3.12
RUN --mount=type=cache,id=p,target=/root/.cache/pip pip install --no-cache-dir x'
bad IC005 2:116 'lists that are removed' 'FROM debian:12
RUN --mount=type=cache,id=l,target=/var/lib/apt/lists,sharing=locked apt-get update && apt-get install x && rm -rf /var/lib/apt/lists/*'
bad IC005 2:57 'npm cache clean' 'FROM node:22
RUN --mount=type=cache,id=n,target=/root/.npm npm ci && npm cache clean --force'
bad IC005 3:53 'ENV PIP_NO_CACHE_DIR' 'FROM python:3.12
ENV PIP_NO_CACHE_DIR=1
RUN --mount=type=cache,id=p,target=/root/.cache/pip pip install x'
good IC005 'the cache of yarn 2 and later' 'FROM node:22
RUN --mount=type=cache,id=y,target=/root/.cache/yarn yarn workspaces focus --all && rm -rf "$(yarn cache clean)"'
good IC005 'the same without a mount' 'FROM python:3.12
RUN pip install --no-cache-dir x && rm -rf /root/.cache'
good IC005 'another folder' 'FROM debian:12
RUN --mount=type=cache,id=l,target=/var/cache/apt,sharing=locked apt-get install x && rm -rf /var/lib/apt/lists/* /tmp/x'
good IC005 'a lock that was left over' 'FROM debian:12
RUN --mount=type=cache,id=g,target=./.git rm -f ./.git/*.lock && ./build
RUN --mount=type=cache,id=l,target=/var/lib/apt,sharing=locked rm -f /var/lib/apt/lists/lock && apt-get update && apt-get install x'
bad IC005 2:95 'more than a lock' 'FROM debian:12
RUN --mount=type=cache,id=g,target=/root/.cache/x,sharing=locked rm -rf /root/.cache/x/*.lock /root/.cache/x/* && ./build'

bad IC006 2:5 'CACHE_BUST above an install' 'FROM debian:12
ARG CACHE_BUST
RUN apt-get update && apt-get install x'
bad IC006 build.sh:1:39 'the date as an argument' 'FROM a:1' \
	'echo "docker build --progress=x --build-arg CACHEBUST=\$(date +%s) ." >build.sh'
bad IC006 .github/workflows/ci.yml:6:13 'the run as an argument of an action' 'FROM a:1' '
	mkdir -p .github/workflows && printf "%s\n" "steps:" \
		"  - name: x" "    uses: docker/build-push-action@v6" \
		"    with:" "      build-args: |" \
		"            CACHE_BUST=\${{ github.run_id }}" \
		>.github/workflows/ci.yml'
bad IC006 .github/workflows/ci.yml:3:21 'in one line' 'FROM a:1' '
	mkdir -p .github/workflows && printf "%s\n" \
		"- uses: docker/build-push-action@v6" "  with:" \
		"        build-args: CACHEBUST=\${{ github.run_number }}" \
		>.github/workflows/ci.yml'
good IC006 'another action, another argument' 'FROM a:1' '
	mkdir -p .github/workflows && printf "%s\n" \
		"- uses: docker/build-push-action@v6" "  with:" \
		"    build-args: |" "      VERSION=\${{ github.sha }}" \
		"      CACHE_BUST=2026-01" "- uses: a/b@v1" "  with:" \
		"    args: |" "      CACHE_BUST=\${{ github.run_id }}" \
		>.github/workflows/ci.yml'
good IC006 'below the install' 'FROM debian:12
RUN apt-get update && apt-get install x
ARG CACHE_BUST
RUN git clone x'
good IC006 'the date of a label' 'FROM a:1' \
	'echo "docker build --build-arg BUILD_DATE=\$(date) ." >build.sh'

bad IC007 2:5 'not locked' 'FROM a/debian:12
RUN --mount=type=cache,id=x,target=/var/cache/apt apt-get install x'
bad IC007 2:5 'docker-clean is alive' 'FROM debian:12
RUN --mount=type=cache,id=x,target=/var/cache/apt,sharing=locked apt-get install x'
good IC007 'docker-clean was removed' 'FROM debian:12
RUN rm -f /etc/apt/apt.conf.d/docker-clean
RUN --mount=type=cache,id=x,target=/var/cache/apt,sharing=locked apt-get install x'
good IC007 'a private cache' 'FROM a/debian:12
RUN --mount=type=cache,id=x,target=/var/cache/apt,sharing=private apt-get install x'

bad IC008 2:5 'apt-get update alone' 'FROM debian:12
RUN apt-get update
RUN apt-get install x'
bad IC008 2:13 'with nothing that installs' 'FROM alpine:3
RUN set -e; apk update && rm -rf /x'
good IC008 'joined' 'FROM debian:12
RUN apt-get update && apt-get install x'
good IC008 'for a script of the project' 'FROM debian:12
RUN apt-get update && ./install.sh'

bad IC009 2:1 'below a comment' '# In Dockerfiles
# syntax=docker/dockerfile:1
FROM a:1'
bad IC009 2:1 'below FROM' 'FROM a:1
# check=skip=all'
good IC009 'on top, one after the other' '# syntax=docker/dockerfile:1
# escape=\
FROM a:1'
good IC009 'prose' 'FROM a:1
# syntax = how it is written
# escape=sequences'

bad IC010 2:17 'greater or equal' 'FROM python:3.12
RUN pip install chromadb>=0.5.0 other'
bad IC010 3:7 'two of them, on a line of its own' 'FROM python:3.12
RUN pip install a \
      numpy>=1.26,<2'
bad IC010 2:14 'in an alternative of yarn' 'FROM node:22
RUN yarn add left-pad>1.0'
good IC010 'quoted' 'FROM python:3.12
RUN pip install "chromadb>=0.5.0" '\''x<2'\'' y\>1'
good IC010 'a log' 'FROM python:3.12
RUN pip install chromadb >log 2>&1 && pip install x>log.txt'

bad IC010 4:7 'where lines go on behind a backquote' '# escape=`
FROM python:3.12
RUN pip install a `
      numpy>=1.26'
bad IC008 3:13 'where they do, and a backslash at the end is none' '# escape=`
FROM alpine:3
RUN set -e; apk update \
RUN rm -rf /x'
good IC010 'where they do for Windows, whose shell is another' '# escape=`
FROM python:3.12-windowsservercore-ltsc2022
RUN pip install chromadb>=0.5.0'
good IC010 'where a path says that it is for Windows' '# escape=`
FROM registry.example/ours:1
WORKDIR C:\app
RUN pip install chromadb>=0.5.0'

bad IC011 2:5 'a commit above an install' 'FROM debian:12
ARG GIT_SHA
RUN apt-get update && apt-get install x
RUN make COMMIT=$GIT_SHA'
bad IC011 3:5 'a date with a placeholder' 'FROM debian:12
WORKDIR /x
ARG BUILD_DATE=unknown
RUN apt-get update && apt-get install x'
bad IC011 3:5 'an ENV that takes it from an argument' 'FROM debian:12
ARG R
ENV GIT_SHA=$R BUILD_DATE=$R
RUN apt-get update && apt-get install x'
bad IC011 3:5 'the old form of it, for a stage that stands on this one' 'FROM debian:12 AS a
ARG R=unknown
ENV VCS_REF "v-${R}"
FROM a
RUN apt-get update && apt-get install x'
bad IC011 2:9 'a day in an ENV' 'FROM debian:12
ENV A=b BUILD_DATE=2026-01-02T03:04:05Z
RUN apt-get update && apt-get install x'
bad IC011 2:5 'a commit in an ENV' 'FROM debian:12
ENV GIT_COMMIT="0123abcd"
RUN apt-get update && apt-get install x'
bad IC011 3:7 'a label that takes it from an argument' 'FROM debian:12
ARG R
LABEL org.opencontainers.image.created=$R
RUN apt-get update && apt-get install x'
bad IC011 3:13 'another label' 'FROM debian:12
ARG R
LABEL a="b" org.opencontainers.image.revision="${R}"
RUN apt-get update && apt-get install x'
bad IC011 2:5 'told once, where the argument is' 'FROM debian:12
ARG GIT_SHA
ENV GIT_SHA=$GIT_SHA
LABEL org.opencontainers.image.revision=$GIT_SHA
RUN apt-get update && apt-get install x'
good IC011 'a label that does not change, or is no part of a step' 'FROM debian:12
LABEL org.opencontainers.image.version=1.2 revision=0123abcd created=2026-01-02
ARG VERSION=1.2
LABEL org.opencontainers.image.version=$VERSION
LABEL org.opencontainers.image.revision=$VERSION
RUN apt-get update && apt-get install x'
good IC011 'an ENV that some step goes by, or that is pinned' 'FROM debian:12
ARG REV=0123abcd
ENV GIT_COMMIT=0123abcd SOURCE_REF=$REV BUILD_NUMBER=12 APP_HASH=md5
RUN apt-get update && apt-get install git
RUN git checkout $GIT_COMMIT'
good IC011 'an ENV that the install uses, or below it' 'FROM debian:12
ARG R
ENV GIT_REF=$R
RUN pip install git+https://x/y@${GIT_REF}
ENV BUILD_DATE=$R
LABEL org.opencontainers.image.created=$R'
good IC011 'an install that uses it' 'FROM debian:12
ARG GIT_COMMIT
RUN pip install git+https://x/y@${GIT_COMMIT}'
good IC011 'a pinned commit' 'FROM debian:12
ARG GIT_COMMIT=0123456789abcdef
RUN apt-get update && apt-get install x'
good IC011 'below, and in another stage' 'FROM debian:12 AS x
ARG BUILD_DATE
FROM debian:12
RUN apt-get update && apt-get install x
ARG BUILD_DATE'

bad IC012 3:5 'beside a lock file' 'FROM node:22
COPY package.json package-lock.json ./
RUN npm install --omit=dev'
bad IC012 3:5 'that package*.json brings' 'FROM node:22
COPY package*.json ./
RUN npm i' 'touch package.json package-lock.json'
good IC012 'npm ci' 'FROM node:22
COPY package.json package-lock.json ./
RUN npm ci'
good IC012 'a package by its name' 'FROM node:22
COPY package.json package-lock.json ./
RUN npm ci && npm install -g serve && npm install x'
good IC012 'without a lock file' 'FROM node:22
COPY package*.json ./
RUN npm install' 'touch package.json'

bad IC013 2:5 'no id' 'FROM python:3.12
RUN --mount=type=cache,target=/root/.cache/pip pip install x'
good IC013 'an id' 'FROM python:3.12
RUN --mount=type=cache,id=pip,target=/root/.cache/pip pip install x'
good IC013 'a base is in its key' 'FROM busybox:1 AS b
FROM python:3.12
RUN --mount=type=cache,from=b,target=/root/.cache/pip pip install x'
good IC013 'other mounts' 'FROM python:3.12
RUN --mount=type=bind,target=/src --mount=type=tmpfs,target=/t true'

bad IC014 2:5 'an ARG' 'FROM a:1
ARG NPM_TOKEN'
bad IC014 2:5 'an ENV' 'FROM a:1
ENV DB_PASSWORD=hunter2'
bad IC014 2:5 'a password of a public key' 'FROM a:1
ARG APT_KEY_PASSWORD'
bad IC014 2:5 'a token beside a public key' 'FROM a:1
ARG APT_KEY_TOKEN=abc'
bad IC014 2:5 'a key that is not the one of apt' 'FROM a:1
ARG APT_KEY_API_KEY=abc'
good IC014 'what only sounds like one' 'FROM a:1
ENV TOKEN_URL=https://x PUBLIC_KEY=a KEY_FILE=/k AUTH_METHOD=md5
ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568 PASSWORD=
ENV APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE=DontWarn
ARG MONKEY=x'

bad IC015 x.sh:2:1 'docker system prune' 'FROM a:1' \
	'printf "set -e\ndocker system prune -af\n" >x.sh'
bad IC015 Makefile:2:16 'in a Makefile' 'FROM a:1' \
	'printf "x:\n\t@docker build --no-cache -t x .\n" >Makefile'
bad IC015 .gitlab-ci.yml:2:3 'the old builder' 'FROM a:1' \
	'printf "variables:\n  DOCKER_BUILDKIT: \"0\"\n" >.gitlab-ci.yml'
bad IC015 .github/workflows/ci.yml:3:5 'no-cache of an action' 'FROM a:1' '
	mkdir -p .github/workflows && printf "%s\n" \
		"- uses: docker/build-push-action@v6" "  with:" \
		"    no-cache: true" "    push: true" \
		>.github/workflows/ci.yml'
bad IC015 compose.yaml:5:7 'no_cache of a service' 'FROM a:1' '
	printf "%s\n" "services:" "  web:" "    build:" "      context: ." \
		"      no_cache: true  # fresh" >compose.yaml'
good IC015 'no-cache of another action, or off' 'FROM a:1' '
	mkdir -p .github/workflows && printf "%s\n" \
		"- uses: docker/build-push-action@v6" "  with:" \
		"    no-cache: false" "- uses: a/b@v1" "  with:" \
		"    no-cache: true" >.github/workflows/ci.yml
	printf "%s\n" "services:" "  web:" "    build:" "      context: ." \
		"      no_cache: false" >compose.yaml'
good IC015 'a prune with a limit, a comment, another word' 'FROM a:1' '
	printf "%s\n" "docker buildx prune --filter until=24h" \
		"# docker system prune" "docker image prune" \
		"echo docker system prune" "DOCKER_BUILDKIT=1 docker build ." \
		>x.sh'

bad IC016 x.sh:1:32 'to /tmp' 'FROM a:1' '
	echo "docker buildx build --cache-to=type=local,dest=/tmp/c ." >x.sh'
bad IC016 .github/workflows/ci.yml:3:11 'that only grows' 'FROM a:1' '
	mkdir -p .github/workflows && printf "%s\n" "with:" "  cache-to: |" \
		"          type=local,dest=.cache,mode=max" \
		>.github/workflows/ci.yml'
good IC016 'with reset, with a swap, an output, a registry' 'FROM a:1' '
	printf "%s\n" "docker buildx build \\" \
		"  --cache-to type=local,dest=a,reset=true ." \
		"docker buildx build --cache-to type=local,dest=new . && mv new old" \
		"docker buildx build -o type=local,dest=/tmp/out ." \
		"docker buildx build --cache-to type=registry,ref=x ." >x.sh'

bad IC017 2:23 'apt' 'FROM debian:12
RUN apt-get update && apt-get install x'
bad IC017 2:6 'the JSON form' 'FROM python:3.12
RUN  ["pip", "install", "x"]'
bad IC017 3:1 'a heredoc' 'FROM node:22
RUN <<EOF
npm ci
EOF'
bad IC017 2:12 'sh -c' 'FROM node:22
RUN sh -c '\''npm ci && npm test'\'
bad IC017 2:5 'xargs' 'FROM debian:12
RUN xargs -a /x apt-get install -y'
bad IC017 2:14 'xargs in a pipe' 'FROM python:3.12
RUN cat /r | xargs -n1 pip install'
good IC017 'with a mount' 'FROM debian:12
RUN --mount=type=cache,id=a,target=/var/cache/apt,sharing=locked apt-get install x
RUN --mount=type=cache,id=b,target=/root/.npm npm ci
RUN --mount=type=cache,id=c,target=/root/.cache pip install x
RUN --mount=type=cache,id=d,target=/go/pkg/mod go mod download'
good IC017 'what fetches nothing' 'FROM debian:12
RUN pip install . && pip install --no-index -f /w x && npm run ci
RUN go install && apt-get clean && npm --version && echo npm ci
RUN cat <<EOF >x.sh
npm ci
EOF'
good IC017 'go get without modules' 'FROM golang:1.7.3
RUN go get -d -v golang.org/x/net/html'
bad IC017 2:5 'go get with modules' 'FROM golang:1.22
RUN go get -v golang.org/x/net/html'
good IC017 'a package that lies about' 'FROM alpine:3
RUN apk add --allow-untrusted glibc-2.30-r0.apk'
good IC017 'conda that the same step installs' 'FROM debian:12
RUN sh Miniconda3.sh -b -p /opt/conda && /opt/conda/bin/conda install -y x'
good IC017 'for a shell that is none' 'FROM a/windows:1
SHELL ["powershell", "-Command"]
RUN npm ci'

bad IC018 2:6 'COPY .git' 'FROM a:1
COPY .git /src/.git'
bad IC018 2:10 'a part of it' 'FROM a:1
COPY src .git/HEAD /src/'
bad IC018 2:6 'with ./' 'FROM a:1
COPY ./.git /x'
bad IC018 2:5 'ADD with a slash' 'FROM a:1
ADD .git/ /y'
bad IC018 2:13 'behind a flag' 'FROM a:1
COPY --link .git /z'
bad IC018 3:1 'by a variable' 'FROM a:1
ARG G=.git
COPY $G /z'
test_that 'IC018: each of them is told, at its word' '
	room && printf "%s\n" "FROM a:1" "COPY .git /w" "COPY ./.git /x" \
		"ADD .git/ /y" "COPY --link .git /z" >Dockerfile && found &&
	jq -r ".[] | select(.rule == \"IC018\") | \"\(.line):\(.column)\"" \
		../found >../actual &&
	printf "%s\n" 2:6 3:6 4:5 5:13 >../expect && same ../expect ../actual
'
good IC018 'in a mount, and what begins like it' 'FROM a:1
RUN --mount=type=bind,source=.git,target=/git git describe
COPY .gitconfig /x'

bad IC019 2:6 'a file that is left out' 'FROM a:1
COPY dist/app /app' 'mkdir dist && touch dist/app && echo dist >.dockerignore'
bad IC019 2:12 'by the Dockerfile'\''s own ignore file' 'FROM a:1
COPY a.txt b.txt /x/' '
	touch a.txt b.txt && touch .dockerignore &&
	echo b.txt >Dockerfile.dockerignore'
good IC019 'a folder of which something is let in' 'FROM a:1
COPY dist /app' '
	mkdir dist && touch dist/app dist/map &&
	printf "dist\n!dist/app\n" >.dockerignore'
good IC019 'what is not there' 'FROM a:1
COPY dist/app /app' 'echo dist >.dockerignore'

bad IC020 .dockerignore:1:1 'another case' 'FROM a:1' \
	'mkdir Docs && touch Docs/x && echo docs >.dockerignore'
bad IC020 .dockerignore:2:1 'a slip' 'FROM a:1' '
	mkdir fixtures && touch fixtures/x && printf "*.x\nfixtrues/\n" \
		>.dockerignore'
bad IC020 .dockerignore:1:1 'what git knows not to be made' 'FROM a:1' '
	mkdir .git && echo /made >.gitignore &&
	printf "old-stuff\nmade\n.git\n" >.dockerignore'
bad IC020 .dockerignore:2:1 'what was renamed, without git' 'FROM a:1' '
	mkdir new && touch new/a && printf "*.x\nold-stuff/\n" >.dockerignore'
bad IC020 .dockerignore:1:1 'in a folder that is not there' 'FROM a:1' \
	'touch a && printf "handbook/**/*.md\n" >.dockerignore'
bad IC020 .dockerignore:2:1 'an exception of what is not there' 'FROM a:1' \
	'touch a && printf "*\n!old-stuff\n" >.dockerignore'
bad IC020 .dockerignore:1:1 'a comment behind a pattern' 'FROM a:1' \
	'mkdir docs && touch docs/a && echo "docs/  # the docs" >.dockerignore'
bad IC020 .dockerignore:2:1 'behind a wildcard' 'FROM a:1' \
	'touch a && printf "# x\n*.pyc	# compiled\n" >.dockerignore'
good IC020 'a name with #' 'FROM a:1' \
	'touch "a#b" "a #c" && printf "a#b\na #c\n#x #y\n" >.dockerignore'
good IC020 'what a build makes later' 'FROM a:1' \
	'printf "dist\nnode_modules\n*.log\nweb/dist\n" >.dockerignore'
good IC020 'what git ignores' 'FROM a:1' '
	echo binaries >.gitignore && echo binaries >.dockerignore'
good IC020 'what git ignores in the same words' 'FROM a:1' '
	printf "a.eggs/**\nmade/*\n" >.gitignore && cp .gitignore .dockerignore'
good IC020 'what git ignores, said in the folder itself' 'FROM a:1' '
	mkdir -p book/deep && echo /go.sum >book/.gitignore &&
	echo pkgs/ >book/deep/.gitignore &&
	printf "/book/go.sum\nbook/deep/pkgs\n" >.dockerignore'
bad IC020 .dockerignore:1:1 'what git ignores in another folder' 'FROM a:1' '
	mkdir -p book man && echo /go.sum >book/.gitignore &&
	echo man/go.sum >.dockerignore'
good IC020 'what a developer has for himself' 'FROM a:1' '
	printf "tags\n.python-version\n" >.dockerignore'
good IC020 'wildcards in a folder that is there' 'FROM a:1' '
	mkdir handbook && touch handbook/a &&
	printf "handbook/*.pdf\n*.foo\n**/old-*\n" >.dockerignore'
good IC020 'what matches' 'FROM a:1' '
	mkdir old-stuff && printf "old-stuff\n" >.dockerignore'

bad IC021 .dockerignore:1:1 'before anything is left out' 'FROM a:1' \
	'touch a && printf "!a\n*.x\n" >.dockerignore'
bad IC021 .dockerignore:2:1 'above the pattern' 'FROM a:1' \
	'touch a b && printf "a\n!a\na\n" >.dockerignore'
bad IC021 .dockerignore:2:1 'of what is not left out' 'FROM a:1' \
	'touch a b && printf "a\n!b\n" >.dockerignore'
good IC021 'a file in a folder that is left out' 'FROM a:1' '
	mkdir -p lib/x && touch lib/x/keep lib/y &&
	printf "lib\n!*/x/keep\n" >.dockerignore'
good IC021 'an allow list' 'FROM a:1' \
	'mkdir src && touch src/a && printf "*\n!src\n" >.dockerignore'
good IC021 'what is not there yet' 'FROM a:1' \
	'touch a && printf "*\n!dist\n" >.dockerignore'

bad IC022 .dockerignore:1:1 'node_modules' 'FROM a:1' \
	'mkdir -p web/node_modules && echo node_modules/ >.dockerignore'
bad IC022 .dockerignore:1:1 '*.pyc' 'FROM a:1' \
	'mkdir lib && touch lib/a.pyc && echo "*.pyc" >.dockerignore'
good IC022 'what is meant for the top' 'FROM a:1' '
	mkdir docs lib && touch lib/README.md docs/x &&
	printf "README.md\n*.md\n/docs\n" >.dockerignore'
good IC022 'what is left out by another one' 'FROM a:1' '
	mkdir -p web/node_modules && printf "node_modules\nweb\n" \
		>.dockerignore'

bad IC023 .dockerignore:1:1 'CRLF' 'FROM a:1' 'printf "a\r\n" >.dockerignore'
bad IC023 .dockerignore:1:1 'a byte order mark' 'FROM a:1' \
	'printf "\357\273\277a\n" >.dockerignore'
good IC023 'plain text' 'FROM a:1' 'printf "\303\244\n" >.dockerignore'

bad IC027 .dockerignore:3:1 'a folder of a kept file' 'FROM a:1' \
	'mkdir -p .a/b && echo x >.a/b/c && printf "*\n!.a/b/c\n**/.*\n" \
		>.dockerignore'
good IC027 'the exception last' 'FROM a:1' \
	'mkdir -p .a/b && echo x >.a/b/c && printf "*\n**/.*\n!.a/b/c\n" \
		>.dockerignore'
good IC027 'a file that has no content' 'FROM a:1' \
	'mkdir -p .a/b && touch .a/b/c && printf "*\n!.a/b/c\n**/.*\n" \
		>.dockerignore'
good IC027 'the folder is kept, too' 'FROM a:1' \
	'mkdir -p .a/b && echo x >.a/b/c && printf "*\n!.a\n**/.*\n" \
		>.dockerignore'

bad IC024 2:5 'a download' 'FROM a:1
ADD https://example.test/x.tgz /x'
bad IC024 2:5 'a repository' 'FROM a:1
ADD https://example.test/x.git#v1 /x'
bad IC024 2:5 'a repository, by ssh' 'FROM a:1
ADD git@example.test:x/y.git /x'
good IC024 'with a checksum, a repository at a commit, a file' 'FROM a:1
ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 https://example.test/x.tgz /x
ADD https://example.test/x.git#0123456789012345678901234567890123456789:d /y
ADD x.tgz /z'

bad IC025 1:1 'no reason' '# imgcache lint ignore=IC003
FROM debian'
bad IC025 1:1 'no such rule' '# imgcache lint ignore=IC999: because
FROM debian'
good IC025 'as it should be' '# imgcache lint ignore=IC003: because
FROM debian'

bad IC026 1:1 'nothing to silence' '# imgcache lint ignore=IC003: because
FROM debian:12'
good IC026 'with blanks around the sign' '# imgcache lint ignore = IC003: because
FROM debian'
good IC003 'with blanks around the sign' '# imgcache lint ignore = IC003: because
FROM debian'
good IC026 'something to silence' '# imgcache lint ignore=IC003: because
FROM debian'

test_that 'every rule has a case that it finds and one that it does not' '
	for rule in $(imgcache lint --rules --json | jq -r ".[].id"); do
		case $wanted in *" bad:$rule"*) ;;
			*) echo "$rule: no bad case"; exit 1 ;; esac
		case $wanted in *" good:$rule"*) ;;
			*) echo "$rule: no good case"; exit 1 ;; esac
	done
'

test_done
