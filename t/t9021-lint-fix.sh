#!/bin/sh
# SPDX-License-Identifier: MIT
# What `imgcache lint --fix` makes of a bad Dockerfile builds to the same image,
# with real package managers, and takes more from the cache when a source file
# changes. How much is printed beside the tests.
# shellcheck disable=SC2016
# shellcheck source=t/lib-packages.sh
. "$(dirname "$0")/lib-packages.sh"

cp "$packages_ca" ca.pem

wheel probe 1.2 extra
wheel probe 1.3 extra
wheel extra 4.0
index_start
lint_cleanup() {
	kill "$server" 2>/dev/null
	engine_cleanup
}
trap lint_cleanup EXIT

# A base as Docker's official ones are: with docker-clean, without lists.
mkdir base
cp ca.pem base/
cat >base/docker-clean <<'CONF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
CONF
{
	packages_base
	cat <<'DOCKER'
COPY docker-clean /etc/apt/apt.conf.d/
COPY ca.pem /etc/ca.pem
ENV NODE_EXTRA_CA_CERTS=/etc/ca.pem PIP_BREAK_SYSTEM_PACKAGES=1
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
DOCKER
} >base/Dockerfile
docker buildx build -q --provenance=false -t "lintbase-$RUN:1" \
	--label "imgcache-test=$RUN" base >/dev/null
BASE=lintbase-$RUN:1
sleep 1
built=$(date "+%Y-%m-%d %H:%M:%S%z")

# build DIR: its image is $image; what docker said is in DIR.log, and how long
# it took in DIR.ms. Each has a name of its own, since an engine that takes a
# name away from an image may clean up what the new one stands on.
build() {
	from=$(date +%s%N)
	image=lint-$1-$RUN:$from
	docker buildx build --progress=plain --provenance=false --load \
		--label "imgcache-test=$RUN" -t "$image" "$1" >"$1.log" 2>&1 ||
		{ tail -n 30 "$1.log"; return 1; }
	echo $((($(date +%s%N) - from) / 1000000)) >"$1.ms"
}

# files IMAGE: every file with mode and owner, and the content of what is not
# of the base; but for logs and caches, and what Python compiles, in which there
# are times.
files() {
	docker run --rm --network=none --pull=never --entrypoint sh "$1" -c '
		list() {
			find / -xdev \( -path /proc -o -path /sys -o -path /dev \
				-o -path /var/log -o -path /var/cache \
				-o -path /tmp -o -path /root/.npm \
				-o -path /root/.cache -o -path /etc/hosts \
				-o -path /var/lib/apt/lists \
				-o -path /etc/hostname -o -path /.dockerenv \
				-o -path /etc/resolv.conf -o -name __pycache__ \
				\) -prune -o "$@"
		}
		list -printf "%y %m %u %p %l\n" | sort
		list -type f -newerct "$1" -print0 | sort -z |
			xargs -0 sha256sum' sh "$built"
}

cached() {
	grep -c " CACHED$" "$1.log"
}

# same_image NAME: bad/ is built, fixed, and built again to the same files.
# Then a source file changes, and both are built once more.
same_image() {
	rm -rf "$1.fixed" && cp -a "$1" "$1.fixed" &&
	imgcache -C "$1.fixed" lint --no-buildx --fix >"$1.diff" 2>&1
	! cmp -s "$1/Dockerfile" "$1.fixed/Dockerfile" || return 1
	build "$1" && files "$image" >"$1.files" &&
	build "$1.fixed" && files "$image" >"$1.fixed.files" &&
	diff -u "$1.files" "$1.fixed.files" && [ -s "$1.files" ] || return 1
	for dir in "$1" "$1.fixed"; do
		echo "# $dir" >>"$dir/src/main.sh"
		build "$dir" || return 1
	done
	printf '%s: cached %s of %s steps and %s ms, fixed %s and %s ms\n' "$1" \
		"$(cached "$1")" "$(grep -c '^RUN\|^COPY\|^WORKDIR' "$1/Dockerfile")" \
		"$(cat "$1.ms")" "$(cached "$1.fixed")" "$(cat "$1.fixed.ms")" \
		>>measured
	[ "$(cached "$1.fixed")" -gt "$(cached "$1")" ]
}

# A word of this run in each, so that no other run has its steps.
mkdir -p apt/src heredoc/src pip/src npm/src
for dir in apt heredoc pip npm; do
	echo "echo $RUN" >$dir/src/main.sh
	echo Dockerfile >$dir/.dockerignore
