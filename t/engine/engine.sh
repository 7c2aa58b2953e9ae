#!/bin/sh
# SPDX-License-Identifier: MIT
#
# engine.sh start|stop|status|env [--store containerd|classic|old] [--name NAME]
#
# A private docker engine for the tests, with a registry beside it and two
# base images, from Debian's packages alone: no image registry is asked and no
# docker that the machine may have is touched. Debian and root only; elsewhere
# exit code 77 (skip) and one line that says why.
#
#   start   nothing yet: fetch, make, start (about a minute); stopped: seconds;
#           running: nothing, at once. Safe to call from several places.
#   stop    end exactly what start started and take the bridge away; images
#           and caches stay. "stop --all": every engine of this checkout.
#   status  one line; exit code 0 when running, 3 when not.
#   env     shell lines for eval: DOCKER_HOST, DOCKER_CONFIG, PATH (the docker
#           client first), IMGCACHE_TEST_REGISTRY (localhost:PORT),
#           IMGCACHE_TEST_GATEWAY (an address of this machine that a RUN step
#           reaches: serve test packages there).
#
# Images, on the engine and in the registry: debian:bookworm-slim and
# busybox:latest. "old" is engine 20.10, which has the classic store. The name
# defaults to the store's, so that all of them can run side by side.
#
# Everything is under build/engine: pkgs/ (the unpacked packages) and images/
# (root file systems) serve all names, NAME/ belongs to one engine. Run
# "stop --all" before removing build/; when that was forgotten, the next start
# or stop finds the orphans by program file and command line.
#
# What is machine-wide is derived from the path of NAME/, so that checkouts do
# not collide: the bridge's name, the cgroup's name, the first subnet and port
# to try.

set -eu

me=engine.sh
# What "failed" shows the end of.
log=/dev/null

die()
{
	echo "$me: $*" >&2
	exit 1
}

# failed WORDS: as die, after the end of the log.
failed()
{
	tail -n 15 "$log" >&2
	die "$* (whole log: $log)"
}

skip()
{
	echo "$me: no private engine: $*" >&2
	exit 77
}

usage()
{
	echo "usage: $me start|stop|status|env" \
		"[--store containerd|classic|old] [--name NAME] [--all]" >&2
	exit 2
}

here=$(cd "${0%/*}" && pwd -P)
top=${here%/t/engine}
base=$top/build/engine
pkgs=$base/pkgs

for part in proc packages images net daemons; do
	# shellcheck source=/dev/null
	. "$here/$part.sh"
done

