#!/bin/sh
# SPDX-License-Identifier: MIT
# What verbs print: JSON that a second reader accepts, NUL-separated records,
# tables within 80 columns, colour only where it is wanted, and no success
# without the output having arrived.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

standin_start
standin_base busybox:latest registry.example/a/very/long/repository/name:1
cat >imgcache.yaml <<'YAML'
version: 1
images:
  tools: {base: busybox}
  a-name-that-is-much-too-long-for-a-column-of-a-table-that-has-others:
    base: registry.example/a/very/long/repository/name:1
    env: {"A": "é\"\\\t"}
YAML
imgcache build --all >/dev/null 2>&1
imgcache get tools >/dev/null
mkdir -p bad && printf 'FROM busybox\nRUN exit 3\n' >bad/Dockerfile
imgcache build bad >/dev/null 2>&1

# One JSON document, valid, and by two spellings of the option the same.
json_of() {
	expect_status "$1" imgcache --json "$2" ${3+"$3"} ${4+"$4"} &&
	jq -es 'length == 1' stdout >/dev/null && cp stdout first &&
	expect_status "$1" imgcache "$2" --json ${3+"$3"} ${4+"$4"} &&
	jq -S . first >a.json && jq -S . stdout >b.json
}

test_that 'tag --json' '
	json_of 0 tag tools && same a.json b.json &&
	jq -er .tag first >tag && imgcache tag tools >stdout &&
	same tag stdout && jq -r .manifest first >text &&
	imgcache tag -m tools >stdout && echo >>stdout && same stdout text &&
	[ "$(jq -c keys first)" = \
		"[\"hash\",\"manifest\",\"name\",\"ref\",\"tag\"]" ]
'

test_that 'get --json, on a hit' '
	json_of 0 get tools && jq -e ".hit and .reason == null" first &&
	[ "$(jq -r .ref first)" = "$(imgcache get tools)" ]
'

test_that 'get --json, on a miss: on stdout too' '
	json_of 1 get --env=NEVER=1 --base=busybox &&
	jq -e "(.hit | not) and .reason == \"never-built\"" first
'

test_that 'build --json, list --json, stats --json' '
	json_of 0 build --all && jq -e "length == 2" first &&
	json_of 0 list && jq -e "length == 3" first &&
	same a.json b.json && json_of 0 stats && same a.json b.json
'

test_that 'list --json of an empty catalog is an empty list' '
	IMGCACHE_DIR=$PWD/empty && json_of 0 list &&
	[ "$(cat first)" = "[]" ]
'

test_that 'prune, invalidate, config, doctor, lock --json' '
	json_of 0 prune -n && json_of 0 config && same a.json b.json &&
	json_of 0 invalidate tools && json_of 0 doctor &&
	json_of 0 lock && rm imgcache.lock && imgcache build tools
'

test_that 'get --id prints one object with the names of the service' '
	id=$(imgcache list --json --name tools | jq -er ".[0].imageId") &&
	expect_status 0 imgcache get --id "$id" && for key in imageId tag \
		baseImage size dependencies buildStatus createdAt lastUsedAt \
		cacheHits digestHash dependenciesHash metadata logs; do
		jq -e "has(\"$key\")" stdout >/dev/null ||
			{ echo "no $key"; exit 1; }
	done
'

test_that 'list --json has the names of the service' '
	imgcache list --json >list && for key in imageId tag baseImage size \
		dependencies buildStatus createdAt lastUsedAt cacheHits \
		digestHash dependenciesHash metadata; do
		jq -e "all(.[]; has(\"$key\"))" list >/dev/null ||
			{ echo "no $key"; exit 1; }
	done &&
	jq -e "all(.[]; .imageId | test(\"^[0-9a-f]{12}$\"))" list
'

test_that 'stats --json has the names of the service, and what they lack' '
	imgcache stats --json >stats && for key in totalImages totalSize \
		totalHits averageHits lookups hits misses missesByReason \
		hitRate timeSaved; do
		jq -e "has(\"$key\")" stats >/dev/null ||
			{ echo "no $key"; exit 1; }
	done
'

test_that 'get --id of what is not there: 1, nothing on stdout' '
	expect_status 1 imgcache get --id 0000000 && ! [ -s stdout ] &&
	says stderr "no image '\''0000000'\'' in the catalog or in imgcache.yaml; see imgcache list"
'

test_that 'list -z: records end with NUL, fields are name=value lines' '
	imgcache list -z --name tools >raw &&
	[ "$(tr -dc "\000" <raw | wc -c)" -eq 1 ] &&
	tr "\000" "\n" <raw | grep -Ex "buildStatus=completed" &&
	[ "$(tail -c 1 raw | od -An -tx1 | tr -d " ")" = 00 ] &&
	imgcache list -z >raw &&
	[ "$(tr -dc "\000" <raw | wc -c)" -eq 3 ]
'

test_that 'config -z' '
	imgcache config -z hash >raw || imgcache config -z >raw &&
	tr "\000" "\n" <raw | grep -x "name=hash"
'

test_that 'tables are within 80 columns, whatever the names' '
	export COLUMNS=80 &&
	imgcache list >list && cat list && [ "$(wc -l <list)" -eq 4 ] &&
	! grep -E ".{81}" list && imgcache stats >stats &&
	! grep -E ".{81}" stats && imgcache config >config &&
	! grep -E ".{81}" config && imgcache prune -n -v >prune &&
	! grep -E ".{81}" prune
'

test_that 'what goes into a pipe is not cut' '
	imgcache list >list && ! grep "~" list &&
	grep "a-name-that-is-much-too-long-for-a-column-of-a-table" list
'

