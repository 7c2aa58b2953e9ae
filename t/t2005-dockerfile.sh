#!/bin/sh
# SPDX-License-Identifier: MIT
# `imgcache dockerfile`: the generated file, whole or by its rules.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

generate() {
	imgcache dockerfile --base-policy name --base debian:bookworm-slim "$@"
}

test_that 'the smallest one, whole' '
	generate --env A=1 >actual && cat >expect <<-DOCKERFILE &&
	FROM debian:bookworm-slim
	ENV A="1"
	DOCKERFILE
	same expect actual
'

test_that 'the same bytes each time, in whatever order things are given' '
	generate --apt git,curl --npm b,a --pip z,y --env B=1 --env A=2 >one &&
	generate --env A=2 --pip y,z --env B=1 --npm a,b --apt curl,git >two &&
	same one two
'

test_that 'from what changes least to what changes most' '
	echo x >file && generate --apt git --npm a --pip b --claude-code 1.0.0 \
		--user app --copy file:/srv/file --env A=1 >file.out &&
	grep -nE "^(FROM|RUN|COPY|USER|ENV)|pip install|npm install|useradd|claude-code|^    apt|apt-get -c .* install" \
		file.out >lines && cat lines &&
	line() { grep -nE "$1" file.out | head -n 1 | cut -d: -f1; } &&
	[ "$(line "^FROM")" -lt "$(line "apt-get -c .* install")" ] &&
	[ "$(line "apt-get -c .* install")" -lt "$(line useradd)" ] &&
	[ "$(line useradd)" -lt "$(line "pip install")" ] &&
	[ "$(line "pip install")" -lt "$(line "npm install")" ] &&
	[ "$(line "npm install")" -lt "$(line "anthropic-ai/claude-code")" ] &&
	[ "$(line "anthropic-ai/claude-code")" -lt "$(line "^COPY")" ]
'

test_that 'P38: apt mounts have an id of their own and are locked' '
	generate --apt git >file && grep -c "^RUN\|^    --mount=type=cache" file &&
	grep -F "id=imgcache-apt-archives-debian-bookworm-slim-amd64,target=/var/cache/apt,sharing=locked" file &&
	grep -F "id=imgcache-apt-lists-debian-bookworm-slim-amd64,target=/var/lib/apt/lists,sharing=locked" file &&
	! grep -E "rm -rf? /var/(lib|cache)/apt|apt-get clean" file
'

test_that 'P38: the ids name distribution, release and architecture' '
	generate --apt git --platform linux/arm64 | grep -o "id=[^,]*" | sort -u \
		>arm && imgcache dockerfile --base-policy name --base ubuntu:24.04 \
		--apt git | grep -o "id=[^,]*" | sort -u >ubuntu &&
	generate --apt git | grep -o "id=[^,]*" | sort -u >debian &&
	[ "$(cat arm ubuntu debian | grep -v "^id=imgcache-ca$" | sort |
		uniq -d | wc -l)" -eq 0 ]
'

test_that 'P38: docker-clean is disarmed without a trace' '
	generate --apt git >file && grep -F "#clear DPkg::Post-Invoke;" file &&
	grep -F ">/dev/shm/imgcache-apt.conf" file &&
	grep -F "apt-get -c /dev/shm/imgcache-apt.conf" file
'

test_that 'P39: apt-get update fails when an index does' '
	generate --apt git | grep -F "APT::Update::Error-Mode \"any\";"
'

test_that 'P43: npm installs as root into a cache of its own' '
	generate --npm a --user app >file && cat file &&
	awk "/^USER/ { u = NR } /npm install/ { n = NR } END { exit !(n < u) }" \
		file && grep -F "target=/dev/imgcache-npm" file
'

test_that 'no heredoc, no syntax line: it builds offline and on 20.10' '
	generate --apt git --npm a --pip b --claude-code 1 --user app >file &&
	! grep -E "<<|^# *syntax|--checksum|COPY --link|COPY --chmod" file
'

test_that 'nothing volatile: no date, no label, no path of this machine' '
	generate --apt git --npm a --pip b >file && ! grep -E "^LABEL" file &&
	! grep -F "$TRASH" file && ! grep "$(date +%Y)" file
'

test_that 'the CA bundle: by secret, optional, not in the text' '
	echo CERT >ca.pem && generate --apt git >one &&
	generate --apt git --ca-bundle ca.pem >two && same one two &&
	grep -F "type=secret,id=imgcache-ca,required=false,target=/dev/imgcache-ca.pem" one
'

test_that 'a pinned list has no epoch argument, a floating one only if asked' '
	generate --apt git >file && ! grep EPOCH file &&
	generate --apt git --refresh weekly | grep -x "ARG IMGCACHE_EPOCH"
'

test_that 'an existing Dockerfile is shown as it is' '
	mkdir -p app && printf "FROM scratch\r\n# é\n\nCOPY . /\n\n" \
		>app/Dockerfile && imgcache dockerfile app >shown &&
	cmp app/Dockerfile shown
'

test_that 'pip_requirements: the file with all that it includes' '
	mkdir -p req/sub && printf -- "-r sub/more.txt\n-c limits.txt\nnumpy==1.2\n" \
		>req/requirements.txt && echo "pandas" >req/sub/more.txt &&
	echo "pandas<3" >req/limits.txt && cat >imgcache.yaml <<-YAML &&
	version: 1
	images:
	  r: {base: debian, base_policy: name, pip_requirements: req/requirements.txt}
	YAML
	imgcache dockerfile r >file && grep "^COPY\|type=bind" file &&
	one=$(imgcache tag r) && echo "pandas<4" >req/limits.txt &&
	two=$(imgcache tag r) && [ "$one" != "$two" ] &&
	echo "polars" >>req/sub/more.txt && [ "$(imgcache tag r)" != "$two" ]
'

test_that 'pip_requirements: a missing include is an error with its line' '
	rm req/sub/more.txt && expect_status 128 imgcache tag r &&
	one_line stderr && grep "req/requirements.txt:1" stderr &&
	grep "sub/more.txt" stderr
'

test_that 'pip_requirements: an include that goes round, or outside' '
	echo "-r ../requirements.txt" >req/sub/more.txt &&
	timeout -k 1 10 imgcache tag r >stdout 2>stderr; status=$?
	case $status in 0 | 128) ;; *) exit 1 ;; esac
	echo x >outside.txt && mkdir -p inner && mv imgcache.yaml req inner/ &&
	echo "-r ../../outside.txt" >inner/req/requirements.txt &&
	expect_status 128 imgcache -C inner tag r && one_line stderr &&
	grep "requirements.txt:1" stderr
'

test_that 'npm_lock: npm ci, with both files' '
	mkdir -p web && echo "{\"name\":\"x\",\"version\":\"1.0.0\"}" \
		>web/package.json && cat >imgcache.yaml <<-YAML &&
	version: 1
	images: {w: {base: node, base_policy: name, npm_lock: web}}
	YAML
	expect_status 128 imgcache tag w && one_line stderr && cat stderr &&
	grep "lock" stderr && echo "{\"name\":\"x\",\"lockfileVersion\":3,\"packages\":{}}" \
		>web/package-lock.json && imgcache dockerfile w >file &&
	grep "npm ci" file && one=$(imgcache tag w) &&
	echo "{\"name\":\"y\",\"lockfileVersion\":3,\"packages\":{}}" \
		>web/package-lock.json && [ "$(imgcache tag w)" != "$one" ]
'

test_done
