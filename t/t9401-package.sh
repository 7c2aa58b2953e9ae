#!/bin/sh
# SPDX-License-Identifier: MIT
# make dist and make deb: the tarball builds and checks itself, the package
# installs on a machine that has nothing else, runs there, and goes again.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

"$TOP/t/deps.sh" --for deb >deps.log 2>&1 || {
	cat deps.log >&2
	test_skip_all "no tools for Debian packages"
}
debs=$TRASH/debs
mkdir -p "$debs"

test_that 'make dist: a tarball of what git has' '
	(cd "$TOP" && make -s dist) && tar -tzf "$TOP"/build/imgcache-*.tar.gz |
		sed "s|^imgcache-[0-9.]*/||" | grep -v "/$\|^$" | sort >got &&
	git -C "$TOP" ls-tree -r --name-only HEAD | sort >want && same want got
'

test_that 'make deb: the tarball builds and checks itself, lintian is silent' '
	(cd "$TOP" && make -s deb) >deb.log 2>&1 || { cat deb.log; false; } &&
	! grep "^[EW]:" deb.log && grep "^Result: PASS" "$TOP/build/deb/build.log" &&
	mv "$TOP"/build/*.deb "$debs"
'

# Its packages come from where this machine gets its own; then no network.
depends() {
	dpkg-deb -f "$debs"/imgcache_*.deb Depends | tr , "\n" |
		sed "s/ *(.*//; s/^ *//" | grep -vx libc6 | paste -sd, -
}

test_that 'the package asks for what it opens, libgit2 too' '
	depends | tr , "\n" >got && cat got && grep "^libgit2-" got &&
	grep "^libsqlite3-0" got && grep "^libyaml-0" got && grep "^libxxhash0" got &&
	grep "^zlib1g" got
'

test_that 'it installs, runs and purges where nothing else is' '
	imgcache build --base debian:bookworm-slim --apt "$(depends)" \
		--label imgcache-test="$RUN" >ref &&
	cat >run <<-"SH" &&
		set -e
		find / -xdev -path /proc -prune -o -print | sort >/before
		dpkg -i /debs/imgcache_*.deb >/dev/null
		imgcache --version
		plugin=/usr/libexec/docker/cli-plugins/docker-imgcache
		"$plugin" docker-cli-plugin-metadata
		"$plugin" imgcache --version | sed "s/^/plugin: /"
		man=$(ls /usr/share/man/man1/imgcache*.gz | wc -l)
		mkdir /p && cd /p && echo x >file
		printf "FROM scratch\nCOPY file /\n" >Dockerfile
		imgcache tag --hash git .
		dpkg -P imgcache >/dev/null
		rm -rf /p /root/.local /root/.cache
		find / -xdev -path /proc -prune -o -print | sort >/after
		grep -vE "^/(before|after)$|^/var/(lib/dpkg|log)/|^/var/cache/man" \
			/after >/a
		grep -vE "^/(before|after)$|^/var/(lib/dpkg|log)/|^/var/cache/man" \
			/before | diff - /a
	SH
	docker run --rm --pull=never --network=none -v "$debs:/debs:ro" \
		-v "$PWD/run:/run-it:ro" "$(cat ref)" sh /run-it >got
	status=$?; cat got; [ $status -eq 0 ] && grep "^imgcache " got &&
	grep "^{\"SchemaVersion\"" got && grep "^plugin: imgcache " got &&
	mkdir p && echo x >p/file &&
	printf "FROM scratch\nCOPY file /\n" >p/Dockerfile &&
	imgcache tag --hash git p >want && grep -Fx "$(cat want)" got
'

test_that 'the library links a program by pkg-config' '
	mkdir dev && dpkg-deb -x "$debs"/libimgcache-dev_*.deb dev &&
	cat >prog.c <<-"C" &&
		#include <imgcache.h>
		#include <stdio.h>
		int main(void)
		{
			puts(imgcache_reason_word(IMGCACHE_NEVER_BUILT));
			return puts(IMGCACHE_VERSION) < 0;
		}
	C
	pc=$(find "$PWD/dev" -name imgcache.pc) &&
	export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$PWD/dev" &&
	cc prog.c -o prog $(pkg-config --cflags --static --libs imgcache) &&
	./prog >got && cat got && grep -x "never-built" got &&
	grep -xF "$(pkg-config --modversion imgcache)" got
'

test_done
