#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache lint --fix`: what is rewritten and how, and what is left alone.
# That the image stays the same is shown on a real engine (t9021).
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib.sh
. "$(dirname "$0")/lib.sh"

room() {
	cd "$TRASH" && rm -rf room && mkdir room && cd room || exit 1
}

lint_fix() {
	imgcache lint --no-buildx --severity info --fix "$@" >../out 2>../words
	status=$?
	[ "$status" -le 1 ] || cat ../words
	[ "$status" -le 1 ]
}

# fixes TITLE BEFORE AFTER [SETUP]: the Dockerfile becomes the other one, the
# difference that is shown is the one that is made, a second run changes
# nothing.
fixes() {
	fix_before=$2 fix_after=$3 fix_setup=${4:-:}
	test_that "$1" '
		room && printf "%s\n" "$fix_before" >Dockerfile &&
		eval "$fix_setup" && cp Dockerfile ../Dockerfile.was &&
		printf "%s\n" "$fix_after" >../expect &&
		lint_fix --dry-run && same ../Dockerfile.was Dockerfile &&
		sed -n "/^--- /,/^\$/p" ../out >../patch &&
		lint_fix && same ../expect Dockerfile &&
		cp Dockerfile ../Dockerfile.is && lint_fix &&
		same ../Dockerfile.is Dockerfile && ! grep "^---" ../out &&
		if ! cmp -s ../Dockerfile.was Dockerfile; then
			cp ../Dockerfile.was Dockerfile &&
			patch -s -p1 <../patch && same ../Dockerfile.is Dockerfile
		fi
	'
}

# keeps TITLE TEXT [SETUP]: nothing to do.
keeps() {
	fixes "left alone: $1" "$2" "$2" "${3-}"
}

DISARM="printf '%s\\n' '#clear DPkg::Post-Invoke;' \\
        '#clear APT::Update::Post-Invoke;' \\
        'APT::Keep-Downloaded-Packages \"true\";' >/dev/shm/apt-keep.conf"
APT='apt-get -c /dev/shm/apt-keep.conf'
mount() {
	printf -- '--mount=type=cache,id=%s,target=%s,sharing=locked' "$1" "$2"
}
ARCHIVES=$(mount apt-archives-debian-12 /var/cache/apt)
LISTS=$(mount apt-lists-debian-12 /var/lib/apt/lists)
PIP=--mount=type=cache,id=pip,target=/root/.cache/pip
NPM=--mount=type=cache,id=npm,target=/root/.npm

# Mounts.

