#!/bin/sh
# SPDX-License-Identifier: MIT
#
# ignore.sh [-s SEED] [-n CASES] [-b BATCH] [-p] CASE-MAKER
#
# BuildKit judges our ignore rules: random trees and random ignore files, and
# what "FROM scratch / COPY . /" exports must be what "imgcache context --list"
# lists; what of that has lost its content must be what ignore_hollow_rule() is
# for. CASE-MAKER is the program of t/helper/ignore-case.c, ignore-hollow stands
# beside it, the imgcache is the one of PATH. Asks the docker that DOCKER_HOST
# names (t/engine/engine.sh env); exit code 77 without. -p prunes the engine's
# build cache after each batch, as key.sh does.
#
# In one case of three the ignore file is the context's, in one there is that,
# too, and says "*", which must not be heeded.
#
# Many cases are one "buildx bake". Ignore files that we refuse are given to
# BuildKit one by one and must fail there too, unless only Go's regexp refuses
# the pattern: BuildKit notices that only when it comes to use it.

set -eu

seed=1 cases=200 batch=50 prune=''
while getopts s:n:b:p o; do
	case $o in
	s) seed=$OPTARG ;;
	n) cases=$OPTARG ;;
	b) batch=$OPTARG ;;
	p) prune=1 ;;
	*) exit 129 ;;
	esac
