#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example of the manual is run as it stands, in a project that has what
# the examples speak of. What a page says must be a command line that exists
# and does its work: each imgcache in it ends with yes or no.
#
# What others do in an example is played as far as imgcache has to do with it:
# pulumi and less are only there, "docker compose up" wants the images that its
# file names, a container is a process of this machine, so its /src is here.
# All else that an example calls is the real thing. The displays of
# imgcache-hooks(7) need an engine: they are t9301's, and here is looked that
# none of them is forgotten there.
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
cat >"$TRASH/bin/docker" <<SH
#!/bin/sh
[ "\$1" = compose ] || exec "$STANDIN_DIR/bin/docker" "\$@"
file=compose.yaml
shift
while [ "\$1" = -f ]; do
	file=\$2
	shift 2
done
case "\$*" in
"up --no-build" | "up -d")	;;
*)	echo "129 compose \$*" >>"$TRASH/ended"; exit 129 ;;
esac
images=\$(sed -n 's/.*image"*: *"*\([^"{}, ]*\).*/\1/p' "\$file")
"$STANDIN_DIR/bin/docker" image inspect \${images:-none} >/dev/null
status=\$?
echo "\$((status * 125)) compose \$images" >>"$TRASH/ended"
exit \$status
SH
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
	printf 'all docs check:\n' | tee Makefile >src/Makefile
	echo 'int main;' >src/main.c
	printf 'services:\n  web:\n    build: .\n    image: shop-web\n' \
		>compose.yaml
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
		    labels: {of: app}
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

# examples PAGE: each display, in whatever section it stands, into a file of its
# own: example.1, example.2, ...
examples() {
	rm -f "$TRASH"/example.*
	awk -v out="$TRASH/example." '
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
		s/ -it / /; s| -C /src| -C .|; s/ NAME\$/ tools/" \
		"$TRASH/script"
	# What goes on for ever is ended here, not by a person.
	unset LIMIT
	if grep -q '&$' "$TRASH/script"; then
		export LIMIT=2 && sed -i 's/ &$//' "$TRASH/script"
	fi
	! grep -q 'imgcache init' "$TRASH/script" || rm imgcache.yaml
	set_up
}

# What an example takes for granted beyond the project.
set_up() {
	if grep -q -e '--push' "$TRASH/script"; then
		sed -i '2i registry: registry.example/team/cache' imgcache.yaml
	fi
	if grep -q -e '--container web-1' "$TRASH/script"; then
		echo 'int main = 1;' >src/main.c
	fi
	if grep -q ' ID\>' "$TRASH/script"; then
		"$real" invalidate api &&
			id=$("$real" build --background api) &&
			sed -i "s/ ID\>/ $id/" "$TRASH/script"
	fi
}

# The container of a service, on the api that is built first; it ends with us,
# and so does that of imgcache-spawn(1).
api=$(cd p && "$real" get api)
docker run --name=web-1 --label=com.docker.compose.project=shop "$api" \
	sleep 600 >/dev/null 2>&1 &
container=$!
examples_cleanup() {
	kill "$container" 2>/dev/null
	docker stop worker >/dev/null 2>&1
	standin_cleanup
}
trap examples_cleanup EXIT
# What docker makes of compose.yaml, for the client that is asked.
cat >"$STANDIN_DIR/bake" <<'JSON'
{"group": {"default": {"targets": ["web"]}}, "target": {"web": {
	"context": ".", "dockerfile": "Dockerfile", "tags": ["shop-web"]}}}
JSON

for page in "$TOP"/man/*.1 "$TOP"/man/imgcache-formats.5 \
	"$TOP"/man/imgcache-key.7 "$TOP"/man/imgcache-security.7; do
	name=${page##*/}
	examples "$page"
	if ! [ -e "$TRASH/example.1" ]; then
		test_that "$name has an example" false
		continue
	fi
	for example in "$TRASH"/example.*; do
		n=${example##*.}
		# Of another language: it has a test of its own below.
		! grep -q '^FROM ' "$example" || continue
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

# display PAGE TEXT: the example of the page that has this text.
display() {
	examples "$TOP/man/$1" && grep -lF -- "$2" "$TRASH"/example.*
}

test_that 'verify: a stale container is shown as in the manual' '
	shown=$(display imgcache-verify.1 "--container web-1") && fresh &&
	script_of "$shown" && sed 1d "$shown" >expect &&
	{ sh "$TRASH/script" >actual || :; } && same expect actual
'

test_that 'imgcache-key(7): by hand comes out what imgcache says' '
	shown=$(display imgcache-key.7 "git hash-object") && fresh &&
	script_of "$shown" && sh "$TRASH/script" | tail -n 2 >lines &&
	sed -n "1s/^/g1-/p" lines >expect && sed 1d lines >actual &&
	one_line actual && same expect actual
'

test_that 'imgcache-key(7): with the other hash, too' '
	shown=$(display imgcache-key.7 xxh128sum) && fresh &&
	echo "hash: xxh3" >>imgcache.yaml && script_of "$shown" &&
	sh "$TRASH/script" | sed "s/^/x1-/; s/ .*//" >expect &&
	imgcache tag . >actual && one_line actual && same expect actual
'

test_that 'imgcache-lint(1): the comment silences what it names' '
	shown=$(display imgcache-lint.1 "FROM base") && fresh &&
	cp "$shown" Dockerfile && sed 1d "$shown" >infra/api/Dockerfile &&
	{ imgcache lint --rule IC003 Dockerfile infra/api/Dockerfile || :; } \
		>actual 2>&1 && cat actual &&
	grep "^infra/api/Dockerfile:1" actual && ! grep "^Dockerfile" actual
'

# Programs for Pulumi need its packages, which are none of Debian's.
test_that 'imgcache-hooks(7): t9301 takes each display from the page' '
	awk "/^\.\\\\\" example / { name = \$3 }
		/^\.Bd/ { print name ? name : \"line \" NR; name = \"\" }" \
		"$TOP/man/imgcache-hooks.7" >names && [ -s names ] &&
	grep -v "\.ts\$" names >wanted && while read -r name; do
		grep -F "example $name" "$TOP/t/t9301-hooks.sh" ||
			{ echo "no example $name"; exit 1; }
	done <wanted
'

test_that 'imgcache.yaml.5: the example is read, every word of it' '
	fresh && examples "$TOP/man/imgcache.yaml.5" &&
	cp "$TRASH/example.1" imgcache.yaml &&
	expect_status 0 imgcache tag tools && expect_status 0 imgcache tag api &&
	expect_status 0 imgcache lint --rules
'

test_done
