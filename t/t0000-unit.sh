#!/bin/sh
# SPDX-License-Identifier: MIT
# Every module alone, under the address and undefined-behaviour sanitizers. The
# output goes through files: a process that a test leaves must not hold a pipe.
cd "$(dirname "$0")/.." || exit 1
ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:handle_sigill=1:handle_sigtrap=1
LSAN_OPTIONS=suppressions=t/lsan.supp:print_suppressions=0
export LSAN_OPTIONS ASAN_OPTIONS
tap=$(mktemp) || exit 1
trap 'rm -f "$tap" "$tap.log"' EXIT
build/asan/unit --tap="$tap" --jobs 2 >"$tap.log" 2>&1 </dev/null
status=$?
[ $status -eq 0 ] || sed 's/^/# /' "$tap.log" >&2
# prove cannot read Criterion's YAML, so it becomes comments
sed '/^  ---/,/^  \.\.\./s/^/# /' "$tap"
exit $status