test_that 'a reason is whole on a terminal, and within its width' '
	mkdir -p long && printf "%s\n" "version: 1" "images:" \
		"  a-rather-long-name: {base: busybox, env: {A: b}}" \
		>long/imgcache.yaml && cd long &&
	imgcache build --all >/dev/null 2>&1 && sed -i \
		"s/{A: b}/{A: c}, apt: [one-package, another-package, a-third-package]/" \
		imgcache.yaml && imgcache build -n --all >pipe &&
	grep "apt another-package added, 1 more change" pipe && ! grep "~" pipe &&
	script -qec "stty cols 60; imgcache build -n --all" /dev/null |
		tr -d "\r" >screen && cat screen && ! grep -E ".{61}" screen &&
	! grep "~" screen && sed 1d screen | tr -s " \n" " " >one &&
	sed 1d pipe | tr -s " \n" " " >two && same two one
'

test_that 'what a build says keeps within the terminal, too' '
	mkdir -p said && printf "%s\n" "version: 1" "images:" \
		"  a-name-that-is-a-good-deal-longer-than-others-are:" \
		"    {dockerfile: Dockerfile}" >said/imgcache.yaml &&
	printf "FROM busybox\nRUN echo %s\n" "$(seq -s " " 40)" \
		>said/Dockerfile && cd said &&
	script -qec "stty cols 60; imgcache build --all --rebuild" /dev/null |
		tr -d "\r" >screen && cat screen && ! grep -v "^localhost/" screen |
		grep -E ".{61}" && grep "^a-name-.*-are: building" screen && grep "built in" screen &&
	grep "0 of 1 step cached$" screen && imgcache build --all --rebuild 2>&1 | grep "RUN echo .* 39 40$"
'

test_that 'COLUMNS is the width, --no-trunc has none' '
	COLUMNS=70 imgcache list >list && ! grep -E ".{71}" list &&
	imgcache list --no-trunc >list &&
	grep "a-name-that-is-much-too-long-for-a-column-of-a-table" list
'

test_that 'no column ends in blanks' '
	imgcache list >list && ! grep " $" list &&
	imgcache config >config && ! grep " $" config &&
	imgcache stats >stats && ! grep " $" stats
'

for verb in "tag tools" "tag -m tools" "get tools" "list" "list --json" \
	"stats" "stats --json" "config" "dockerfile tools" "doctor" "-h" \
	"get -h" "-V" "help" "list -z" "prune -n" "lock" "build tools"; do
	test_that "$verb: a full disk is no success" "
		expect_status 128 sh -c 'imgcache $verb >/dev/full' &&
		tail -n 1 stderr >last && says last \\
			'cannot write the output: No space left on device'
	"
done
rm -f imgcache.lock

test_that 'stdout closed is no success, and no file gets our output' '
	expect_status 128 sh -c "imgcache list >&-" && grep "cannot write" \
		stderr &&
	expect_status 128 sh -c "imgcache list --json >&- <&- 2>&-" &&
	sqlite3 "$IMGCACHE_DIR/catalog.db" "PRAGMA integrity_check" >check &&
	[ "$(cat check)" = ok ]
'

test_that 'without a reader we end as by SIGPIPE, and say nothing' '
	{ sleep 0.1; imgcache list --json 2>err; echo $? >status; } | : &&
	until [ -s status ]; do :; done && [ "$(cat status)" -eq 141 ] &&
	! [ -s err ]
'

test_that 'with SIGPIPE ignored it is an error' '
	rm status && (trap "" PIPE; { sleep 0.1; imgcache list --json 2>err
		echo $? >status; } | :) && until [ -s status ]; do :; done &&
	[ "$(cat status)" -eq 128 ] &&
	says err "cannot write the output: Broken pipe"
'

# on_terminal COMMAND: what it writes to a terminal.
on_terminal() {
	script -qec "$1" /dev/null </dev/null >out
}

test_that 'colour on a terminal, but not with NO_COLOR, dumb, or never' '
	unset NO_COLOR; TERM=xterm; export TERM
	escape=$(printf "\033\\[[0-9;]*m")
	on_terminal "imgcache doctor"; grep "$escape" out &&
	on_terminal "imgcache build bad"; grep "$escape" out &&
	for prefix in NO_COLOR=1 TERM=dumb; do
		on_terminal "$prefix imgcache doctor"
		! grep "$escape" out || exit 1
		on_terminal "$prefix imgcache build bad"
		! grep "$escape" out || exit 1
	done &&
	on_terminal "imgcache --color never doctor"; ! grep "$escape" out
'

test_that 'no colour in a file, but for --color always' '
	unset NO_COLOR; TERM=xterm; export TERM
	escape=$(printf "\033\\[[0-9;]*m")
	imgcache doctor >out; ! grep "$escape" out &&
	imgcache --color always doctor >out; grep "$escape" out
'

test_that '-q: no progress, only results and errors' '
	expect_status 0 imgcache -q build --base busybox --env Q=1 &&
	one_line stdout && ! [ -s stderr ]
'

test_that 'words go to stderr, data to stdout' '
	expect_status 0 imgcache build --base busybox --env Q=2 &&
	one_line stdout && [ -s stderr ] &&
	grep -Ex "localhost/imgcache:g1-[0-9a-f]{40}" stdout
'

test_that 'names with control bytes do not reach the terminal' '
	mkdir -p "$(printf "ev\033[31mil")" &&
	printf "FROM busybox\nRUN exit 1\n" \
		>"$(printf "ev\033[31mil")/Dockerfile" &&
	imgcache build "./$(printf "ev\033[31mil")" >out 2>&1
	! grep "$(printf "\033")" out
'

test_done
