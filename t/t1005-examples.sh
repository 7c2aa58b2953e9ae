#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example of the manual is run as it stands, in a project that has what
# the examples speak of. What a page says must be a command line that exists
# and does its work: each imgcache in it ends with yes or no. The examples with
# tools of others are t9301's.
# shellcheck disable=SC2016,SC2034,SC2154,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_packages
standin_base debian:bookworm-slim node:22-bookworm-slim python:3.12-slim \
	busybox:latest

# An imgcache that notes how it ended, and tools that only have to be there.
real=$(command -v imgcache)
mkdir -p "$TRASH/bin" "$TRASH/metrics"
cat >"$TRASH/bin/imgcache" <<SH
#!/bin/sh
timeout "\${LIMIT:-20}" "$real" "\$@"
status=\$?
echo "\$status \$*" >>"$TRASH/ended"
exit \$status
SH
for tool in pulumi less; do
	printf '#!/bin/sh\nexit 0\n' >"$TRASH/bin/$tool"
done
# No example may come to the timers of who runs this.
printf '#!/bin/sh\nexit 1\n' >"$TRASH/bin/systemctl"
cat >"$TRASH/bin/crontab" <<SH
#!/bin/sh
case \$1 in
-l)	cat "$TRASH/crontab" 2>/dev/null || { echo "no crontab for me" >&2; exit 1; } ;;
-r)	rm "$TRASH/crontab" ;;
-)	cat >"$TRASH/crontab" ;;
esac
SH
chmod +x "$TRASH"/bin/*
PATH=$TRASH/bin:$PATH
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost

# A project in which they all make sense: recipes tools, web, app and api.
project() {
	rm -rf "$TRASH/p" "$IMGCACHE_DIR" && mkdir -p "$TRASH/p/infra/api" &&
		cd "$TRASH/p" && git init -q -b main . || return
	mkdir -p src backend/app web legacy
	echo 'numpy==1.26.4' >requirements.txt
	echo '[project]' >pyproject.toml
	echo 'print(1)' | tee job.py >backend/app/a.py
	printf 'all:\n' | tee Makefile >src/Makefile
	cat >Dockerfile <<-'FILE'
		ARG A=0
		FROM busybox:latest AS python-deps
		COPY requirements.txt /
		FROM busybox:latest AS prod
		COPY --from=python-deps /requirements.txt /
		COPY src /src
	FILE
	cp Dockerfile infra/api/Dockerfile
	cat >imgcache.yaml <<-'FILE'
		version: 1
		images:
		  tools: {base: "debian:bookworm-slim", apt: [git, jq]}
		  web: {base: "busybox:latest", env: {A: b}}
		  api: {dockerfile: infra/api/Dockerfile, context: .}
		  app:
		    dockerfile: Dockerfile
		    context: .
		cache:
		  from: [{type: local}]
		  to: [{type: local}]
		  stages: {python-deps: [requirements.txt]}
	FILE
	"$real" lock && "$real" -q build tools web app api && git add -A &&
		git commit -qm first && git checkout -q -b topic
}

# Made once; each example gets a copy, under the same path.
project >"$TRASH/made" 2>&1 || {
	cat "$TRASH/made"
	echo 'Bail out! no project to run them in'
	exit 1
}
cd "$TRASH" && cp -a p p.first && cp -a "$IMGCACHE_DIR" state.first
fresh() {
	cd "$TRASH" && rm -rf p "$IMGCACHE_DIR" && cp -a p.first p &&
		cp -a state.first "$IMGCACHE_DIR" && cd p || return
}

# examples PAGE: each into a file of its own, example.1, example.2, ...
examples() {
	rm -f "$TRASH"/example.*
	awk -v out="$TRASH/example." '
		/^\.Sh/ { on = /EXAMPLES/ }
		!on { next }
		/^\.Dl / { sub(/^\.Dl /, ""); print >(out (++n)); next }
		/^\.Bd -literal/ { n++; inside = 1; next }
		/^\.Ed/ { inside = 0 }
		inside { print >(out n) }' "$1"
}

# As a shell gets it: of a transcript what was typed, of a crontab the command.
# A file that a transcript shows is the one that is there.
script_of() {
	sed 's/\\e/\\/g; s/\\&//g' "$1" >"$TRASH/plain"
	if grep -q '^\$ cat imgcache.yaml' "$TRASH/plain"; then
		sed '1d; /^\$ /,$d' "$TRASH/plain" >imgcache.yaml
	fi
	if grep -q '^\$ ' "$TRASH/plain"; then
		sed -n 's/^\$ //p' "$TRASH/plain"
	else
		sed -E 's/^(([0-9*\/,-]+ +){5}|@reboot +)/ /;
			s|cd /srv/shop \&\& ||; s/\\%/%/g' "$TRASH/plain"
	fi >"$TRASH/script"
	first=$("$real" list --json | jq -r '.[0].imageId')
	last=$("$real" list --json | jq -r '.[-1].imageId')
	sed -i "s/1f0c9a7be2d4/$first/; s/88ab01/$last/; s/1f0c9a/$first/
		s|/var/lib/prometheus/node-exporter|$TRASH/metrics|
		s/ -it / /" "$TRASH/script"
	# What goes on for ever is ended here, not by a person.
	unset LIMIT
	if grep -q '&$' "$TRASH/script"; then
		export LIMIT=2 && sed -i 's/ &$//' "$TRASH/script"
	fi
	! grep -q 'imgcache init' "$TRASH/script" || rm imgcache.yaml
}

# What asks for something that only a person or a network has.
is_elsewhere() {
	grep -qE 'docker compose|registry\.example|web-1|--push|make (-C|check)|--label' "$1"
}

for page in "$TOP"/man/*.1 "$TOP"/man/imgcache-formats.5 \
	"$TOP"/man/imgcache-security.7; do
	name=${page##*/}
	examples "$page"
	if ! [ -e "$TRASH/example.1" ]; then
		test_that "$name has an example" false
		continue
	fi
	for example in "$TRASH"/example.*; do
		n=${example##*.}
		if is_elsewhere "$example"; then
			test_skip "$name, example $n" "not with a stand-in"
			continue
		fi
		test_that "$name, example $n" '
			fresh && script_of "$example" && cat "$TRASH/script" &&
			: >"$TRASH/ended" && export GITHUB_ACTIONS= &&
			{ timeout 60 sh "$TRASH/script" >out 2>err || :; } &&
			cat out err "$TRASH/ended" && [ -s "$TRASH/ended" ] &&
			! grep -vE "^(0|1|124) " "$TRASH/ended" &&
			! grep "not found$" err
		'
	done
done

test_that 'imgcache.yaml.5: the example is read, every word of it' '
	fresh && examples "$TOP/man/imgcache.yaml.5" &&
	cp "$TRASH/example.1" imgcache.yaml &&
	expect_status 0 imgcache tag tools && expect_status 0 imgcache tag api &&
	expect_status 0 imgcache lint --rules
'

test_done
