#!/bin/sh
# SPDX-License-Identifier: MIT
#
# key.sh [-s SEED] [-n CASES] [-m CHANGES] [-o NTH] [-b BATCH] [-i SHARE] [-kpr]
#	CASE-MAKER
#
# BuildKit judges our keys: random projects (t/helper/key-case.c) and random
# changes, so many (1) of each, or the one that is number NTH. Plain docker
# builds a project and its changed copy from folders with names of their own, so
# that its memory of contexts plays no part; imgcache has one folder, changed in
# place, in the modes full and sources.
#
#	sound	where docker reruns a step of the target, or makes another
#		image, or none, the tag differs; but for group-write
#	precise	where the way the change was made leaves no doubt that nothing
#		can come of it, the tag stays
#	placed	a copy elsewhere, with other times and inodes, has the same tag,
#		and so has what git has got to know after the change
#	fresh	what imgcache has built after the change, in one case of SHARE,
#		is what docker builds of the copy, to the byte
#	stable	how often the tag stays where docker finds every step in its
#		cache and makes the same image; those of the mode sources where
#		it does not are listed by class, and a class without a reason in
#		key.awk is wrong. In the mode full all that is sent counts.
#
# Asks the docker that DOCKER_HOST names (t/engine/engine.sh env), with the
# registry IMGCACHE_TEST_REGISTRY; exit code 77 without. The imgcache is the one
# of PATH. -k keeps the folder and in it the files of what is wrong. -p prunes
# the engine's build cache after each batch, for an engine that nobody else
# uses: thousands of cases make it slow. -r takes docker at its first word: else
# a step that it says to have run, while the image stays as it was, must run in
# a second try, too.

set -eu

seed=1 cases=60 changes=1 nth='' batch=30 share=1 keep='' prune='' retry=1
while getopts s:n:m:o:b:i:kpr o; do
	case $o in
	s) seed=$OPTARG ;;
	n) cases=$OPTARG ;;
	m) changes=$OPTARG ;;
	o) nth=$OPTARG ;;
	b) batch=$OPTARG ;;
	i) share=$OPTARG ;;
	k) keep=1 ;;
	p) prune=1 ;;
	r) retry='' ;;
	*) exit 129 ;;
	esac
done
shift $((OPTIND - 1))
maker=$1

# The plugin itself where it is known: docker would ask each plugin who it is.
plugin=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins/docker-buildx
buildx() {
	if [ -x "$plugin" ]; then
		"$plugin" "$@"
	else
		docker buildx "$@"
	fi
}

if [ -z "${IMGCACHE_TEST_REGISTRY-}" ] ||
	! buildx version >/dev/null 2>&1 ||
	! docker version >/dev/null 2>&1; then
	echo "oracle: no buildx that answers, or no registry" >&2
	exit 77
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/imgcache-oracle.XXXXXX")
token=$(basename "$dir" | tr -dc a-zA-Z0-9 |
	tr '[:upper:]' '[:lower:]')
mkdir "$dir/home" "$dir/work" "$dir/tmp"
w=$dir/work
# buildx leaves something behind there.
export TMPDIR="$dir/tmp"
export DOCKER_CONFIG="${DOCKER_CONFIG-$HOME/.docker}"
# Newer versions of bake ask whether folders elsewhere may be read.
export BUILDX_BAKE_ENTITLEMENTS_FS=0
# Nobody's settings but those of the cases.
for name in $(env | sed -n 's/^\(IMGCACHE_[A-Z_]*\)=.*/\1/p'); do
	case $name in
	IMGCACHE_TEST_*) ;;
	*) unset "$name" ;;
	esac
done
export HOME="$dir/home" IMGCACHE_DIR="$dir/state"
export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o@localhost
export GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o@localhost
export KEY_REGISTRY="$IMGCACHE_TEST_REGISTRY"
export KEY_BASE="$KEY_REGISTRY/busybox:latest"
export KEY_BASE_ENV="$KEY_REGISTRY/oracle-env-$token:1"
export KEY_BASE_SRC="$KEY_REGISTRY/oracle-src-$token:1"
export KEY_BASE_ALL="$KEY_REGISTRY/oracle-all-$token:1"
moved=$KEY_REGISTRY/oracle-moved-$token:1

