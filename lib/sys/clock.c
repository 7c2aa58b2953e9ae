/* SPDX-License-Identifier: MIT */
/* Clocks. CLOCK_REALTIME and CLOCK_MONOTONIC cannot fail on Linux. */

#include "sys/clock.h"

#include <poll.h>
#include <time.h>

#include "sys/signals.h"

static int64_t
now_us(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_now_s(void)
{
	return now_us(CLOCK_REALTIME) / 1000000;
}

int64_t
clock_now_us(void)
{
	return now_us(CLOCK_REALTIME);
}

int64_t
clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

/* poll() on the signal pipe: a signal that came just before counts as well. */
void
clock_sleep_ms(int ms)
{
	struct pollfd p = { .fd = signals_fd(), .events = POLLIN };

	if (ms > 0)
		poll(&p, 1, ms);
}
