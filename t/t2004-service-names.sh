#!/bin/sh
# SPDX-License-Identifier: MIT
# The names of the service that imgcache grew from, each seen at work, in the
# environment and in a .env beside the project file.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest debian:bookworm-slim registry.example/agreed:1
cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: busybox}
  floating: {apt: [git]}
  agreed: {base: busybox, env: {A: "1"}, static: "registry.example/agreed:1"}
YAML
unset names

# counted: lookups in the statistics.
counted() {
	imgcache stats --json | jq .lookups
}

# Not those that were built while nothing was recorded: found, they count not.
built() {
	imgcache list --json --status completed |
		jq "[.[] | select(.origin == \"built\")] | length"
}

images() {
	imgcache list --json --all-engines | jq length
}

test_that 'ENABLE_IMAGE_CACHE=false: every lookup bypassed, nothing kept' '
	imgcache build tools >ref 2>&1 && before=$(counted) &&
	ENABLE_IMAGE_CACHE=false && export ENABLE_IMAGE_CACHE &&
	expect_status 1 imgcache get tools && ! [ -s stdout ] &&
	expect_status 0 imgcache spawn tools --rm -- echo ran &&
	[ "$(cat stdout)" = ran ] && unset ENABLE_IMAGE_CACHE &&
	[ "$(counted)" -eq "$before" ] && [ "$(images)" -eq 1 ]
'

test_that 'ENABLE_IMAGE_CACHE=false: spawn on a miss runs, nothing is kept' '
	before=$(images) &&
	ENABLE_IMAGE_CACHE=false expect_status 0 imgcache spawn \
		--base busybox --user app --rm -- echo ran &&
	[ "$(cat stdout)" = ran ] && [ "$(images)" -eq "$before" ]
'

test_that 'DEFAULT_BASE_IMAGE is the base of a recipe that names none' '
	imgcache tag floating >stdout 2>stderr; [ $? -ge 128 ] &&
	DEFAULT_BASE_IMAGE=debian:bookworm-slim && export DEFAULT_BASE_IMAGE &&
	expect_status 0 imgcache tag -m floating &&
	grep "^base debian:bookworm-slim sha256:" stdout &&
	imgcache tag floating >one && unset DEFAULT_BASE_IMAGE &&
	imgcache tag --apt git --base debian:bookworm-slim >two && same one two
'

test_that 'CLAUDE_CODE_VERSION is the version of claude_code: true' '
	printf "version: 1\nimages: {c: {base: busybox, claude_code: true}}\n" \
		>claude.yaml &&
	imgcache -f claude.yaml dockerfile c | grep -F "claude-code@latest" &&
	CLAUDE_CODE_VERSION=1.2.3 imgcache -f claude.yaml dockerfile c |
		grep -F "'\''@anthropic-ai/claude-code@1.2.3'\''"
'

test_that 'CLAUDE_CODE_VERSION that is no version' '
	CLAUDE_CODE_VERSION="1;id" expect_status 128 imgcache list &&
	one_line stderr && grep "^imgcache: environment CLAUDE_CODE_VERSION: " \
		stderr
'

test_that 'MAX_CACHED_IMAGES prunes after each build, the oldest first' '
	for n in 1 2 3; do
		imgcache -c grace=0 build --base busybox --env N=$n 2>&1
		sleep 1
	done >/dev/null && before=$(images) && [ "$before" -gt 2 ] &&
	MAX_CACHED_IMAGES=2 imgcache -c grace=0 build --base busybox \
		--env N=4 >ref &&
	[ "$(built)" -eq 2 ] && imgcache get --base busybox --env N=4 &&
	expect_status 1 imgcache get --base busybox --env N=1 &&
	grep "pruned" stderr
'

test_that 'MAX_CACHED_IMAGES=0 is no limit' '
	MAX_CACHED_IMAGES=0 expect_status 0 imgcache -c grace=0 build \
		--base busybox --env N=5 &&
	[ "$(built)" -eq 3 ]
'