fixes 'apt: both mounts, docker-clean disarmed, the clean-up gone' \
'FROM debian:12
# what we need
RUN apt-get update && apt-get install -y --no-install-recommends \
    git \
    # for the tests
    curl \
 && rm -rf /var/lib/apt/lists/*' \
"FROM debian:12
# what we need
RUN $ARCHIVES \\
    $LISTS \\
    $DISARM && \\
    $APT update && $APT install -y --no-install-recommends \\
    git \\
    # for the tests
    curl"

fixes 'apt: where lines go on behind a backquote' \
'# escape=`
FROM debian:12
RUN apt-get update && apt-get install -y `
    git `
    # for the tests
    curl `
 && rm -rf /var/lib/apt/lists/*' \
"# escape=\`
FROM debian:12
RUN $ARCHIVES \`
    $LISTS \`
    $(printf "%s" "$DISARM" | sed 's/\\$/`/') && \`
    $APT update && $APT install -y \`
    git \`
    # for the tests
    curl"

fixes 'apt: where they do, the operator leads its line' \
'# escape=`
FROM debian:12
RUN apt-get update && `
    apt-get install -y git `
    # tidy
    && rm -rf /var/lib/apt/lists/*
USER nobody' \
"# escape=\`
FROM debian:12
RUN $ARCHIVES \`
    $LISTS \`
    $(printf "%s" "$DISARM" | sed 's/\\$/`/') && \`
    $APT update && \`
    $APT install -y git
    # tidy
USER nobody"

keeps 'a command substitution where lines go on behind a backquote' \
'# escape=`
FROM debian:12
RUN apt-get update && apt-get install -y git && echo `date` `
 && rm -rf /var/lib/apt/lists/*'

fixes 'apt: the clean-up between others, comments stay' \
'FROM debian:12
RUN set -ex; \
    apt-get update; \
    apt-get install -y git; \
    # tidy
    apt-get clean; rm -rf /var/lib/apt/lists/* /tmp/x; \
    echo done' \
"FROM debian:12
RUN $ARCHIVES \\
    $LISTS \\
    $DISARM && \\
    set -ex; \\
    $APT update; \\
    $APT install -y git; \\
    # tidy
    rm -rf /tmp/x; \\
    echo done"

fixes 'apt: the clean-up last, with a comment above it' \
'FROM debian:12
RUN apt-get update && \
    apt-get install -y git && \
    # tidy
    rm -rf /var/lib/apt/lists/*
USER nobody' \
"FROM debian:12
RUN $ARCHIVES \\
    $LISTS \\
    $DISARM && \\
    $APT update && \\
    $APT install -y git
    # tidy
USER nobody"

fixes 'apt: an operator in front, with a comment above it' \
'FROM debian:12
RUN apt-get update \
 && apt-get install -y git \
 # tidy
 && rm -rf /var/lib/apt/lists/*
USER nobody' \
"FROM debian:12
RUN $ARCHIVES \\
    $LISTS \\
    $DISARM && \\
    $APT update \\
 && $APT install -y git
 # tidy
USER nobody"

fixes 'apt: no mount for lists that a later step may count on' \
'FROM debian:12
RUN apt-get update && apt-get install -y git
RUN apt-get install -y curl' \
"FROM debian:12
RUN $ARCHIVES \\
    $DISARM && \\
    $APT update && $APT install -y git
RUN $ARCHIVES \\
    $DISARM && \\
    $APT install -y curl"

fixes 'apt: a mount that is there is locked, and docker-clean disarmed' \
'FROM debian:12
RUN --mount=type=cache,id=x,target=/var/cache/apt,sharing=shared \
    --mount=type=cache,id=y,target=/var/lib/apt/lists \
    apt-get update && apt-get install -y git' \
"FROM debian:12
RUN --mount=type=cache,id=x,target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,id=y,target=/var/lib/apt/lists,sharing=locked \\
    $DISARM && \\
    $APT update && $APT install -y git"

fixes 'a heredoc' \
'FROM debian:12
RUN <<EOF
set -e
apt-get update
apt-get install -y git
rm -rf /var/lib/apt/lists/*
echo done
EOF' \
"FROM debian:12
RUN $ARCHIVES \\
    $LISTS \\
    <<EOF
$DISARM
set -e
$APT update
$APT install -y git
echo done
EOF"

fixes 'pip: a mount, --no-cache-dir gone' \
'FROM python:3.12
WORKDIR /app
RUN	pip install --no-cache-dir \
		numpy \
	&& pip install --no-cache-dir pandas --quiet' \
"FROM python:3.12
WORKDIR /app
RUN $PIP \\
    pip install \\
		numpy \\
	&& pip install pandas --quiet"

fixes 'npm: a mount, npm cache clean gone; other flags stay' \
'FROM node:22
RUN --network=default --mount=type=secret,id=x npm ci && npm cache clean --force && npm test
RUN ["npm", "i", "-g", "serve"]' \
"FROM node:22
RUN --network=default --mount=type=secret,id=x \\
    $NPM npm ci && npm test
RUN $NPM \\
    [\"npm\", \"i\", \"-g\", \"serve\"]"

fixes 'two managers in one step' \
'FROM debian:12
RUN \
  apt-get update && apt-get install -y python3-pip npm && rm -rf /var/lib/apt/lists/* && \
  pip install x && npm i -g y' \
"FROM debian:12
RUN $ARCHIVES \\
    $LISTS \\
    $PIP \\
    $NPM \\
  $DISARM && \\
    $APT update && $APT install -y python3-pip npm && \\
  pip install x && npm i -g y"

fixes 'an id for what is mounted, another for each path' \
'FROM golang:1.22
RUN --mount=type=cache,target=/go/pkg/mod --mount="type=cache,target=/root/.cache/go-build" go mod download
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked rm -f /etc/apt/apt.conf.d/docker-clean' \
'FROM golang:1.22
RUN --mount=type=cache,target=/go/pkg/mod,id=go-mod --mount="type=cache,target=/root/.cache/go-build,id=go-build" go mod download
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked,id=apt-archives-golang-1.22 rm -f /etc/apt/apt.conf.d/docker-clean'

keeps 'a step that is not root'\''s' 'FROM node:22
USER node
RUN npm ci'
keeps 'a home that is elsewhere' 'FROM node:22
ENV HOME=/home/x
RUN npm ci'
keeps 'a cache that is elsewhere' 'FROM python:3.12
RUN PIP_CACHE_DIR=/x pip install y'
keeps 'another user in the step' 'FROM node:22
RUN su node -c "npm ci"'
keeps 'a frontend without mounts' '# syntax=docker/dockerfile:1.0
FROM node:22
RUN npm ci'
keeps 'a shell text that does not read' 'FROM node:22
RUN npm ci && echo "x'
keeps 'a trigger' 'FROM node:22
ONBUILD RUN npm ci'
keeps 'apt in a quoted script' 'FROM debian:12
RUN bash -c "apt-get update && apt-get install \"x\""'

for text in 'npm ci && npm cache clean --force || true' \
	'npm ci && { npm cache clean --force; }' \
	'npm ci; if true; then npm cache clean --force; fi' \
	'npm ci && (rm -rf ~/.npm)' 'npm ci && ls -a /root/.npm' \
	'npm ci && npm cache ls >/x' 'npm ci && du -s /root >/x' \
	'npm ci && tar c $HOME/.npm/_logs >/x' 'npm ci && find / -name x'; do
	keeps "a clean-up that would stay, or a look: $text" "FROM node:22
RUN $text"
done
for text in 'rm -rf /var/lib/apt/lists/* && ls /var/lib/apt/lists >/m' \
	'rm -rf /var/lib/apt/lists/* || true' \
	'(apt-get clean) && rm -rf /var/lib/apt/lists/*' \
	'ls /var/cache >/m' 'find /var -type f >/m'; do
	keeps "a look, or a clean-up that would stay: $text" "FROM debian:12
RUN apt-get update && apt-get install -y git && $text"
done
keeps 'pip without its cache, in a quoted script' 'FROM python:3.12
RUN sh -c "pip install --no-cache-dir \"x\" && :"'
keeps 'a removal under a mount that the step looks at' 'FROM debian:12
RUN --mount=type=cache,id=x,target=/var/lib/apt/lists,sharing=locked \
    apt-get update && rm -rf /var/lib/apt/lists/* && ls /var/lib/apt/lists'

test_that 'what hinders a mount is told' '
	room && printf "FROM node:22\nRUN npm ci && npm cache clean || true\n" \
		>Dockerfile &&
	imgcache lint --no-buildx --rule IC017 --json >../found
	jq -r ".[].cure" ../found >cure && cat cure &&
	grep "id=npm.*; the step must not empty or read it then" cure &&
	jq -e "length == 1" ../found
'

# Versions.

fixes 'versions are quoted, all that is glued together' \
'FROM python:3.12
RUN --mount=type=cache,id=pip,target=/root/.cache/pip \
    pip install chromadb>=0.5.0 numpy>=1.26,<2 \
      "fine>=1" x[y]<2 2>/dev/null' \
'FROM python:3.12
RUN --mount=type=cache,id=pip,target=/root/.cache/pip \
    pip install "chromadb>=0.5.0" "numpy>=1.26,<2" \
      "fine>=1" "x[y]<2" 2>/dev/null'

# The order of COPY.

fixes 'requirements.txt is copied first, with what it includes' \
"FROM python:3.12
WORKDIR /app
# the sources
COPY --chown=0:0 . .
ENV A=1
RUN $PIP pip install -r requirements.txt
# start
CMD [\"python\", \"main.py\"]" \
"FROM python:3.12
WORKDIR /app
# the sources
COPY --chown=0:0 requirements.txt ./
COPY --chown=0:0 deps/more.txt ./deps/
ENV A=1
RUN $PIP pip install -r requirements.txt
COPY --chown=0:0 . .
# start
CMD [\"python\", \"main.py\"]" \
'mkdir deps && echo "-r deps/more.txt" >requirements.txt &&
	echo numpy >deps/more.txt && touch main.py'

fixes 'package.json and its lock file are copied first' \
"FROM node:22
COPY . /srv/app/
WORKDIR /srv/app/web
RUN $NPM npm ci
RUN npm run build" \
"FROM node:22
COPY web/.npmrc web/package-lock.json web/package.json /srv/app/web/
WORKDIR /srv/app/web
RUN $NPM npm ci
COPY . /srv/app/
RUN npm run build" \
'mkdir web && echo "{}" >web/package.json && touch web/.npmrc &&
	echo "{\"lockfileVersion\": 3, \"packages\": {}}" >web/package-lock.json'

fixes 'below an install of packages by name; a last line without its end' \
"FROM debian:12
COPY . /src
RUN $ARCHIVES $DISARM && $APT install -y git" \
"FROM debian:12
RUN $ARCHIVES $DISARM && $APT install -y git
COPY . /src" \
'printf %s "$(cat Dockerfile)" >x && mv x Dockerfile && touch main.c'

fixes 'a setup.cfg, which old pips read, goes with the list' \
"FROM python:3.12
WORKDIR /app
COPY . .
RUN $PIP pip install -r requirements.txt" \
"FROM python:3.12
WORKDIR /app
COPY requirements.txt setup.cfg ./
RUN $PIP pip install -r requirements.txt
COPY . ." 'touch setup.cfg && echo x >requirements.txt'

package='echo "{\"lockfileVersion\": 3, \"packages\": {}}" >package-lock.json'
keeps 'scripts that npm ci runs' "FROM node:22
COPY . .
RUN $NPM npm ci" "$package"' &&
	echo "{\"scripts\": {\"prepare\": \"make\"}}" >package.json'
keeps 'npm install, which may rewrite the lock file' "FROM node:22
COPY . .
RUN $NPM npm install" "$package"' && echo "{}" >package.json'
keeps 'modules that would be copied over the installed ones' "FROM node:22
# imgcache lint ignore=IC002: they are wanted
COPY . .
RUN $NPM npm ci" "$package"' && echo "{}" >package.json &&
	mkdir node_modules && touch node_modules/.keep'
keeps 'a step that does more' "FROM python:3.12
COPY . .
RUN $PIP pip install -r requirements.txt && python setup.py build" \
	'echo x >requirements.txt'
keeps 'requirements that are not there, or left out' "FROM python:3.12
COPY . .
RUN $PIP pip install -r requirements.txt" \
	'echo x >requirements.txt && echo requirements.txt >.dockerignore'
keeps 'requirements that install the project' "FROM python:3.12
COPY . .
RUN $PIP pip install -r requirements.txt" 'echo "-e ." >requirements.txt'
keeps 'a step between that may read the sources' "FROM python:3.12
COPY . .
RUN make
RUN $PIP pip install -r requirements.txt" 'echo x >requirements.txt'
keeps 'sources that are copied over the system' "FROM debian:12
COPY . /
RUN $ARCHIVES $DISARM && $APT install -y git" 'mkdir etc'
keeps 'a module that the sources name' 'FROM golang:1.22
COPY . /src
WORKDIR /src
RUN --mount=type=cache,id=go,target=/go/pkg/mod go install example.test/x' \
	'touch go.mod'

# unmoved TITLE RUN [SETUP [ABOVE]]: with the whole context in /app, requirements
# and a package that could be moved, this RUN leaves the COPY where it is; the
# finding is told with its cure. moved TITLE RUN ...: the COPY goes below it.
order() {
	order_run=$2 order_setup=${3:-:} order_above=${4:-WORKDIR /app}
	order_copy=${5:-COPY . .} order_moved=$6
	test_that "$1" '
		room && printf "%s\n" "FROM node:22" "$order_above" \
			"$order_copy" "$order_run" >Dockerfile &&
		echo numpy >requirements.txt && touch conf && eval "$lock" &&
		echo "{\"name\": \"x\"}" >package.json && eval "$order_setup" &&
		cp Dockerfile ../Dockerfile.was &&
		imgcache lint --no-buildx --rule IC001 --json >../found
		jq -e "length == 1 and (.[0].cure | length > 0)" ../found &&
		lint_fix --rule IC001 && cat Dockerfile &&
		if [ "$order_moved" ]; then
			[ "$(tail -n 1 Dockerfile)" = "$order_copy" ]
		else
			same ../Dockerfile.was Dockerfile
		fi
	'
}
lock='echo "{\"lockfileVersion\": 3, \"packages\": {}}" >package-lock.json'
unmoved() {
	order "not moved: $1" "$2" "${3-}" "${4-}" "${5-}" ''
}
moved() {
	order "moved: $1" "$2" "${3-}" "${4-}" "${5-}" yes
}
update='apt-get update && apt-get install -y --no-install-recommends'

moved 'apt with what belongs to it' "RUN set -ex; $update \\
    -o Acquire::Retries=3 -qq git curl=1.2 2>/dev/null && \\
    apt-get purge -y --auto-remove git && apt-get clean && \\
    mkdir -p /srv/x && rm -rf /var/lib/apt/lists/* /tmp/x && echo 'all done'"
moved 'pip with harmless options and variables' 'RUN PIP_NO_CACHE_DIR=1 \
    pip3 install --upgrade -q --index-url https://x.test/ --timeout=9 \
    -r requirements.txt "uvicorn[standard]>=1"' '' 'ENV PYTHONUNBUFFERED=1 \
    VIRTUAL_ENV=/opt/venv PIP_INDEX_URL=https://x.test NAME=value
ENV PATH="$VIRTUAL_ENV/bin:$PATH"
ARG PIP_DEFAULT_TIMEOUT=3
RUN mkdir -p /app && chown root /app
WORKDIR /app'
moved 'npm ci with harmless options, settings and scripts' \
	'RUN npm ci --omit=dev --no-audit && npm cache clean --force' '
	printf "%s\n" "# ours" "@x:registry=https://x.test" \
		"//x.test/:_authToken=\${TOKEN}" >.npmrc
	echo "{\"scripts\": {\"build\": \"make\", \"test\": \"x\"}}" >package.json
	echo "{\"lockfileVersion\": 3, \"packages\": {\"\": {},
		\"node_modules/esbuild\": {\"hasInstallScript\": true,
		\"resolved\": \"https://x.test/e.tgz\"}}}" >package-lock.json'
moved 'npm ci without scripts' 'RUN npm ci --ignore-scripts' '
	touch binding.gyp
	echo "{\"scripts\": {\"prepare\": \"make\"}}" >package.json'
moved 'packages of the system, into a folder of /usr/src' \
	"RUN $update git" '' 'WORKDIR /usr/src/app'
unmoved 'what is written to a file of the context' \
	"RUN $update ed && echo added >>conf"
unmoved 'or printed into one' "RUN printf x >/app/conf && $update ed"
unmoved 'or read from one' "RUN { $update ed; } <conf"
unmoved 'what a file decides' "RUN [ -f conf ] && $update ed"
unmoved 'in a loop over files' "RUN $update ed; for f in *; do echo \$f; done"
unmoved 'in an arithmetic of bash' "RUN (( \$(cat conf) )) && $update ed"
unmoved 'packages that a variable names' "RUN $update \$PACKAGES"
unmoved 'a wildcard that a file matches' "RUN $update con*" 'touch conx'
unmoved 'a package file' "RUN $update ./x.deb"
unmoved 'a removal in the folder' "RUN $update ed && rm -rf /ap*"
for path in //app /./app/x //ap* /./a?p /srv/x/../../app; do
	unmoved "a removal of $path" "RUN $update ed && rm -rf $path"
done
unmoved 'a folder made in it' "RUN $update ed && mkdir /app/x"

for option in '-c /app/conf' '--config-file=conf' '-o Dir::Etc=/app' \
	'-oDir::State::lists=x' '-o APT::Update::Pre-Invoke::=./x' '--unknown'; do
	unmoved "apt-get $option" "RUN apt-get $option install -y ed"
done
for option in '--find-links wheels' '-f wheels' '-fwheels' '-c conf' -cconf \
	'--find-links=wheels' '--constraint=conf' '--constraint conf' \
	'--cert ca.pem' '--cert=ca.pem' ./wheels wheels wheels/x '--group dev' \
	'--requirements-from-script x.py' '--index-url=file:///app/index' \
	'-i file:///app' '--extra-index-url $URL' '-e .' '-r more.txt' \
	'--target lib' '--config-settings=x=y' '--unknown' '--proxy=x' x.whl; do
	unmoved "pip install $option" "RUN pip install -r requirements.txt $option" \
		'mkdir wheels && touch x.whl more.txt'
done
for list in '--find-links wheels' '-f wheels' './x.whl' '-i file:///app/x' \
	'x @ file:///app/x.whl' 'x @ ${URL}' 'git+https://x.test/y' \
	'--extra-index-url=file:x' '--extra-index-url ./simple' '-i simple' \
	'--index-url=/app/simple' '--extra-index-url http:x' 'x --global-option=y' \
	'x --config-settings y=z' '--only-binary x' '-r more.txt -f wheels' \
	'x; python_version > "3" --global-option y' 'x.tbz' 'x.txz' 'x.tlz' \
	'X.ZIP' 'x.zip[y]' 'x.tar.gz ; python_version > "3"' 'x==1.zip' \
	'x @ https://x.test/y' 'wheels/x' 'x --hash=md5:0'; do
	unmoved "a list with $list" 'RUN pip install -r requirements.txt' \
		"mkdir wheels && touch x.whl && echo '$list' >requirements.txt"
done
hash=--hash=sha256:$(printf %064d 0)
moved 'with a list of names, versions, markers, hashes and an index' \
	'RUN pip install -r requirements.txt' 'touch more.txt &&
	printf "%s\n" "# ours" "" "--index-url https://x.test/simple" \
		"--extra-index-url=http://y.test" "-r more.txt" "-c conf.txt" \
		"a" "b.c_d-e [f, g] >=1.0, !=1.5.*,<2 # why" "h~=1!2.0+x" \
		"i==1 ; python_version >= \"3.8\" and os_name != '"'nt'"'" \
		"j[k]===1;(extra == '"'x'"') \\" "    '"$hash"' \\" "    '"$hash"'" \
		>requirements.txt && echo "l<3" >conf.txt'
unmoved 'with a list that includes another with a folder' \
	'RUN pip install -r requirements.txt' 'echo "-r more.txt" \
	>requirements.txt && echo "-i simple" >more.txt'
unmoved 'python -m pip, which finds modules here' \
	'RUN python3 -m pip install -r requirements.txt'
unmoved 'a pip by its path' 'RUN /app/bin/pip install -r requirements.txt'
unmoved 'two lists' 'RUN pip install -r requirements.txt -r conf'

for name in PIP_CONSTRAINT=conf PIP_FIND_LINKS=wheels PIP_CONFIG_FILE=/x \
	PIP_CERT=/etc/x PIP_INDEX_URL=file:///app PIP_REQUIREMENT=x \
	PYTHONPATH=/app REQUESTS_CA_BUNDLE=ca.pem SSL_CERT_FILE=ca.pem \
	CURL_CA_BUNDLE=ca.pem HOME=/app HOME=/ PATH='/app/bin:$PATH' \
	PATH=bin:/bin PATH='$X/bin:/bin' LD_PRELOAD=x.so BASH_ENV=conf \
	CFLAGS=-I. XY=/app/conf pip_find_links=wheels XDG_CONFIG_HOME=/app; do
	unmoved "ENV $name" 'RUN pip install -r requirements.txt' '' "ENV $name
WORKDIR /app"
	unmoved "ARG $name" 'RUN pip install -r requirements.txt' '' "ARG $name
WORKDIR /app"
	unmoved "$name in front" "RUN $name pip install -r requirements.txt"
done
unmoved 'ARG PIP_INDEX_URL, which the caller gives' \
	'RUN pip install -r requirements.txt' '' 'ARG PIP_INDEX_URL
WORKDIR /app'
for name in 'PIP_EXTRA_INDEX_URL="https://x.test file:///app/y"' \
	'PIP_EXTRA_INDEX_URL="https://x.test /app/y"' 'PIP_INDEX_URL=""' \
	PATH=//app/bin:/bin PATH=/./app:/bin; do
	unmoved "ENV $name" 'RUN pip install -r requirements.txt' '' "ENV $name
WORKDIR /app"
done
moved 'with two URLs' 'RUN pip install -r requirements.txt' '' \
	'ENV PIP_EXTRA_INDEX_URL="https://x.test/a http://y.test/b"
WORKDIR /app'
unmoved 'ENV APT_CONFIG' "RUN $update ed" '' 'ENV APT_CONFIG=/app/conf
WORKDIR /app'
for name in NPM_CONFIG_USERCONFIG=/app/conf npm_config_cafile=ca.pem \
	NODE_EXTRA_CA_CERTS=/app/ca.pem NODE_OPTIONS=--require=./x.js; do
	unmoved "ENV $name" 'RUN npm ci' '' "ENV $name
WORKDIR /app"
	unmoved "$name in front" "RUN $name npm ci"
done

for option in '--userconfig conf' --userconfig=conf '--cafile ca.pem' \
	'--prefix web' '--prefix=web' '-C web' --script-shell=./x -w=x \
	--registry=file:x --unknown; do
	unmoved "npm ci $option" "RUN npm ci $option"
done
for script in preinstall install postinstall prepublish preprepare prepare \
	postprepare dependencies; do
	unmoved "the script $script" 'RUN npm ci' \
		"echo '{\"scripts\": {\"$script\": \"make\"}}' >package.json"
done
unmoved 'a rebuild by node-gyp' 'RUN npm ci' 'touch binding.gyp'
unmoved 'workspaces' 'RUN npm ci' \
	'echo "{\"workspaces\": [\"x\"]}" >package.json'
unmoved 'a workspace of another project' 'RUN npm ci' \
	'mkdir web && cp package.json package-lock.json web/' 'ENV A=b' \
	'COPY . /app
WORKDIR /app/web'
unmoved 'a package with a script of its own' 'RUN npm ci' '
	echo "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/x\":
		{\"hasInstallScript\": true}}}" >package-lock.json'
unmoved 'a lock that says nothing of scripts' 'RUN npm ci' \
	'echo "{\"lockfileVersion\": 1, \"dependencies\": {}}" >package-lock.json'
unmoved 'a lock with a file' 'RUN npm ci' '
	echo "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/x\":
		{\"resolved\": \"file:x.tgz\"}}}" >package-lock.json'
for setting in cafile=ca.pem script-shell=./x node-options=--require=./x.js \
	//x.test/:cafile=ca.pem globalconfig=x registry=file:x; do
	unmoved ".npmrc with $setting" 'RUN npm ci' "echo '$setting' >.npmrc"
done
unmoved 'a yarn.lock that npm looks at' 'RUN npm ci' 'touch yarn.lock'
unmoved 'npm -g in the folder' 'RUN npm install -g serve'

for folder in /etc/ /etc/apt/apt.conf.d /usr/local/lib /root /root/x / /var/x \
	/tmp /home/x /usr/src /opt /go /app/.npm /lib64/x; do
	unmoved "into $folder" "RUN $update ed" '' "WORKDIR $folder"
done
unmoved 'into where the base works' "RUN $update ed" '' 'ENV A=b'
unmoved 'into what is on PATH' "RUN $update ed" '' \
	'ENV PATH=/opt/venv/bin:/bin
WORKDIR /opt/venv'
unmoved 'into what is below it' "RUN $update ed" '' \
	'ENV PATH=/opt/venv:/bin
WORKDIR /opt/venv/lib'
unmoved 'for a user whose home is not known' 'RUN npm ci' '' 'USER node
WORKDIR /app'
for above in 'RUN pip config set global.find-links x' \
	'RUN echo "[global]" >/etc/pip.conf' 'COPY conf /etc/pip.conf' \
	'COPY root/ /' 'RUN ln -s /app/x /usr/local/lib/x' \
	'RUN usermod -d /app root' 'SHELL ["/app/bash", "-c"]' \
	'RUN pip config --global set global.find-links x' \
	'RUN pip3 --isolated config --user set global.find-links x' \
	'RUN python3 -m pip config --site set x.y z' \
	'RUN npm config -g set x y' 'RUN npm -g config set x y' \
	'RUN npm c set x y' 'RUN npm --location=global set x=y' \
	'RUN yarn config --home set x y' 'RUN sh -c "npm config edit"' \
	'COPY conf /etc/xdg' 'COPY conf /etc/xdg/pip/' 'COPY conf /root/.config' \
	'COPY conf /root/.config/x/' 'COPY conf //root/./x/' 'COPY conf .' \
	'COPY conf etc' 'COPY conf $X' 'ADD conf /etc//' 'COPY conf /etc/apt/' \
	'WORKDIR /root
COPY conf x' 'WORKDIR /
COPY conf etc/' 'WORKDIR srv
COPY conf ./' 'SHELL ["bash", "-c"]' 'SHELL ["/bin/bash", "-lc"]' \
	'SHELL ["/bin/bash", "-c", "x"]' 'SHELL ["/bin/sh", "conf", "-c"]' \
	'SHELL ["/bin/bash", "--rcfile", "conf", "-c"]' \
	'SHELL ["/bin/sh", "-o", "pipefail", "-c"]' \
	'SHELL ["/bin/bash", "-ic"]' 'SHELL ["/srv/bash", "-c"]'; do
	unmoved "below $above" "RUN pip install -r requirements.txt" '' "$above
WORKDIR /app"
done
for above in 'SHELL ["/bin/sh", "-c"]' 'SHELL ["/bin/bash", "-ec"]' \
	'SHELL ["/bin/bash", "-o", "pipefail", "-c"]' \
	'SHELL ["/bin/bash", "-e", "-uxo", "pipefail", "-c"]' \
	'RUN set -e; pip install -U pip' 'COPY conf /srv/x/' 'WORKDIR /srv
COPY conf x'; do
	moved "below $above" "RUN pip install -r requirements.txt" '' "$above
WORKDIR /app"
done
unmoved 'settings made in the step' \
	'RUN pip config --global set x.y z && pip install -r requirements.txt'
for copy in 'COPY * .' 'COPY ** ./' 'COPY ./* .' 'COPY / .'; do
	unmoved "$copy" 'RUN npm ci' '' '' "$copy"
done
moved 'COPY ./ .' 'RUN npm ci' '' '' 'COPY ./ .'
unmoved 'a mount in the folder' \
	'RUN --mount=type=cache,id=x,target=/app/node_modules npm ci'
unmoved 'a secret in the folder' \
	'RUN --mount=type=secret,id=npmrc,target=/app/.npmrc npm ci'

# Files.

test_that 'an ignore file is made for what should not be copied' '
	room && mkdir -p .git web/node_modules src/__pycache__ &&
	printf "%s\n" "FROM node:22" "COPY package.json ./" \
		"RUN $NPM npm i" "COPY . ." >Dockerfile &&
	touch package.json && lint_fix && cat ../out &&
	printf "%s\n" .git "**/__pycache__" "**/node_modules" >../expect &&
	sort .dockerignore >../actual && sort ../expect >../sorted &&
	same ../sorted ../actual && grep -Fx "+++ b/.dockerignore" ../out &&
	grep -Fx -- "--- /dev/null" ../out && lint_fix && ! [ -s ../out ]
