# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# lib-engine.sh, and what package managers inside of builds need.
#
#	packages_ca	the CA bundle that this machine goes by
#	wheel		a Python package, in a folder or in the index
#	packages_base	the beginning of a Dockerfile: a base with npm and pip.
#			The step takes minutes, and is the same for all
#			scripts, so that one of them waits
#	index_start	serve the index to builds: $index, $server (its pid)

# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

for packages_ca in "${NODE_EXTRA_CA_CERTS-}" "${SSL_CERT_FILE-}" \
	/etc/ssl/certs/ca-certificates.crt; do
	if [ -s "$packages_ca" ]; then
		break
	fi
done

# wheel NAME VERSION [REQUIRES]: into $wheels, or where the index has it.
wheel() {
	wheel_dir=${wheels-www/simple/$(echo "$1" | tr _ -)}
	mkdir -p "$wheel_dir"
	perl "$TOP/t/engine/wheel.pl" "$wheel_dir" "$@"
}

packages_base() {
	cat <<-'DOCKER'
	FROM debian:bookworm-slim
	RUN apt-get update && apt-get install -y --no-install-recommends \
	    ca-certificates npm python3-pip && \
	    rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
	DOCKER
}

# What is in www/, for the network of builds; the caller kills $server.
index_start() {
	perl "$TOP/t/engine/index.pl" "$IMGCACHE_TEST_GATEWAY" 2>serve.err &
	server=$!
	wait_until test -s port || cat serve.err >&2
	# shellcheck disable=SC2034 # for the scripts
	index=http://$IMGCACHE_TEST_GATEWAY:$(cat port)/simple
}
