#!/bin/sh
# SPDX-License-Identifier: MIT
# Which files of a context count: those that a stage in use can read, as long
# as all of the Dockerfile is understood; else all that would be sent.
# shellcheck disable=SC2016,SC2086,SC2119,SC2120,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

umask 022
export IMGCACHE_PLATFORM=linux/amd64
mkdir -p app/src app/docs app/real/deep
cd app || exit 1
echo main >src/main.c
echo head >src/main.h
echo docs >docs/read.me
echo deep >real/deep/file
ln -s real/deep link
cd .. || exit 1

# dockerfile LINE...: becomes that of app.
dockerfile() {
	printf '%s\n' "$@" >app/Dockerfile
}

tag() {
	imgcache tag app "$@"
}

# counts PATH, counts_not PATH: does a change of that file change the tag?
counts() {
	for path; do
		before=$(tag) && cp "app/$path" kept && echo more >>"app/$path" &&
		after=$(tag) && cp kept "app/$path" || return 1
		if [ "$before" = "$after" ]; then
			echo "$path does not count"
			return 1
		fi
	done
}

counts_not() {
	for path; do
		if counts "$path" >/dev/null; then
			echo "$path counts"
			return 1
		fi
	done
}

# mode WORD: what the manifest says of the context.
mode() {
	tag -m >manifest && grep "^context $1" manifest
}

test_that 'one folder that is copied' '
	dockerfile "FROM scratch" "COPY src /" && mode sources &&
	counts src/main.c src/main.h && counts_not docs/read.me real/deep/file
'

test_that 'the whole of it when the whole is copied' '
	dockerfile "FROM scratch" "COPY . /" && mode sources &&
	counts src/main.c docs/read.me real/deep/file Dockerfile
'

test_that 'full, when that is asked for' '
	dockerfile "FROM scratch" "COPY src /" &&
	tag -m --context-mode full >manifest && grep "^context full" manifest &&
	! grep reason manifest
'

test_that 'nothing is read: none, and no file is looked at' '
	dockerfile "FROM scratch" "LABEL a=b" && mode none &&
	counts_not src/main.c && grep "^hash git" manifest &&
	mkfifo app/fifo && tag && chmod 700 app/real && tag && rm app/fifo
'

test_that 'wildcards count what they match, new files too' '
	dockerfile "FROM scratch" "COPY src/*.c /" && counts src/main.c &&
	counts_not src/main.h && before=$(tag) && echo n >app/src/new.h &&
	[ "$(tag)" = "$before" ] && echo n >app/src/new.c &&
	[ "$(tag)" != "$before" ] && rm app/src/new.*
'

test_that 'links on the way are followed, and count themselves' '
	dockerfile "FROM scratch" "COPY link/file /" && counts real/deep/file &&
	before=$(tag) && ln -sfn src app/link && [ "$(tag)" != "$before" ] &&
	ln -sfn real/deep app/link && [ "$(tag)" = "$before" ]
'

test_that 'only the stages that the target needs' '
	dockerfile "FROM scratch AS one" "COPY src /" "FROM scratch AS two" \
		"COPY docs /" "FROM one" &&
	counts src/main.c && counts_not docs/read.me &&
	before=$(tag --target two) && echo more >>app/docs/read.me &&
	[ "$(tag --target two)" != "$before" ]
'

test_that 'COPY --from and bind mounts' '
	dockerfile "FROM scratch AS one" "COPY docs /d" "FROM scratch" \
		"COPY --from=one /d /" \
		"RUN --mount=type=bind,source=src,target=/s true" &&
	counts docs/read.me src/main.c && counts_not real/deep/file
'

test_that 'ARG and ENV decide what is read' '
	dockerfile "ARG WHAT=src" "FROM scratch" "ARG WHAT" "ENV D=\$WHAT" \
		"COPY \${D:-docs} /" &&
	counts src/main.c && counts_not docs/read.me &&
	tag -m --build-arg WHAT=docs >one && echo more >>app/docs/read.me &&
	tag -m --build-arg WHAT=docs >two && ! cmp -s one two
