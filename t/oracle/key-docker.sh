# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# For key.sh, what docker did: the bakes of a batch with the steps that ran, the
# images that came of them and of imgcache, and which are the same.
# What it reads of key.sh: $w, the folder of the batch, and case names.
# shellcheck disable=SC2154 # w

# steps LOG: "CASE ran|cached|failed TEXT" for each step and end of a target
steps() {
	awk '
	/^#[0-9]+ \[c[0-9-]+ / && !($1 in of) {
		of[$1] = substr($2, 3)
		at = index($0, "] ")
		head = substr($0, 1, at)
		text[$1] = substr($0, at + 2)
		is_step[$1] = head ~ /[0-9]+\/[0-9]+\]$/ &&
			text[$1] !~ /^FROM /
	}
	$2 == "CACHED" { cached[$1] = 1 }
	$2 == "DONE" { ended[$1] = 1 }
	$2 == "ERROR:" && !/canceled|code = Unavailable/ { failed[$1] = 1 }
	END {
		for (n in of)
			if (n in failed)
				print of[n], "failed", text[n]
			else if (is_step[n] && n in cached)
				print of[n], "cached", text[n]
			else if (is_step[n] && n in ended)
				print of[n], "ran", text[n]
	}' "$1"
}

# lay_out COPY CASE: an empty layout for its image, but with the blobs that are
# there of the project before its change: those are not sent again.
lay_out() {
	rm -rf "$w/$2.$1.oci"
	if [ "$1" = b ] && [ -d "$w/${2%-*}.c.oci/blobs" ]; then
		mkdir "$w/$2.$1.oci"
		cp -al "$w/${2%-*}.c.oci/blobs" "$w/$2.$1.oci"
	fi
}

# bake_once COPY CASE...: the steps that were seen are in $w/steps. A second,
# empty target lets each step carry the name of its own.
bake_once() {
	copy=$1
	shift
	{
		printf '{"target":{"cx":{"context":"%s",' "$w/none"
		printf '"dockerfile-inline":"FROM scratch\\n",'
		printf '"output":["type=cacheonly"]}'
		for s; do
			printf ',"c%s":' "$s"
			cat "$w/$s.$copy.json"
			lay_out "$copy" "$s"
		done
		printf '}}\n'
	} >"$w/bake.json"
	mkdir -p "$w/none"
	status=0
	# shellcheck disable=SC2046
	buildx bake --provenance=false --progress=plain \
		-f "$w/bake.json" cx $(printf 'c%s ' "$@") \
		>"$w/log" 2>&1 || status=$?
	cat "$w/log" >>"$w/$copy.log"
	steps "$w/log" >"$w/steps"
	cat "$w/steps" >>"$w/$copy.steps"
	return $status
}

# without FILE CASE...: those that are not in the file
without() {
	file=$1
	shift
	for s; do
		grep -qx "$s" "$file" || echo "$s"
	done
}

# suspects COPY CASE...: who may have made the last bake fail: a step that
# failed, or a Dockerfile with the line that docker shows; else everybody
suspects() {
	copy=$1
	shift
	{
		awk '$2 == "failed" { print $1 }' "$w/steps"
		sed -n 's/^ *[0-9]* | >>> //p' "$w/log" | while read -r line; do
			for s; do
				grep -rqF -e "$line" --include='*ockerfile*' \
					"$w/$s$copy" && echo "$s"
			done
		done
	} | sort -u >"$w/suspects"
	[ -s "$w/suspects" ] || printf '%s\n' "$@" >"$w/suspects"
}

