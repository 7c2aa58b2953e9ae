# SPDX-License-Identifier: MIT
# The programs of the bench. No-op is built as imgcache is, less the library;
# walk has nothing of imgcache in it.
bench_programs := $(patsubst %,$(B)/t/bench/%,noop ask race crowd walk scan)

bench-programs: $(bench_programs) $(B)/t/helper/fill-catalog

$(B)/t/bench/noop: $(B)/t/bench/noop.o
$(B)/t/bench/ask: $(B)/t/bench/ask.o
$(B)/t/bench/race: $(B)/t/bench/race.o $(B)/t/bench/spawned.o
$(B)/t/bench/crowd: $(B)/t/bench/crowd.o $(B)/t/bench/spawned.o
$(B)/t/bench/walk: $(B)/t/bench/walk.o
$(B)/t/bench/scan: $(B)/t/bench/scan.o $(filter $(B)/lib/base/% \
	$(B)/lib/sys/% $(B)/lib/source/%,$(lib_objs))
$(B)/t/bench/scan: bench_libs = $(LIBS)
$(bench_programs):
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(bench_libs) \
		-lpthread

ifeq ($(filter $(B)/t/helper/fill-catalog,$(helpers)),)
$(B)/t/helper/fill-catalog: $(B)/t/helper/fill-catalog.o $(lib_objs)
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(LIBS)
endif

.PHONY: bench-programs
