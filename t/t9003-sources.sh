#!/bin/sh
# SPDX-License-Identifier: MIT
# Images from a source tree: what is built is what was hashed.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

mkdir -p app/sub
cat >app/Dockerfile <<DOCKERFILE
FROM busybox:latest
LABEL imgcache-test=$RUN
COPY . /app
DOCKERFILE
echo "first $RUN" >app/file
echo one >app/sub/file

content() {
	docker run --rm --pull=never "$1" cat /app/file
}

test_that 'an edit is another tag and another content' '
	one=$(imgcache build app) && echo "other $RUN" >app/file &&
	two=$(imgcache build app) && [ "$one" != "$two" ] &&
	[ "$(content "$one")" = "first $RUN" ] &&
	[ "$(content "$two")" = "other $RUN" ]
'

test_that 'back to the first content: a hit on the first image' '
	echo "first $RUN" >app/file &&
	expect_status 0 imgcache get app
'

test_that 'the same size and mtime, other bytes: the new bytes are built' '
	touch -d "2026-01-01 00:00:00" app/file && imgcache build app >/dev/null &&
	echo "FIRST $RUN" >app/file && touch -d "2026-01-01 00:00:00" app/file &&
	ref=$(imgcache build app) && [ "$(content "$ref")" = "FIRST $RUN" ]
'

test_that 'plain docker fails the same test' '
	dir=plain-$RUN &&
	mkdir "$dir" && printf "FROM busybox\nCOPY . /app\n" >"$dir/Dockerfile" &&
	echo "first $RUN" >"$dir/file" && touch -d "2026-01-01" "$dir/file" &&
	docker buildx build -q -t "plain:$RUN" "$dir" >/dev/null &&
	echo "FIRST $RUN" >"$dir/file" && touch -d "2026-01-01" "$dir/file" &&
	docker buildx build -q -t "plain:$RUN" "$dir" >/dev/null &&
	[ "$(content "plain:$RUN")" = "first $RUN" ];
	status=$?; docker rmi "plain:$RUN" >/dev/null; [ $status -eq 0 ]
'

test_that 'the same, with a build in between that does not read the file' '
	mkdir -p two && printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY file /app/\n" \
		"$RUN" >two/reads && printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY other /app/\n" \
		"$RUN" >two/other.df && echo o >two/other &&
	echo "first $RUN" >two/file && touch -d "2026-01-01" two/file &&
	imgcache build --context two --dockerfile two/reads >/dev/null &&
	imgcache build --context two --dockerfile two/other.df >/dev/null &&
	echo "FIRST $RUN" >two/file && touch -d "2026-01-01" two/file &&
	ref=$(imgcache build --context two --dockerfile two/reads) &&
	[ "$(content "$ref")" = "FIRST $RUN" ]
'