done
shift $((OPTIND - 1))
make=$1
hollow=${make%/*}/ignore-hollow

if ! docker buildx version >/dev/null 2>&1 ||
	! docker version >/dev/null 2>&1; then
	echo "oracle: no docker buildx that answers" >&2
	exit 77
fi

# The base names of the contexts must be new: BuildKit remembers by them.
dir=$(mktemp -d "${TMPDIR:-/tmp}/imgcache-oracle.XXXXXX")
trap 'rm -rf "${dir%/cases}"' EXIT
trap 'exit 130' INT TERM
run=$(basename "$dir" | tr -dc a-zA-Z0-9)
mkdir "$dir/own" "$dir/cases"
export DOCKER_CONFIG="${DOCKER_CONFIG-$HOME/.docker}"
# Newer versions of bake ask whether folders elsewhere may be read.
export BUILDX_BAKE_ENTITLEMENTS_FS=0
export HOME="$dir/own" IMGCACHE_DIR="$dir/own/state"
dir=$dir/cases

# Unpacked as exported: nothing stands between us and what was sent.
listing() {
	(cd "$1" && find . -mindepth 1 -type d -printf '%P/\0' \
		-o -mindepth 1 -printf '%P\0') | LC_ALL=C sort -z
}

# make_case SEED
make_case() {
	"$make" "$1" "$dir"
	mv "$dir/$1-tree" "$dir/$run$1"
	printf 'FROM scratch\nCOPY . /\n' >"$dir/$1.Dockerfile"
	case $(($1 % 3)) in
	0) mv "$dir/$1.Dockerfile.dockerignore" "$dir/$run$1/.dockerignore" ;;
	1) echo '*' >"$dir/$run$1/.dockerignore" ;;
	esac
}

# rules SEED: the ignore file
rules() {
	cat "$(rules_file "$1")"
}

# files DIR TEST...: its regular files that pass the tests of find
files() {
	(cd "$1" && shift && find . -type f "$@" -printf '%P\0') |
		LC_ALL=C sort -z
}

# rules_file SEED
rules_file() {
	f=$dir/$1.Dockerfile.dockerignore
	[ -e "$f" ] || f=$dir/$run$1/.dockerignore
	echo "$f"
}

# list SEED
list() {
	imgcache context --list -z --context "$dir/$run$1" \
		--dockerfile "$dir/$1.Dockerfile"
}

differ() {
	echo "seed $1 differs (< ours, > BuildKit)"
	rules "$1" | sed 's/^/	/' | cat -A
	for side in ours theirs; do
		tr '\n\0' '?\n' <"$dir/$1.$side" >"$dir/$1.$side.txt"
	done
	diff "$dir/$1.ours.txt" "$dir/$1.theirs.txt" | grep '^[<>]' || :
}

# bake FILE SEED...: one target a case
bake() {
	file=$1
	shift
	{
		printf '{"target":{'
		comma=
		for s; do
			printf '%s"c%s":{"context":"%s/%s%s",' "$comma" "$s" \
				"$dir" "$run" "$s"
			printf '"dockerfile":"%s/%s.Dockerfile",' "$dir" "$s"
			printf '"output":["type=local,dest=%s/%s.out"]}' \
				"$dir" "$s"
			comma=,
		done
		printf '}}\n'
	} >"$file"
	targets=
	for s; do targets="$targets c$s"; done
	# shellcheck disable=SC2086
	docker buildx bake -f "$file" $targets >"$file.log" 2>&1
}

refusals='syntax error in pattern|illegal exclusion pattern|token too long'

# bake_one SEED: 1 if it fails for the ignore file. Now and then docker says
# "canceled" instead of the reason; then it is asked again. Anything else ends
# the run: an engine that is gone proves nothing.
bake_one() {
	for try in 1 2 3 4 5 6 7 8; do
		! bake "$dir/bake.json" "$1" || return 0
		! grep -qE "$refusals" "$dir/bake.json.log" || return 1
		grep -q 'context canceled' "$dir/bake.json.log" || break
	done
	echo "oracle: docker failed for another reason:" >&2
	tail -n 5 "$dir/bake.json.log" >&2
	exit 128
}

# compare SEED: 0 equal
compare() {
	listing "$dir/$1.out" >"$dir/$1.theirs"
	files "$dir/$1.out" >"$dir/$1.files"
	"$hollow" "$(rules_file "$1")" <"$dir/$1.files" >"$dir/$1.hollow" ||
		exit 128
	! grep -qa . "$dir/$1.hollow" || empties=$((empties + 1))
	# none is made that has no content
	{ echo "without content:" && files "$dir/$1.out" -empty; } >>"$dir/$1.theirs"
	{ echo "without content:" && cat "$dir/$1.hollow"; } >>"$dir/$1.ours"
	cmp -s "$dir/$1.ours" "$dir/$1.theirs" || {
		differ "$1"
		return 1
	}
}

empties=0 good=0 refused=0 stricter=0 bad=0
end=$((seed + cases))
while [ "$seed" -lt "$end" ]; do
	batch_seeds=
	n=0
	while [ "$n" -lt "$batch" ] && [ "$seed" -lt "$end" ]; do
		s=$seed
		seed=$((seed + 1))
		n=$((n + 1))
		make_case "$s"
		if list "$s" >"$dir/$s.raw" 2>"$dir/$s.err"; then
			LC_ALL=C sort -z <"$dir/$s.raw" >"$dir/$s.ours"
			batch_seeds="$batch_seeds $s"
		elif ! grep -q 'docker build would refuse it' "$dir/$s.err"
		then
			bad=$((bad + 1))
			echo "seed $s: imgcache failed"
			cat "$dir/$s.err"
		elif bake_one "$s"; then
			if grep -q 'not a well formed' "$dir/$s.err"; then
				bad=$((bad + 1))
				echo "seed $s: refused by us only"
				cat "$dir/$s.err"
			else
				stricter=$((stricter + 1))
			fi
		else
			refused=$((refused + 1))
		fi
	done
	# shellcheck disable=SC2086
	if [ -n "$batch_seeds" ] && ! bake "$dir/bake.json" $batch_seeds; then
		# One target that fails takes the others with it.
		for s in $batch_seeds; do
			bake_one "$s" || {
				bad=$((bad + 1))
				echo "seed $s: refused by BuildKit only"
				tail -n 3 "$dir/bake.json.log"
				rules "$s" | cat -A
				rm -rf "$dir/$s.ours"
			}
		done
	fi
	for s in $batch_seeds; do
		[ -e "$dir/$s.ours" ] || continue
		if compare "$s"; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
		fi
	done
	rm -rf "${dir:?}"/*
	[ -z "$prune" ] || docker buildx prune -af >/dev/null
done
echo "$good equal, $refused refused by both, $stricter refused by us only" \
	"(regexp), $bad different; $empties with files that lose their content"
[ "$bad" -eq 0 ]
