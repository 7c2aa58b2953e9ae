# SPDX-License-Identifier: MIT
# The programs of source.sh. walk has nothing of imgcache in it.
source_programs := $(patsubst %,$(B)/t/bench/%,walk scan)

source-programs: $(source_programs) $(B)/t/bench/race

$(B)/t/bench/walk: $(B)/t/bench/walk.o
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ -lpthread
$(B)/t/bench/scan: $(B)/t/bench/scan.o $(filter $(B)/lib/base/% \
		$(B)/lib/sys/% $(B)/lib/source/%,$(lib_objs))
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^ $(LIBS)

ifeq ($(bench_programs),)
$(B)/t/bench/race: $(B)/t/bench/race.o $(B)/t/bench/spawned.o
	$(CC) $(CFLAGS) $(all_ldflags) $(LDFLAGS) -o $@ $^
endif

.PHONY: source-programs
