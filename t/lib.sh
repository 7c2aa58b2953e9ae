# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the test scripts: TAP, one title per fact, a folder of its own for each
# script, thrown away at the end.
#
#	. "$(dirname "$0")/lib.sh"
#	test_that 'a miss says so' '
#		expect_status 1 imgcache get --base busybox &&
#		grep "never built" stderr
#	'
#	test_done
#
# The commands of a test run in a subshell in $TRASH; what failed is shown with
# the script as comment lines. `expect_status N command...` keeps what the
# command wrote in the files stdout and stderr; a status of 129 and above that
# is not N (a signal, a crash) is never taken for a refusal.

TOP=$(cd "$(dirname "$0")/.." && pwd)
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/imgcache-test.XXXXXX")
HOME=$TRASH/home
IMGCACHE_DIR=$TRASH/state
PATH=$TOP/build:$PATH
LC_ALL=C.UTF-8
NO_COLOR=1
export TOP TRASH HOME IMGCACHE_DIR PATH LC_ALL NO_COLOR
# Whether this runs in CI, where what can be installed must be there. CI itself
# is taken from most scripts: what they test is a workstation.
TEST_CI=${CI:-}
unset XDG_STATE_HOME XDG_CACHE_HOME XDG_CONFIG_HOME
for name in $(env | sed -n 's/^\(IMGCACHE_[A-Z_]*\)=.*/\1/p'); do
	case $name in
	IMGCACHE_DIR | IMGCACHE_TEST_*) ;;
	*) unset "$name" ;;
	esac
done
unset ENABLE_IMAGE_CACHE DEFAULT_BASE_IMAGE CLAUDE_CODE_VERSION
unset MAX_CACHED_IMAGES AUTO_PRUNE_DAYS PREBUILD_COMMON_IMAGES NO_CACHE
unset COMMON_NPM_PACKAGES COMMON_PIP_PACKAGES COMMON_APT_PACKAGES
unset USE_STATIC_BASE_IMAGE DOCKER_DEFAULT_PLATFORM SOURCE_DATE_EPOCH
unset GITHUB_EVENT_NAME CI_PIPELINE_SOURCE
mkdir -p "$HOME"
cd "$TRASH" || exit 1

test_count=0
test_failed=0

test_cleanup() {
	cd / && chmod -R u+rwX "$TRASH" 2>/dev/null
	rm -rf "$TRASH"
}
trap test_cleanup EXIT
trap 'exit 130' INT TERM

# Where prove lets it through: what failed must be known without a second run.
test_show() {
	printf '%s\n' "$1" | sed 's/^/#	/'
	sed 's/^/# /' "$TRASH/.output"
	for kept in stdout stderr; do
		if [ -s "$TRASH/$kept" ]; then
			echo "# $kept:"
			head -n 40 "$TRASH/$kept" | sed 's/^/#   /'
		fi
	done
}

test_that() {
	test_count=$((test_count + 1))
	if (eval "$2") >"$TRASH/.output" 2>&1 </dev/null; then
		echo "ok $test_count - $1"
		return 0
	fi
	test_failed=$((test_failed + 1))
	echo "not ok $test_count - $1"
	test_show "$2" >&2
	return 0
}

test_skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

test_skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

test_done() {
	echo "1..$test_count"
	[ $test_failed -eq 0 ]
	exit
}

# expect_status N command...: run it, keep stdout and stderr in files.
expect_status() {
	wanted=$1
	shift
	got=0
	"$@" >stdout 2>stderr || got=$?
	if [ "$got" -ne "$wanted" ]; then
		echo "status $got instead of $wanted: $*"
		cat stderr
		return 1
	fi
}

# same EXPECT ACTUAL: two files are equal, or the difference is shown.
same() {
	diff -u "$1" "$2"
}

# one_line FILE: exactly one line, not empty.
one_line() {
	if [ "$(wc -l <"$1")" -ne 1 ] || ! [ -s "$1" ]; then
		echo "not one line in $1:"
		cat "$1"
		return 1
	fi
}
