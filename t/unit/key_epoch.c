/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "key/epoch.h"

#define FRIDAY 1795203960	/* 2026-11-20 19:46:00 UTC */

Test(epoch, never_and_nothing_are_no_epoch)
{
	char out[32];

	cr_assert_null(epoch_of(NULL, FRIDAY, out));
	cr_assert_null(epoch_of("", FRIDAY, out));
	cr_assert_null(epoch_of("never", FRIDAY, out));
}

Test(epoch, days_weeks_and_months_have_words)
{
	char out[32];

	cr_assert_str_eq(epoch_of("daily", FRIDAY, out), "2026-11-20");
	cr_assert_str_eq(epoch_of("weekly", FRIDAY, out), "2026-W47");
	cr_assert_str_eq(epoch_of("monthly", FRIDAY, out), "2026-11");
}

Test(epoch, a_week_may_belong_to_the_year_before)
{
	char out[32];

	/* 2027-01-01 is a Friday of the 53rd week of 2026 (ISO 8601). */
	cr_assert_str_eq(epoch_of("weekly", 1798761600, out), "2026-W53");
}

Test(epoch, any_other_word_is_itself)
{
	char out[32];

	cr_assert_str_eq(epoch_of("spring", FRIDAY, out), "spring");
}
