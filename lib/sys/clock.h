/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_CLOCK_H
#define IMGCACHE_SYS_CLOCK_H

/* Wall time for records, monotonic time for deadlines and durations. */

#include <stdint.h>

int64_t clock_now_s(void);	/* seconds since the epoch */
int64_t clock_now_us(void);	/* microseconds since the epoch */
int64_t clock_mono_us(void);	/* microseconds, never backwards */
void clock_sleep_ms(int ms);	/* ends early when interrupted */

#endif
