# SPDX-License-Identifier: MIT
#
# The registry and dockerd, which brings its own containerd.
#
# Read by engine.sh, which sets what is used and not set here.
# shellcheck shell=sh disable=SC2154,SC2034

# ask SOCKET-OR-EMPTY URL: does it answer with success?
ask()
{
	curl -fs -m 5 --noproxy '*' ${1:+--unix-socket "$1"} -o /dev/null "$2"
}

# wait_for FILE SECONDS COMMAND...: until the command succeeds; fails when the
# process of FILE ends or the time is over.
wait_for()
{
	file=$1
	left=$(($2 * 20))
	shift 2
	until "$@"; do
		alive "$file" || return 1
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
	# Somebody else may have answered.
	alive "$file"
}

registry_up()
{
	log=$dir/registry.log
	port=$(cat "$dir/port" 2>/dev/null) || port=$((20000 + hash % 10000))
	tries=0
	while :; do
		if [ -z "$(ss -Hltn "sport = :$port")" ]; then
			registry_config >"$dir/registry.yml"
			: >"$log"
			spawn "$log" "$root/usr/bin/docker-registry" serve \
				"$dir/registry.yml"
			remember "$dir/registry.id" $! &&
				wait_for "$dir/registry.id" 15 \
				ask '' "http://127.0.0.1:$port/v2/" && break
			alive "$dir/registry.id" && end_pid "$pid" 5
		fi
		tries=$((tries + 1))
		[ $tries -lt 20 ] || failed "the registry does not start"
		port=$((20000 + (port - 20000 + 7) % 10000))
	done
	echo "$port" >"$dir/port"
}

registry_config()
{
	cat <<-END
	version: 0.1
	log:
	  level: warn
	storage:
	  filesystem:
	    rootdirectory: "$dir/registry"
	  delete:
	    enabled: true
	http:
	  addr: 127.0.0.1:$port
	END
}

# overlay_works: not when build/ itself is on an overlay (in a container).
overlay_works()
{
	t=$dir/overlay-try
	mkdir -p "$t/lower" "$t/upper" "$t/work" "$t/merged"
	mount -t overlay overlay "$t/merged" \
		-o "lowerdir=$t/lower,upperdir=$t/upper,workdir=$t/work" \
		2>/dev/null && umount "$t/merged"
	works=$?
	rm -rf "$t"
	return $works
}

# daemon_root: where the engine's own programs were unpacked.
daemon_root()
{
	if [ "$store" = old ]; then
		echo "$old_root"
	else
		echo "$root"
	fi
}

docker_config()
{
	snapshotter=false
	driver=
	from=$(daemon_root)
	[ "$store" = containerd ] && snapshotter=true
	if ! overlay_works; then
		driver=vfs
		[ "$store" = containerd ] && driver=native
	fi
	# cgroupfs: the systemd driver would want a slice's name as the parent.
	cat <<-END
	{
	  "data-root": "$dir/data",
	  "exec-root": "$run/exec",
	  "pidfile": "$run/exec/dockerd.pid",
	  "hosts": ["unix://$sock"],
	  ${driver:+\"storage-driver\": \"$driver\",}
	  "features": { "containerd-snapshotter": $snapshotter },
	  "bridge": "$bridge",
	  "iptables": false,
	  "ip-forward": false,
	  "ip-masq": false,
	  "userland-proxy-path": "$from/usr/sbin/docker-proxy",
	  "init-path": "$from/usr/bin/tini-static",
	  "insecure-registries": ["localhost:$port"],
	  "exec-opts": ["native.cgroupdriver=cgroupfs"],
	  "cgroup-parent": "/$ident",
	  "shutdown-timeout": 3
	}
	END
}

dockerd_up()
{
	log=$dir/dockerd.log
	mkdir -p "$run/exec" "$dir/data"
	# It remembers the bridge by name, which is another one when the
	# checkout was moved or is reached by another path.
	rm -rf "$dir/data/network"
	docker_config >"$dir/daemon.json"
	: >"$log"
	# dockerd finds containerd and the shims by PATH. Nothing of a caller's
	# docker settings may reach it.
	(
		unset DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT NOTIFY_SOCKET
		from=$(daemon_root)
		PATH=$from/usr/sbin:$from/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin
		# A fifth less work: no spans, which nobody reads, and a heap
		# that may grow.
		OTEL_TRACES_SAMPLER=always_off
		GOGC=${GOGC:-400}
		export PATH OTEL_TRACES_SAMPLER GOGC
		spawn "$log" "$from/usr/sbin/dockerd" \
			--config-file "$dir/daemon.json"
		remember "$dir/dockerd.id" $!
	) || failed "dockerd does not start"
	wait_for "$dir/dockerd.id" 60 ask "$sock" http://localhost/_ping ||
		failed "dockerd does not start"

	mkdir -p "$dir/config/cli-plugins"
	ln -sf "$root/usr/libexec/docker/cli-plugins/docker-buildx" \
		"$dir/config/cli-plugins/docker-buildx"
}

docker()
{
	env -u DOCKER_CONTEXT DOCKER_HOST="unix://$sock" \
		DOCKER_CONFIG="$dir/config" "$pkgs/bin/docker" "$@" \
		</dev/null 9>&-
}
