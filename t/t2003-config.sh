#!/bin/sh
# SPDX-License-Identifier: MIT
# Settings: who wins, and where `imgcache config` says a value comes from.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

# shown NAME VALUE ORIGIN [ARGUMENT...]: what config says of a setting.
shown() {
	setting=$1
	jq -n --arg n "$1" --arg v "$2" --arg o "$3" \
		'{name: $n, value: $v, origin: $o}' >expect
	shift 3
	imgcache "$@" config --json | jq ".[] | select(.name == \"$setting\") |
		{name, value, origin}" >actual && same expect actual
}

test_that 'every setting has a name, a value, an origin and a help text' '
	imgcache config --json >stdout && jq -e "length > 25 and all(.[];
		(.name | test(\"^[a-z_]+$\")) and (.value | type == \"string\")
		and (.origin | length > 0) and (.help | length > 0))" stdout
'

test_that 'defaults' '
	shown grace 24h default && shown base_ttl 24h default &&
	shown max_images 0 default &&
	shown claude_code_version latest default && shown hash "" default
'

test_that 'from weak to strong: user, project, .env, environment, flag' '
	mkdir -p "$HOME/.config/imgcache" project &&
	printf "policy:\n  max_images: 1\n" \
		>"$HOME/.config/imgcache/config.yaml" && cd project &&
	shown max_images 1 "~/.config/imgcache/config.yaml:2:15" &&
	printf "version: 1\npolicy: {max_images: 2}\n" >imgcache.yaml &&
	shown max_images 2 imgcache.yaml:2:22 &&
	printf "\nMAX_CACHED_IMAGES=3\n" >.env &&
	shown max_images 3 ".env:2 MAX_CACHED_IMAGES" &&
	export MAX_CACHED_IMAGES=4 &&
	shown max_images 4 "environment MAX_CACHED_IMAGES" &&
	export IMGCACHE_MAX_IMAGES=5 &&
	shown max_images 5 "environment IMGCACHE_MAX_IMAGES" &&
	shown max_images 6 flag -c max_images=6
'

test_that 'an empty variable counts as not set' '
	cd project && export MAX_CACHED_IMAGES= IMGCACHE_MAX_IMAGES= &&
	shown max_images 3 ".env:2 MAX_CACHED_IMAGES"
'

test_that 'recipe flags that are settings beat the project file' '
	cd project && cat >imgcache.yaml <<-YAML &&
	version: 1
	hash: git
	registry: a.example/x
	images: {x: {base: b, base_policy: name}}
	YAML
	imgcache tag x --ref >one && grep "^a.example/x:g1-" one &&
	imgcache tag x --ref --hash xxh3 --registry b.example/y >two &&
	grep "^b.example/y:x1-" two
'

test_that 'XDG_CONFIG_HOME, when it is absolute' '
	mkdir -p xdg/imgcache && echo "log_keep: 3d" >xdg/imgcache/config.yaml &&
	XDG_CONFIG_HOME=$PWD/xdg && export XDG_CONFIG_HOME &&
	shown log_keep 3d "$PWD/xdg/imgcache/config.yaml:1:11" &&
	XDG_CONFIG_HOME=xdg && shown log_keep 30d default
'

test_that 'state and cache: XDG, IMGCACHE_DIR, their own settings' '
	unset IMGCACHE_DIR
	shown state_dir "$HOME/.local/state/imgcache" default &&
	shown cache_dir "$HOME/.cache/imgcache" default &&
	XDG_STATE_HOME=/tmp/s XDG_CACHE_HOME=/tmp/c &&
	export XDG_STATE_HOME XDG_CACHE_HOME &&
	imgcache config state_dir >a && [ "$(cat a)" = /tmp/s/imgcache ] &&
	imgcache config cache_dir >a && [ "$(cat a)" = /tmp/c/imgcache ] &&
	IMGCACHE_DIR=/tmp/one && export IMGCACHE_DIR &&
	shown state_dir /tmp/one "environment IMGCACHE_DIR" &&
	shown cache_dir /tmp/one/cache "environment IMGCACHE_DIR" &&
	IMGCACHE_STATE_DIR=/tmp/two && export IMGCACHE_STATE_DIR &&
	shown state_dir /tmp/two "environment IMGCACHE_STATE_DIR"
'

test_that 'a wrong value names its origin and the right form' '
	MAX_CACHED_IMAGES=many expect_status 128 imgcache config &&
	says stderr "environment MAX_CACHED_IMAGES: '\''max_images'\'' needs a whole number, such as 50, not '\''many'\''" &&
	AUTO_PRUNE_DAYS=12h expect_status 128 imgcache config &&
	says stderr "environment AUTO_PRUNE_DAYS: needs a number of days, such as 30, or 0, not '\''12h'\''" &&
	mkdir -p envs && echo "AUTO_PRUNE_DAYS=soon" >envs/.env &&
	expect_status 128 imgcache -C envs config && one_line stderr &&
	grep "envs/.env:1 AUTO_PRUNE_DAYS: .*not .soon" stderr
'

test_that 'a wrong value that a stronger one hides is not looked at' '
	MAX_CACHED_IMAGES=many expect_status 0 imgcache -c max_images=1 \
		config max_images ||
	MAX_CACHED_IMAGES=many IMGCACHE_MAX_IMAGES=1 \
		expect_status 0 imgcache config max_images
'

test_that 'an unknown key of the user file, with its nearest' '
	mkdir -p u/imgcache && echo "colr: never" >u/imgcache/config.yaml &&
	XDG_CONFIG_HOME=$PWD/u && export XDG_CONFIG_HOME &&
	expect_status 128 imgcache config && says stderr \
		"$PWD/u/imgcache/config.yaml:1:1: unknown key '\''colr'\''; did you mean '\''color'\''?"
'

test_that 'one setting alone: its value, nothing else' '
	expect_status 0 imgcache -c hash=xxh3 config hash &&
	[ "$(cat stdout)" = xxh3 ] && one_line stdout && ! [ -s stderr ] &&
	expect_status 129 imgcache config hahs && says stderr \
		"no setting '\''hahs'\''; did you mean '\''hash'\''?"
'

test_that 'several: in JSON one document, and all of them or none' '
	expect_status 0 imgcache config color platform --json &&
	jq -e -s "map(map(.name)) == [[\"color\", \"platform\"]]" stdout &&
	expect_status 0 imgcache config color enabled &&
	printf "%s\n" auto true >expect && same expect stdout &&
	expect_status 129 imgcache config color colour && ! [ -s stdout ]
'

test_that 'every IMGCACHE_* variable that a page names is a setting' '
	for page in "$TOP"/man/*; do
		case $page in	# their variables are those that they set
		*-env.1 | *-exec.1 | *-hooks.7) ;;
		*) echo "$page" ;;
		esac
	done | xargs grep -ohE "IMGCACHE_[A-Z_]+" | sort -u |
		grep -vxE "IMGCACHE_(DIR|YAML|CONFIG|FORMATS|KEY)" >names
	while read -r name; do
		name=$(echo "${name#IMGCACHE_}" | tr A-Z a-z)
		imgcache config --json |
			jq -e "any(.[]; .name == \"$name\")" >/dev/null ||
			{ echo "$name"; exit 1; }
	done <names
'

test_that 'no setting is read and then ignored' '
	grep -ohE "SETTING_[A-Z_]+" "$TOP/lib/recipe/settings_table.c" |
		grep -v SETTING_TYPE_ | grep -vx SETTING_COUNT | sort -u |
		while read -r id; do
		name=$(sed -n "/\\[$id\\]/{n;s/.*\"\\([a-z_]*\\)\", \"IMG.*/\\1/p;}" \
			"$TOP/lib/recipe/settings_table.c")
		find "$TOP/lib" -name "*.c" \( ! -path "*/recipe/*" \
			-o -name recipe_settings.c -o -name settings_paths.c \) \
			-exec grep -qE "\\b$id\\b" {} + ||
			grep -q "\"$name\"" "$TOP"/cmd/*.c || echo "$id"
	done >ignored && cat ignored && ! [ -s ignored ]
'

test_done