# Flags of COPY that only newer frontends know. Which there are decides the
# projects, too: a seed is the same only where they are.
understands() {
	printf 'FROM scratch\nCOPY --%s . /\n' "$1" | buildx build -q \
		-f - -o type=cacheonly "$dir/home" >/dev/null 2>&1
}
KEY_FLAGS=
for flag in exclude=x parents; do
	! understands "$flag" || KEY_FLAGS="$KEY_FLAGS --${flag%=*}"
done
export KEY_FLAGS

moved_id=none
beside=		# a process that works on half of the cases

cleanup() {
	if [ -n "$beside" ] && kill "$beside"; then
		wait "$beside" || :
	fi
	docker images --format '{{.Repository}}:{{.Tag}}' |
		grep -F -e "-$token" | xargs -r docker rmi >/dev/null 2>&1 || :
	docker images --format '{{.Repository}}:{{.Tag}}' \
		--filter "label=imgcache-test=$token" | grep -v '<none>' |
		xargs -r docker rmi >/dev/null 2>&1 || :
	docker rmi "localhost/imgcache-base:${moved_id#*:}" >/dev/null 2>&1 ||
		:
	if [ -n "$keep" ]; then
		echo "kept: $dir" >&2
	else
		rm -rf "$dir"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# make_base REF LINE...
make_base() {
	ref=$1
	shift
	{ echo "FROM $KEY_BASE" && printf '%s\n' "$@"; } |
		buildx build -q -t "$ref" - >/dev/null &&
		docker push -q "$ref" >/dev/null
}
make_base "$KEY_BASE_ENV" 'ENV BASE_DIR=src SRC=src A=b'
# shellcheck disable=SC2016 # for the Dockerfile
make_base "$KEY_BASE_SRC" 'ENV DIR=src' 'ONBUILD ARG X=src' \
	'ONBUILD COPY ${X} /onb' 'ONBUILD RUN echo onb >/onb.txt'
make_base "$KEY_BASE_ALL" 'ONBUILD WORKDIR /app' 'ONBUILD COPY . .'
make_base "$moved" 'RUN echo moved >/moved'
moved_id=$(docker image inspect -f '{{.Id}}' "$moved")

# A case is named SEED, or SEED-N where it is not the first of its project. What
# a project has but once goes by the name without a number: ${case%-*}.

# orders CASE: what the maker wants done, as variables
orders() {
	in_git='' own_base='' pushed=''
	# shellcheck source=/dev/null
	. "$w/$1.sh"
}

# set_base CASE FROM: the project's own base is that image now
set_base() {
	docker tag "$2" "$own_base"
	[ -z "$pushed" ] || docker push -q "$own_base" >/dev/null
}

# side_by_side COMMAND CASE...: for each of them, on two processors
side_by_side() {
	command=$1
	shift
	every_other 1 "$@" &
	beside=$!
	every_other 0 "$@"
	wait "$beside"
	beside=
}

every_other() {
	n=$1
	shift
	for s; do
		[ $((n % 2)) -eq 0 ] || "$command" "$s"
		n=$((n + 1))
	done
}

begin() {
	"$maker" "$1" "$token" "$w"
	orders "$1"
	[ -z "$own_base" ] || set_base "$1" "$KEY_BASE"
	[ -n "$in_git" ] || return 0
	git -C "$w/${1}k" init -q
	git -C "$w/${1}k" add -A 2>/dev/null
	git -C "$w/${1}k" commit -qm one
	[ "$in_git" = yes ] || git -C "$w/${1}k" ls-files -z |
		xargs -0 -r git -C "$w/${1}k" update-index --assume-unchanged
}

change() {
	"$maker" -c "$1" "$token" "$w"
	orders "$1"
	if [ "$(sed -n 5p "$w/$1.change")" = 1 ]; then
		set_base "$1" "$moved"
	fi
}

# ours CASE COPY VERB...: imgcache with the project's flags
ours() {
	flags=$w/$1.$2
	shift 2
	[ -z "$pushed" ] || export IMGCACHE_BASE_TTL=0
	xargs -d '\n' imgcache "$@" <"$flags"
}

# tags CASE COPY NAME: both modes, kept as <CASE>.<NAME>-<mode>.json
tags() {
	orders "$1"
	for mode in full sources; do
		(ours "$1" "$2" tag --json --context-mode $mode) \
			>"$w/$1.$3-$mode.json" 2>"$w/$1.$3-$mode.err" ||
			echo '{"tag":"none","manifest":""}' \
				>"$w/$1.$3-$mode.json"
	done
}

tags_before() {
	tags "$1" k k1
}

tags_after() {
	tags "$1" k k2
	tags "$1" b b
}

# committed CASE: after the change, where there is a repository
committed() {
	orders "$1"
	[ -n "$in_git" ] || return 0
	git -C "$w/${1}k" add -A 2>/dev/null
	git -C "$w/${1}k" commit -qm two --allow-empty
	tags "$1" k g
}

# number CASE: one that differs from those of its project's other cases, too
number() {
	case $1 in
	*-*) echo $((${1%-*} + ${1#*-})) ;;
	*) echo "$1" ;;
	esac
}

mode_of() {
	[ $(($(number "$1") / share % 2)) -eq 0 ] && echo full || echo sources
}

# image_made CASE NAME: build what misses, the ref is kept as <CASE>.<NAME>-ref
image_made() {
	orders "$1"
	(ours "$1" k build --context-mode "$(mode_of "$1")" \
		--label "imgcache-test=$token") >"$w/$1.$2-ref" \
		2>"$w/$1.$2-build" || echo none >"$w/$1.$2-ref"
}

# images NAME CASE...: some at a time, since each waits for the disk
images() {
	name=$1
	shift
	n=0
	for s; do
		[ $(($(number "$s") % share)) -eq 0 ] || continue
		image_made "$s" "$name" &
		n=$((n + 1))
		[ $((n % 4)) -ne 0 ] || wait
	done
	wait
}

# shellcheck source=t/oracle/key-docker.sh
. "${0%.sh}-docker.sh"

# fresh CASE...: is our image after the change docker's?
fresh() {
	for s; do
		[ -e "$w/$s.k2-ref" ] || continue
		ours=$(image "$w/ours.images" "$s.k2")
		theirs=$(image "$w/b.images" "$s.b")
		verdict=differs
		if [ -z "$theirs" ]; then
			[ "$ours" != none ] || verdict=same
		elif [ "$ours" = "$theirs" ]; then
			verdict=same
		elif [ "$ours" != none ] && same_as_ours "$s"; then
			verdict=alike
		fi
		echo "$s $verdict"
	done
}

# One line a case and mode, tab between: name, class, mode, what counted
# before, stays, group-write, ran, same image, tags, copy's tag, git's tag, how
# many steps docker runs without a change.
verdicts() {
	while read -r s ran noise made; do
		{ read -r class && read -r full && read -r sources &&
			read -r group; } <"$w/$s.change"
		for mode in sources full; do
			[ $mode = full ] && stays=$full || stays=$sources
			git=$w/$s.g-$mode.json
			[ -e "$git" ] || git=$w/$s.k2-$mode.json
			printf '["%s","%s","%s","%s","%s","%s","%s",%d]\n' \
				"$s" "$class" $mode "$stays" "$group" "$ran" \
				"$made" "$noise"
			cat "$w/$s.k1-$mode.json" "$w/$s.k2-$mode.json" \
				"$w/$s.b-$mode.json" "$git"
		done
	done <"$w/relations" | jq -rn '
		def counted: (.manifest |
			capture("\ncontext (?<m>[a-z]+)").m) // "none";
		[inputs] as $all | range(0; $all | length; 5) as $i |
		$all[$i:$i + 5] as [$c, $k1, $k2, $b, $git] | $c[0:3] +
		[[$k1, $k2 | counted] | unique | join("+")] + $c[3:7] +
		[$k1.tag, $k2.tag, $b.tag, $git.tag, $c[7]] | @tsv'
}

# judge FOLDER: the complaints, and the counts
judge() {
	awk -F '\t' -v invalid="$invalid" -v unsteady="$unsteady" \
		-f "${0%.sh}.awk" kind=fresh "$1/fresh" \
		kind=verdicts "$1/verdicts"
}

# wrong WORDS: the seeds with such a complaint
wrong() {
	judge "$w" | sed -n "s/^seed \([0-9-]*\): .*$1.*/\1/p" | sort -u
}

# nth_of CASE: 0 is the first
nth_of() {
	case $1 in
	*-*) echo "${1#*-}" ;;
	*) echo 0 ;;
	esac
}

