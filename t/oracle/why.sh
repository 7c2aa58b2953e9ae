#!/bin/sh
# SPDX-License-Identifier: MIT
#
# N=60 SEED=1 why.sh
#
# BuildKit judges `imgcache why`: N times one random thing is changed in a
# project that was built, and
#
#	- the reason given is exactly that change,
#	- the first step that is said to run again is the first that a plain
#	  `docker buildx build` runs,
#	- what it runs is what is sure to run, and nothing but what may.
#
# Asks the docker that DOCKER_HOST names (t/engine/engine.sh env) and takes the
# imgcache of $PATH; status 77 without one of them. A project is built anew for
# every dozen changes, since a change that was built once is in docker's cache.
# V=1 names every case, KEEP=1 leaves the folders of those that fail.
# shellcheck disable=SC2016

set -eu

n=${N:-60}
seed=${SEED:-1}
if ! docker buildx version >/dev/null 2>&1 ||
	! docker version >/dev/null 2>&1 || ! command -v imgcache >/dev/null
then
	echo "why.sh: no imgcache, or no docker buildx that answers" >&2
	exit 77
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/imgcache-why.XXXXXX")
run=$(basename "$dir" | tr -dc a-zA-Z0-9 |
	tr '[:upper:]' '[:lower:]')
export HOME="$dir/home" IMGCACHE_DIR="$dir/state" LC_ALL=C.UTF-8
mkdir -p "$HOME"
project=$dir/project

cleanup() {
	for base in "$run:base" "$run:other"; do
		id=$(docker image inspect --format '{{.Id}}' "$base" \
			2>/dev/null) || continue
		docker rmi "localhost/imgcache-base:${id#sha256:}" \
			>/dev/null 2>&1 || :
	done
	for tag in $(docker images --format '{{.Repository}}:{{.Tag}}' \
		--filter "label=imgcache-test=$run") "$run:base" "$run:other" \
		"$run:now"; do
		docker rmi "$tag" >/dev/null 2>&1 || :
	done
	if [ -z "${KEEP-}" ] || [ "$bad" -eq 0 ]; then
		rm -rf "$dir"
	fi
}
bad=0
trap cleanup EXIT
trap 'exit 130' INT TERM

# Bases whose layers differ, since BuildKit looks at nothing else of them; `other`
# is another one for every change to it, or its steps would be in the cache.
make_base() {
	printf 'FROM busybox:latest\nRUN echo %s >/which\n' "$1-$run-$2" |
		docker buildx build -q -t "$run:$1" - >/dev/null
}
make_base base 0
docker tag "$run:base" "$run:now"

# random N: 0 to N-1; the state is one number, so a seed gives one run.
state=$seed
random() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	answer=$((state / 65536 % $1))
}

# pick WORD...: one of them, in $answer.
pick() {
	random $#
	shift "$answer"
	answer=$1
}

