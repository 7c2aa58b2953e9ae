#!/bin/sh
# SPDX-License-Identifier: MIT
# A verb is one .c, one row, one page, one script: all four or none.
# shellcheck disable=SC2016,SC2018,SC2019,SC2317
# shellcheck source=t/lib-standin.sh
. "$(dirname "$0")/lib-standin.sh"

verbs=$(imgcache -h | sed -n 's/^    \([a-z]\{3,\}\) .*/\1/p')

# The long options that -h shows, and those that a page names.
options_of_usage() {
	imgcache "$1" -h | sed -n 's/^    \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' |
		sort -u
}

# mdoc writes an option as `Fl Fl name`, or `Fl -name`.
options_of_page() {
	sed -n 's/^\.It //p' "$1" | grep -oE 'Fl (Fl |-)[a-z][a-z-]*' |
		sed 's/Fl Fl //; s/Fl -//' | sort -u
}

for verb in $verbs; do
	test_that "$verb has a manual page, which says its name" "
		page=\$TOP/man/imgcache-$verb.1 && [ -f \$page ] &&
		grep -E '^\.Dt IMGCACHE-$(echo "$verb" | tr a-z A-Z) 1' \$page &&
		grep -Ex '\.Nm imgcache-$verb' \$page
	"
	test_that "$verb: the page has every option of -h, and no other" "
		page=\$TOP/man/imgcache-$verb.1 && [ -f \$page ] &&
		imgcache $verb -h | sed -n '/^Options/,/^\$/p' |
			sed -n 's/^    \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' |
			sort -u >usage &&
		options_of_usage $verb >all && options_of_page \$page >page &&
		comm -23 usage page >missing && comm -13 all page >invented &&
		cat missing invented && ! [ -s missing ] && ! [ -s invented ]
	"
	test_that "$verb has examples in its page" "
		grep -Ex '\.Sh EXAMPLES' \$TOP/man/imgcache-$verb.1
	"
	test_that "$verb has a test script" "
		ls \$TOP/t | grep -E '^t[1-8][0-9]{3}-([a-z]+-)*$verb(-[a-z]+)*\.sh$'
	"
done

test_that 'every page of a verb is the page of a verb' '
	for page in "$TOP"/man/imgcache-*.1; do
		verb=${page##*/imgcache-} && verb=${verb%.1}
		echo "$verbs" | grep -qx "$verb" || { echo "$verb"; exit 1; }
	done
'

test_that 'the pages that are no verb.s are there' '
	for page in imgcache.1 imgcache-formats.5 imgcache.yaml.5 \
		imgcache-hooks.7 imgcache-key.7 imgcache-security.7; do
		[ -f "$TOP/man/$page" ] || { echo "$page"; exit 1; }
	done
'

test_that 'completion asks the binary: no option is named in it' '
	for shell in imgcache.bash _imgcache imgcache.fish; do
		[ -f "$TOP/completions/$shell" ] || exit 1
		! grep -E -- "--(base|apt|manifest|rebuild|dry-run)" \
			"$TOP/completions/$shell" || exit 1
	done
'

test_that 'completion offers every verb, and the options that -h shows' '
	imgcache __complete "" | cut -f1 | sort >offered &&
	echo "$verbs" | sort >verbs && same verbs offered &&
	for verb in $verbs; do
		imgcache __complete $verb -- | cut -f1 | sed "s/^--//" |
			grep -vx help | sort >offered
		options_of_usage $verb >usage && same usage offered || exit 1
	done
'

test_that 'completion is silent about a project that cannot be read' '
	echo "images: [" >imgcache.yaml &&
	expect_status 0 imgcache __complete get "" && ! [ -s stderr ] &&
	rm imgcache.yaml
'

test_that 'every verb that lists knows --json' '
	for verb in tag get build list stats prune invalidate config lint doctor \
		lock; do
		imgcache $verb -h | grep -q -- "--json" ||
			{ echo "$verb"; exit 1; }
	done
'

test_done