# choose NAME: everything that follows from the name.
choose()
{
	name=$1
	case $name in
	*[!a-z0-9-]* | '' | pkgs | images | lock)
		die "'$name' cannot be an engine's name (a-z, 0-9, -)" ;;
	esac
	dir=$base/$name
	hash=$(printf %s "$dir" | cksum)
	hash=${hash%% *}
	ident=imgcache-$(printf %08x "$hash")
	# An interface's name has at most 15 characters.
	bridge=ic-${ident#imgcache-}
	# A socket's path has at most 107 bytes, and containerd's longest adds
	# some 40: a long path is reached through a short link.
	run=$dir
	[ ${#dir} -le 60 ] || run=/run/$ident
	sock=$run/docker.sock
}

# running: started to the end, and both daemons still there and answering.
running()
{
	[ -e "$dir/ready" ] && alive "$dir/registry.id" &&
		alive "$dir/dockerd.id" && ask "$sock" http://localhost/_ping
}

lock()
{
	mkdir -p "$dir"
	exec 9>"$base/lock"
	flock -w 600 9 || die "another start or stop does not end"
}

# down: end everything, known or orphaned, and undo every mount.
down()
{
	rm -f "$dir/ready"
	if alive "$dir/dockerd.id"; then
		end_pid "$pid" 20
	fi
	if alive "$dir/registry.id"; then
		end_pid "$pid" 5
	fi
	for pid in $(orphans); do
		end_pid "$pid" 5
	done
	for pid in $(contained); do
		end_pid "$pid" 0
	done
	rm -f "$dir/dockerd.id" "$dir/registry.id"

	# Deepest first; the kernel writes a blank in a path as \040.
	while read -r _ at _; do
		at=$(printf '%b' "$at")
		case $at in
		"$dir"/*) echo "$at" ;;
		esac
	done </proc/self/mounts | sort -r | while read -r at; do
		umount "$at" 2>/dev/null || umount -l "$at"
	done
	rm -rf --one-file-system "$dir/exec" "$dir/tree" "$dir/docker.sock"
	find /sys/fs/cgroup -depth -type d \( -path "*/$ident/*" -o \
		-name "$ident" \) -exec rmdir {} + 2>/dev/null || :
	bridge_down
	[ "$run" = "$dir" ] || rm -f "$run"
}

start()
{
	if running; then
		read -r have <"$dir/store"
		[ "${asked_store:-$have}" = "$have" ] ||
			die "'$name' runs already, with the $have store"
		return
	fi
	[ -r /etc/os-release ] || skip "this is not Debian"
	# shellcheck source=/dev/null
	. /etc/os-release
	[ "${ID:-}" = debian ] || skip "this is not Debian"
	[ "$(id -u)" -eq 0 ] || skip "that takes root"
	"$top/t/deps.sh" --for engine || skip "its packages are missing"

	lock
	running && return
	trap 'trap - EXIT; down' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	down
	fetch
	mkdir -p "$dir"
	[ "$run" = "$dir" ] || ln -sfn "$dir" "$run"
	echo "$store" >"$dir/store"
	bridge_up
	registry_up
	dockerd_up
	images_up
	: >"$dir/ready"
	trap - EXIT INT TERM HUP
}

stop()
{
	[ -d "$dir" ] || [ -e "/sys/class/net/$bridge" ] || return 0
	[ "$(id -u)" -eq 0 ] || skip "that takes root"
	lock
	down
}

stop_all()
{
	# The usual names even when build/ is gone.
	for d in "$base"/*/ "$base/containerd/" "$base/classic/" "$base/old/"
	do
		d=${d%/}
		case ${d##*/} in
		'*' | pkgs | images) continue ;;
		esac
		choose "${d##*/}"
		stop
	done
}

# quote TEXT: as one word of the shell.
quote()
{
	printf "'%s'\n" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

print_env()
{
	running || die "'$name' is not running; see: t/engine/engine.sh start"
	path=$PATH
	case $path in
	"$pkgs/bin":*) ;;
	*) path=$pkgs/bin:$path ;;
	esac
	read -r net <"$dir/subnet"
	read -r port <"$dir/port"
	cat <<-END
	export DOCKER_HOST=$(quote "unix://$sock")
	export DOCKER_CONFIG=$(quote "$dir/config")
	export PATH=$(quote "$path")
	export IMGCACHE_TEST_REGISTRY=localhost:$port
	export IMGCACHE_TEST_GATEWAY=$net.1
	unset DOCKER_CONTEXT DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CERT_PATH
	unset DOCKER_DEFAULT_PLATFORM BUILDX_BUILDER BUILDX_CONFIG
	END
}

status()
{
	if running; then
		read -r port <"$dir/port"
		read -r have <"$dir/store"
		echo "$name: running, $have store, unix://$sock," \
			"registry localhost:$port"
	else
		echo "$name: stopped"
		return 3
	fi
}

[ $# -ge 1 ] || usage
verb=$1
shift
asked_store=
asked_name=
all=
while [ $# -gt 0 ]; do
	case $1 in
	--store | --name)
		[ $# -ge 2 ] || usage
		if [ "$1" = --name ]; then
			asked_name=$2
		else
			asked_store=$2
		fi
		shift ;;
	--store=*)	asked_store=${1#*=} ;;
	--name=*)	asked_name=${1#*=} ;;
	--all)		all=yes ;;
	*)		usage ;;
	esac
	shift
done
case $asked_store in
'' | containerd | classic | old) ;;
*) usage ;;
esac
store=${asked_store:-containerd}
choose "${asked_name:-$store}"

case $verb$all in
start)		start ;;
stop)		stop ;;
stopyes)	stop_all ;;
status)		status ;;
env)		print_env ;;
*)		usage ;;
esac
