/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include <errno.h>
#include <time.h>

#define LEAST_US 2000000
#define SHARE 10

int64_t
pace_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool
pace_rest(int64_t began_us)
{
	int64_t us = (pace_now_us() - began_us) * SHARE;
	struct timespec t;

	if (us < LEAST_US)
		us = LEAST_US;
	t.tv_sec = (time_t)(us / 1000000);
	t.tv_nsec = (long)(us % 1000000 * 1000);
	return !nanosleep(&t, NULL) || errno != EINTR;
}
