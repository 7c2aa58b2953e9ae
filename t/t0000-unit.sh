#!/bin/sh
# SPDX-License-Identifier: MIT
# Every module alone, under the address and undefined-behaviour sanitizers. The
# TAP goes through a file: what tests do to a shared pipe must not eat it.
cd "$(dirname "$0")/.." || exit 1
ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
UBSAN_OPTIONS=print_stacktrace=1
LSAN_OPTIONS=suppressions=t/lsan.supp:print_suppressions=0
export LSAN_OPTIONS ASAN_OPTIONS UBSAN_OPTIONS
tap=$(mktemp) || exit 1
trap 'rm -f "$tap"' EXIT
build/asan/unit --tap="$tap" --jobs 2 >&2
status=$?
# prove cannot read Criterion's YAML, so it becomes comments
sed '/^  ---/,/^  \.\.\./s/^/# /' "$tap"
exit $status