new_project() {
	rm -rf "$project" "$dir/kept"
	mkdir -p "$project/src/lib" "$project/doc" "$project/conf"
	for f in src/main.c src/util.c src/lib/a.c src/lib/b.c doc/one.md \
		doc/two.md conf/site.conf key.txt more.txt; do
		echo "$f $run $made" >"$project/$f"
	done
	ln -s one.md "$project/doc/link"
	cat >"$project/Dockerfile" <<DOCKERFILE
# a project
ARG FLAVOUR=plain
FROM $run:now AS build
ARG VERSION
LABEL made="$run $made"
WORKDIR /w
ENV MODE=fast
RUN echo "$made first" >first
COPY src src
RUN cat src/main.c >built
ARG LATE
RUN echo "late" >late
COPY doc/*.md doc/

FROM $run:now AS docs
ARG FLAVOUR
WORKDIR /d
COPY doc doc
RUN --mount=type=bind,source=key.txt,target=/k cat /k >key
USER 1000
RUN echo "$made docs" >/tmp/docs

FROM $run:now AS final
COPY conf /etc/conf
COPY --from=build /w/built /built
COPY --from=docs /d/key /key
RUN echo "$made end" >/end
CMD ["sh"]

FROM final AS extra
COPY more.txt /more
RUN echo "$made extra" >/extra
DOCKERFILE
	cat >"$project/imgcache.yaml" <<YAML
version: 1
images:
  app:
    context: .
    target: final
    args: {VERSION: "$made-1", LATE: "$made-1", FLAVOUR: "f$made-1"}
    labels: {imgcache-test: "$run"}
YAML
	cp -R "$project" "$dir/kept"
	docker tag "$run:base" "$run:now"
	imgcache -C "$project" build app >"$dir/out" 2>"$dir/err" || {
		cat "$dir/err" >&2
		exit 128
	}
	made=$((made + 1))
}

reset_project() {
	rm -rf "$project"
	cp -R "$dir/kept" "$project"
	docker tag "$run:base" "$run:now"
}

# in_file SED-EXPRESSION FILE
in_file() {
	sed -i "$1" "$project/$2"
}

# Each changes one thing and says what is to be told: "subject how name".
kinds="edit add remove mode link bind key_unread run run_new run_gone env
label cmd workdir user comment arg arg_late arg_global target base base_one
copy_to add_host label_given salt stage_name from_docs shell arg_default
case_only add_dir onbuild"

change() {
	what=$1
	case $what in
	edit)
		pick src/main.c src/lib/a.c src/lib/b.c doc/one.md \
			conf/site.conf
		echo "edited $case_no" >>"$project/$answer"
		told="file edited $answer" ;;
	add)
		pick src src/lib doc conf
		echo "$case_no" >"$project/$answer/new-$case_no.md"
		told="file added $answer/new-$case_no.md" ;;
	remove)
		pick src/util.c src/lib/a.c doc/two.md
		rm "$project/$answer"
		told="file removed $answer" ;;
	mode)
		pick src/main.c src/lib/b.c doc/one.md conf/site.conf
		chmod 755 "$project/$answer"
		told="file mode $answer" ;;
	link)
		ln -sfn "two.md" "$project/doc/link"
		told="file link doc/link" ;;
	add_dir)
		pick src doc conf
		mkdir "$project/$answer/empty-$case_no"
		told="file added $answer/empty-$case_no" ;;
	bind)
		echo "$case_no" >>"$project/key.txt"
		told="file edited key.txt" ;;
	key_unread)
		echo "$case_no" >>"$project/more.txt"
		told= ;;
	run)
		pick first late docs end
		in_file "s/^RUN echo \"\(.*\)$answer\"/RUN echo \"\1$answer $case_no\"/" \
			Dockerfile
		[ "$answer" != late ] ||
			in_file "s/^RUN echo \"late\"/RUN echo \"late $case_no\"/" \
				Dockerfile
		told="instruction edited RUN" ;;
	run_new)
		pick "COPY src" "COPY doc doc" "CMD"
		in_file "s/^$answer/RUN echo new $case_no\n&/" Dockerfile
		told="instruction added RUN" ;;
	run_gone)
		pick first late docs
		in_file "/^RUN echo \".*$answer\"/d" Dockerfile
		told="instruction removed RUN" ;;
	env)
		in_file "s/MODE=fast/MODE=slow-$case_no/" Dockerfile
		told="instruction edited ENV" ;;
	label)
		in_file "s/^LABEL made=.*/LABEL made=\"$case_no\"/" Dockerfile
		told="instruction edited LABEL" ;;
	cmd)
		in_file "s/^CMD .*/CMD [\"ash\", \"$case_no\"]/" Dockerfile
		told="instruction edited CMD" ;;
	workdir)
		in_file "s:^WORKDIR /d:WORKDIR /d$case_no:; s:/d/key:/d$case_no/key:" \
			Dockerfile
		told="instruction edited WORKDIR
