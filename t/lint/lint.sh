#!/bin/sh
# SPDX-License-Identifier: MIT
# The house rules that a program can hold: layers, headers, sizes, symbols,
# scripts, manual pages. Each check prints what is wrong and where; the exit
# status is 1 if any did.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-gcc}
bad=0

# Each line of the text is a complaint.
report() {
	if [ -n "$1" ]; then
		printf '%s\n' "$1" | sed 's/^/lint: /'
		bad=1
	fi
}

layers() {
	order=$(make -s -f Makefile -f t/lint/lists.mk layers)
	for folder in $order; do
		allowed="$allowed $folder"
		for file in lib/"$folder"/*.[ch]; do
			sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" |
			sort -u | while read -r used; do
				case " $allowed " in
				*" $used "*) ;;
				*) echo "$file includes from $used/, which" \
					"is not below it" ;;
				esac
			done
		done
	done
	grep -n '^#include "' cmd/*.[ch] | grep -v '"[a-z_]*\.h"' |
		sed 's/$/ : cmd\/ sees only imgcache.h and itself/' || :
}

third_party() {
	for pair in sqlite3.h:lib/store/sql.c yaml.h:lib/recipe/yaml.c \
		git2.h:lib/source/gitlib.c xxhash.h:lib/source/hash.c \
		zlib.h:lib/source/deflated.c; do
		header=${pair%%:*}
		home=${pair#*:}
		grep -ln "#include <$header>" lib/*/*.[ch] cmd/*.[ch] |
			grep -v "^$home\$" |
			sed "s|\$| includes $header, which is $home's|" || :
	done
}

headers_alone() {
	for header in include/*.h lib/*/*.h cmd/*.h; do
		echo "#include \"$header\"" |
		$CC -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude \
			-Ilib -Icmd -I. -fsyntax-only -x c - 2>&1 |
			head -n 3 | sed "s|^|$header alone: |"
	done
}

sizes() {
	awk 'FNR == 1 { if (NR > 1) flush(); name = FILENAME; inside = 0 }
	function flush() {
		if (lines > 600)
			print name ": " lines " lines, at most 600"
	}
	{ lines = FNR }
	/^{/ { start = FNR; inside = 1 }
	/^}/ {
		if (inside && FNR - start - 1 > 100)
			print FILENAME ":" start ": function of " \
				FNR - start - 1 " lines, at most 100"
		inside = 0
	}
	END { flush() }' lib/*/*.[ch] cmd/*.[ch]
	# the front door is one file, and grows by a contract for each verb
	wc -l <include/imgcache.h |
		awk '$1 > 1400 { print "include/imgcache.h: over 1400 lines" }'
	# the lists grow with the house, what is done with them does not
	sed '1,/^$/d' Makefile | sed '1,/^layers/d' | wc -l |
		awk '$1 > 200 { print "Makefile: over 200 lines of rules" }'
}

# At most one line in a hundred over 80 columns, tabs counted as eight.
columns() {
	cat lib/*/*.[ch] cmd/*.[ch] include/*.h | expand | awk '
	length($0) > 80 { wide++ }
	END { if (wide * 100 > NR)
		print wide " of " NR " lines are over 80 columns" }'
}

# Only what imgcache.h declares may be seen from outside.
symbols() {
	make -s build/libimgcache.a >/dev/null
	nm -g --defined-only build/libimgcache.a | awk 'NF == 3 { print $3 }' |
		sort -u >build/symbols
	sed -n '/^IMGCACHE_API/,/;/p' include/imgcache.h | tr '\n\t' '  ' |
		grep -o 'imgcache_[a-z0-9_]*(' | tr -d '(' | sort -u |
		grep -v '_fn$' >build/declared
	comm -23 build/symbols build/declared |
		sed 's/$/ is exported but not in imgcache.h/'
	comm -13 build/symbols build/declared |
		sed 's/$/ is in imgcache.h but not exported/'
}

scripts() {
	find t completions .ci -type f \( -name '*.sh' -o -path .ci/run \) \
		-exec shellcheck -x -e SC2317,SC2034 -f gcc {} + 2>&1 || :
}

pages() {
	for page in man/*; do
		mandoc -Tlint -W warning "$page" 2>&1 || :
	done
}

# Sources that no list of the Makefile names, and names without a source.
lists() {
	make -s -f Makefile -f t/lint/lists.mk lists | sort >build/listed
	find lib cmd -name '*.c' | sort >build/present
	comm -3 build/listed build/present |
		sed 's/^[[:space:]]*//; s/$/: Makefile and tree differ/'
}

style() {
	grep -nE '(^|[;{}])[[:space:]]*//' lib/*/*.[ch] cmd/*.[ch] \
		include/*.h | sed 's/$/ : comments are \/* *\//' || :
	grep -LE 'SPDX-License-Identifier: MIT' lib/*/*.[ch] cmd/*.[ch] \
		include/*.h | sed 's/$/: no SPDX line/' || :
	grep -nE '\b(strcpy|strcat|sprintf|gets|strtok|localtime|system|popen)\(' \
		lib/*/*.c cmd/*.c | sed 's/$/ : banned function/' || :
}

mkdir -p build
allowed=
report "$(layers)"
report "$(third_party)"
report "$(headers_alone)"
report "$(sizes)"
report "$(columns)"
report "$(symbols)"
report "$(scripts)"
report "$(pages)"
report "$(lists)"
report "$(style)"
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
