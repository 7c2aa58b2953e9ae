#!/bin/sh
# SPDX-License-Identifier: MIT
# Real package managers: apt and npm from where this machine gets theirs, pip
# from a wheel made here. The big image is built once and asked many questions;
# what needs a change is built on top of it or is small.
# shellcheck disable=SC2016
# shellcheck source=t/lib-packages.sh
. "$(dirname "$0")/lib-packages.sh"

# What must leave no trace, each with a word to look for.
word=trace-$RUN
{ cat "$packages_ca"; echo "# ca-$word"; } >ca.pem
NODE_EXTRA_CA_CERTS=$TRASH/ca.pem
PIP_CONFIG_FILE=$TRASH/pip.conf
export NODE_EXTRA_CA_CERTS PIP_CONFIG_FILE

wheel imgcache_probe 1.2.3
wheel imgcache_probe 1.3.0
wheel imgcache_extra 4.0
index_start
port=$(cat port)
registry=
package_cleanup() {
	kill "$server" ${registry:+"$registry"} 2>/dev/null
	engine_cleanup
}
trap package_cleanup EXIT

cat >pip.conf <<CONF
# pip-$word
[global]
index-url = $index
trusted-host = $IMGCACHE_TEST_GATEWAY
CONF

# The epoch has this run's word, so the installs really run, every time.
cat >imgcache.yaml <<YAML
version: 1
images:
  tools:
    base: "debian:bookworm-slim"
    apt: [jq, hello]
    npm: [semver, is-number]
    pip: ["imgcache_probe==1.2.3"]
    refresh: "$RUN"
    labels: {imgcache-test: "$RUN"}
  app:
    base: "@tools"
    pip_requirements: python/requirements.txt
    npm_lock: web
    user: app
    env: {GREETING: "it's \$5, \"friend\""}
    copy: [{from: src, to: /srv/app}]
    refresh: "$RUN"
    labels: {imgcache-test: "$RUN"}
YAML
mkdir -p python web src
echo '-r more.txt' >python/requirements.txt
echo 'imgcache-extra>=4' >python/more.txt
echo 'print("source")' >src/main.py
cat >web/package.json <<'JSON'
{"name": "web", "version": "1.0.0", "dependencies": {"is-number": "^7.0.0"}}
JSON
cat >web/package-lock.json <<'JSON'
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

# in_image REF COMMAND: in a container without a network.
in_image() {
	image=$1
	shift
	docker run --rm --network=none --pull=never "$image" sh -c "$*"
}

# layers REF: every layer of the image unpacked, names and contents, what a
# later layer hides included.
layers() {
	rm -f names && mkdir saved && docker save "$1" | tar -x -C saved &&
	find saved -type f | while read -r blob; do
		zcat -f "$blob" >layer
		tar -tf layer >>names 2>/dev/null
		cat layer
	done >contents
	rm -rf saved layer
}

test_that 'apt, npm and pip packages are installed from one recipe' '
	expect_status 0 imgcache build tools && one_line stdout &&
	cp stdout ref && ref=$(cat ref) &&
	in_image "$ref" "jq --version && hello && semver 1.2.3 -i minor &&
		python3 -c \"import imgcache_probe as p; print(p.version)\"" \
		>out &&
	cat >expect <<-END &&
	jq-1.6
	Hello, world!
	1.3.0
	1.2.3
	END
	same expect out
'
[ -s ref ] || echo none >ref

