#!/bin/sh
# SPDX-License-Identifier: MIT
# The n-th system call fails, for every n that there is in reach: one line, a
# documented status, no wrong answer, and the next run works.
# shellcheck disable=SC2016,SC2086,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

strace -o /dev/null true 2>/dev/null || test_skip_all "no strace here"
standin_start
standin_base busybox:latest
mkdir -p app
printf 'FROM busybox\nCOPY . /\n' >app/Dockerfile
echo one >app/file
imgcache tag app >/dev/null
ref=localhost/imgcache:$(imgcache tag app)

fresh() {
	rm -rf "$IMGCACHE_DIR"
	docker rmi "$ref" >/dev/null 2>&1 || :
}

# first CALL: which is the first one of ours. Before main() the loader calls as
# well; the first file that we open is /dev/null.
first() {
	strace -e "trace=openat,$1" -o trace imgcache tag app >/dev/null 2>&1
	sed '/"\/dev\/null"/q' trace | grep -c "^$1" | {
		read -r loaders
		[ "$1" = openat ] || loaders=$((loaders + 1))
		echo "$loaders"
	}
}

# judge: the status of what ran, against what it wrote.
judge() {
	case $1 in
	0) case $verb in
		build* | get*) [ "$(cat stdout)" = "$ref" ] ;;
		tag*) [ "localhost/imgcache:$(cat stdout)" = "$ref" ] ;;
		*) : ;;
		esac ;;
	1 | 2 | 3 | 128)
		grep -q "^imgcache: " stderr &&
		if [ "${verb%% *}" != list ]; then ! [ -s stdout ]; fi ;;
	*) false ;;
	esac
}

# inject VERB CALL ERROR FIRST LAST STEP
inject() {
	verb=$1
	n=$4
	while [ "$n" -le "$5" ]; do
		case $verb in build*) fresh ;; esac
		timeout -k 1 20 strace -e "trace=$2" -o trace \
			-e "inject=$2:error=$3:when=$n" \
			imgcache $verb >stdout 2>stderr
		status=$?
		grep -q INJECTED trace || break
		if ! judge $status; then
			echo "$verb, $2 no. $n $3: status $status"
			grep INJECTED trace
			cat stdout stderr
			return 1
		fi
		if ! imgcache build app >stdout 2>stderr ||
			[ "$(cat stdout)" != "$ref" ]; then
			echo "$verb, $2 no. $n $3: the next build failed"
			cat stderr
			return 1
		fi
		n=$((n + $6))
	done
}

imgcache build app >/dev/null 2>&1
for error in ENOSPC EIO; do
	for call in write pwrite64 fdatasync fsync ftruncate; do
		test_that "build: $call gives $error" "
			inject 'build app' $call $error 1 60 4
		"
	done
done
for call in rename renameat linkat mkdir mkdirat unlink symlink symlinkat; do
	test_that "build: $call gives EACCES" "
		inject 'build app' $call EACCES 1 20 1
	"
done
for error in EMFILE EACCES; do
	test_that "build: openat gives $error" "
		inject 'build app' openat $error $(first openat) 99 3
	"
done
test_that 'build: pread64 gives EIO' '
	inject "build app" pread64 EIO "$(first pread64)" 50 3
'
test_that 'build: clone, pipe and poll fail' '
	inject "build app" pipe2 EMFILE 1 6 1 &&
	inject "build app" clone3 EAGAIN 1 6 1 &&
	inject "build app" vfork EAGAIN 1 6 1 &&
	inject "build app" clone EAGAIN 1 6 1
'
for call in write pwrite64 pread64 connect sendto read fcntl flock getdents64; do
	test_that "get, on a hit: $call gives EIO" "
		inject 'get app' $call EIO \$(first $call) 50 2
	"
done
test_that 'get, on a hit: openat gives EMFILE' '
	inject "get app" openat EMFILE "$(first openat)" 50 1
'
test_that 'tag: openat and getdents64 fail' '
	inject "tag app" openat EIO "$(first openat)" 50 1 &&
	inject "tag app" getdents64 EIO 1 6 1
'
test_that 'interrupted calls are taken up again' '
	for call in read write poll connect; do
		inject "get app" $call EINTR 20 30 3 || exit 1
	done
'

# As docker does it: no room for the container's id, no container.
mkdir -p writes-id
cat >writes-id/docker <<SCRIPT
#!/bin/sh
for word; do
	case \$word in --cidfile=*)
		printf %064d 1 >"\${word#*=}.try" || exit 125
		rm "\${word#*=}.try" ;;
	esac
done
exec "$STANDIN_BIN/docker" "\$@"
SCRIPT
chmod +x writes-id/docker

# A small disk: everything that writes, until there is no room left.
small_disk() {
	[ "$(id -u)" -eq 0 ] && mkdir -p disk &&
	mount -t tmpfs -o size="$1" tmpfs disk 2>/dev/null
}

