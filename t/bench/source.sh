#!/bin/sh
# SPDX-License-Identifier: MIT
# source.sh [FILES...]: what reading a source tree costs, beside a walk that
# does nothing else, find, and git status; all of one tree measured in turn in
# one run. Trees of 10000 and 100000 files unless numbers are given, and the
# node_modules of BENCH_NODE_MODULES. BENCH_SOURCE_RUNS (15) rounds. Wall time is
# what counts; on a machine that has other things to do, look at the processor
# time. With BENCH_COLD, root's, the disk is cold for a few rounds, too.
set -eu
cd "$(dirname "$0")/../.."
runs=${BENCH_SOURCE_RUNS:-15}
. t/bench/lib.sh
bin=$bin/t/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
HOME=$work
export HOME

cat >"$work/rules" <<'RULES'
.git
node_modules/.cache
**/coverage
*.log
**/*.tmp
dist/
build/out
**/__pycache__
*.pyc
**/*.swp
.env
.env.*
!.env.example
docs/private
**/.DS_Store
target/debug
tmp*/cache
vendor/*/test
*.md.bak
/secrets
RULES
echo .git >"$work/git-rules"
cat >"$work/xxhsum" <<'SH'
find "$1" -type f -print0 | xargs -0 -P2 -n 500 xxhsum -H2 2>/dev/null
SH

# race's lines for the commands in the file of words, into $work/times.
race() {
	"$bin/race" "$runs" "$@" >"$work/times"
}

# Name, goal ("-": none) and the line of it in times; base is the first line.
row() {
	awk -v n="$3" -v name="$1" -v goal="$2" -v over="${4:-1}" '
	NR == over { wall = $1; cpu = $3 }
	{ w[NR] = $1; c[NR] = $3 }
	END {
		r = w[n] / w[over]
		printf "  %-42s %9.1f ms %6.2f %6.2f", name, w[n] / 1000, r,
			c[n] / c[over]
		if (goal == "-")
			printf "\n"
		else
			printf "  goal %s %s\n", goal,
				r <= goal ? "reached" : "MISSED"
	}' "$work/times"
}

title() {
	printf '%s\n  %-42s %12s %6s %6s\n' "$1" "" "wall" "ratio" "cpu"
}

measure_plain() {
	tree=$1
	cache=$work/cache
	rm -rf "$cache"
	mkdir -p "$cache"
	"$bin/scan" -c "$cache" "$tree" >/dev/null
	"$bin/scan" -c "$cache" -i "$work/rules" "$tree" >/dev/null
	sleep 0.1
	"$bin/scan" -c "$cache" "$tree" >/dev/null
	"$bin/scan" -c "$cache" -i "$work/rules" "$tree" >/dev/null
	file=$(find "$tree" -type f | sed -n 5000p)
	cat >"$work/change" <<SH
printf x >>"$file"
exec "$bin/scan" -c "$cache" "$tree"
SH
	race -- "$bin/walk" "$tree" -- "$bin/walk" "$tree" 2 \
		-- find "$tree" -size +1000G \
		-- "$bin/scan" -t 1 -c "$cache" "$tree" \
		-- "$bin/scan" -t 2 -c "$cache" "$tree" \
		-- "$bin/scan" -c "$cache" "$tree" \
		-- "$bin/scan" -t 1 -c "$cache" -i "$work/rules" "$tree" \
		-- sh "$work/change" \
		-- "$bin/scan" -t 1 "$tree" -- "$bin/scan" -t 2 "$tree" \
		-- sh "$work/xxhsum" "$tree"
	row "bare walk, one thread" - 1
	row "bare walk, two threads" - 2
	row "  beside find -size" 0.85 1 3
	row "warm, one thread" 1.10 4
	row "warm, two threads" 0.65 5
	row "warm, as many threads as help" - 6
	row "20 patterns, beside warm" 1.05 7 4
	row "one file changed, beside warm" 1.40 8 6
	row "nothing cached, one thread" - 9
	row "nothing cached, two threads" 1.75 10
	row "  beside find | xargs -P2 xxhsum" 0.625 10 11
}

# Before each run the kernel forgets what it has of the disk.
measure_cold() {
	for threads in 1 2 8 0; do
		sync
		echo 3 >/proc/sys/vm/drop_caches
		begin=$(date +%s%N)
		"$bin/scan" -t $threads "$1" >/dev/null
		end=$(date +%s%N)
		[ $threads -ne 0 ] || threads="as many as help"
		printf '  %-42s %9d ms\n' "disk cold, threads: $threads" \
			$(((end - begin) / 1000000))
	done
}

measure_git() {
	rm -rf "$work/clone" "$work/origin" "$work/cache"
	cp -R "$1" "$work/origin"
	git -C "$work/origin" init -q
	git -C "$work/origin" add -A
	git -C "$work/origin" -c user.name=b -c user.email=b@localhost \
		commit -q -m b
	git clone -q --no-local "$work/origin" "$work/clone"
	rm -rf "$work/origin"
	mkdir "$work/cache"
	sleep 0.1
	git -C "$work/clone" status >/dev/null
	set -- "$bin/scan" -h git -i "$work/git-rules"
	"$@" -c "$work/cache" "$work/clone" >/dev/null
	race -- git -C "$work/clone" status \
		-- "$@" -c "$work/cache" "$work/clone" -- "$@" "$work/clone" \
		-- "$@" -f -c "$work/cache" "$work/clone"
	row "git status" - 1
	row "warm" 1.00 2
	row "first time, ids from the index" - 3
	row "first time, stat cache written" 1.20 4
	rm -rf "$work/clone"
}

# Memory of a scan of nothing, of a first and a warm one, and the stat cache, kB.
size_of() {
	rm -rf "$work/cache" "$work/nothing"
	mkdir "$work/cache" "$work/nothing"
	"$bin/scan" -m "$work/nothing" | sed -n 's/ kB//p'
	"$bin/scan" -m -c "$work/cache" "$1" | sed -n 's/ kB//p'
	"$bin/scan" -m -c "$work/cache" "$1" | sed -n 's/ kB//p'
	du -k "$work/cache" | awk '{ print $1 }'
}

[ $# -gt 0 ] || set -- 10000 100000
for files; do
	tree=$(t/bench/tree.sh "$files")
	title "$files files"
	measure_plain "$tree"
	measure_git "$tree"
	[ -z "${BENCH_COLD-}" ] || measure_cold "$tree"
	size_of "$tree" | paste -s - | awk -v n="$files" '{
		printf "  bytes a file: first time %d, warm %d (goal 200), " \
			"stat cache %d (goal 90)\n", ($2 - $1) * 1024 / n,
			($3 - $1) * 1024 / n, $4 * 1024 / n
	}'
done
if [ -n "${BENCH_NODE_MODULES-}" ]; then
	title "node_modules"
	measure_plain "$BENCH_NODE_MODULES"
fi
