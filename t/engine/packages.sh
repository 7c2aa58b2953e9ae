# SPDX-License-Identifier: MIT
#
# Packages of other releases, unpacked for ourselves and not installed.
#
# Read by engine.sh, which sets what is used and not set here.
# shellcheck shell=sh disable=SC2154,SC2034

root=$pkgs/root
suite=trixie
# runc is not among them: the newer one needs a newer libc, the system's own
# serves.
packages="docker.io docker-cli docker-buildx containerd tini docker-registry
	busybox-static"
# The daemons of the old engine, 20.10; it has no buildx, and the newer client
# talks to it as well.
old_root=$pkgs/old
old_suite=bookworm
old_packages="docker.io containerd tini"

# targets: what this machine's apt reads: "label codename component address".
# shellcheck disable=SC2016
targets()
{
	apt-get indextargets \
		--format '$(LABEL) $(CODENAME) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages'
}

# mirror: the address that this machine's apt takes Debian itself from.
mirror()
{
	targets | while read -r label codename component uri; do
		case $label/$codename/$component in
		Debian/*-*/*) ;;
		Debian/*/main | */"$VERSION_CODENAME"/main)
			echo "$uri"
			break ;;
		esac
	done
}

fetch()
{
	unpack "$root" "$pkgs/unpacked" "$suite" "$packages"
	# On the users' PATH: the client and nothing else.
	mkdir -p "$pkgs/bin"
	ln -sf ../root/usr/bin/docker "$pkgs/bin/docker"
	[ "$store" != old ] || unpack "$old_root" "$pkgs/unpacked-old" \
		"$old_suite" "$old_packages"
}

# unpack DIR RECORD SUITE PACKAGES: what was unpacked is written down, so that
# a changed list is noticed.
unpack()
{
	list="$3 $4"
	[ "$(cat "$2" 2>/dev/null)" = "$list" ] && return

	rm -f "$2"
	mkdir -p "$pkgs/lists/partial" "$pkgs/cache/archives/partial" \
		"$pkgs/debs"
	log=$pkgs/fetch.log
	# A machine whose lists were removed knows the labels after an update.
	[ -n "$(mirror)" ] || apt-get -q update </dev/null >"$log" 2>&1 || :
	uri=$(mirror)
	[ -n "$uri" ] || failed "apt knows no mirror of Debian"
	echo "deb $uri $3 main" >"$pkgs/sources.list"
	own_apt update || own_apt update || failed "cannot read $3's lists"
	# shellcheck disable=SC2086
	(cd "$pkgs/debs" && rm -f ./*.deb && own_apt download $4) ||
		failed "cannot download packages"
	for deb in "$pkgs"/debs/*.deb; do
		dpkg -x "$deb" "$1" || failed "cannot unpack $deb"
	done
	rm -rf "$pkgs/debs" "$pkgs/lists" "$pkgs/cache"
	echo "$list" >"$2"
}

own_apt()
{
	apt-get -q -o Dir::Etc::SourceList="$pkgs/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$pkgs/lists" -o Dir::Cache="$pkgs/cache" \
		-o APT::Sandbox::User=root -o Acquire::Retries=3 \
		-o Acquire::Languages=none "$@" </dev/null >>"$log" 2>&1
}
