#!/bin/sh
# SPDX-License-Identifier: MIT
# The timer of `imgcache prune` run by systemd itself: a user manager of its own
# in namespaces of its own, with a home that is thrown away. The script starts
# itself twice: first to have a cgroup that can be given away, then inside.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh

manager=/lib/systemd/systemd
stage=${IMGCACHE_TEST_SYSTEMD:-}

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

if [ -z "$stage" ]; then
	if ! [ -x $manager ]; then
		[ -n "${CI:-}" ] || skip 'no systemd here'
		printf '1..1\nnot ok 1 - systemd is not installed\n'
		exit 1
	fi
	[ "$(id -u)" -eq 0 ] || skip 'only root has namespaces of its own'
	unshare --mount --pid --fork --cgroup --mount-proc true 2>/dev/null ||
		skip 'no namespaces are to be had here'
	IMGCACHE_TEST_SYSTEMD=cgroup exec unshare --mount --propagation private \
		sh "$0"
fi

if [ "$stage" = cgroup ]; then
	groups=$(mktemp -d)
	ours=$groups$(sed -n 's/^0:://p' /proc/self/cgroup)
	group=$ours/imgcache-test.$$
	if ! { mount -t cgroup2 cgroup2 "$groups" && mkdir "$group" &&
		echo $$ >"$group/cgroup.procs"; } 2>/dev/null; then
		for undo in "rmdir $group" "umount $groups" "rmdir $groups"; do
			$undo 2>/dev/null
		done
		skip 'no cgroup is to be had'
	fi
	IMGCACHE_TEST_SYSTEMD=inside unshare --mount --pid --fork \
		--kill-child --cgroup --mount-proc sh "$0"
	status=$?
	echo $$ >"$ours/cgroup.procs"
	find "$group" -depth -type d -exec rmdir {} \;
	umount "$groups" && rmdir "$groups"
	exit $status
fi

. "$(dirname "$0")/lib-standin.sh"

# As booted by systemd, and with nobody else's /run.
if ! mount -t cgroup2 cgroup2 /sys/fs/cgroup ||
	! mount -t tmpfs tmpfs /run; then
	test_skip_all 'nothing can be mounted'
fi
mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0
unset DBUS_SESSION_BUS_ADDRESS BUILDX_BUILDER DOCKER_CONFIG
XDG_RUNTIME_DIR=/run/user/0
export XDG_RUNTIME_DIR
units=$HOME/.config/systemd/user
# Of what is set here the manager has only the stand-in.
env -i HOME="$HOME" XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR PATH="$PATH" \
	STANDIN_DIR="$STANDIN_DIR" SYSTEMD_LOG_TARGET=console \
	$manager --user --unit=basic.target >manager.log 2>&1 &

# until COMMAND...: it comes true within some seconds.
until_so() {
	for try in $(seq 200); do
		"$@" >until.out 2>&1 && return
		sleep 0.05
	done
	echo "never: $*"
	cat until.out
	return 1
}

of_service() {
	systemctl --user show -P "$1" imgcache-prune.service
}

if ! until_so systemctl --user is-system-running; then
	sed 's/^/# /' manager.log
	test_skip_all 'systemd does not start here'
fi

standin_start
standin_base busybox:latest
old() {
	faketime -f -9d imgcache build --base busybox --env "N=$1" \
		>/dev/null 2>&1
}
is_pruned() {
	! imgcache get --no-count --base busybox --env "N=$1" >/dev/null 2>&1
}

test_that 'installed: enabled, and waiting for its next time' '
	expect_status 0 imgcache prune --max-age 5d --install-timer &&
	cat stdout && grep "^installed imgcache-prune.timer, daily, in $units" \
		stdout && ! [ -s stderr ] &&
	[ "$(systemctl --user is-enabled imgcache-prune.timer)" = enabled ] &&
	[ "$(systemctl --user is-active imgcache-prune.timer)" = active ] &&
	systemctl --user list-timers >timers && cat timers &&
	grep "left .*imgcache-prune.timer *imgcache-prune.service" timers &&
	[ "$(of_service LoadState)" = loaded ] && [ "$(of_service Result)" = success ]
'

test_that 'started by hand: it prunes, with the limits and for this engine' '
	old 1 && imgcache build --base busybox --env N=2 >/dev/null 2>&1 &&
	systemctl --user start imgcache-prune.service && is_pruned 1 &&
	! is_pruned 2 && [ "$(of_service ExecMainStatus)" = 0 ] &&
	imgcache list --all --json | jq -e "any(.[]; .buildStatus == \"pruned\")"
'

test_that 'its time has come: it prunes by itself' '
	old 3 && mkdir -p "$units/imgcache-prune.timer.d" && printf "%s\n" \
		"[Timer]" OnCalendar= "OnCalendar=*:*:0/1" RandomizedDelaySec=0 \
		AccuracySec=10ms >"$units/imgcache-prune.timer.d/now.conf" &&
	systemctl --user daemon-reload &&
	systemctl --user restart imgcache-prune.timer &&
	until_so is_pruned 3 && [ "$(of_service Result)" = success ] &&
	[ "$(systemctl --user show -P LastTriggerUSec imgcache-prune.timer)" ]
	status=$?
	rm -r "$units/imgcache-prune.timer.d" && systemctl --user daemon-reload &&
	systemctl --user restart imgcache-prune.timer && [ $status -eq 0 ]
'

test_that 'another prune runs: that is no failure' '
	old 4 && faults "images 1 slow 1500"; imgcache prune >out 2>&1 & pid=$!
	until_so [ -s "$STANDIN_DIR/count/images" ] &&
	systemctl --user start imgcache-prune.service; status=$?
	wait $pid; faults; of_service ExecMainStatus; [ $status -eq 0 ] &&
	[ "$(of_service ExecMainStatus)" = 75 ] && [ "$(of_service Result)" = success ]
'

test_that 'the engine is gone: that is one' '
	standin_stop; ! systemctl --user start imgcache-prune.service
	status=$?; standin_start; [ $status -eq 0 ] &&
	[ "$(of_service Result)" = exit-code ] &&
	[ "$(of_service ExecMainStatus)" = 128 ] &&
	systemctl --user start imgcache-prune.service
'

test_that 'other limits: the manager has them at once' '
	imgcache prune --max-age 7d --install-timer &&
	of_service ExecStart | grep -e --max-age=7d
'

test_that 'a path with all that systemd would read otherwise' '
	IMGCACHE_DIR=$TRASH/"a b%h\$HOME\${HOME}\"c\\d;e'\''f" &&
	export IMGCACHE_DIR && imgcache prune --install-timer --build-cache \
		--filter "description=\"%u \$USER x\\y'\''z\"" &&
	systemctl --user start imgcache-prune.service &&
	[ -f "$IMGCACHE_DIR/catalog.db" ] &&
	grep -F "description=\"%u \$USER x\\y" \
		"$STANDIN_DIR/calls"
'

test_that 'removed: systemd knows neither, and nothing will run' '
	expect_status 0 imgcache prune --remove-timer &&
	grep "^removed imgcache-prune.timer" stdout && ! [ -s stderr ] &&
	systemctl --user list-timers --all >timers && ! grep imgcache timers &&
	[ "$(of_service LoadState)" = not-found ] &&
	[ -z "$(ls -A "$units")" ]
'

test_done
