#!/bin/sh
# SPDX-License-Identifier: MIT
# Every module alone, under the address and undefined-behaviour sanitizers.
cd "$(dirname "$0")/.." || exit 1
ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
UBSAN_OPTIONS=print_stacktrace=1
LSAN_OPTIONS=suppressions=t/lsan.supp:print_suppressions=0
export LSAN_OPTIONS ASAN_OPTIONS UBSAN_OPTIONS
exec build/asan/unit --tap=- --jobs 2
