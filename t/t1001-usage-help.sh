#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line: what is wrong with it is said in one line, with what was
# meant, and gives 129; nothing is opened, made or asked for that.
# shellcheck disable=SC2016,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

verbs=$(imgcache -h | sed -n 's/^    \([a-z]\{3,\}\) .*/\1/p')

# wrong TEXT ARGUMENT...: usage, this line, nothing else and nothing written.
wrong() {
	text=$1
	shift
	expect_status 129 imgcache "$@" && ! [ -s stdout ] &&
	says stderr "$text" && ! [ -e "$IMGCACHE_DIR" ]
}

test_that 'the overview names at least the verbs of the first release' '
	for verb in build get tag spawn lock dockerfile list log pin unpin \
		delete invalidate prune stats doctor config help; do
		echo "$verbs" | grep -x "$verb" || exit 1
	done
'

test_that 'without a verb: the overview on stderr, 129' '
	imgcache -h >overview && expect_status 129 imgcache &&
	! [ -s stdout ] && same overview stderr
'

test_that '-V prints name and version' '
	expect_status 0 imgcache -V && grep -Ex "imgcache [0-9.]+" stdout &&
	one_line stdout && cp stdout short &&
	expect_status 0 imgcache --version && same short stdout
'

test_that 'an unknown verb' '
	wrong "'\''frobnicate'\'' is no verb; see imgcache -h" frobnicate
'

test_that 'a mistyped verb, and the one that was meant' '
	wrong "'\''biuld'\'' is no verb; did you mean '\''build'\''?" biuld &&
	wrong "'\''stat'\'' is no verb; did you mean '\''stats'\''?" stat &&
	wrong "'\''biuld'\'' is no verb; did you mean '\''build'\''?" \
		help biuld
'

test_that 'hidden verbs are no suggestion' '
	expect_status 129 imgcache complet && ! grep "mean" stderr
'

test_that 'a mistyped option of the program, and of a verb' '
	wrong "--versoin is not known; did you mean --version?" --versoin &&
	wrong "--pined is not known; did you mean --pinned?" list --pined
'

test_that 'an option cut short that could be two' '
	wrong "--m could be --max-images or --max-age" prune --m
'

test_that 'an option cut short that is one' '
	expect_status 0 imgcache list --js && [ "$(cat stdout)" = "[]" ]
'

test_that 'an unknown letter' '
	rm -rf "$IMGCACHE_DIR" &&
	wrong "-y is not known; see imgcache list -h" list -y
'

test_that 'an option without its value, a flag with one' '
	wrong "--limit wants N; see imgcache list -h" list --limit &&
	wrong "-l wants a value; see imgcache list -h" list -l &&
	wrong "--pinned takes no value; see imgcache list -h" list --pinned=1
'

test_that 'values of the wrong form, each with the right one' '
	wrong "--limit wants a whole number, not '\''x'\''" list --limit x &&
	wrong "--limit wants a whole number, not '\''-1'\''" \
		list --limit=-1 &&
	wrong "--limit wants a whole number, not '\''9e9'\''" \
		list --limit 9e9 &&
	wrong "--limit wants a whole number, not '\''99999999999999999999'\''" \
		list --limit 99999999999999999999 &&
	wrong "--jobs wants 1 to 1000" build -j 0 --all &&
	wrong "--max-age wants an age such as 30d or 12h, not '\''soon'\''" \
		prune --max-age soon &&
	wrong "--max-size wants a size with its unit, such as 20GB, not '\''5XB'\''" \
		prune --max-size 5XB &&
	wrong "--max-size wants a size with its unit, such as 20GB, not '\''5'\''" \
		prune --max-size 5 &&
	for time in 1h5m -1; do
		expect_status 125 imgcache spawn --timeout $time &&
		says stderr "--timeout wants a time such as 90s or 10m, not '\''$time'\''" ||
			exit 1
	done &&
	wrong "--fail-under wants a rate such as 70%, not '\''101%'\''" \
		stats --fail-under 101% &&
	wrong "--sort: no such word '\''siez'\''; did you mean '\''size'\''?" \
		list --sort siez
'