test_that 'AUTO_PRUNE_DAYS counts days since the last use' '
	AUTO_PRUNE_DAYS=3 imgcache config max_age >value &&
	[ "$(cat value)" = 3d ] &&
	AUTO_PRUNE_DAYS=3 expect_status 0 faketime "+2 days" imgcache prune &&
	[ "$(built)" -eq 3 ] &&
	AUTO_PRUNE_DAYS=3 expect_status 0 faketime "+4 days" imgcache prune &&
	[ "$(built)" -eq 0 ]
'

test_that 'AUTO_PRUNE_DAYS=0 is no limit' '
	imgcache build tools >/dev/null 2>&1 &&
	AUTO_PRUNE_DAYS=0 expect_status 0 faketime "+9 years" imgcache prune &&
	[ "$(built)" -eq 1 ]
'

# The stand-in cannot play the steps of packages; what would be built is asked.
test_that 'PREBUILD_COMMON_IMAGES: build --common does something only then' '
	COMMON_APT_PACKAGES=git DEFAULT_BASE_IMAGE=debian:bookworm-slim &&
	export COMMON_APT_PACKAGES DEFAULT_BASE_IMAGE &&
	expect_status 0 imgcache build --common -n && ! [ -s stdout ] &&
	! [ -s stderr ] &&
	PREBUILD_COMMON_IMAGES=false expect_status 0 imgcache build --common \
		-n && ! [ -s stdout ] &&
	PREBUILD_COMMON_IMAGES=true expect_status 0 imgcache build --common \
		-n --json && imgcache tag --apt git >tag &&
	[ "$(jq -r ".[].tag" stdout)" = "$(cat tag)" ] &&
	[ "$(jq -r ".[].name" stdout)" = common ]
'

test_that 'COMMON_*_PACKAGES, with blanks or commas' '
	DEFAULT_BASE_IMAGE=debian:bookworm-slim PREBUILD_COMMON_IMAGES=yes &&
	COMMON_APT_PACKAGES="git, curl" COMMON_NPM_PACKAGES="typescript@5" &&
	COMMON_PIP_PACKAGES="numpy==1.2  pandas" &&
	export DEFAULT_BASE_IMAGE PREBUILD_COMMON_IMAGES COMMON_APT_PACKAGES &&
	export COMMON_NPM_PACKAGES COMMON_PIP_PACKAGES &&
	expect_status 0 imgcache build --common -n --json && imgcache tag \
		--apt git,curl --npm typescript@5 --pip "numpy==1.2 pandas" \
		>tag && [ "$(jq -r ".[].tag" stdout)" = "$(cat tag)" ]
'

test_that 'COMMON_APT_PACKAGES with what is no package' '
	PREBUILD_COMMON_IMAGES=true && export PREBUILD_COMMON_IMAGES &&
	DEFAULT_BASE_IMAGE=busybox COMMON_APT_PACKAGES="curl;rm" \
		imgcache build --common >stdout 2>stderr; [ $? -ge 128 ] &&
	one_line stderr && grep "curl;rm" stderr &&
	grep "environment COMMON_APT_PACKAGES: apt package" stderr
'

test_that 'PREBUILD_COMMON_IMAGES without packages: 1, and the reason' '
	PREBUILD_COMMON_IMAGES=true expect_status 1 imgcache build --common &&
	one_line stderr && grep COMMON_APT_PACKAGES stderr
'

test_that 'USE_STATIC_BASE_IMAGE: the agreed ref, no lookup, no build' '
	: >"$STANDIN_DIR/calls" && before=$(counted) &&
	USE_STATIC_BASE_IMAGE=true && export USE_STATIC_BASE_IMAGE &&
	expect_status 0 imgcache get agreed &&
	[ "$(cat stdout)" = registry.example/agreed:1 ] &&
	expect_status 0 imgcache build agreed &&
	[ "$(cat stdout)" = registry.example/agreed:1 ] &&
	[ "$(calls buildx build)" -eq 0 ] && [ "$(counted)" -eq "$before" ] &&
	expect_status 0 imgcache spawn agreed --rm -- echo static &&
	[ "$(cat stdout)" = static ]
'

test_that 'USE_STATIC_BASE_IMAGE: a recipe without static is built' '
	USE_STATIC_BASE_IMAGE=true expect_status 0 imgcache build tools &&
	grep "^localhost/imgcache:g1-" stdout
'