done
cat >apt/Dockerfile <<DOCKER
FROM $BASE
ENV RUN=$RUN
# all of it
COPY . /app
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends \\
    hello \\
    # a line editor
    ed \\
 && rm -rf /var/lib/apt/lists/*
RUN cp src/main.sh /usr/local/bin/main
DOCKER
cat >heredoc/Dockerfile <<DOCKER
FROM $BASE
ENV RUN=$RUN
WORKDIR /app
COPY . .
RUN <<EOF
set -e
apt-get update
apt-get install -y --no-install-recommends hello
apt-get clean
rm -rf /var/lib/apt/lists/*
EOF
CMD ["hello"]
DOCKER
cat >pip/Dockerfile <<DOCKER
FROM $BASE
ENV RUN=$RUN PIP_INDEX_URL=$index
ENV PIP_TRUSTED_HOST=$IMGCACHE_TEST_GATEWAY
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements/all.txt
RUN python3 -c 'import probe; print(probe.version)' >version
DOCKER
mkdir pip/requirements
echo '-r base.txt' >pip/requirements/all.txt
echo 'probe==1.2' >pip/requirements/base.txt
cat >npm/Dockerfile <<DOCKER
FROM $BASE
ENV RUN=$RUN
COPY . /srv/app
WORKDIR /srv/app
RUN npm ci && npm cache clean --force
RUN node -p 'require("is-number")(5)' >answer
DOCKER
cat >npm/package.json <<'JSON'
{"name": "web", "version": "1.0.0", "dependencies": {"is-number": "^7.0.0"}}
JSON
cat >npm/package-lock.json <<'JSON'
{
  "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "web", "version": "1.0.0",
      "dependencies": {"is-number": "^7.0.0"}},
    "node_modules/is-number": {"version": "7.0.0",
      "resolved": "https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz",
      "engines": {"node": ">=0.12.0"}}
  }
}
JSON

test_that 'the base is there' '
	docker image inspect "$BASE" >/dev/null
'

test_that 'apt: the same image, and the install is cached after a change' '
	same_image apt && grep "target=/var/lib/apt/lists" apt.fixed/Dockerfile
'

test_that 'apt in a heredoc' '
	same_image heredoc && grep "apt-keep.conf" heredoc.fixed/Dockerfile &&
	tail -n 2 heredoc.fixed/Dockerfile | grep "^COPY . .$"
'

test_that 'pip with requirements that include others' '
	same_image pip && grep "^COPY requirements/all.txt" pip.fixed/Dockerfile
'

test_that 'npm ci' '
	same_image npm && grep "^COPY package-lock.json" npm.fixed/Dockerfile
'

# same_files NAME: the same, of what must not be moved.
same_files() {
	rm -rf "$1.fixed" && cp -a "$1" "$1.fixed" &&
	imgcache -C "$1.fixed" lint --no-buildx --fix >"$1.diff" 2>&1
	! cmp -s "$1/Dockerfile" "$1.fixed/Dockerfile" || return 1
	build "$1" && files "$image" >"$1.files" &&
	build "$1.fixed" && files "$image" >"$1.fixed.files" &&
	diff -u "$1.files" "$1.fixed.files" && [ -s "$1.files" ]
}

test_that 'a step that writes to what was copied' '
	cp -a apt append && echo was >append/conf &&
	sed -i "s|^RUN cp .*||; s|^ && rm -rf.*| \&\& echo added >>conf|" \
		append/Dockerfile && cat append/Dockerfile &&
	same_files append &&
	docker run --rm --network=none "$image" cat /app/conf >actual &&
	printf "was\nadded\n" >expect && same expect actual
'

test_that 'a package that npm builds without a word of package.json' '
	cp -a npm gyp && echo "{ not for a compiler" >gyp/binding.gyp &&
	imgcache -C gyp lint --no-buildx --fix >out 2>words
	grep "^COPY . /srv/app" gyp/Dockerfile && ! build gyp >log &&
	grep gyp gyp.log
'

test_that 'folders that are not 755 and belong to another' '
	cp -a pip modes && chmod 750 modes/requirements && chmod 700 modes/src &&
	sed -i "s/^COPY /COPY --chown=7:8 /" modes/Dockerfile &&
	same_image modes &&
	grep "^COPY --chown=7:8 requirements/all.txt" modes.fixed/Dockerfile
'

if [ -s measured ]; then
	sed 's/^/# /' measured
fi

# An install that runs again: with what docker-clean left, and from the mount.
again() {
	sed -i "s/ENV RUN=[^ ]*/ENV RUN=$RUN-$1/" "$2/Dockerfile" && build "$2"
}

test_that 'docker-clean is as it was, and the archives are taken again' '
	again 2 apt && again 2 apt.fixed &&
	grep "Need to get [1-9]" apt.log &&
	grep -E "Need to get 0 B/" apt.fixed.log &&
	docker run --rm --network=none "$image" \
		cat /etc/apt/apt.conf.d/docker-clean >actual &&
	same base/docker-clean actual &&
	! docker run --rm --network=none "$image" \
		sh -c "ls /var/cache/apt/archives/*.deb /dev/shm/apt-keep.conf"
'

test_that 'pip takes from the mount what it fetched before' '
	: >requests && again 2 pip && grep -c "GET .*whl" requests >bad &&
	: >requests && again 2 pip.fixed && ! grep "GET .*whl" requests &&
	[ "$(cat bad)" -gt 0 ]
'

test_that 'a version that the shell took for a redirection is asked for' '
	mkdir version && cat >version/Dockerfile <<-DOCKER &&
	FROM $BASE
	ENV RUN=$RUN PIP_INDEX_URL=$index
	ENV PIP_TRUSTED_HOST=$IMGCACHE_TEST_GATEWAY
	WORKDIR /x
	RUN touch 1.3 && pip install probe<1.3
	DOCKER
	build version &&
	[ "$(docker run --rm "$image" python3 -c \
		"import probe; print(probe.version)")" = 1.3 ] &&
	imgcache -C version lint --no-buildx --rule IC010 --fix >out 2>words
	grep "\"probe<1.3\"" version/Dockerfile && build version &&
	[ "$(docker run --rm "$image" python3 -c \
		"import probe; print(probe.version)")" = 1.2 ]
'

test_that 'the ignore file takes out what it names, and nothing else' '
	mkdir -p ignore/.git ignore/src/__pycache__ && echo x >ignore/.git/x &&
	echo "$RUN" >ignore/src/a && echo x >ignore/src/__pycache__/a.pyc &&
	printf "FROM busybox\nCOPY . /app\n" >ignore/Dockerfile &&
	build ignore && docker run --rm "$image" find /app | sort >before &&
	imgcache -C ignore lint --no-buildx --rule IC002 --fix >out 2>words
	build ignore && docker run --rm "$image" find /app | sort >after &&
	grep -v -e "/\.git$" -e "/\.git/" -e __pycache__ before >expect &&
	grep -v "/.dockerignore$" after >actual && same expect actual &&
	grep __pycache__ before
'

test_done