'

test_that 'or added to, and one habit of git is corrected' '
	room && mkdir -p .git web/node_modules && printf "FROM a:1\nCOPY . .\n" \
		>Dockerfile && printf "*.md\nnode_modules/" >.dockerignore &&
	lint_fix && printf "*.md\n**/node_modules/\n.git\n" >../expect &&
	same ../expect .dockerignore && lint_fix && ! [ -s ../out ]
'

test_that 'a mark and CRLF go from an ignore file, CRLF stays in a Dockerfile' '
	room && printf "\357\273\277a\r\nb\r\n" >.dockerignore &&
	printf "FROM node:22\r\nRUN npm ci\r\n" >Dockerfile && lint_fix &&
	printf "a\nb\n" >../expect && same ../expect .dockerignore &&
	printf "FROM node:22\r\nRUN $NPM \\\\\r\n    npm ci\r\n" >../expect &&
	same ../expect Dockerfile
'

test_that 'mode and link stay' '
	room && printf "FROM node:22\nRUN npm ci\n" >real && chmod 664 real &&
	ln -s real Dockerfile && lint_fix && [ -L Dockerfile ] &&
	grep -q "id=npm" real && [ "$(stat -c %a real)" = 664 ]
'

test_that 'what is fixed is not found any more; what is left is: status 1' '
	room && printf "FROM node\nRUN npm ci\n" >Dockerfile &&
	expect_status 1 imgcache lint --no-buildx --fix --dry-run --json &&
	jq -e "length == 1 and .[0].rule == \"IC003\"" stdout &&
	grep -Fx "+++ b/Dockerfile" stderr &&
	expect_status 1 imgcache lint --no-buildx --fix --json &&
	grep "fixed .Dockerfile." stderr && sed -i "s/node$/node:22/" Dockerfile &&
	expect_status 0 imgcache lint --no-buildx --fix && ! [ -s stdout ]