'

test_that 'a variable that only the base could set: full, and the reason' '
	standin_start && standin_base busybox:latest &&
	dockerfile "FROM busybox" "COPY \$APP /" &&
	tag -m --base-policy name >manifest && grep "^context full" manifest &&
	grep "^context-reason " manifest && tag -m >manifest &&
	! grep "^context full" manifest
'

test_that 'an instruction that is not known: full, and the reason' '
	dockerfile "FROM scratch" "FETCH x /" && mode full &&
	grep "^context-reason .*FETCH" manifest
'

test_that 'a named context counts by what is read of it, or not at all' '
	mkdir -p named/in && echo 1 >named/in/x && echo 1 >named/y &&
	dockerfile "FROM scratch" "COPY --from=n in /" &&
	a=$(tag --build-context n=named) && echo 2 >named/y &&
	[ "$(tag --build-context n=named)" = "$a" ] && echo 2 >named/in/x &&
	[ "$(tag --build-context n=named)" != "$a" ] &&
	dockerfile "FROM scratch" "COPY src /" && a=$(tag) &&
	[ "$(tag --build-context n=named)" = "$a" ]
'

test_that 'what is ignored counts for nothing, read or not' '
	dockerfile "FROM scratch" "COPY src /" &&
	echo "**/*.h" >app/.dockerignore && counts src/main.c &&
	counts_not src/main.h && rm app/.dockerignore
'

test_that 'a source that is not there yet: its coming is another tag' '
	dockerfile "FROM scratch" "COPY later* src /" && a=$(tag) &&
	echo x >app/later1 && [ "$(tag)" != "$a" ] && rm app/later1
'

test_that 'what --exclude leaves out does not count' '
	mkdir -p app/src/sub && echo md >app/src/a.md &&
	echo md >app/src/sub/b.md &&
	dockerfile "FROM scratch" "COPY --exclude=*.md src /" &&
	mode sources && counts src/main.c src/sub/b.md &&
	counts_not src/a.md docs/read.me &&
	dockerfile "FROM scratch" "ADD --exclude=**/*.md --exclude=main.h . /" &&
	counts src/main.h && counts_not src/a.md src/sub/b.md
'

test_that 'its patterns are compared below the source' '
	dockerfile "FROM scratch" "COPY --exclude=src/a.md src /" &&
	counts src/a.md &&
	dockerfile "FROM scratch" "COPY --exclude=src/a.md . /" &&
	counts_not src/a.md &&
	dockerfile "FROM scratch" "COPY --exclude=/src/a.md . /" &&
	counts src/a.md
'

test_that 'a file that is named itself counts, and what others copy' '
	dockerfile "FROM scratch" "COPY --exclude=*.md src/a.md src/s* /" &&
	counts src/a.md && counts_not src/sub/b.md &&
	dockerfile "FROM scratch" "COPY --exclude=*.md src /" \
		"COPY --exclude=*.c src /" && counts src/a.md src/main.c
'

test_that 'the mode of an excluded folder counts when something is kept' '
	dockerfile "FROM scratch" "COPY --exclude=sub src /" && a=$(tag) &&
	chmod 700 app/src/sub && [ "$(tag)" = "$a" ] && dockerfile \
		"FROM scratch" "COPY --exclude=sub --exclude=!sub/*.md src /" &&
	b=$(tag) && chmod 755 app/src/sub && [ "$(tag)" != "$b" ] &&
	counts src/sub/b.md
'

test_that 'a variable in --exclude, or a bad pattern, leaves nothing out' '
	dockerfile "FROM scratch" "ARG X=*.md" "COPY --exclude=\$X src /" &&
	mode sources && counts src/a.md &&
	dockerfile "FROM busybox" "COPY --exclude=\$X src /" &&
	mode sources && counts src/a.md && counts_not docs/read.me &&
	dockerfile "FROM scratch" "COPY --exclude=[ src /" && counts src/a.md
'

