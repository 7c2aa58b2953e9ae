/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "docker/moment.h"

Test(moment, as_docker_writes_them)
{
	cr_expect_eq(moment_us("2026-11-20T20:14:17.211599358Z"),
		     INT64_C(1795205657211599));
	cr_expect_eq(moment_us("2026-11-20T20:14:17Z"),
		     INT64_C(1795205657000000));
	cr_expect_eq(moment_us("2026-11-20T21:14:17+01:00"),
		     INT64_C(1795205657000000));
	cr_expect_eq(moment_us("2026-11-20T16:44:17-03:30"),
		     INT64_C(1795205657000000));
}

Test(moment, what_is_none_is_zero)
{
	cr_expect_eq(moment_us(NULL), 0);
	cr_expect_eq(moment_us(""), 0);
	cr_expect_eq(moment_us("yesterday"), 0);
	cr_expect_eq(moment_us("0001-01-01T00:00:00Z"), 0);
}
