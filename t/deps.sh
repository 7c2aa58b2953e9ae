#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh [--for build|check|engine|platforms|lint|deb|demo]: see to it that the Debian
# packages for one purpose are installed (default: build).
#
# Called by make before almost everything, so the usual case, nothing missing,
# costs one dpkg-query. What is missing is installed when that needs no
# password (root, or sudo that asks nothing); else the command to run is
# printed in one line and the exit code is 1. Quiet when all goes well;
# build/deps.log has apt's words.

set -eu

die()
{
	echo "deps.sh: $*" >&2
	exit 1
}

purpose=build
while [ $# -gt 0 ]; do
	case $1 in
	--for)		[ $# -ge 2 ] || die "--for needs a purpose"
			purpose=$2; shift ;;
	--for=*)	purpose=${1#--for=} ;;
	*)		die "usage: [--for build|check|engine|platforms|lint|deb|demo]" ;;
	esac
	shift
done

top=$(cd "${0%/*}/.." && pwd)

# The sanitizer and fuzzer runtimes are only a recommendation of clang, and
# their package carries the version of the release's clang in its name.
clang_rt=
if [ -r /etc/os-release ]; then
	# shellcheck source=/dev/null
	case $(. /etc/os-release && echo "${ID:-}${VERSION_ID:-}") in
	debian12)	clang_rt=libclang-rt-14-dev ;;
	debian13)	clang_rt=libclang-rt-19-dev ;;
	esac
fi

build="gcc make pkg-config libc6-dev libsqlite3-dev libyaml-dev libgit2-dev
	libxxhash-dev zlib1g-dev"
# perl is there for prove; jq is a second opinion on every JSON output,
# docker-compose the reader of what env writes for it, the shells have completion,
# python3-jsonschema reads the schemas of t/schema, tidy the page of stats.
check="$build libcriterion-dev perl git xxhash sqlite3 jq curl strace
	valgrind faketime clang $clang_rt python3-minimal patch
	python3-jsonschema tidy docker-compose zsh fish"
# promtool reads what stats writes, a systemd runs prune's timer and cron keeps a
# crontab. These bring daemons, which are nothing for anybody's own machine; below they are kept from
# being started.
[ -z "${CI:-}" ] || check="$check prometheus systemd cron"
lint="shellcheck mandoc"
deb="$build dpkg-dev debhelper fakeroot lintian git jq perl"
# busybox-static is not here: it conflicts with a machine's own busybox, so
# engine.sh unpacks it privately, like docker itself.
engine="runc iptables iproute2 debootstrap debian-archive-keyring curl
	ca-certificates procps cron"

platforms="qemu-user-static binfmt-support"

case $purpose in
build)	want=$build ;;
check)	want=$check ;;
engine)	want=$engine ;;
platforms)	want=$platforms ;;
lint)	want=$lint ;;
deb)	want=$deb ;;
demo)	want="$build $engine" ;;
*)	die "unknown purpose '$purpose'" ;;
esac

# Elsewhere the names differ and nothing can be looked up: say what is needed
# and let the build find out.
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	# shellcheck disable=SC2086
	echo "deps.sh: no apt here; needed, by Debian's names:" $want >&2
	exit 0
fi

missing=
find_missing()
{
	# dpkg-query fails when it does not know one of the names; that is an
	# answer, not an error.
	# shellcheck disable=SC2086
	have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $want \
		2>/dev/null) || :
	missing=
	for p in $want; do
		case "
$have
" in
		*"
$p installed
"*)			;;
		*)	missing="$missing $p" ;;
		esac
	done
}

find_missing
[ -n "$missing" ] || exit 0

how=
if [ "$(id -u)" -ne 0 ]; then
	if sudo -n true 2>/dev/null; then
		how="sudo -n"
	else
		die "packages are missing; run: sudo apt-get update && sudo" \
			"apt-get install -y --no-install-recommends$missing"
	fi
fi

log=$top/build/deps.log
mkdir -p "$top/build"

# apt waits for dpkg's lock when told to, but not for the lock on its lists.
apt()
{
	# shellcheck disable=SC2086
	$how env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		"$@" </dev/null >>"$log" 2>&1
}

# One at a time in this checkout: make -j and two terminals are common.
exec 9>"$top/build/deps.lock"
flock -w 900 9 || die "another deps.sh of this checkout does not end"
find_missing
[ -n "$missing" ] || exit 0

: >"$log"
# When both updates fail, old lists may still do: the install decides.
apt update || { sleep 3; apt update; } || :
policy=/usr/sbin/policy-rc.d
case $missing in
*prometheus* | *systemd* | *cron*)
	if [ -e $policy ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' | $how tee $policy >/dev/null
		$how chmod 755 $policy
		trap '$how rm -f $policy' EXIT
	fi ;;
esac
# shellcheck disable=SC2086
if ! apt install -y --no-install-recommends $missing; then
	tail -n 15 "$log" >&2
	die "cannot install$missing (whole log: build/deps.log)"
fi
find_missing
[ -z "$missing" ] || die "apt-get succeeded but did not install$missing"
