# SPDX-License-Identifier: MIT
#
# Base images: root file systems, made once per checkout, and their import.
#
# Read by engine.sh, which sets what is used and not set here.
# shellcheck shell=sh disable=SC2154,SC2034

images=$base/images
release=bookworm
image_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# pack DIR TAR: the same tree gives the same bytes.
pack()
{
	tar -C "$1" --sort=name --mtime=@0 --numeric-owner --one-file-system \
		-cf "$2.part" . && mv "$2.part" "$2"
}

debian_tar()
{
	tar=$images/debian-$release.tar
	[ -e "$tar" ] && return
	# Under $dir, where a proc left mounted by an interrupted debootstrap
	# is found and unmounted.
	tree=$dir/tree
	log=$images/debootstrap.log
	uri=$(mirror)
	include=
	case $uri in
	https:*) include=--include=ca-certificates ;;
	esac
	rm -rf --one-file-system "$tree"
	# As published images have it; and debootstrap itself is faster by it.
	mkdir -p "$tree/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
	# debootstrap asks apt for nothing, a proxy included.
	(
		eval "$(apt-config shell http_proxy Acquire::http::Proxy \
			https_proxy Acquire::https::Proxy)"
		[ -z "${http_proxy:-}" ] || export http_proxy
		[ -z "${https_proxy:-}" ] || export https_proxy
		# shellcheck disable=SC2086
		debootstrap --variant=minbase $include "$release" "$tree" \
			"$uri" </dev/null >"$log" 2>&1 9>&-
	) || failed "debootstrap failed"
	slim "$tree" "$uri"
	pack "$tree" "$tar" || die "cannot pack $tree"
	rm -rf --one-file-system "$tree"
}

# slim TREE MIRROR: what the published debian:*-slim images change: no
# documentation, no package lists, and the apt settings that an installer has
# to cope with (docker-clean empties apt's cache after every install).
slim()
{
	conf=$1/etc/apt/apt.conf.d
	rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin \
		"$1"/var/cache/apt/archives/*.deb "$1"/var/log/*.log \
		"$1"/usr/share/man/* "$1"/usr/share/locale/* \
		"$1"/usr/share/info/*
	find "$1/usr/share/doc" ! -type d ! -name copyright -delete
	find "$1/usr/share/doc" -depth -type d -empty -delete
	: >"$1/etc/resolv.conf"
	echo localhost >"$1/etc/hostname"

	clean='rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives'
	clean="$clean/partial/*.deb /var/cache/apt/*.bin || true"
	cat >"$conf/docker-clean" <<-END
	DPkg::Post-Invoke { "$clean"; };
	APT::Update::Post-Invoke { "$clean"; };
	Dir::Cache::pkgcache "";
	Dir::Cache::srcpkgcache "";
	END
	echo 'Acquire::Languages "none";' >"$conf/docker-no-languages"
	echo 'Acquire::GzipIndexes "true";' >"$conf/docker-gzip-indexes"
	apt-config dump | grep -i '^acquire::https\?::proxy' \
		>"$conf/proxy" || rm "$conf/proxy"
	for p in 'doc/*' 'man/*' 'locale/*' 'info/*'; do
		echo "path-exclude /usr/share/$p"
	done >"$1/etc/dpkg/dpkg.cfg.d/docker"
	echo 'path-include /usr/share/doc/*/copyright' \
		>>"$1/etc/dpkg/dpkg.cfg.d/docker"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"

	# The release's own suite, and those beside it (updates, security) that
	# this machine's apt has.
	{
		echo "deb $2 $release main"
		targets | while read -r _ codename component uri; do
			case $codename/$component in
			"$release"-*/main)
				echo "deb $uri $codename main" ;;
			esac
		done
	} >"$1/etc/apt/sources.list"
}

# Static, with a link per applet. Names do not resolve in it (a static libc
# has no name service); addresses work.
busybox_tar()
{
	tar=$images/busybox.tar
	[ -e "$tar" ] && return
	tree=$dir/tree
	busybox=$root/usr/bin/busybox
	[ -e "$busybox" ] || busybox=$root/bin/busybox
	rm -rf "$tree"
	for d in bin sbin usr/bin usr/sbin dev etc home proc sys root tmp \
		var/tmp; do
		mkdir -p "$tree/$d"
	done
	chmod 1777 "$tree/tmp" "$tree/var/tmp"
	chmod 700 "$tree/root"
	cp "$busybox" "$tree/bin/busybox"
	"$busybox" --list-full | while read -r applet; do
		case $applet in
		bin/busybox) continue ;;
		*/*) ;;
		*) applet=bin/$applet ;;
		esac
		ln -sf /bin/busybox "$tree/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false' >"$tree/etc/passwd"
	echo 'root:x:0:
nogroup:x:65534:' >"$tree/etc/group"
	pack "$tree" "$tar" || die "cannot pack $tree"
	rm -rf "$tree"
}

# image NAME:TAG TAR OPTION...: under that name and, as an index, which is
# what published images are, in the registry. The engine gets it back by a
# pull, so that it knows it by the index's digest and no other.
image()
{
	ref=$1
	tar=$2
	shift 2
	there=localhost:$port/$ref
	log=$dir/images.log
	if ! docker image inspect "$there" >/dev/null 2>&1 ||
		! docker image inspect "$ref" >/dev/null 2>&1 ||
		! docker buildx imagetools inspect "$there" >/dev/null 2>&1
	then
		{
			docker import "$@" "$tar" "$there" &&
			docker push -q "$there" &&
			docker buildx imagetools create -t "$there" "$there" &&
			docker rmi "$there" &&
			docker pull -q "$there" &&
			docker tag "$there" "$ref"
		} >"$log" 2>&1 || failed "cannot make the image $ref"
	fi
}

images_up()
{
	mkdir -p "$images"
	busybox_tar
	image busybox:latest "$images/busybox.tar" -c 'CMD ["sh"]' \
		-c "ENV PATH $image_path"
	debian_tar
	image "debian:$release-slim" "$images/debian-$release.tar" \
		-c 'CMD ["bash"]' -c "ENV PATH $image_path"
}