instruction edited COPY" ;;
	user)
		in_file "s/^USER 1000/USER 2000/" Dockerfile
		told="instruction edited USER" ;;
	comment)
		in_file "s/^# a project/# another $case_no\n/" Dockerfile
		told= ;;
	case_only)
		in_file "s/^COPY conf/copy   conf/" Dockerfile
		told="instruction edited -" ;;
	shell)
		in_file "s:^RUN cat src:SHELL [\"/bin/sh\", \"-ec\"]\n&:" \
			Dockerfile
		told="instruction added SHELL" ;;
	onbuild)
		in_file "s/^CMD/ONBUILD RUN echo $case_no\n&/" Dockerfile
		told="instruction added ONBUILD" ;;
	copy_to)
		in_file "s:^COPY conf /etc/conf:COPY conf /etc/c$case_no:" \
			Dockerfile
		told="instruction edited COPY" ;;
	stage_name)
		in_file "s/AS docs/AS papers/; s/--from=docs/--from=papers/" \
			Dockerfile
		told="instruction edited FROM
instruction edited COPY" ;;
	from_docs)
		in_file "s:^COPY --from=docs /d/key /key:COPY --from=docs /d/key /k$case_no:" \
			Dockerfile
		told="instruction edited COPY" ;;
	arg)
		in_file "s/VERSION: \"[^\"]*\"/VERSION: \"v$case_no\"/" \
			imgcache.yaml
		told="arg edited VERSION" ;;
	arg_late)
		in_file "s/LATE: \"[^\"]*\"/LATE: \"l$case_no\"/" imgcache.yaml
		told="arg edited LATE" ;;
	arg_global)
		in_file "s/FLAVOUR: \"[^\"]*\"/FLAVOUR: \"f$case_no\"/" \
			imgcache.yaml
		told="arg edited FLAVOUR" ;;
	arg_default)
		in_file "s/^ARG FLAVOUR=plain/ARG FLAVOUR=sweet/" Dockerfile
		told="instruction edited ARG" ;;
	target)
		in_file "s/target: final/target: extra/" imgcache.yaml
		told="target edited -" ;;
	base)
		make_base other "$case_no"
		docker tag "$run:other" "$run:now"
		told="base moved $run:now" ;;
	base_one)
		make_base other "$case_no"
		pick build docs final
		in_file "s/^FROM $run:now AS $answer/FROM $run:other AS $answer/" \
			Dockerfile
		told="base edited $run:other" ;;
	add_host)
		in_file "s/target: final/&\n    add_hosts: [\"h$case_no:1.2.3.4\"]/" \
			imgcache.yaml
		told="host added h$case_no:1.2.3.4" ;;
	label_given)
		in_file "s/labels: {/labels: {l$case_no: x, /" imgcache.yaml
		told="label added l$case_no" ;;
	salt)
		in_file "s/target: final/&\n    salt: \"s$case_no\"/" \
			imgcache.yaml
		told="salt added -" ;;
	esac
}

# What plain docker runs again: the brackets of its steps, FROM aside.
plain_build() {
	build=$dir/plain$case_no
	cp -R "$project" "$build"
	value() {
		sed -n "s/.*$1: \"\([^\"]*\)\".*/\1/p" "$build/imgcache.yaml"
	}
	host=$(sed -n 's/.*add_hosts: \["\(.*\)"\].*/\1/p' \
		"$build/imgcache.yaml")
	target=$(sed -n 's/.*target: //p' "$build/imgcache.yaml")
	# imgcache does the same where the salt is another.
	salt=$(sed -n 's/.*salt: "\(.*\)"$/\1/p' "$build/imgcache.yaml")
	docker buildx build --progress=rawjson --output=type=cacheonly \
		--target "$target" --build-arg "VERSION=$(value VERSION)" \
		--build-arg "LATE=$(value LATE)" \
		--build-arg "FLAVOUR=$(value FLAVOUR)" \
		${host:+"--add-host=$host"} ${salt:+--no-cache} "$build" \
		2>"$dir/raw" >/dev/null || {
		tail -n 5 "$dir/raw" >&2
		exit 128
	}
	rm -rf "$build"
	jq -sr '[.[] | objects | .vertexes // [] | .[]] | group_by(.digest) |
		.[] | select(any(.[]; .completed) and
			all(.[]; .cached | not)) | .[0].name' "$dir/raw" |
	sed -n 's/^\[\([a-z0-9-]*\)  *\([0-9]*\/[0-9]*\)\] \([A-Z]*\).*/\1 \2 \3/p' |
	grep -v ' FROM$' | cut -d' ' -f1,2 | sort >"$dir/ran" || :
}