'

test_that '--dry-run: status 1 while there is something to fix' '
	room && printf "FROM node:22\nRUN npm ci\n" >Dockerfile &&
	expect_status 1 imgcache lint --no-buildx --fix --dry-run &&
	expect_status 0 imgcache lint --no-buildx --fix &&
	expect_status 0 imgcache lint --no-buildx --fix --dry-run
'

test_that 'only the rules asked for are fixed' '
	room && printf "FROM python:3.12\nRUN pip install a>=1\n" >Dockerfile &&
	lint_fix --rule IC010 && printf "FROM python:3.12\n%s\n" \
		"RUN pip install \"a>=1\"" >../expect && same ../expect Dockerfile
'

if [ "$(id -u)" -eq 0 ]; then
	test_skip 'a folder that cannot be written to' 'root may write anywhere'
else
	test_that 'a folder that cannot be written to: 128, the file as it was' '
		room && mkdir ro && printf "FROM node:22\nRUN npm ci\n" \
			>ro/Dockerfile && cp ro/Dockerfile was && chmod 555 ro &&
		expect_status 128 imgcache lint --no-buildx --fix &&
		one_line stderr && same was ro/Dockerfile
	'
fi

test_that 'the cure of a missing mount names all that is written' '
	room && printf "%s\n" "FROM debian:12" "RUN apt-get update && \\
	apt-get install -y curl && rm -rf /var/lib/apt/lists/*" \
	"RUN apt-get install -y git" "RUN pip install x" >Dockerfile &&
	imgcache lint --no-buildx --rule IC017 --json | jq -r ".[].cure" >cures
	cat cures; imgcache lint --no-buildx --rule IC017 --fix >/dev/null
	cat Dockerfile
	grep -o -e "--mount=[^ ]*" cures | sed "s/,$//" >actual &&
	grep -o -e "--mount=[^ ]*" Dockerfile >expect && same expect actual &&
	[ "$(grep -c . expect)" -eq 4 ] &&
	[ "$(grep -c "apt-get -c /dev/shm/apt-keep.conf" cures)" -eq 2 ] &&
	[ "$(grep -c "for the removal of the lists" cures)" -eq 1 ] &&
	! grep "rm -rf" Dockerfile
'

test_done
