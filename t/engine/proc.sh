# SPDX-License-Identifier: MIT
#
# Processes: starting them free of the caller, knowing them again, ending them.
#
# A process is known by pid, start time and boot id, so that a pid file from
# before a reboot, or a reused pid, never ends a stranger.
#
# Read by engine.sh, which sets what is used and not set here.
# shellcheck shell=sh disable=SC2154,SC2034

# boot id, into $boot, without a process.
read -r boot </proc/sys/kernel/random/boot_id || boot=none

# start_time PID: sets $started, fails when there is no such process. A zombie
# counts as ended.
start_time()
{
	started=
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
	# The program name before ") " may hold anything, blanks included.
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	[ "$1" != Z ] && started=${20}
}

# remember FILE PID
remember()
{
	start_time "$2" || return 1
	echo "$2 $started $boot" >"$1"
}

# alive FILE: is the process that FILE remembers still there? Sets $pid.
alive()
{
	pid=
	[ -r "$1" ] || return 1
	read -r p at b <"$1" || return 1
	[ "$b" = "$boot" ] && start_time "$p" && [ "$at" = "$started" ] &&
		pid=$p
}

# spawn LOG COMMAND...: a daemon in a session of its own, with no descriptor
# of ours: a caller's pipe would otherwise never reach its end. Sets $!.
# shellcheck disable=SC2016
spawn()
{
	spawn_log=$1
	shift
	perl -MPOSIX -e '
		POSIX::setsid();
		opendir(my $d, "/proc/self/fd") or die;
		for my $fd (readdir $d) {
			POSIX::close($fd) if $fd =~ /^\d+$/ && $fd > 2;
		}
		exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
	' "$@" </dev/null >>"$spawn_log" 2>&1 &
}

# end_pid PID SECONDS: TERM, then after a while KILL.
end_pid()
{
	start_time "$1" || return 0
	was=$started
	left=$(($2 * 10))
	kill -TERM "$1" 2>/dev/null || :
	while start_time "$1" && [ "$started" = "$was" ]; do
		if [ "$left" -eq 0 ]; then
			kill -KILL "$1" 2>/dev/null || :
		elif [ "$left" -lt -50 ]; then
			die "process $1 cannot be ended"
		fi
		left=$((left - 1))
		sleep 0.1
	done
}

# orphans: pids of our programs that run for this engine and that no pid file
# names, because a daemon was killed or build/ removed.
orphans()
{
	# A client, which has a right to talk to this engine, is none of them.
	find /proc -mindepth 2 -maxdepth 2 -name exe \
		-lname "$pkgs/*/usr/*bin/*" ! -lname '*/docker' \
		! -lname '*/docker (deleted)' 2>/dev/null |
		while read -r exe; do
			d=${exe%/exe}
			if tr '\0' ' ' 2>/dev/null <"$d/cmdline" |
				grep -qF -e " $run/" -e " $dir/"; then
				echo "${d#/proc/}"
			fi
		done
}

# contained: pids inside this engine's cgroups: containers whose shim is gone.
contained()
{
	find /sys/fs/cgroup -path "*/$ident/*" -name cgroup.procs \
		-exec cat {} + 2>/dev/null | sort -u
}

