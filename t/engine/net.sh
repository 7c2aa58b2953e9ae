# SPDX-License-Identifier: MIT
#
# The bridge that containers and RUN steps are on.
#
# dockerd keeps its hands off iptables, because a starting dockerd flushes
# chains that another one on the machine may be using; the few rules a build
# needs are made here, for this bridge only. ip_forward is switched on and
# stays on.
#
# Read by engine.sh, which sets what is used and not set here.
# shellcheck shell=sh disable=SC2154,SC2034

# rules -I|-D: what dockerd would do for its bridge; INPUT, so that a RUN step
# reaches servers of the tests on a machine that refuses by default.
rules()
{
	tables=iptables
	"$tables" -w 10 -t nat -S >/dev/null 2>&1 || tables=iptables-legacy
	"$tables" -w 10 -t nat "$1" POSTROUTING -s "$net.0/24" ! -o "$bridge" \
		-j MASQUERADE &&
		"$tables" -w 10 "$1" FORWARD -i "$bridge" -j ACCEPT &&
		"$tables" -w 10 "$1" FORWARD -o "$bridge" -j ACCEPT &&
		"$tables" -w 10 "$1" INPUT -i "$bridge" -j ACCEPT
}

# subnet_free A.B.C: no route of this machine covers it or lies inside it. A
# default route covers everything, also in the two halves that VPNs make of it.
subnet_free()
{
	routes=$({
		ip -4 route show table all match "$1.1"
		ip -4 route show table all root "$1.0/24"
	} 2>/dev/null | grep -v -E '^(default|0\.0\.0\.0/1|128\.0\.0\.0/1) ' ||
		:)
	[ -z "$routes" ]
}

choose_subnet()
{
	for pool in 172.29 10.229 198.18; do
		i=0
		while [ $i -lt 256 ]; do
			net=$pool.$(((hash + i) % 256))
			subnet_free "$net" && return
			i=$((i + 1))
			# A route that covers one mostly covers them all.
			[ $i -ne 32 ] || break
		done
	done
	die "no free subnet; tried 172.29, 10.229, 198.18"
}

bridge_up()
{
	# Two checkouts may be choosing at this moment; /run is there on every
	# machine, and a lock on a directory leaves nothing behind.
	exec 8</run
	flock -w 60 8 || die "another engine.sh holds the lock on /run"
	net=$(cat "$dir/subnet" 2>/dev/null) || :
	if [ -z "$net" ] || ! subnet_free "$net"; then
		choose_subnet
	fi
	log=$dir/net.log
	{
		ip link add "$bridge" type bridge &&
		ip addr add "$net.1/24" dev "$bridge" &&
		ip link set "$bridge" up
	} >"$log" 2>&1 || failed "cannot make the bridge $bridge"
	exec 8<&-
	echo "$net" >"$dir/subnet"
	echo 1 >/proc/sys/net/ipv4/ip_forward 2>>"$log" || :
	rules -I >>"$log" 2>&1 || failed "iptables refused"
}

bridge_down()
{
	[ -e "/sys/class/net/$bridge" ] || return 0
	net=$(ip -4 -o addr show dev "$bridge" |
		sed -n 's/.* inet \([0-9.]*\)\.1\/24 .*/\1/p')
	if [ -n "$net" ]; then
		while rules -D >/dev/null 2>&1; do :; done
	fi
	ip link del "$bridge"
}