test_that 'links, wildcards and binds read what was counted' '
	mkdir -p nar/real/deep nar/src && echo "deep $RUN" >nar/real/deep/f &&
	ln -s real/deep nar/link && ln -s ../real/deep/f nar/src/x.c &&
	echo "y $RUN" >nar/src/y.c && echo "no" >nar/src/z.h &&
	cat >nar/Dockerfile <<-DF &&
	FROM busybox
	LABEL imgcache-test=$RUN
	COPY link/f /a/
	COPY s*/*.c /b/
	RUN --mount=type=bind,source=link,target=/m cat /m/f >/c
	DF
	imgcache tag -m nar >manifest && grep "^context sources" manifest &&
	ref=$(imgcache build nar) && docker run --rm --pull=never "$ref" \
		sh -c "cat /a/f /b/x.c /b/y.c /c; ls /b" >out &&
	printf "deep %s\ndeep %s\ny %s\ndeep %s\nx.c\ny.c\n" \
		"$RUN" "$RUN" "$RUN" "$RUN" >expect && same expect out &&
	echo "DEEP $RUN" >nar/real/deep/f && two=$(imgcache build nar) &&
	docker run --rm --pull=never "$two" cat /a/f /b/x.c /c >out &&
	[ "$(grep -c "^DEEP" out)" -eq 3 ]
'

test_that 'an ARG hides what the image has for its own stage only' '
	mkdir hidden && echo "one $RUN" >hidden/one && echo two >hidden/two &&
	printf "%s\n" "FROM busybox AS a" "ENV X=one" "ARG X=two" "FROM a" \
		"LABEL imgcache-test=$RUN" "COPY \$X /app/file" >hidden/Dockerfile &&
	one=$(imgcache build hidden) && [ "$(content "$one")" = "one $RUN" ] &&
	echo "other $RUN" >hidden/one && two=$(imgcache build hidden) &&
	[ "$(content "$two")" = "other $RUN" ] && [ "$one" != "$two" ] &&
	echo 2 >hidden/two && [ "$(imgcache build hidden)" = "$two" ]
'

# A folder in the place of the stage that is the target.
replaced() {
	imgcache build --context replaced --build-context stage=instead
}
test_that 'a folder that replaces the target is read as a whole' '
	mkdir replaced instead && echo x >replaced/x && echo "f $RUN" >instead/f &&
	printf "FROM scratch AS stage\nCOPY x /\n" >replaced/Dockerfile &&
	one=$(replaced) && echo "g $RUN" >instead/f && two=$(replaced) &&
	[ "$one" != "$two" ] && id=$(docker create "$two" none) &&
	docker cp "$id:/f" - | tar xO >out; docker rm "$id" >/dev/null
	docker rmi "$one" "$two" >/dev/null; [ "$(cat out)" = "g $RUN" ]
'

test_that 'a changed directory mode reaches the image' '
	imgcache build app >/dev/null && chmod 700 app/sub &&
	ref=$(imgcache build app) &&
	[ "$(docker run --rm --pull=never "$ref" stat -c %a /app/sub)" = 700 ] &&
	chmod 755 app/sub
'

# named FILES: a main context of those, and "lib" as a named one beside it
named() {
	mkdir -p "named-$1/main" "named-$1/lib/sub" && (cd "named-$1" &&
	printf "FROM busybox\nLABEL imgcache-test=%s\n" "$RUN" >Dockerfile &&
	for f in $2; do
		echo main >"main/$f" && echo "COPY $f /$f" >>Dockerfile || exit
	done &&
	echo "COPY --from=lib . /lib/" >>Dockerfile &&
	echo "RUN --mount=from=lib,target=/m cp -a /m /bound" >>Dockerfile)
}

built_named() {
	imgcache build --dockerfile "named-$1/Dockerfile" \
		--context "named-$1/main" \
		--build-context "lib=named-$1/lib"
}

for files in "" "f"; do
	test_that "a named context${files:+ beside files}: same size and mtime" '
		named "n$files" "$files" && write() {
			echo "$1 $RUN" >"named-n$files/lib/g" && touch -d \
				"2020-01-01 00:00:00.5" "named-n$files/lib/g"
		} && write first && built_named "n$files" >/dev/null &&
		write other &&
		ref=$(built_named "n$files") &&
		[ "$(docker run --rm "$ref" cat /lib/g)" = "other $RUN" ] &&
		[ "$(docker run --rm "$ref" cat /bound/g)" = "other $RUN" ] &&
		chmod 711 "named-n$files/lib/sub" &&
		ref=$(built_named "n$files") &&
		docker run --rm "$ref" stat -c %a /lib/sub /bound/sub \
			>modes && printf "711\n711\n" >expect &&
		same expect modes
	'
done

test_that 'the same, with a build in between that has no named context' '
	named between f && touch -d 2020-01-01 named-between/lib/sub &&
	echo "first $RUN" >named-between/lib/g &&
	touch -d 2020-01-01 named-between/lib/g &&
	built_named between >/dev/null &&
	printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY f /f\n" "$RUN" \
		>named-between/plain &&
	imgcache build --dockerfile named-between/plain \
		--context named-between/main \
		>/dev/null &&
	echo "other $RUN" >named-between/lib/g &&
	touch -d 2020-01-01 named-between/lib/g &&
	ref=$(built_named between) &&
	[ "$(docker run --rm "$ref" cat /lib/g)" = "other $RUN" ]
'

test_that 'two projects whose folders have one name do not mix' '
	mkdir -p other/app && cp app/Dockerfile other/app/ &&
	echo "FIRST $RUN" >other/app/file &&
	touch -r app/file other/app/file &&
	echo "ZZZZZ $RUN" >other/app/file && touch -r app/file other/app/file &&
	ref=$(imgcache build other/app) &&
	[ "$(content "$ref")" = "ZZZZZ $RUN" ]
'

test_that 'group-write, mtime and owner make no other tag; 600 and +x do' '
	tag=$(imgcache tag app) && chmod g+w app/file && touch app/file &&
	[ "$(imgcache tag app)" = "$tag" ] && chmod 600 app/file &&
	[ "$(imgcache tag app)" != "$tag" ] && chmod 755 app/file &&
	[ "$(imgcache tag app)" != "$tag" ] && chmod 644 app/file
'

test_that 'an ignored file counts for nothing' '
	echo "*.log" >app/.dockerignore && tag=$(imgcache tag app) &&
	echo x >app/x.log && [ "$(imgcache tag app)" = "$tag" ] &&
	echo y >app/x.txt && [ "$(imgcache tag app)" != "$tag" ]
'

# Docker follows a link inside of what is sent, and no other.
test_that 'an ignore file that is a link: what docker ignores, no more' '
	named link "" && echo "secret*" >shared.ignore && mkdir named-link/lib/conf &&
	echo "f*" >named-link/lib/conf/ignore && ignored() {
		rm -f "$1/.dockerignore" && ln -s "$2" "$1/.dockerignore"
	} && ignored named-link/lib ../../shared.ignore &&
	echo 1 >named-link/lib/secret && echo 1 >named-link/lib/free &&
	one=$(built_named link 2>said) && grep "leads out of its folder" said &&
	echo 2 >named-link/lib/secret && two=$(built_named link) &&
	[ "$one" != "$two" ] &&
	[ "$(docker run --rm "$two" cat /lib/secret)" = 2 ] &&
	ignored named-link/lib /conf/ignore && three=$(built_named link) &&
	docker run --rm "$three" ls /lib >names && grep secret names &&
	! grep free names && echo 2 >named-link/lib/free &&
	[ "$(built_named link)" = "$three" ] &&
	ignored app ../shared.ignore && echo 1 >app/secret &&
	ref=$(imgcache build app) && rm app/.dockerignore &&
	docker run --rm "$ref" cat /app/secret
'

# What of .p/q/file docker sends, by the folder that it is in.
kept() {
	docker run --rm --pull=never "$1" cat /app/.p/q/file
}

test_that 'docker sends a file empty whose folder is ignored behind it' '
	mkdir -p hollow/.p/q && echo "kept $RUN" >hollow/.p/q/file &&
	printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY . /app\n" "$RUN" \
		>hollow/Dockerfile &&
	printf "*\n!.p/q/file\n" >hollow/.dockerignore &&
	one=$(imgcache build hollow) && [ "$(kept "$one")" = "kept $RUN" ] &&
	printf "*\n!.p/q/file\n.*\n" >hollow/.dockerignore &&
	imgcache why hollow >out && grep "file sent empty now" out &&
	two=$(imgcache build hollow) && [ "$two" != "$one" ] &&
	docker buildx build -q -t "plain:$RUN" hollow >/dev/null &&
	kept "$two" >out && kept "plain:$RUN" >expect && same expect out &&
	! [ -s out ];
	status=$?; docker rmi "plain:$RUN" >/dev/null; [ $status -eq 0 ]
'

test_that 'and in full when that line is gone, from another time as well' '
	echo "other $RUN" >hollow/.p/q/file && imgcache build hollow >/dev/null &&
	printf "*\n!.p/q/file\n" >hollow/.dockerignore &&
	two=$(imgcache build hollow) && [ "$(kept "$two")" = "other $RUN" ]
'

test_that 'a source that changes during the build: status 3, no key' '
	mkdir -p moving && echo 1 >moving/file &&
	printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY . /m\nRUN echo %s; sleep 3\n" \
		"$RUN" "$RUN" >moving/Dockerfile
	imgcache build moving >out 2>err & pid=$!
	sleep 1.5; echo 2 >moving/file; wait $pid; status=$?
	cat err; [ $status -eq 3 ] && grep "file" err &&
	echo 1 >moving/file && expect_status 1 imgcache get moving
'

# An editor's swap file, say. DOCKER does for it what a second shell would.
test_that 'a file that comes and goes during the build: status 3, no key' '
	mkdir -p swap/src/sub by && echo 1 >swap/src/sub/file &&
	printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY src /s\n" \
		"$RUN" >swap/Dockerfile && cat >by/docker <<-SCRIPT &&
		#!/bin/sh
		case "\$*" in *"buildx build"*) echo x >swap/\$PLACE ;; esac
		"$TRASH/bin/docker" "\$@"; status=\$?
		case "\$*" in *"buildx build"*) rm -f swap/\$PLACE ;; esac
		exit \$status
	SCRIPT
	chmod +x by/docker && export PLACE && PLACE=src/sub/.file.swp &&
	PATH=$PWD/by:$PATH && expect_status 3 imgcache build swap &&
	grep "src/sub. had something come and go" stderr &&
	expect_status 1 imgcache get swap && PLACE=beside &&
	expect_status 0 imgcache build swap
'

# What a step prints is in the log as it is, or in the base64 of a status.
test_that 'a file that comes and goes when docker has read all: no matter' '
	mkdir -p view/src && echo 1 >view/src/file && said=$(echo $RUN | tr - _) &&
	printf "FROM busybox\nLABEL imgcache-test=%s\nCOPY src /s\n%s\n" \
		"$RUN" "RUN echo $RUN | tr - _; sleep 3" >view/Dockerfile
	imgcache build view >out 2>err & pid=$!
	until grep -e "$said" -e "$(echo "$said" | base64)" \
		"$IMGCACHE_DIR"/logs/* >/dev/null || ! kill -0 $pid; do
		sleep 0.1
	done
	sleep 0.5; echo x >view/src/.file.swp; rm view/src/.file.swp
	wait $pid; status=$?; cat err; [ $status -eq 0 ] &&
	expect_status 0 imgcache get view
'

test_that 'the manifest hashes to the key with the stock tools' '
	imgcache tag --manifest app >manifest && head -n 2 manifest &&
	key=$(imgcache tag app) && case $key in
	x1-*) [ "x1-$(xxh128sum <manifest | cut -d" " -f1)" = "$key" ] ;;
	g1-*) [ "g1-$(git hash-object --no-filters --stdin <manifest)" \
		= "$key" ] ;;
	esac &&
	imgcache tag --manifest --base busybox >manifest &&
	[ "g1-$(git hash-object --no-filters --stdin <manifest)" \
		= "$(imgcache tag --base busybox)" ]
'

# aliases REF: the other names of that image, of git's commit.
aliases() {
	docker image inspect -f "{{join .RepoTags \"\n\"}}" "$1" |
		grep ":git-" | sed "s/.*://" | sort
}

# Does docker run the last step anew, at a second build of copied/?
ran() {
	docker buildx build --progress=plain -o type=cacheonly copied >log \
		2>&1 || { cat log >&2 && exit 1; }
	! grep '^#[0-9]* CACHED' log >/dev/null
}

# agree FILE...: a change of each has another tag if docker runs the step.
agree() {
	ran && ! ran && for file; do
		before=$(imgcache tag copied) && echo "$RUN" >>"copied/$file" &&
		after=$(imgcache tag copied) || return 1
		if ran; then
			[ "$before" != "$after" ]
		else
			[ "$before" = "$after" ]
		fi || { echo "$1: $(tail -n 1 copied/Dockerfile)" && return 1; }
	done
}

copied() {
	rm -rf copied && mkdir -p copied/src/sub copied/lib/deep &&
	for file in src/a src/b.md lib/x lib/y.md lib/deep/z u.md; do
		echo "$file $RUN $1" >"copied/$file" || return 1
	done && printf 'FROM scratch\n%s\n' "$1" >copied/Dockerfile &&
	echo Dockerfile >copied/.dockerignore
}

title='what a link leads to that is copied with --exclude counts as in docker'
if copied 'COPY --exclude=x . /' && docker buildx build -q \
	-o type=cacheonly copied >/dev/null 2>&1; then
	test_that "$title" '
		copied "COPY --exclude=lib . /" && ln -s lib copied/l &&
		agree lib/x lib/deep/z src/a &&
		copied "COPY --exclude=**/*.md . /" && ln -s lib copied/l &&
		agree lib/y.md u.md src/b.md lib/x &&
		copied "COPY --exclude=**/*.md . /" &&
		ln -s lib/y.md copied/l && agree lib/y.md u.md &&
		copied "COPY --exclude=**/*.md . /" && ln -s . copied/l &&
		agree u.md lib/y.md &&
		copied "COPY --exclude=*.md src /" && ln -s .. copied/src/l &&
		agree u.md lib/x src/a
	'
