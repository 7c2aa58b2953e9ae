# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# For the scripts that need no real engine: lib.sh, with the stand-in docker of
# t/standin as the only docker, and nothing of this machine that is a setting.
#
#	standin_start		a daemon of its own under $STANDIN_DIR
#	standin_base REF...	images that both engine and registry have
#	standin_packages	let it play the steps that install packages
#	faults RULE...		what goes wrong from now on (t/standin/fault.h)
#	calls WORD...		how often docker was called with these words
#
# Without standin_start no daemon answers; docker itself is there.

# shellcheck source=t/lib.sh
. "$(dirname "$0")/lib.sh"

for STANDIN_BIN in "${IMGCACHE_TEST_STANDIN-}" "$TOP/build/plain/t/standin" \
	"$TOP/build/standin"; do
	if [ -x "$STANDIN_BIN/docker" ] && [ -x "$STANDIN_BIN/engined" ]; then
		break
	fi
	STANDIN_BIN=
done
if [ -z "$STANDIN_BIN" ]; then
	echo "Bail out! the stand-in docker is not built: make helpers"
	exit 1
fi

STANDIN_DIR=$TRASH/engine
DOCKER_HOST=unix://$STANDIN_DIR/docker.sock
PATH=$STANDIN_BIN:$PATH
TZ=UTC
export STANDIN_DIR DOCKER_HOST PATH TZ
unset CI COLUMNS TERM DOCKER_CONTEXT DOCKER_CONFIG DOCKER_TLS_VERIFY
unset DOCKER_CERT_PATH BUILDX_BUILDER BUILDKIT_HOST BUILDKIT_PROGRESS
unset NODE_EXTRA_CA_CERTS PIP_CERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
unset SSL_CERT_FILE SSL_CERT_DIR GIT_SSL_CAINFO NPM_CONFIG_CAFILE
unset http_proxy https_proxy ftp_proxy no_proxy all_proxy
unset HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY ALL_PROXY
mkdir -p "$STANDIN_DIR"

# The stand-in runs the words after the image and knows no --entrypoint, so
# the question for installed versions ("sh -c SCRIPT") finds this program. What
# it answers is $STANDIN_DIR/inventory.
mkdir -p "$STANDIN_DIR/bin"
printf 'imgcache-inventory 1\nend\n' >"$STANDIN_DIR/inventory"
printf '#!/bin/sh\ncat "%s"\n' "$STANDIN_DIR/inventory" \
	>"$STANDIN_DIR/bin/-c"
chmod +x "$STANDIN_DIR/bin/-c"
PATH=$STANDIN_DIR/bin:$PATH

standin_cleanup() {
	standin_stop
	test_cleanup
}
trap standin_cleanup EXIT

standin_start() {
	engined "$STANDIN_DIR"
}

# It leads a group of its own, with a child for each connection.
standin_stop() {
	[ -f "$STANDIN_DIR/engined.pid" ] || return 0
	kill -s KILL -- "-$(cat "$STANDIN_DIR/engined.pid")" 2>/dev/null
	rm -f "$STANDIN_DIR/engined.pid" "$STANDIN_DIR/docker.sock"
}

standin_base() {
	for standin_ref; do
		echo "$standin_ref" | docker import - "$standin_ref" &&
		docker push "$standin_ref" || return 1
	done >/dev/null
}

# It takes any "exit N" and "false" of a step for the step's end. Those of a
# generated Dockerfile stand behind conditions, so they are hidden from it.
standin_packages() {
	cat >"$STANDIN_DIR/bin/docker" <<-SCRIPT
	#!/bin/sh
	if [ "\$1 \$2" = "buildx build" ]; then
		for word; do
			case \$word in --file=*) file=\${word#--file=} ;; esac
		done
		sed -i "s/exit 1/quit 1/g; s/=false/=no/g" "\$file"
	fi
	exec "$STANDIN_BIN/docker" "\$@"
	SCRIPT
	chmod +x "$STANDIN_DIR/bin/docker"
}

# Counting starts anew, so "1" is the first question from now on.
faults() {
	rm -rf "$STANDIN_DIR/count"
	: >"$STANDIN_DIR/faults"
	for standin_rule; do
		echo "$standin_rule" >>"$STANDIN_DIR/faults"
	done
}

calls() {
	touch "$STANDIN_DIR/calls"
	standin_words=
	for standin_word; do
		standin_words="$standin_words '$standin_word'"
	done
	grep -cF -- "docker$standin_words" "$STANDIN_DIR/calls"
}

# says FILE TEXT: the file is that one line, "imgcache: " put before it.
says() {
	printf 'imgcache: %s\n' "$2" >expect && same expect "$1"
}

# nothing_kept: the state directory was not made, or holds no image and build.
nothing_kept() {
	[ -f "$IMGCACHE_DIR/catalog.db" ] || return 0
	imgcache list --json --all-engines >kept || return 1
	[ "$(jq length kept)" -eq 0 ]
}
