#!/bin/sh
# SPDX-License-Identifier: MIT
# Where state is kept, and what happens when it cannot be.
# shellcheck disable=SC2016,SC2034,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest
recipe="--base busybox --env A=1"
ref=$(imgcache build $recipe 2>/dev/null)
# Root may write everywhere, so it becomes nobody.
nobody=
if [ "$(id -u)" -eq 0 ]; then
	nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chmod 755 . && chmod -R a+rwX "$STANDIN_DIR"
fi

modes() {
	find "$1" -printf '%y %m %p\n' | sed "s|$TRASH/||" | LC_ALL=C sort
}

test_that 'the directory is 0700, files are 0600, under every umask' '
	for mask in 000 022 077; do
		(umask $mask && IMGCACHE_DIR=$PWD/umask-$mask && export IMGCACHE_DIR &&
		imgcache build $recipe --env M=$mask >/dev/null 2>&1 &&
		imgcache get $recipe --env M=$mask >/dev/null &&
		imgcache list >/dev/null) || exit 1
		modes umask-$mask >modes && ! grep -v -e "^d 700" -e "^f 600" \
			-e "^l" modes || exit 1
	done
'

test_that 'HOME and the XDG directories: made as needed, nothing elsewhere' '
	unset IMGCACHE_DIR; HOME=$PWD/fresh && mkdir fresh &&
	expect_status 0 imgcache build $recipe &&
	find fresh -maxdepth 4 -name catalog.db | grep -x \
		"fresh/.local/state/imgcache/catalog.db" &&
	[ "$(ls -A fresh | sort | tr "\n" " ")" = ".cache .local " ]
'

test_that 'HOME unset: the home of the passwd entry' '
	unset IMGCACHE_DIR HOME && home=$(getent passwd "$(id -u)" | cut -d: -f6) &&
	[ "$(imgcache config state_dir)" = "$home/.local/state/imgcache" ]
'

test_that 'HOME empty or relative counts as unset' '
	unset IMGCACHE_DIR; home=$(getent passwd "$(id -u)" | cut -d: -f6) &&
	HOME= && [ "$(imgcache config state_dir)" = \
		"$home/.local/state/imgcache" ] && HOME=relative &&
	[ "$(imgcache config state_dir)" = "$home/.local/state/imgcache" ]
'

test_that 'no HOME and no passwd entry: what to set' '
	[ "$(id -u)" -eq 0 ] || exit 0
	unset IMGCACHE_DIR HOME
	expect_status 128 setpriv --reuid 54321 --clear-groups imgcache list &&
	one_line stderr && grep -E "HOME|IMGCACHE_DIR" stderr
'

test_that 'a directory of someone else is refused, and left alone' '
	[ "$(id -u)" -eq 0 ] || exit 0
	mkdir -m 700 theirs && chown 65534 theirs && IMGCACHE_DIR=$PWD/theirs &&
	export IMGCACHE_DIR && for verb in "list" "stats" "get $recipe" \
		"build $recipe" "prune"; do
		expect_status 128 imgcache $verb && ! [ -s stdout ] &&
		one_line stderr && grep "$PWD/theirs" stderr &&
		[ -z "$(ls -A theirs)" ] || { echo "$verb"; exit 1; }
	done
'

test_that 'a directory that others may write to is refused or closed' '
	mkdir -m 777 open && IMGCACHE_DIR=$PWD/open && export IMGCACHE_DIR &&
	if imgcache build $recipe >stdout 2>stderr; then
		modes open | head -n 1 | grep "^d 700"
	else
		one_line stderr && grep "$PWD/open" stderr
	fi
'

test_that 'a file where the directory should be' '
	echo mine >file && IMGCACHE_DIR=$PWD/file && export IMGCACHE_DIR &&
	expect_status 0 imgcache list && one_line stderr &&
	grep "warning: .*$PWD/file" stderr &&
	expect_status 128 imgcache build $recipe --env B=1 &&
	! [ -s stdout ] && tail -n 1 stderr | grep "$PWD/file" && [ "$(cat file)" = mine ]
'

test_that 'a link to a directory of our own is followed' '
	mkdir -m 700 target && ln -s target linked && IMGCACHE_DIR=$PWD/linked &&
	export IMGCACHE_DIR && expect_status 0 imgcache build $recipe &&
	[ -f target/catalog.db ]
'

# readonly COMMAND...: as one who has a home but may not write into it.
mkdir ro
cp -a "$IMGCACHE_DIR" ro/state
[ -z "$nobody" ] || chown -R 65534:65534 ro
find ro -type d -exec chmod 500 {} + && find ro -type f -exec chmod 400 {} +
readonly_home() {
	IMGCACHE_DIR=$PWD/ro/state $nobody "$@"
}

