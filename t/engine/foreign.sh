#!/bin/sh
# SPDX-License-Identifier: MIT
#
# foreign.sh tar ARCH | on ARCH | off
#
#   tar   prints the path of a small root file system (busybox) for another
#         processor, by Debian's name of it; made once per checkout
#   on    lets this kernel run its programs (qemu-user-static, binfmt_misc);
#         exit code 77 and one line where that cannot be had
#   off   takes back what "on" has changed
#
# Read the shared parts of engine.sh for what is not explained here.
# shellcheck disable=SC2034
set -eu

me=foreign.sh
log=/dev/null
here=$(cd "${0%/*}" && pwd -P)
top=${here%/t/engine}
base=$top/build/engine
pkgs=$base/pkgs
binfmt=/proc/sys/fs/binfmt_misc

die()
{
	echo "$me: $*" >&2
	exit 1
}

failed()
{
	tail -n 15 "$log" >&2
	die "$* (whole log: $log)"
}

skip()
{
	echo "$me: $*" >&2
	exit 77
}

# shellcheck source=t/engine/packages.sh
. "$here/packages.sh"

# Debian's name of a processor to qemu's.
emulator()
{
	case $1 in
	arm64)	echo qemu-aarch64 ;;
	amd64)	echo qemu-x86_64 ;;
	*)	die "no emulator is known for '$1'" ;;
	esac
}

make_tar()
{
	tar=$base/images/busybox-$1.tar
	dir=$pkgs/foreign-$1
	if [ -e "$tar" ]; then
		echo "$tar"
		return
	fi
	# shellcheck source=/dev/null
	. /etc/os-release
	uri=$(mirror)
	[ -n "$uri" ] || skip "apt knows no mirror of Debian"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" \
		"$dir/debs" "$dir/tree" "${tar%/*}"
	log=$dir/fetch.log
	echo "deb [arch=$1] $uri $VERSION_CODENAME main" >"$dir/sources.list"
	foreign_apt "$1" update || failed "cannot read the lists of $1"
	(cd "$dir/debs" && rm -f ./*.deb &&
		foreign_apt "$1" download busybox-static) ||
		failed "cannot download busybox-static of $1"
	dpkg -x "$dir"/debs/*.deb "$dir/root"
	busybox=$dir/root/bin/busybox
	[ -e "$busybox" ] || busybox=$dir/root/usr/bin/busybox
	for d in bin dev etc proc sys tmp root; do
		mkdir -p "$dir/tree/$d"
	done
	cp "$busybox" "$dir/tree/bin/busybox"
	for applet in sh cat echo env id ls mkdir sleep true uname; do
		ln -sf busybox "$dir/tree/bin/$applet"
	done
	tar -C "$dir/tree" --sort=name --mtime=@0 --owner=0 --group=0 \
		--numeric-owner -cf "$tar.part" . && mv "$tar.part" "$tar"
	rm -rf "$dir"
	echo "$tar"
}

foreign_apt()
{
	arch=$1
	shift
	apt-get -q -o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" \
		-o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o APT::Sandbox::User=root -o Acquire::Retries=3 \
		-o Acquire::Languages=none "$@" </dev/null >>"$log" 2>&1
}

switch_on()
{
	name=$(emulator "$1")
	[ "$(id -u)" -eq 0 ] || skip "emulation takes root"
	"$top/t/deps.sh" --for platforms || skip "its packages are missing"
	if ! [ -e $binfmt/status ]; then
		mount -t binfmt_misc binfmt_misc $binfmt 2>/dev/null ||
			skip "this kernel has no binfmt_misc"
		: >"$base/binfmt-mounted"
	fi
	[ -e "$binfmt/$name" ] || update-binfmts --enable "$name" \
		>/dev/null 2>&1 || skip "$name cannot be switched on"
	grep -qx enabled "$binfmt/$name" || skip "$name is switched off"
}

# Unmounting forgets what was registered since.
switch_off()
{
	[ -e "$base/binfmt-mounted" ] || return 0
	umount $binfmt && rm "$base/binfmt-mounted"
}

mkdir -p "$base"
case "${1-} $#" in
'tar 2')	make_tar "$2" ;;
'on 2')		switch_on "$2" ;;
'off 1')	switch_off ;;
*)		echo "usage: $me tar ARCH | on ARCH | off" >&2; exit 2 ;;
esac
