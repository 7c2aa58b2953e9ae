#!/bin/sh
# SPDX-License-Identifier: MIT
# tree.sh FILES: print the path of a source tree with that many files, made if
# it is not there yet; always the same for the same number: ten files a
# directory, at most nine levels, sizes as source trees have them (log-normal,
# 5.7 kB on average).
set -eu
[ $# -eq 1 ] || { echo "usage: tree.sh FILES" >&2; exit 129; }
cd "$(dirname "$0")/../.."
tree=$(pwd)/build/bench/trees/$1
echo "$tree"
[ ! -e "$tree.made" ] || exit 0
rm -rf "$tree"
mkdir -p "$tree"
cd "$tree"
dirs=$(($1 / 10 + 1))

# Every directory hangs below an earlier one; .dirs lists them in that order.
awk -v n="$dirs" 'BEGIN {
	srand(7)
	path[0] = "."; depth[0] = 0
	split("src lib test docs util core api web node model view", word, " ")
	for (i = 1; i < n; i++) {
		do p = int(rand() * i); while (depth[p] > 7)
		path[i] = path[p] "/" word[1 + i % 11] "-" i
		depth[i] = depth[p] + 1
		print path[i]
	}
}' >.dirs
xargs mkdir -p <.dirs

awk -v files="$1" 'BEGIN {
	srand(11)
	dir[0] = "."; n = 1
	while ((getline line <".dirs") > 0)
		dir[n++] = line
	split("c h js ts py md json css", suffix, " ")
	split("main index helper types config parser reader", word, " ")
	for (block = ""; length(block) < 65536; )
		block = block "the quick brown fox jumps over it all the day\n"
	for (i = 0; i < files; i++) {
		u = rand() + 1e-9; v = rand()
		normal = sqrt(-2 * log(u)) * cos(6.2831853 * v)
		size = int(exp(7.6 + 1.4 * normal))
		if (size > 1000000)
			size = 1000000
		name = dir[i % n] "/" word[1 + i % 7] i "." suffix[1 + i % 8]
		printf "%d\n", i >name
		for (; size > 65536; size -= 65536)
			printf "%s", block >name
		printf "%s", substr(block, 1, size) >name
		close(name)
	}
}'
rm .dirs
: >"$tree.made"
