#!/bin/sh
# SPDX-License-Identifier: MIT
# A build that is killed while it puts its local cache in place, at each system
# call by which it does so: an engine that knows nothing starts from the old
# cache or the new one, and what was left lying about goes with the next build.
# On an engine of its own, whose build cache is emptied each time.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/engine/own.sh
. "$(dirname "$0")/engine/own.sh"
own_engine prune containerd
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"
kill_cleanup() {
	engine_cleanup
	own_stop
}
trap kill_cleanup EXIT
strace -o /dev/null true 2>/dev/null || test_skip_all "no strace here"

caches=$IMGCACHE_DIR/cache/buildcache
mkdir app
cat >app/Dockerfile <<-FILE
	FROM busybox:latest
	LABEL imgcache-test=$RUN
	RUN echo $RUN >/first
	COPY data /data
	RUN wc -c /data >/second
FILE
# A kill comes before the call that it is given for.
changing=mkdir,symlink,rename,unlink,unlinkat,flock,openat

# build COMMAND...: the app, with a local cache; what it said is in answer.
build() {
	"$@" imgcache build --json --cache-to type=local \
		--cache-from type=local app >answer 2>words
}

round() {
	date +%N >app/data
}

# emptied: neither the image nor a step of it is on the engine.
emptied() {
	docker images -q --filter "label=imgcache-test=$RUN" | sort -u |
		xargs -r docker rmi -f >/dev/null
	docker buildx prune --all --force >/dev/null
}

# swap_calls TRACE: "call number" of what puts the cache in place, from the
# first look at what docker wrote: of the many that sweep, every third.
swap_calls() {
	awk -v caches="$caches" '
		{ call = $0; sub(/\(.*/, "", call); n[call]++ }
		!index($0, caches) { next }
		call == "mkdir" && /\/g[0-9]+-/ { written = 1 }
		written && call == "openat" && /index.json/ { begun = 1 }
		begun && (call != "openat" || !seen[call]++) &&
			(call != "unlinkat" || swept++ % 3 == 0) {
			print call, n[call]
		}' "$1"
}

test_that 'without a cache an emptied engine has no step cached' '
	round && build && rm -r "$caches" && emptied && build &&
	jq -e ".[0].cached == 0 and .[0].steps == 3" answer
'

test_that 'what a swap consists of' '
	round && build && round &&
	build strace -y -e "trace=$changing" -o trace &&
	swap_calls trace >points && cat points &&
	for call in openat unlink symlink rename flock unlinkat; do
		grep "^$call " points || return 1
	done
'

# killed CALL NUMBER: the build ends before that call, which is one of a swap.
killed() {
	build strace -y -e "trace=$changing" -o trace \
		-e "inject=$1:signal=KILL:when=$2"
	[ $? -eq 137 ] && grep "^$1(" trace | tail -n 1 >last && cat last &&
	grep -F "$caches" last
}

# alone: one generation, the one that counts, and nothing else lies about.
alone() {
	ls "$caches"/* >names && cat names &&
	[ "$(grep -c ^g names)" -eq 1 ] && [ "$(wc -l <names)" -eq 3 ] &&
	[ "$(readlink "$caches"/*/current)" = "$(grep ^g names)" ]
}

: >taken
while read -r call number; do
	test_that "killed at $call no. $number: a new engine starts warm" "
		round && killed $call $number && emptied && build &&
		jq -r '.[] | \"\(.cached) of \(.steps)\"' answer >cached &&
		cat cached && cat cached >>taken && ! grep '^0 ' cached &&
		alone
	"
done <points

test_that 'before the rename the old cache counted, after it the new one' '
	sort -u taken && [ "$(sort -u taken | wc -l)" -eq 2 ] &&
	awk "{ full = \$1 == \$3 } !full && before { exit 1 }
		{ before = before || full } END { exit !before }" taken
'

test_done