test_that 'the versions installed are read back' '
	id=$(imgcache list --json | jq -r ".[0].imageId") &&
	expect_status 0 imgcache get --id "$id" --json &&
	jq -r ".dependencies[] | select(.asked) |
		[.type, .name, .version // \"-\", .installed] | join(\" \")" \
		stdout >deps && cat deps &&
	grep -E "^apt hello - [0-9.]+-[0-9]" deps &&
	grep -E "^apt jq - 1\.[0-9.]+-[0-9]" deps &&
	grep -E "^npm is-number - [0-9]+\.[0-9]+\.[0-9]+$" deps &&
	grep -E "^npm semver - [0-9]+\.[0-9]+\.[0-9]+$" deps &&
	grep -x "pip imgcache-probe 1.2.3 1.2.3" deps &&
	[ "$(wc -l <deps)" -eq 5 ] &&
	jq -e "[.dependencies[] | select(.type == \"system\")] |
		length > 50" stdout
'

test_that 'a second build is a hit that starts no docker process' '
	: >docker-calls &&
	expect_status 0 imgcache build tools &&
	same ref stdout && ! [ -s docker-calls ] && ! [ -s stderr ]
'

test_that 'certificates and pip settings leave no trace in any layer' '
	layers "$(cat ref)" && grep -aq "version = \"1.2.3\"" contents &&
	! grep -a "$word" contents && ! grep -a "$IMGCACHE_TEST_GATEWAY:$port" \
		contents &&
	! grep -E "imgcache-|(^|/)(pip\.conf|\.npmrc)$" names
'

test_that 'package lists, archives and caches stay out of the layers' '
	grep -q "usr/bin/jq" names &&
	! grep -E "^var/lib/apt/lists/.|^var/cache/apt/.*(deb|bin)$" \
		names &&
	! grep -E "(^|/)\.(npm|cache)/" names &&
	! grep -E "\.wh\.docker-clean" names
'

test_that 'nor in the history and the configuration of the image' '
	docker history --no-trunc "$(cat ref)" >text &&
	docker image inspect "$(cat ref)" >>text &&
	grep "io.imgcache.key" text && ! grep -e "$word" -e ":$port" text
'

test_that 'nor in the key: another bundle, another index, the same tag' '
	NODE_EXTRA_CA_CERTS=$packages_ca expect_status 0 imgcache get tools &&
	same ref stdout &&
	NODE_EXTRA_CA_CERTS= PIP_CONFIG_FILE= http_proxy=http://p.test:1 \
		expect_status 0 imgcache get tools && same ref stdout
'

# Through a proxy, for a host that only the proxy knows.
test_that 'pip_requirements, npm_lock, user, env and copy on top of it' '
	sed "s/$IMGCACHE_TEST_GATEWAY:$port/index.test/
		s/^trusted-host.*/trusted-host = index.test/" \
		pip.conf >proxied.conf &&
	http_proxy=http://$IMGCACHE_TEST_GATEWAY:$port \
		PIP_CONFIG_FILE=$TRASH/proxied.conf \
		expect_status 0 imgcache build app &&
	cp stdout app-ref &&
	in_image "$(cat app-ref)" "id -un; echo \"\$GREETING\"
		python3 -c \"import imgcache_extra as e, imgcache_probe as p
print(e.version, p.version)\"
		cd /app && node -p \"require(\\\"is-number\\\")(5)\"
		stat -c \"%U %a\" /srv/app/main.py
		python3 /srv/app/main.py" >out &&
	cat >expect <<-END &&
	app
	it'\''s \$5, "friend"
	4.0 1.2.3
	true
	app 644
	source
	END
	same expect out
'

test_that 'the proxy was used, and is nowhere in the image' '
	grep "GET http://index.test/simple/imgcache-extra/" requests &&
	docker history --no-trunc "$(cat app-ref)" >text &&
	docker image inspect "$(cat app-ref)" >>text &&
	! grep -e "$word" -e ":$port" -e index.test text &&
	imgcache get app >out && same app-ref out
'

test_that 'a file that a requirements file includes is an input' '
	echo "# a remark" >>python/more.txt &&
	expect_status 1 imgcache get app &&
	grep "inputs changed: python/more.txt edited$" stderr
'

# Content of its own, so that no other run has these steps in its cache.
printf 'FROM debian:bookworm-slim\nRUN echo %s >/etc/run\n' "$RUN" |
	docker buildx build -q --label "imgcache-test=$RUN" \
	-t "own-$RUN:1" - >/dev/null
own="--base own-$RUN:1 --label imgcache-test=$RUN"

# apt_log REF: what apt said when the image was built; all of it in apt.log.
apt_log() {
	imgcache log "${1##*:}" >apt.log
	grep -E 'Need to get|newly installed' apt.log
}

test_that 'another package list takes what is there from the apt cache' '
	imgcache build $own --apt hello >one && apt_log "$(cat one)" &&
	grep -E "Need to get [1-9]" apt.log &&
	imgcache build $own --apt hello --env LATER=1 >two &&
	imgcache build $own --apt hello,ed >three &&
	apt_log "$(cat three)" >got && cat got &&
	awk "/Need to get/ { found = 1
		exit !(\$0 ~ /Need to get [0-9.,]+ k?B\/[0-9.,]+ k?B/) }
		END { if (!found) exit 1 }" got &&
	in_image "$(cat three)" "hello && ed --version" >out &&
	grep "Hello, world" out
'

test_that 'what stands after the packages does not install them again' '
	! apt_log "$(cat two)" && [ -s apt.log ]
'

mkdir week
cat >week/imgcache.yaml <<YAML
version: 1
images:
  weekly:
    base: "own-$RUN:1"
    apt: [hello]
    refresh: weekly
    labels: {imgcache-test: "$RUN"}
YAML

test_that 'another week is another key, and the install really runs' '
	imgcache -C week build weekly >one &&
	expect_status 0 imgcache -C week get weekly &&
	expect_status 1 faketime -f "+8d" imgcache -C week get weekly &&
	grep "refresh period is over" stderr &&
	expect_status 0 faketime -f "+8d" imgcache -C week build weekly &&
	! cmp one stdout && cp stdout two &&
	apt_log "$(cat two)" && grep "Setting up hello" apt.log &&
	docker image inspect --format "{{json .RootFS.Layers}}" "$(cat one)" \
		>layers1 &&
	docker image inspect --format "{{json .RootFS.Layers}}" "$(cat two)" \
		>layers2 &&
	! cmp layers1 layers2 &&
	expect_status 0 faketime -f "+8d" imgcache -C week get weekly &&
	expect_status 0 imgcache -C week get weekly