steps() {
	jq -r ".steps[] | select(.text | startswith(\"FROM \") | not) |
		select($1) | \"\(.stage) \(.number)/\(.total)\"" \
		"$dir/why.json"
}

complaint() {
	echo "  $1"
	good=
}

compare() {
	good=y
	printf '%s\n' "$told" | sed '/^$/d' >"$dir/told"
	jq -r '.changes[] | .subject + " " + .how + " " + (.name // "-")' \
		"$dir/why.json" >"$dir/given"
	cmp -s "$dir/told" "$dir/given" ||
		complaint "the reason is: $(tr '\n' ';' <"$dir/given")"
	steps '.runs and (.maybe | not)' | sort >"$dir/sure"
	steps '.runs' | sort >"$dir/may"
	missed=$(comm -23 "$dir/sure" "$dir/ran")
	extra=$(comm -13 "$dir/may" "$dir/ran")
	[ -z "$missed" ] || complaint "said to run, from the cache: $missed"
	[ -z "$extra" ] || complaint "ran, but not said to: $extra"
	first=$(jq -r 'if .firstStep == null then "none" else
		first(.steps[.firstStep:][] | select(.runs and (.maybe | not)) |
		select(.text | startswith("FROM ") | not)) |
		"\(.stage) \(.number)/\(.total)" end' "$dir/why.json")
	ran_first=none
	steps true >"$dir/all"
	while read -r step; do
		if grep -qx "$step" "$dir/ran"; then
			ran_first=$step
			break
		fi
	done <"$dir/all"
	if [ "$first" = none ] && grep -qx "$ran_first" "$dir/may"; then
		ran_first=none
	fi
	[ "$first" = "$ran_first" ] ||
		complaint "the first step is $ran_first, not $first"
}

made=1 case_no=0 ok=0 left=
while [ "$case_no" -lt "$n" ]; do
	case_no=$((case_no + 1))
	if [ -z "$left" ]; then
		new_project
		left=$kinds
		in_project=0
	fi
	# shellcheck disable=SC2086 # a list of words
	pick $left
	kind=$answer
	rest=
	for word in $left; do
		[ "$word" = "$kind" ] || rest="$rest $word"
	done
	left=$rest
	in_project=$((in_project + 1))
	[ "$in_project" -lt 12 ] || left=
	reset_project
	change "$kind"
	imgcache -C "$project" why app --json >"$dir/why.json"
	plain_build
	compare
	if [ -n "$good" ]; then
		ok=$((ok + 1))
		[ -z "${V-}" ] || echo "case $case_no ($kind): as it should be"
	else
		bad=$((bad + 1))
		echo "case $case_no ($kind: $(echo "$told" | tr '\n' ';')) is wrong, see above"
		if [ -n "${KEEP-}" ]; then
			cp -R "$project" "$dir/case-$case_no"
			cp "$dir/why.json" "$dir/raw" "$dir/ran" \
				"$dir/case-$case_no"
		fi
	fi
	reset_project
done
echo "seed $seed: $ok as BuildKit has it, $bad different"
[ "$bad" -eq 0 ]
