#!/bin/sh
# SPDX-License-Identifier: MIT
# BuildKit judges ignore rules and keys: see t/oracle. `make oracle` does more.
# shellcheck disable=SC2016
# shellcheck source=t/lib-engine.sh
. "$(dirname "$0")/lib-engine.sh"

helpers=$TOP/build/plain/t/helper

test_that '200 ignore files: what is sent is what we list' '
	"$TOP"/t/oracle/ignore.sh -n 200 "$helpers/ignore-case" \
		>ignore; status=$?
	cat ignore; [ $status -eq 0 ] && grep "[0-9] equal, .* 0 different" ignore
'

"$TOP"/t/oracle/key.sh -n 70 -m 2 -i 3 "$helpers/key-case" >key 2>&1
echo "# key.sh: status $?"
sed 's/^/# /' key

# none WORDS...: no case has this complaint, and there were cases
none() {
	! grep -F "$*" key && grep -E '^[56][0-9] cases, .* [0-9]+ wrong' key
}

test_that 'whatever docker makes anew has another tag' '
	none UNSOUND
'

test_that 'what cannot change an image changes no tag' '
	none "not precise"
'

test_that 'the tag is the same in another place, at other times' '
	none "not placed"
'

test_that 'each image that was built is the one docker builds' '
	none "is not docker"
'

test_that 'nothing else is wrong with the cases' '
	none "seed "
'

test_that 'where docker has every step cached 95 of 100 tags stay' '
	share=$(sed -n "s/^mode sources: every step .*(\([0-9]*\)\..*/\1/p" key)
	[ "$share" -ge 95 ]
'

test_done
