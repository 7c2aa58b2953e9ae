#!/bin/sh
# SPDX-License-Identifier: MIT
# refresh: the word that has floating packages installed anew, in time.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start

# epoch WHEN REFRESH: the line of the manifest, "" without one.
epoch() {
	faketime "$1" imgcache tag -m --base debian --base-policy name \
		--apt git --refresh "$2" | sed -n 's/^epoch //p'
}

# is WHEN REFRESH EPOCH
is() {
	actual=$(epoch "$1" "$2")
	if [ "$actual" != "$3" ]; then
		echo "$2 at $1 is '$actual' instead of '$3'"
		return 1
	fi
}

test_that 'daily, weekly (ISO 8601), monthly' '
	is "2026-11-20 12:00:00" daily 2026-11-20 &&
	is "2026-11-20 12:00:00" weekly 2026-W47 &&
	is "2026-11-20 12:00:00" monthly 2026-11 &&
	is "2026-11-20 12:00:00" never ""
'

test_that 'the last second of a day, of a week, of a year' '
	is "2026-11-22 23:59:59" weekly 2026-W47 &&
	is "2026-11-23 00:00:01" weekly 2026-W48 &&
	is "2026-12-31 23:59:58" weekly 2026-W53 &&
	is "2027-01-01 00:00:01" weekly 2026-W53 &&
	is "2027-01-04 00:00:01" weekly 2027-W01 &&
	is "2027-01-01 00:00:01" daily 2027-01-01
'

test_that 'UTC, whatever the time zone: a team has one key' '
	for zone in Asia/Tokyo America/Lima "XYZ-14" "XYZ12"; do
		TZ=$zone && export TZ &&
		[ "$(faketime -f "@$(TZ=UTC date -d "2026-11-20 12:00" \
			"+%Y-%m-%d %H:%M:%S")" true; imgcache tag -m \
			--base debian --base-policy name --apt git \
			--refresh daily | sed -n "s/^epoch //p")" = \
			"$(TZ=UTC date +%Y-%m-%d)" ] || exit 1
	done
'

test_that 'a word of the user stands as it is' '
	is "2026-11-20 12:00:00" 2026-spring 2026-spring &&
	is "2030-01-01 12:00:00" 2026-spring 2026-spring
'

test_that 'P40: the word is an argument that the install step uses' '
	standin_start; standin_base busybox:latest
	faketime "2026-11-20" imgcache build --base busybox --npm x \
		--refresh weekly >/dev/null 2>&1
	grep -F "'\''--build-arg=IMGCACHE_EPOCH=2026-W47'\''" \
		"$STANDIN_DIR/calls" &&
	imgcache dockerfile --base debian --base-policy name --apt git \
		--refresh weekly >file && sed -n "/^RUN/,/[^\\\\]\$/p" file |
		grep -F "\${IMGCACHE_EPOCH:-}" && grep -x "ARG IMGCACHE_EPOCH" file
'

test_that 'what has no floating package has no epoch' '
	faketime "2026-11-20" imgcache tag -m --base debian --base-policy name \
		--env A=1 --refresh daily | grep -c "^epoch" | grep -x 0
'

test_that 'a week later: a miss, and the epoch is the reason' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	images: {x: {base: busybox, npm: [a], refresh: weekly}}
	YAML
	standin_packages && faketime "2026-11-20" imgcache build x >ref &&
	expect_status 0 faketime "2026-11-21" imgcache get x &&
	same ref stdout && expect_status 1 faketime "2026-11-27" \
		imgcache get x && cat stderr &&
	faketime "2026-11-27" imgcache get --json x >json
	jq -e ".reason == \"epoch-rolled\"" json
'

# during COMMAND: what happens while docker builds
during() {
	mkdir -p during && cat >during/docker <<-SCRIPT &&
	#!/bin/sh
	case "\$*" in *"buildx build"*) $1 ;; esac
	exec "$(command -v docker)" "\$@"
	SCRIPT
	chmod +x during/docker
}

# by_clock COMMAND...: at the time that is in the file clock
by_clock() {
	LD_PRELOAD=$(faketime now printenv LD_PRELOAD) \
		FAKETIME_TIMESTAMP_FILE=$PWD/clock FAKETIME_NO_CACHE=1 \
		FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"
}

test_that 'a build over midnight is that of the day when it began' '
	standin_base debian:latest && standin_packages &&
	recipe="--base debian --base-policy name --apt git --refresh daily" &&
	echo "@2026-11-20 12:00:00" >clock &&
	during "echo @2026-11-21 12:00:00 >\"$PWD/clock\"" &&
	PATH=$PWD/during:$PATH expect_status 0 by_clock imgcache build \
		$recipe && mv stdout ref && grep 21 clock &&
	expect_status 1 by_clock imgcache get $recipe &&
	echo "@2026-11-20 12:00:00" >clock &&
	by_clock imgcache get $recipe >stdout && same ref stdout
'

test_that 'a base that moves while an image is built from its digest' '
	standin_base alpine:latest && during "echo moved |
		docker import - alpine:latest && docker push alpine:latest" &&
	ref=$(imgcache tag --base alpine --env D=1) &&
	PATH=$PWD/during:$PATH expect_status 0 imgcache -c base_ttl=0 build \
		--base alpine --env D=1 && grep "$ref\$" stdout &&
	ref=$(imgcache -c base_ttl=0 tag --base alpine --env D=1) &&
	! grep "$ref\$" stdout
'

test_that 'defaults.refresh, IMGCACHE_REFRESH, the recipe' '
	cat >imgcache.yaml <<-YAML &&
	version: 1
	defaults: {refresh: one}
	images:
	  a: {base: debian, base_policy: name, apt: [git]}
	  b: {base: debian, base_policy: name, apt: [git], refresh: two}
	YAML
	imgcache tag -m a | grep -x "epoch one" &&
	imgcache tag -m b | grep -x "epoch two" &&
	IMGCACHE_REFRESH=three imgcache tag -m a | grep -x "epoch three"
'

test_done
