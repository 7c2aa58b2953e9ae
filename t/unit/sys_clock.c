/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <time.h>

#include "sys/clock.h"
#include "sys/signals.h"

Test(clock, wall_time_is_the_time)
{
	int64_t before = time(NULL), now = clock_now_s(), after = time(NULL);
	int64_t us = clock_now_us();

	cr_assert(before <= now && now <= after + 1);
	cr_assert(us / 1000000 >= now && us / 1000000 <= now + 60);
}

Test(clock, monotonic_time_does_not_go_back)
{
	int64_t last = clock_mono_us();

	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_mono_us();

		cr_assert_geq(now, last);
		last = now;
	}
}

Test(clock, sleep_takes_its_time)
{
	int64_t start = clock_mono_us();

	clock_sleep_ms(30);
	cr_assert_geq(clock_mono_us() - start, 29000);
}

Test(clock, sleep_of_nothing_or_less_returns)
{
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
}

Test(clock, sleep_ends_when_a_signal_came_before_it, .timeout = 20)
{
	int64_t start = clock_mono_us();

	signals_install();
	raise(SIGTERM);
	clock_sleep_ms(60000);
	cr_assert_lt(clock_mono_us() - start, 10000000);
}