# bake COPY CASE...: who fails takes others with it, so suspects are tried
# again alone, and then the rest without them.
bake() {
	copy=$1
	shift
	: >"$w/$copy.steps"
	: >"$w/$copy.failed"
	while [ $# -gt 0 ] && ! bake_once "$copy" "$@"; do
		suspects "$copy" "$@"
		while read -r s; do
			bake_once "$copy" "$s" || echo "$s" >>"$w/$copy.failed"
		done <"$w/suspects"
		# shellcheck disable=SC2046
		set -- $(without "$w/suspects" "$@")
	done
	certain "$copy"
}

# An engine that is gone proves nothing.
certain() {
	[ ! -s "$w/$1.failed" ] || docker version >/dev/null || exit 128
}

# note_twins CASE...: two changes of a project can come to the same, and then
# docker runs a step for one of them only. Each with its new tag in the mode
# sources, where files that nothing reads do not tell them apart, or else with
# that in the mode full.
note_twins() {
	for s; do
		echo "\"$s\""
		cat "$w/$s.k1-sources.json" "$w/$s.b-sources.json" \
			"$w/$s.b-full.json"
	done | jq -rn '[inputs] as $all | range(0; $all | length; 4) as $i |
		$all[$i:$i + 4] as [$s, $old, $new, $full] |
		[$new.tag, $full.tag, $s] - ["none", $old.tag] |
		[($s | split("-")[0]) + .[0], $s] | @tsv' >"$w/twins"
}

# What an image is, in one line, from docker's words or from an OCI layout.
norm='def norm: {Env: (.Env // []), Cmd: (.Cmd // []),
	Entrypoint: (.Entrypoint // []), User: (.User // ""),
	WorkingDir: ((.WorkingDir // "") | if . == "" then "/" else . end),
	Labels: ((.Labels // {}) | with_entries(select(.key |
		test("^(io.imgcache|imgcache-test|org.opencontainers.image.base)")
		| not))),
	ExposedPorts: (.ExposedPorts // {}), Volumes: (.Volumes // {}),
	StopSignal: (.StopSignal // ""), Healthcheck: .Healthcheck,
	OnBuild: (.OnBuild // []), Shell: (.Shell // [])};'

# linked NAME JQ-PATH: the blob that each layout or manifest has there is a file
# <CASE>.<COPY>.NAME as well. One jq for all: a batch has many.
linked() {
	xargs -r jq -r "[input_filename, $2] | @tsv" |
		while read -r file digest; do
			at=${file%.oci/index.json}
			at=${at%.manifest}
			ln "$at.oci/blobs/sha256/${digest#*:}" "$at.$1"
			echo "$at.$1"
		done
}

# images_of COPY CASE...: "CASE.COPY, all but the layers, layers" of what docker
# made
images_of() {
	copy=$1
	shift
	for s; do
		echo "$w/$s.$copy.oci/index.json"
	done | linked manifest '.manifests[0].digest' |
		linked config .config.digest |
		xargs -r jq -rcS "$norm"'[(input_filename | split("/") | last |
		rtrimstr(".config")), ({config: (.config | norm), os,
		architecture, author: (.author // "")} | tojson),
		(.rootfs.diff_ids // [] | tojson)] | @tsv'
}

# The same of the images that imgcache made, by the files with their refs.
images_ours() {
	for f; do
		[ -e "$f" ] || continue
		s=$(basename "$f" -ref)
		ref=$(cat "$f")
		if [ "$ref" = none ]; then
			printf '%s\tnone\n' "$s"
			continue
		fi
		docker image inspect "$ref" | jq -rcS --arg s "$s" "$norm"'
			.[0] | [$s, ({config: (.Config | norm), os: .Os,
			architecture: .Architecture,
			author: (.Author // "")} | tojson),
			(.RootFS.Layers // [] | tojson)] | @tsv'
	done
}

# listing TAR: every file of an image with what counts of it
listing() {
	mkdir "$1.d"
	tar -xpf "$1" -C "$1.d" --warning=no-timestamp
	(cd "$1.d" && chmod -R g-w . && find . -printf '%y %m %P %l\n' &&
		find . -type f -exec sha256sum {} +) | LC_ALL=C sort
	rm -rf "$1.d"
}

# unpack CASE.COPY...: the files of docker's images, each as a tar beside it
unpack() {
	[ $# -gt 0 ] || return 0
	{
		printf '{"target":{'
		comma=
		for f; do
			printf '%s"t%s":' "$comma" "$(echo "$f" | tr . -)"
			cat "$w/$f.json"
			comma=,
		done
		printf '}}\n'
	} >"$w/tar.json"
	# shellcheck disable=SC2046
	buildx bake --provenance=false -f "$w/tar.json" $(for f; do
			t=t$(echo "$f" | tr . -)
			echo "$t --set $t.output=type=tar,dest=$w/$f.tar"
		done) </dev/null >"$w/tar.log" 2>&1
}

# unpacked CASE.COPY: that tar, which may be there
unpacked() {
	[ -e "$w/$1.tar" ] || unpack "$1"
}

# relate CASE...: what became of each, as "CASE RAN NOISE IMAGE" in $w/relations.
# RAN is how many steps docker ran for the changed copy, or for a twin of it;
# what it says to run without any change too is NOISE and does not count: it does
# not load what it does not need and then says nothing of a cache, and folders as
# a base are new every time. IMAGE is none, same or other. New layers with old
# files are seen where docker always makes new ones.
relate() {
	printf '%s\n' "$@" | awk -F '\t' -f "${0%.sh}-relate.awk" \
		kind=noise "$w/c.steps" kind=twin "$w/twins" \
		kind=ran "$w/b.steps" kind=failed "$w/b.failed" \
		kind=image "$w/c.images" "$w/b.images" \
		kind=case - >"$w/related"
	unpack_doubtful
	while read -r s ran noise image; do
		if [ "$image" = doubtful ]; then
			image=other
			! unpacked "${s%-*}.c" || ! unpacked "$s.b" ||
				! same_files "$w/${s%-*}.c" "$w/$s.b" ||
				image=same
		fi
		echo "$s $ran $noise $image"
	done <"$w/related" >"$w/relations"
}

# unpack_doubtful: all at once
unpack_doubtful() {
	sed -n 's/ .* doubtful$//p' "$w/related" | while read -r s; do
		printf '%s.c\n%s.b\n' "${s%-*}" "$s"
	done | sort -u >"$w/doubtful"
	# shellcheck disable=SC2046
	unpack $(cat "$w/doubtful") || rm -f "$w"/*.tar	# may be in part
}

# same_files NAME NAME: what is in <NAME>.tar, as same as it can be said without
# times
same_files() {
	for f; do
		[ -e "$f.list" ] || listing "$f.tar" >"$f.list"
	done
	diff "$1.list" "$2.list" >"$1-$(basename "$2").diff"
}

# image FILE NAME: its line in one of the lists of images
image() {
	sed -n "s/^$2	//p" "$1"
}

# as_image FILE NAME: all but the layers
as_image() {
	image "$1" "$2" | cut -f1
}

# same_as_ours CASE: the image of imgcache and docker's
same_as_ours() {
	[ "$(as_image "$w/ours.images" "$1.k2")" = \
		"$(as_image "$w/b.images" "$1.b")" ] &&
		unpacked "$1.b" && printf 'FROM scratch\nCOPY --from=%s / /\n' \
			"$(cat "$w/$1.k2-ref")" |
		buildx build -q -o "type=tar,dest=$w/$1.k2.tar" - \
			>"$w/tar.log" 2>&1 && same_files "$w/$1.k2" "$w/$1.b"
}