# says_one_line VERB...: it gives its answer or one line that says why not.
says_one_line() {
	verb=$*
	timeout -k 1 20 imgcache "$@" >stdout 2>stderr
	status=$?
	echo "$verb: $status"
	judge $status && { [ $status -eq 0 ] || one_line stderr; }
}

# Empty at first, then as far as the last turn came, then filled up.
on_small_disk() {
	for turn in 1 2 3; do
		echo "turn $turn"
		says_one_line build app && says_one_line get app || return 1
		head -c 1000000 /dev/zero >disk/fill 2>/dev/null || :
	done
}

if small_disk 400k; then
	umount disk
	for size in 16k 64k 200k 300k 400k; do
		test_that "a disk of $size: one line or an answer, never a crash" "
			small_disk $size && IMGCACHE_DIR=\$PWD/disk/state &&
			export IMGCACHE_DIR && on_small_disk
			status=\$?; rm -f disk/fill; cat stdout stderr
			umount disk; [ \$status -eq 0 ]
		"
	done
	test_that 'a disk that was full and has room again' '
		small_disk 2m && IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		imgcache build app >/dev/null 2>&1; cat /dev/zero >disk/fill 2>/dev/null
		verb="build app"; imgcache build --rebuild app >stdout 2>stderr
		status=$?; cat stderr; rm disk/fill
		[ $status -eq 0 ] || [ $status -eq 128 ] &&
		expect_status 0 imgcache build app &&
		sqlite3 disk/state/catalog.db "PRAGMA integrity_check" >check
		status=$?; umount disk; [ $status -eq 0 ] && [ "$(cat check)" = ok ]
	'
	test_that 'a full disk: get still answers' '
		small_disk 2m && IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		imgcache build app >/dev/null 2>&1; cat /dev/zero >disk/fill 2>/dev/null
		timeout -k 1 20 imgcache get app >stdout 2>stderr; status=$?
		cat stderr; umount disk; [ $status -eq 0 ] &&
		[ "$(cat stdout)" = "$ref" ]
	'
	test_that 'a full disk: what only the engine knows of is a hit, too' '
		imgcache build app >/dev/null 2>&1 && small_disk 2m &&
		IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		imgcache list >/dev/null 2>&1; cat /dev/zero >disk/fill 2>/dev/null
		timeout -k 1 20 imgcache get app >stdout 2>stderr; status=$?
		rm disk/fill; imgcache get app >/dev/null 2>stderr2
		sqlite3 disk/state/catalog.db "SELECT origin FROM images" >after
		umount disk; cat stderr stderr2 after; [ $status -eq 0 ] &&
		[ "$(cat stdout)" = "$ref" ] && one_line stderr &&
		grep "no space left" stderr && ! [ -s stderr2 ] &&
		[ "$(cat after)" = adopted ]
	'
	test_that 'a full disk: what only reads still answers' '
		small_disk 2m && IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		imgcache build app >/dev/null 2>&1; imgcache get app >/dev/null
		cat /dev/zero >disk/fill 2>/dev/null
		cp -R app edited; echo more >>edited/file; failed=
		for verb in list "list --building" stats "build -n app" \
			"prune -n" "why app" "verify app"; do
			timeout -k 1 20 imgcache $verb >stdout 2>stderr
			status=$?; echo "$verb: $status"; cat stderr
			[ $status -eq 0 ] || failed=y
		done
		timeout -k 1 20 imgcache get --context edited >stdout 2>stderr
		status=$?; cat stderr; umount disk
		[ -z "$failed" ] && [ $status -eq 1 ]
	'
	test_that 'a full disk: spawn runs, docker finds room for its id file' '
		small_disk 2m && IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		imgcache build app >/dev/null 2>&1; cat /dev/zero >disk/fill 2>/dev/null
		export PATH="$PWD/writes-id:$PATH"
		timeout -k 1 20 imgcache spawn app --rm -- echo ran >stdout 2>stderr
		status=$?; cat stdout stderr; umount disk; [ $status -eq 0 ] &&
		[ "$(cat stdout)" = ran ]
	'
	test_that 'no room anywhere: spawn says so in a line, docker is not asked' '
		small_disk 2m && IMGCACHE_DIR=$PWD/disk/state && export IMGCACHE_DIR &&
		imgcache build app >/dev/null 2>&1; mkdir disk/tmp
		cat /dev/zero >disk/fill 2>/dev/null; : >"$STANDIN_DIR/calls"
		TMPDIR=$PWD/disk/tmp timeout -k 1 20 unshare -m sh -c "
			mount --bind disk/tmp /dev/shm || exit 99
			imgcache spawn app --rm -- echo ran" >stdout 2>stderr
		status=$?; cat stdout stderr; umount disk
		[ $status -eq 125 ] && one_line stderr && grep "no room" stderr &&
		! [ -s stdout ] && [ "$(calls run)" -eq 0 ]
	'
else
	test_skip 'a small disk' 'no tmpfs can be mounted here'
fi

test_done
