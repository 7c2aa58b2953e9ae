#!/bin/sh
# SPDX-License-Identifier: MIT
#
# BuildKit as the judge, at length: N cases (20000) from SEED (1) on of ignore
# rules, then of keys, and a twentieth of that of what `imgcache why` says, with
# the counts. `make oracle N=500` is a short one.
# IMAGES: one case of so many is built by imgcache too (10). CHANGES: so many
# cases are changes of one project (8), which docker then builds but once.
set -eu
cd "$(dirname "$0")/../.."
: "${N:=20000}" "${SEED:=1}" "${IMAGES:=10}" "${CHANGES:=8}"
t/deps.sh --for check
make -s WERROR=1 all helpers
eval "$(t/engine/use.sh)"
stop() {
	[ -z "${IMGCACHE_ENGINE_STARTED-}" ] || t/engine/engine.sh stop || :
}
trap stop EXIT
PATH=$PWD/build:$PATH
export PATH
# -p: an engine that was started for this is nobody else's
bad=0
echo "ignore rules, $N cases from $SEED on:"
t/oracle/ignore.sh -s "$SEED" -n "$N" ${IMGCACHE_ENGINE_STARTED:+-p} \
	build/plain/t/helper/ignore-case || bad=1
echo "keys, $N cases from $SEED on:"
t/oracle/key.sh -s "$SEED" -n "$N" -m "$CHANGES" -i "$IMAGES" \
	${IMGCACHE_ENGINE_STARTED:+-p} build/plain/t/helper/key-case || bad=1
why=$((N / 20 + 1))
echo "why, $why changes:"
N=$why SEED=$SEED t/oracle/why.sh || bad=1
exit $bad