# Docker does not always tell a step that it skips from one that it runs, and
# among many builds one is cancelled now and then: no case then.
try_again() {
	for s in $(wrong 'UNSOUND.* \(same\|none\) image'); do
		"$0" -r -s "${s%-*}" -n 1 -o "$(nth_of "$s")" -i 1000000000 \
			"$maker" >"$w/again" 2>&1 || continue
		unsteady=$((unsteady + 1))
		awk -F '\t' -v OFS='\t' -v s="$s" '$1 == s && $8 == "none" {
			next } $1 == s { $7 = 0 } 1' \
			"$w/verdicts" >"$w/new" && mv "$w/new" "$w/verdicts"
	done
}

# What is wrong is worth a look: its files stay.
keep_files() {
	for s in $(wrong ''); do
		mkdir -p "$dir/wrong"
		cp -a "$w/$s"[a-z.]* "$dir/wrong"
		for copy in a c b; do
			name=$s
			[ $copy = b ] || name=${s%-*}
			grep "\[c$name \|^#.*ERROR" "$w/$copy.log" \
				>"$dir/wrong/$s.$copy.log"
			sed -n "s/^$name //p" "$w/$copy.steps" \
				>"$dir/wrong/$s.$copy.steps"
		done
	done
}

remove_images() {
	cat "$w"/*.k[12]-ref 2>/dev/null | grep -v none | sort -u |
		xargs -r docker rmi >/dev/null 2>&1 || :
	for s; do
		orders "$(basename "$s" .sh)"
		echo "$own_base"
	done | grep . | xargs -r docker rmi >/dev/null 2>&1 || :
}

# named SEED...: the cases of these projects, which have begun. Where a base is
# the project's own its cases would move it under each other.
named() {
	for s; do
		orders "$s"
		n=${nth:-0}
		while [ "$n" -lt "$changes" ]; do
			[ "$n" -eq 0 ] && echo "$s" || echo "$s-$n"
			n=$((n + 1))
			[ -z "$own_base" ] || break
		done
	done
}

# builds COPY SEED...: bake it, $valid is who docker builds
builds() {
	bake "$@"
	invalid=$((invalid + $(wc -l <"$w/$1.failed")))
	failed=$w/$1.failed
	shift
	valid=$(without "$failed" "$@")
}

# Before the change: docker twice for a project, then imgcache for each case.
# Some can be built, but are no image: a folder as the base has no "os".
before() {
	builds a "$@"
	# shellcheck disable=SC2086
	builds c $valid
	# shellcheck disable=SC2086
	set -- $valid
	images_of c "$@" >"$w/c.images"
	# shellcheck disable=SC2046
	set -- $(named "$@")
	side_by_side tags_before "$@"
	images k1 "$@"
}

after() {
	side_by_side change "$@"
	bake b "$@"
	# shellcheck disable=SC2046
	images_of b $(without "$w/b.failed" "$@") >"$w/b.images"
	side_by_side tags_after "$@"
	note_twins "$@"
	images k2 "$@"
	side_by_side committed "$@"
	images_ours "$w"/*.k2-ref >"$w/ours.images"
}

# one_batch SEED...
one_batch() {
	rm -rf "$w"
	mkdir "$w"
	side_by_side begin "$@"
	# shellcheck disable=SC2046
	side_by_side begin $(named "$@" | grep -e -)
	before "$@"
	# shellcheck disable=SC2046,SC2086
	set -- $(named $valid)
	after "$@"
	fresh "$@" >"$w/fresh"
	relate "$@"
	verdicts >"$w/verdicts"
	if [ "$(wc -l <"$w/verdicts")" -ne $((2 * $#)) ]; then
		echo "oracle: not every case has its verdicts" >&2
		exit 128
	fi
	[ -z "$retry" ] || try_again
	cat "$w/fresh" >>"$dir/fresh"
	cat "$w/verdicts" >>"$dir/verdicts"
	remove_images "$w"/*.sh
	[ -z "$prune" ] || buildx prune -af >/dev/null
	[ -z "$keep" ] || keep_files
}

: >"$dir/verdicts"
: >"$dir/fresh"
invalid=0 unsteady=0
each=$changes
if [ -n "$nth" ]; then
	changes=$((nth + 1)) each=1
fi
end=$((seed + (cases + each - 1) / each))
while [ "$seed" -lt "$end" ]; do
	batch_seeds=
	n=0
	while [ "$n" -lt "$batch" ] && [ "$seed" -lt "$end" ]; do
		batch_seeds="$batch_seeds $seed"
		seed=$((seed + 1))
		n=$((n + each))
	done
	# shellcheck disable=SC2086
	one_batch $batch_seeds
done

[ -z "$KEY_FLAGS" ] || echo "COPY with$KEY_FLAGS:"
judge "$dir"