else
	test_skip "$title" "this docker knows no --exclude"
fi

# told DOCKERFILE: what docker makes of it, and the tag.
told() {
	mkdir -p told && echo "$RUN" >told/file && printf "%b" "$1" \
		>told/Dockerfile && docker buildx build -q -t "told:$RUN" told \
		>/dev/null && docker image inspect -f \
		"{{json .RootFS}} {{json .Config}}" "told:$RUN" &&
	docker history --no-trunc --format "{{.CreatedBy}}" "told:$RUN" &&
	imgcache tag told
}

test_that 'the case of a name of a stage: one image, one tag' '
	told "FROM busybox AS ab\nCOPY file /\nFROM ab AS c\nCMD x\n" >first &&
	told "FROM busybox as Ab\nCOPY file /\nFROM ab aS C\nCMD x\n" >second &&
	same first second && told "FROM busybox AS ab\nCOPY file /\nCMD y\n" >second &&
	! cmp -s first second; status=$?
	docker rmi "told:$RUN" >/dev/null; [ $status -eq 0 ]
'

test_that 'in a work tree: the commit as a name, dirty when it is' '
	mkdir -p repo/ctx && cp app/Dockerfile repo/ctx/ &&
	echo "git $RUN" >repo/ctx/file && git -C repo init -q &&
	git -C repo add . && git -C repo -c user.name=t -c user.email=t@t \
		commit -qm one &&
	commit=$(git -C repo rev-parse HEAD | cut -c 1-12) &&
	clean=$(imgcache build repo/ctx) &&
	[ "$(aliases "$clean")" = "git-$commit" ] &&
	echo "dirty $RUN" >repo/ctx/file && dirty=$(imgcache build repo/ctx) &&
	key=$(imgcache tag repo/ctx | cut -c 4-11) &&
	[ "$(aliases "$dirty")" = "git-$commit-dirty-$key" ] &&
	echo "git $RUN" >repo/ctx/file && echo new >repo/ctx/untracked &&
	untracked=$(imgcache build repo/ctx) &&
	aliases "$untracked" | grep "^git-$commit-dirty-" &&
	rm repo/ctx/untracked && echo "# c" >>repo/ctx/Dockerfile &&
	edited=$(imgcache build repo/ctx) &&
	aliases "$edited" | grep "^git-$commit-dirty-" &&
	for ref in "$clean" "$dirty" "$untracked" "$edited"; do
		imgcache delete "$(echo "${ref##*-}" | cut -c 1-12)" &&
		! docker image inspect "$ref" >/dev/null 2>&1 || exit 1
	done && [ -z "$(docker image ls -q "localhost/imgcache:git-$commit*")" ]
'

# A named context has all spellings of a name, and takes the place of a stage.
test_that 'a stage with the name of its base keeps its steps, if spelled so' '
	docker tag busybox:latest "own-$RUN:latest" && mkdir -p own &&
	for base in "own-$RUN" "docker.io/library/own-$RUN"; do
		printf "FROM %s AS own-$RUN\nRUN echo own >/made\n%s\n" \
			"$base" "LABEL imgcache-test=$RUN" >own/Dockerfile &&
		ref=$(imgcache build own) && docker run --rm --pull=never \
			"$ref" cat /made | grep -x own || exit 1
	done; status=$?
	docker rmi "own-$RUN:latest" >/dev/null; [ $status -eq 0 ]
'

test_that 'a pinned base is built although its tag has moved on' '
	docker tag busybox:latest "$IMGCACHE_TEST_REGISTRY/pin-$RUN:1" &&
	docker push -q "$IMGCACHE_TEST_REGISTRY/pin-$RUN:1" >/dev/null &&
	mkdir -p pin && printf "FROM %s\nLABEL imgcache-test=%s\n" \
		"$IMGCACHE_TEST_REGISTRY/pin-$RUN:1" "$RUN" >pin/Dockerfile &&
	imgcache tag --manifest pin >before && grep "^base" before &&
	printf "FROM busybox\nENV MOVED=1\n" | docker buildx build -q \
		-t "$IMGCACHE_TEST_REGISTRY/pin-$RUN:1" - >/dev/null &&
	ref=$(imgcache build pin) &&
	docker run --rm --pull=never "$ref" env >env && ! grep MOVED env;
	status=$?
	docker rmi "$IMGCACHE_TEST_REGISTRY/pin-$RUN:1" >/dev/null
	[ $status -eq 0 ]
'

test_done
