# SPDX-License-Identifier: MIT
# The programs of the bench. No-op is built as imgcache is, less the library.
bench_programs := $(patsubst %,$(B)/t/bench/%,noop ask race crowd)

bench-programs: $(bench_programs) $(B)/t/helper/fill-catalog

$(B)/t/bench/noop: $(B)/t/bench/noop.o
$(B)/t/bench/ask: $(B)/t/bench/ask.o
$(B)/t/bench/race: $(B)/t/bench/race.o $(B)/t/bench/spawned.o
$(B)/t/bench/crowd: $(B)/t/bench/crowd.o $(B)/t/bench/spawned.o
$(bench_programs):
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^

ifeq ($(filter $(B)/t/helper/fill-catalog,$(helpers)),)
$(B)/t/helper/fill-catalog: $(B)/t/helper/fill-catalog.o $(lib_objs)
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(LIBS)
endif

.PHONY: bench-programs