test_that 'a word too many' '
	wrong "prune takes no arguments, '\''now'\'' is one" prune now &&
	wrong "one name at a time" list a b &&
	wrong "one image at a time, '\''b'\'' is one too many" tag a b
'

test_that 'a word too few' '
	wrong "which images? see imgcache list" pin &&
	wrong "which images? see imgcache list" unpin &&
	wrong "which images? see imgcache list" delete &&
	wrong "which image? give one id or name" log &&
	wrong "give names, --stage, --base or --all" invalidate
'

test_that 'options that exclude each other' '
	wrong "--digest, --image-id and --id exclude each other" \
		get --digest --image-id x &&
	wrong "--manifest and --ref exclude each other" tag -m -r x
'

test_that 'two kinds of recipe in one' '
	expect_status 129 imgcache tag --base busybox --dockerfile x &&
	one_line stderr && grep "'\''--base'\''.*'\''--dockerfile'\''" stderr
'

test_that 'a setting that does not exist, or has no such value' '
	wrong "-c wants NAME=VALUE, not '\''hash'\''" -c hash list &&
	wrong "unknown setting '\''hsah'\''; did you mean '\''hash'\''?" \
		-c hsah=git list &&
	wrong "'\''hash'\'' needs git or xxh3, not '\''md5'\''" \
		-c hash=md5 list &&
	wrong "--color wants auto, always or never, not '\''blue'\''" \
		--color blue list
'

test_that 'no project and no flags: the next step is named' '
	expect_status 128 imgcache get && one_line stderr &&
	grep "no imgcache.yaml in .* write one (imgcache init), .* or give recipe flags" stderr &&
	expect_status 129 imgcache get tools && one_line stderr &&
	! [ -e "$IMGCACHE_DIR" ]
'

test_that 'a project file that is named and missing is no miss' '
	expect_status 128 imgcache -f missing.yaml get x && one_line stderr &&
	grep "missing.yaml.: No such file" stderr
'

test_that '-C that cannot be entered' '
	expect_status 128 imgcache -C /no/such/dir list &&
	says stderr "cannot enter '\''/no/such/dir'\'': No such file or directory"
'

test_that '-C once more is meant from the one before' '
	mkdir -p a/b && cat >a/b/imgcache.yaml <<-YAML &&
	version: 1
	images: {here: {base: busybox, base_policy: name}}
	YAML
	expect_status 0 imgcache -C a -C b tag here &&
	expect_status 0 imgcache -C a/b tag
'

for verb in $verbs; do
	test_that "$verb -h: usage on stdout, within 80 columns" "
		expect_status 0 imgcache $verb -h && ! [ -s stderr ] &&
		head -n 1 stdout | grep '^usage: imgcache $verb' &&
		! grep -E '.{81}' stdout && ! grep -E '	| \$' stdout
	"
done

test_that 'the overview is within 80 columns' '
	imgcache -h >overview && ! grep -E ".{81}" overview &&
	! grep -E "	| \$" overview
'

test_that '--help and help VERB open the page of man' '
	mkdir -p bin && printf "#!/bin/sh\necho page \"\$@\"\n" >bin/man &&
	chmod +x bin/man && PATH=$PWD/bin:$PATH &&
	[ "$(imgcache get --help)" = "page imgcache-get" ] &&
	[ "$(imgcache help get)" = "page imgcache-get" ] &&
	[ "$(imgcache --help)" = "page imgcache" ]
'

test_that 'where man has no page, --help is -h' '
	printf "#!/bin/sh\necho no entry >&2\nexit 16\n" >bin/man &&
	PATH=$PWD/bin:$PATH && imgcache get -h >usage &&
	expect_status 0 imgcache get --help && same usage stdout &&
	! [ -s stderr ] && expect_status 0 imgcache help get &&
	same usage stdout
'

test_that 'help alone is the overview' '
	imgcache -h >overview && expect_status 0 imgcache help &&
	same overview stdout
'

test_that 'control bytes of a bad word do not reach the terminal' '
	expect_status 129 imgcache "$(printf "b\033[31m\r\a\nad")" &&
	one_line stderr && ! LC_ALL=C grep "[[:cntrl:]]" stderr
'

test_done
