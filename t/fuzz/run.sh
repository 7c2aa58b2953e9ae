#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fuzz target for a while: FUZZ_SECONDS each (60), under the address and
# undefined-behaviour sanitizers. A crash leaves its input under build/fuzz.
set -eu
cd "$(dirname "$0")/../.."
: "${FUZZ_SECONDS:=60}"
out=build/fuzz
mkdir -p "$out"
for source in t/fuzz/*.c; do
	name=$(basename "$source" .c)
	echo "fuzz: $name, $FUZZ_SECONDS s"
	# shellcheck disable=SC2046 # words of pkg-config
	clang -std=c11 -D_GNU_SOURCE -g -O1 -Iinclude -iquote lib \
		-fsanitize=fuzzer,address,undefined \
		$(pkg-config --cflags sqlite3 yaml-0.1 libgit2 libxxhash zlib) \
		-o "$out/$name" "$source" lib/*/*.c \
		$(pkg-config --libs sqlite3 yaml-0.1 libxxhash zlib) -ldl -lpthread
	mkdir -p "$out/corpus-$name"
	"$out/$name" -max_total_time="$FUZZ_SECONDS" -verbosity=0 \
		-artifact_prefix="$out/$name-" "$out/corpus-$name"
done
