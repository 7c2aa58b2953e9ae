# shellcheck shell=sh
# shellcheck disable=SC2154
# SPDX-License-Identifier: MIT
# For the scripts that hold JSON against the schemas of t/schema: after
# lib-standin.sh. What no schema can say is asked of jq.

python=
for candidate in python3 /usr/bin/python3; do
	"$candidate" -c 'import jsonschema' 2>/dev/null && python=$candidate &&
		break
done
if [ -z "$python" ]; then
	[ -z "$TEST_CI" ] || { echo 'Bail out! no python3-jsonschema'; exit 1; }
	test_skip_all 'no python3-jsonschema'
fi
schemas=$TOP/t/schema

# valid NAME FILE: by the schema of that name.
valid() {
	[ -s "$2" ] || { echo "$2 is empty"; return 1; }
	"$python" -B "$schemas/check.py" "$schemas/$1.json" "$2" ||
		{ cat "$2"; return 1; }
}

# gives STATUS SCHEMA COMMAND...: it ends so, and what it prints is valid.
# has FILTER: and this is so of it, lest a test looks at nothing.
gives() {
	gives_status=$1
	gives_schema=$2
	shift 2
	expect_status "$gives_status" "$@" && valid "$gives_schema" stdout
}
has() {
	jq -e "$1" stdout >/dev/null || { echo "not so: $1"; cat stdout; return 1; }
}