test_that 'a read-only home: get works, with a warning' '
	expect_status 0 readonly_home imgcache get $recipe &&
	[ "$(cat stdout)" = "$ref" ] && one_line stderr &&
	grep "^imgcache: warning: .*ro/state" stderr
'

test_that 'a read-only home: tag works' '
	expect_status 0 readonly_home imgcache tag $recipe &&
	[ "$(cat stdout)" = "${ref#*:}" ]
'

test_that 'a read-only home: spawn works' '
	expect_status 0 readonly_home imgcache spawn --base busybox -e A=1 \
		--rm --on-miss=base -- echo ran && [ "$(cat stdout)" = ran ]
'

test_that 'a read-only home: spawn of a hit runs the image itself' '
	expect_status 0 readonly_home imgcache spawn $recipe --rm \
		--on-miss=fail -- echo ran && [ "$(cat stdout)" = ran ] &&
	one_line stderr && grep "warning: .*ro/state" stderr &&
	id=$(docker image inspect "$ref" | jq -r ".[0].Id") &&
	grep "docker.*run.*$id.*ran" "$STANDIN_DIR/calls"
'

test_that 'a read-only home: doctor calls it ill, and what to do' '
	expect_status 1 readonly_home imgcache doctor &&
	grep "^ill .*ro/state" stdout && grep IMGCACHE_DIR stdout
'

test_that 'a read-only home: list and stats work' '
	expect_status 0 readonly_home imgcache list --json &&
	jq -e "length == 1" stdout && expect_status 0 readonly_home imgcache \
		stats --json && jq -e ".totalImages == 1" stdout
'

test_that 'a read-only home: a miss is a miss' '
	expect_status 1 readonly_home imgcache get --base busybox --env NO=1 &&
	! [ -s stdout ] && grep "never built" stderr
'

test_that 'a read-only home: what must write says so' '
	for verb in "build --base busybox --env B=1" "prune" "invalidate --all" \
		"pin $(echo "${ref#*:g1-}" | cut -c 1-12)"; do
		expect_status 128 readonly_home imgcache $verb &&
		! [ -s stdout ] && one_line stderr &&
		grep -E "ro/state.*(writable|IMGCACHE_DIR)" stderr ||
			{ echo "$verb"; exit 1; }
	done
'

test_that 'no home at all yet, and it cannot be made: get still answers' '
	mkdir -m 500 none && if [ -n "$nobody" ]; then chown 65534 none; fi &&
	expect_status 0 env IMGCACHE_DIR=$PWD/none/state $nobody \
		imgcache get $recipe && [ "$(cat stdout)" = "$ref" ] &&
	grep "^imgcache: warning: " stderr && [ -z "$(ls -A none)" ]
'

# Every file system is said to be of the type $FS_TYPE.
cat >fs.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/vfs.h>
int statfs(const char *path, struct statfs *out)
{
	int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs");
	int rc = real(path, out);

	out->f_type = strtol(getenv("FS_TYPE"), NULL, 16);
	return rc;
}
C
on_fs() {
	FS_TYPE=$1 IMGCACHE_DIR=$PWD/fs-$1
	shift
	FS_TYPE=$FS_TYPE IMGCACHE_DIR=$IMGCACHE_DIR LD_PRELOAD=$PWD/fs.so \
		ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

# has_journal TYPE MODE: three hits that count, and that journal.
has_journal() {
	on_fs "$1" imgcache build $recipe >/dev/null 2>&1 &&
	on_fs "$1" imgcache get $recipe && on_fs "$1" imgcache get $recipe &&
	[ "$(sqlite3 "fs-$1/catalog.db" "PRAGMA journal_mode")" = "$2" ] &&
	on_fs "$1" imgcache stats --json >counted &&
	jq -e ".totalHits == 3" counted
}

if "${CC:-cc}" -shared -fPIC -o fs.so fs.c -ldl 2>/dev/null; then
	for type in 6969 fe534d42 1021997 65735546 c36400; do
		test_that "a network file system ($type): no WAL, all counts" "
			has_journal $type delete && ! [ -e fs-$type/catalog.db-wal ]
		"
	done
	test_that 'a local file system has the WAL' '
		has_journal ef53 wal
	'
	test_that 'doctor notes a network file system, and no local one' '
		on_fs 6969 imgcache doctor >out; grep "^note.*network file" out &&
		on_fs ef53 imgcache doctor >out; ! grep "network file" out
	'
else
	test_skip 'a network file system' 'no C compiler here'
fi

test_that 'prune sweeps what dead processes left' '
	echo x >"$IMGCACHE_DIR/handover/g1-dead.Dockerfile" &&
	touch -d "2 days ago" "$IMGCACHE_DIR/handover/g1-dead.Dockerfile" &&
	expect_status 0 imgcache prune &&
	! [ -e "$IMGCACHE_DIR/handover/g1-dead.Dockerfile" ]
'

chmod -R u+w ro none
test_done