test_that 'NO_CACHE: builds although the image is there, counts nothing' '
	imgcache build tools >/dev/null 2>&1 && before=$(counted) &&
	: >"$STANDIN_DIR/calls" &&
	NO_CACHE=true expect_status 0 imgcache build tools &&
	[ "$(calls buildx build)" -eq 1 ] && [ "$(counted)" -eq "$before" ]
'

test_that 'NO_CACHE for the container: spawn -e NO_CACHE=true' '
	for form in "-e NO_CACHE=true" "-eNO_CACHE=true" "--env=NO_CACHE=1" \
		"--env NO_CACHE=true"; do
		before=$(counted) && : >"$STANDIN_DIR/calls" &&
		expect_status 0 imgcache spawn tools --rm $form -- true &&
		[ "$(calls buildx build)" -eq 1 ] &&
		[ "$(counted)" -eq "$before" ] || { echo "$form"; exit 1; }
	done
'

test_that 'NO_CACHE=false is no NO_CACHE' '
	: >"$STANDIN_DIR/calls" &&
	NO_CACHE=false expect_status 0 imgcache build tools &&
	expect_status 0 imgcache spawn tools --rm -e NO_CACHE=false -- true &&
	[ "$(calls buildx build)" -eq 0 ]
'

# in_dotenv LINE SETTING VALUE
in_dotenv() {
	printf '%s\n' "$1" >.env && imgcache config "$2" >value &&
	[ "$(cat value)" = "$3" ]
	status=$?
	rm -f .env
	return $status
}

test_that '.env: every one of the names' '
	in_dotenv ENABLE_IMAGE_CACHE=false enabled false &&
	in_dotenv DEFAULT_BASE_IMAGE=a:1 default_base a:1 &&
	in_dotenv CLAUDE_CODE_VERSION=1.2 claude_code_version 1.2 &&
	in_dotenv MAX_CACHED_IMAGES=7 max_images 7 &&
	in_dotenv AUTO_PRUNE_DAYS=9 max_age 9d &&
	in_dotenv PREBUILD_COMMON_IMAGES=true prebuild_common true &&
	in_dotenv "COMMON_NPM_PACKAGES=a b" common_npm "a, b" &&
	in_dotenv "COMMON_PIP_PACKAGES=a,b" common_pip "a, b" &&
	in_dotenv COMMON_APT_PACKAGES=git common_apt git &&
	in_dotenv USE_STATIC_BASE_IMAGE=true use_static_base true &&
	in_dotenv NO_CACHE=true no_cache true
'

test_that '.env: quotes, export, comments, CRLF' '
	in_dotenv "MAX_CACHED_IMAGES=\"7\"" max_images 7 &&
	in_dotenv "MAX_CACHED_IMAGES='\''7'\''" max_images 7 &&
	in_dotenv "export MAX_CACHED_IMAGES=7 # seven" max_images 7 &&
	in_dotenv "$(printf "MAX_CACHED_IMAGES=7\r")" max_images 7 &&
	in_dotenv "# MAX_CACHED_IMAGES=7" max_images 0
'

test_that '.env: nothing else is taken from it, nothing is run' '
	printf "%s\n" "IMGCACHE_HASH=xxh3" "DOCKER_HOST=unix:///nowhere" \
		"DOCKER_DEFAULT_PLATFORM=linux/arm64" "PATH=/nowhere" \
		"MAX_CACHED_IMAGES=\$(touch ran)" "X=\`touch ran\`" \
		"HOME=/nowhere" >.env &&
	imgcache -c max_images=1 config --json >stdout 2>stderr; rm -f .env
	! [ -e ran ] && ! grep -E "nowhere|arm64|xxh3" stdout
'

test_that '.env beside the project file, not beside where we stand' '
	mkdir -p sub && echo MAX_CACHED_IMAGES=1 >sub/.env &&
	imgcache -C sub config max_images >value && [ "$(cat value)" = 0 ]
'

test_that 'values of .env that nobody asked for never show' '
	printf "SECRET=hunter2\nMAX_CACHED_IMAGES=7\n" >.env &&
	imgcache config --json >out; imgcache -c hash=x config >>out 2>&1
	rm .env; ! grep -r hunter2 out "$IMGCACHE_DIR"
'

test_done