'

test_that 'a release that does not exist: status 2, the log is named' '
	expect_status 2 imgcache build $own --apt hello=9:9 &&
	grep "hello" stderr && grep "see imgcache log" stderr
'

test_that 'doctor sees a network inside a build' '
	imgcache doctor --online --json >out
	jq -e "any(.[]; .topic == \"network\" and .health == \"ok\")" out
'

# A registry of our own, so that it can be stopped.
registry_port=$(perl -MIO::Socket::INET -e '
	print IO::Socket::INET->new(LocalAddr => "127.0.0.1",
		Listen => 1)->sockport')
registry_at=localhost:$registry_port
cat >registry.yml <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: "$TRASH/registry"}}
http: {addr: "127.0.0.1:$registry_port"}
YAML
"$TOP/build/engine/pkgs/root/usr/bin/docker-registry" serve registry.yml \
	>registry.log 2>&1 &
registry=$!
wait_until curl -fs --noproxy '*' "http://$registry_at/v2/"

nobody_listens() {
	[ -z "$(ss -Hltn "sport = :$registry_port")" ]
}

# put FROM: make it the registry's base:1.
put() {
	docker tag "$1" "$registry_at/base:1" &&
	docker push -q "$registry_at/base:1"
}
put busybox:latest >/dev/null
printf 'FROM busybox:latest\nENV MOVED=%s\n' "$RUN" |
	docker buildx build -q --label "imgcache-test=$RUN" \
	-t "moved-$RUN:1" - >/dev/null

mkdir -p locked/src
echo "file $RUN" >locked/src/file
cat >locked/imgcache.yaml <<YAML
version: 1
images:
  plain:
    base: "$registry_at/base:1"
    env: {RUN: "$RUN"}
    copy: [{from: src, to: /src}]
    labels: {imgcache-test: "$RUN"}
  onplain:
    base: "@plain"
    apt: [hello]
  debian:
    base: "$IMGCACHE_TEST_REGISTRY/debian:bookworm-slim"
    apt: [hello]
YAML

# alone COMMAND...: no network, no engine, nothing remembered.
alone() {
	rm -rf "$TRASH/empty"
	IMGCACHE_DIR=$TRASH/empty DOCKER_HOST=unix:///nowhere \
		unshare -n "$@"
}

test_that 'without a lock file and without a network there is no tag' '
	expect_status 128 alone imgcache -C locked tag plain &&
	one_line stderr && grep "$registry_at/base:1" stderr
'

test_that 'lock writes the digest of every base' '
	expect_status 0 imgcache -C locked lock &&
	grep -E "^$registry_at/base:1 sha256:[0-9a-f]{64}$" \
		locked/imgcache.lock &&
	grep -E "^$IMGCACHE_TEST_REGISTRY/debian:bookworm-slim sha256:" \
		locked/imgcache.lock &&
	cp locked/imgcache.lock first.lock
'

test_that 'then tag needs no engine, no registry and no memory' '
	for name in plain debian onplain; do
		imgcache -C locked tag $name >>with &&
		alone imgcache -C locked tag $name >>without || exit 1
	done &&
	same with without && [ "$(sort -u with | wc -l)" -eq 3 ]
'

test_that 'a base that moves on moves no locked image' '
	put "moved-$RUN:1" >/dev/null &&
	expect_status 0 imgcache -C locked lock &&
	same first.lock locked/imgcache.lock &&
	IMGCACHE_DIR=$TRASH/fresh imgcache -C locked tag plain >now &&
	head -n 1 with >then && same then now &&
	ref=$(imgcache -C locked build plain) &&
	in_image "$ref" env >env && ! grep MOVED env
'

test_that 'lock --update shows what moved, and that is another key' '
	digest=$(sed -n "s|^$registry_at/base:1 ||p" first.lock) &&
	expect_status 0 imgcache -C locked lock --update --json &&
	jq -e --arg was "$digest" "any(.[]; .was == \$was and
		.digest != \$was)" stdout &&
	! same first.lock locked/imgcache.lock &&
	expect_status 1 imgcache -C locked get plain &&
	grep "base moved" stderr
'

test_that 'a base that only this engine has cannot be locked' '
	cp locked/imgcache.lock before &&
	expect_status 128 imgcache -C locked lock "own-$RUN:1" &&
	one_line stderr && grep "push it" stderr &&
	same before locked/imgcache.lock
'

test_that 'a generated image without packages builds without a network' '
	pinned=$registry_at/base:1@$(sed -n "s|^$registry_at/base:1 ||p" \
		locked/imgcache.lock) &&
	docker pull -q "$pinned" &&
	kill "$registry" && registry= && wait_until nobody_listens &&
	expect_status 0 unshare -n "$TOP/build/imgcache" -C locked build plain &&
	in_image "$(cat stdout)" "cat /src/file; echo \$MOVED" >out &&
	printf "file %s\n%s\n" "$RUN" "$RUN" >expect && same expect out
'

test_done
