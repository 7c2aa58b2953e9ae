# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the scripts about what machines share, on real engines: lib-engine.sh, a
# second engine, and a registry for both.
#
#	on a | on b	from now on docker and imgcache are those of that
#			machine: a has the engine of lib-engine.sh (containerd
#			store), b one of its own with the classic store; each
#			has its own catalog
#	$registry	localhost:PORT of a registry of this script
#	$faulty		localhost:PORT of a proxy before it, which can fail
#	faults RULE...	what goes wrong there from now on, see
#			engine/faulty-registry.pl
#	registry_start, registry_stop

# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

engines_path=$PATH
engines_a_host=$DOCKER_HOST
engines_a_config=${DOCKER_CONFIG-}
engines_registry=$IMGCACHE_TEST_REGISTRY
# shellcheck source=t/engine/own.sh
. "$TOP/t/engine/own.sh"
own_engine "${IMGCACHE_TEST_SECOND:-classic}" "${IMGCACHE_TEST_SECOND:-classic}"
engines_b_host=$DOCKER_HOST
engines_b_config=$DOCKER_CONFIG
PATH=$engines_path
IMGCACHE_TEST_REGISTRY=$engines_registry
registry_pid=
faulty_pid=

# What a script tests is a workstation, unless it says otherwise.
unset CI

on() {
	eval "DOCKER_HOST=\$engines_$1_host DOCKER_CONFIG=\$engines_$1_config"
	IMGCACHE_DIR=$TRASH/state-$1
	export DOCKER_HOST DOCKER_CONFIG IMGCACHE_DIR
}

# Images by the label of this run, and by the names of its registry.
engines_remove() {
	"$real_docker" ps -aq --filter "label=imgcache-test=$RUN" |
		xargs -r "$real_docker" rm -f
	{
		"$real_docker" images --format '{{.Repository}}:{{.Tag}}' \
			--filter "label=imgcache-test=$RUN" | grep -v '<none>'
		"$real_docker" images -q --filter "label=imgcache-test=$RUN"
	} | while read -r image; do
		"$real_docker" rmi "$image"
	done
}

engines_cleanup() {
	[ -z "$faulty_pid" ] || kill "$faulty_pid"
	registry_stop
	for machine in b a; do
		on $machine && engines_remove
	done >/dev/null 2>&1
	own_stop
	test_cleanup
}
trap engines_cleanup EXIT

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
		LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

registry_port=$(free_port)
registry=localhost:$registry_port
cat >registry.yml <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: "$TRASH/registry"}}
http: {addr: "127.0.0.1:$registry_port"}
YAML

registry_start() {
	"$TOP/build/engine/pkgs/root/usr/bin/docker-registry" serve \
		"$TRASH/registry.yml" >>"$TRASH/registry.log" 2>&1 &
	registry_pid=$!
	wait_until curl -fs --noproxy '*' "http://$registry/v2/"
}

registry_stop() {
	[ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null
	registry_pid=
	wait_until registry_is_down
}

registry_is_down() {
	[ -z "$(ss -Hltn "sport = :$registry_port")" ]
}

faults() {
	: >"$TRASH/faults"
	for rule; do
		echo "$rule" >>"$TRASH/faults"
	done
}

registry_start || test_skip_all "no registry could be started"
faults
faulty_port=$(free_port)
faulty=localhost:$faulty_port
perl "$TOP/t/engine/faulty-registry.pl" "$faulty_port" "$registry_port" \
	"$TRASH/faults" >"$TRASH/faulty.log" 2>&1 &
faulty_pid=$!
wait_until curl -fs --noproxy '*' "http://$faulty/v2/"