test_that 'of --parents only what its pattern matches counts' '
	dockerfile "FROM scratch" "COPY --parents src/*.md /" &&
	mode sources && counts src/a.md &&
	counts_not src/main.c src/sub/b.md docs/read.me &&
	dockerfile "FROM scratch" \
		"COPY --parents --exclude=**/a.md src/./**/*.md /" &&
	counts src/sub/b.md && counts_not src/a.md src/main.c &&
	a=$(tag) && chmod 700 app/src/sub && [ "$(tag)" != "$a" ] &&
	chmod 755 app/src/sub
'

test_that 'a folder that cannot be read is an error, if it may count' '
	dockerfile "FROM scratch" "COPY src /" && mkdir app/shut &&
	chmod 0 app/shut &&
	if [ "$(id -u)" -eq 0 ]; then
		chmod -R a+rX "$TRASH" && chmod 0 app/shut &&
		as="setpriv --reuid 65534 --clear-groups env HOME=/nonexistent
			IMGCACHE_DIR=$TRASH/nobody"
	fi &&
	$as imgcache tag app >one && dockerfile "FROM scratch" "COPY s*/x /" &&
	expect_status 128 $as imgcache tag app && one_line stderr &&
	grep "shut" stderr; status=$?; rmdir app/shut; [ $status -eq 0 ]
'

# BuildKit's copy of the context goes by the base name of what it is given.
copy_of() {
	: >"$STANDIN_DIR/calls" && imgcache build -f "$1" left >/dev/null &&
	grep -o "handover/[0-9a-f]*-[0-9a-f-]*" "$STANDIN_DIR/calls" | tail -n 1
}

test_that 'what was sent and not counted is never taken from an old copy' '
	standin_start && standin_base busybox:latest && mkdir -p left/dir &&
	echo 1 >left/dir/x.log && echo 1 >left/dir/x.txt &&
	printf "FROM busybox\nCOPY dir/x.txt /\n" >one &&
	printf "FROM busybox\nCOPY --exclude=*.log dir /d\n" >most &&
	printf "FROM busybox\nCOPY dir/x.log /\n" >log &&
	a=$(copy_of one) && [ -n "$a" ] && b=$(copy_of most) &&
	[ "$a" = "$b" ] && echo 2 >left/dir/x.txt && b=$(copy_of one) &&
	[ "$a" = "$b" ] && c=$(copy_of log) && [ "$a" != "$c" ] &&
	echo 1 >left/dir/new && printf "FROM busybox\nCOPY dir/new /\n" >new &&
	d=$(copy_of new) && [ "$c" = "$d" ]
'

# Like an editor: for as long as docker runs there is PLACE.
edits() {
	mkdir -p by swap/src && echo 1 >swap/src/f && cat >by/docker <<-SCRIPT &&
		#!/bin/sh
		case "\$*" in *"buildx build"*) echo x >"$PWD/swap/\$PLACE" ;; esac
		"$STANDIN_BIN/docker" "\$@"; status=\$?
		case "\$*" in *"buildx build"*) rm -f "$PWD/swap/\$PLACE" ;; esac
		exit \$status
	SCRIPT
	chmod +x by/docker && PATH=$PWD/by:$PATH && export PLACE
}

test_that 'what comes and goes during a build: status 3 where it counted' '
	edits && printf "FROM busybox\nCOPY src /s\n" >swap/Dockerfile &&
	PLACE=src/.f.swp && expect_status 3 imgcache build swap &&
	grep "src. had something come and go" stderr &&
	PLACE=beside && expect_status 0 imgcache build swap
'

test_that 'what comes and goes and is ignored, or left out of a copy: no matter' '
	edits && PLACE=src/.f.swp && echo "**/*.swp" >swap/.dockerignore &&
	printf "FROM busybox\nCOPY src /s1\n" >swap/Dockerfile &&
	expect_status 0 imgcache build swap && rm swap/.dockerignore &&
	printf "FROM busybox\nCOPY --exclude=*.swp src /s2\n" \
		>swap/Dockerfile && expect_status 0 imgcache build swap
'

test_done
