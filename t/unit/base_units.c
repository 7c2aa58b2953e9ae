/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/units.h"

typedef const char *format_fn(char out[UNITS_TEXT], int64_t n);

static void
expect_text(format_fn *format, int64_t n, const char *expect)
{
	char out[UNITS_TEXT];

	cr_expect_str_eq(format(out, n), expect, "%" PRId64 ": %s, not %s", n,
			 out, expect);
}

Test(units, sizes_have_two_or_three_figures)
{
	expect_text(units_size, 0, "0 B");
	expect_text(units_size, 999, "999 B");
	expect_text(units_size, 1000, "1.0 kB");
	expect_text(units_size, 1234, "1.2 kB");
	expect_text(units_size, 45 * 1000000, "45 MB");
	expect_text(units_size, 3100000000, "3.1 GB");
	expect_text(units_size, -1234, "-1.2 kB");
}

Test(units, sizes_round_into_the_next_unit)
{
	expect_text(units_size, 9949, "9.9 kB");
	expect_text(units_size, 9950, "10 kB");
	expect_text(units_size, 999499, "999 kB");
	expect_text(units_size, 999500, "1.0 MB");
	expect_text(units_size, 999999999999, "1.0 TB");
}

Test(units, sizes_go_to_both_ends)
{
	expect_text(units_size, INT64_MAX, "9.2 EB");
	expect_text(units_size, INT64_MIN, "-9.2 EB");
}

Test(units, ages_are_the_largest_whole_unit)
{
	expect_text(units_age, 0, "0 s");
	expect_text(units_age, 59, "59 s");
	expect_text(units_age, 60, "1 min");
	expect_text(units_age, 3599, "59 min");
	expect_text(units_age, 2 * 3600, "2 h");
	expect_text(units_age, 4 * 86400 + 5, "4 d");
	expect_text(units_age, 7 * 7 * 86400, "7 w");
}

Test(units, an_age_in_the_future_is_now)
{
	expect_text(units_age, -5, "0 s");
	expect_text(units_age, INT64_MIN, "0 s");
}

Test(units, durations_suit_their_length)
{
	expect_text(units_duration, 0, "0.0 ms");
	expect_text(units_duration, 812, "0.8 ms");
	expect_text(units_duration, 12345, "12 ms");
	expect_text(units_duration, 1300000, "1.3 s");
	expect_text(units_duration, 125 * 1000000, "2 min 05 s");
	expect_text(units_duration, 3720LL * 1000000, "1 h 02 min");
	expect_text(units_duration, 359940LL * 1000000, "99 h 59 min");
	expect_text(units_duration, 3600000LL * 1000000, "1000 h");
	expect_text(units_duration, -1, "0.0 ms");
}

Test(units, durations_round_into_the_next_unit)
{
	expect_text(units_duration, 9949, "9.9 ms");
	expect_text(units_duration, 9950, "10 ms");
	expect_text(units_duration, 999500, "1.0 s");
	expect_text(units_duration, 59949999, "59.9 s");
	expect_text(units_duration, 59950000, "1 min 00 s");
	expect_text(units_duration, 3599500000, "1 h 00 min");
	expect_text(units_duration, 359969500000, "100 h");
	expect_text(units_duration, INT64_MAX, "2562047788 h");
}

Test(units, moments_are_in_utc)
{
	expect_text(units_time, 0, "1970-01-01T00:00:00Z");
	expect_text(units_time, 1795203960, "2026-11-20T19:46:00Z");
	expect_text(units_time, 2147483648, "2038-01-19T03:14:08Z");
	expect_text(units_time, -1, "1969-12-31T23:59:59Z");
}

Test(units, a_moment_without_a_calendar_is_a_number)
{
	expect_text(units_time, INT64_MAX, "@9223372036854775807");
	expect_text(units_time, INT64_MIN, "@-9223372036854775808");
}

static void
expect_size(const char *text, int64_t expect)
{
	int64_t n = -1;

	cr_expect(units_parse_size(text, &n), "'%s' was refused", text);
	cr_expect_eq(n, expect, "'%s' gave %" PRId64, text, n);
}

static void
refuse_size(const char *text)
{
	int64_t n = -77;

	cr_expect_not(units_parse_size(text, &n), "'%s' was taken", text);
	cr_expect_eq(n, -77, "'%s' changed the result", text);
}

Test(units, sizes_are_read)
{
	expect_size("0", 0);
	expect_size("1000", 1000);
	expect_size("5B", 5);
	expect_size("20GB", 20000000000);
	expect_size("20 GB", 20000000000);
	expect_size("1.5g", 1500000000);
	expect_size("512M", 512000000);
	expect_size("8MiB", 8 << 20);
	expect_size("8mib", 8 << 20);
	expect_size("2Ki", 2048);
	expect_size("1t", 1000000000000);
	expect_size("1.000001k", 1000);
	expect_size("0.5Ki", 512);
}

Test(units, other_sizes_are_refused)
{
	static const char *const bad[] = {
		"", " ", "GB", "-1", "+1", " 1", "1 ", "1.5", "1.5B", "1.",
		".5", "1..5G", "1e3", "0x10", "5X", "5GBB", "5GB ", "5Bi", "5i",
		"5iB",
		"1.1234567G", "1 2", "1G2", "1\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse_size(bad[i]);
}

Test(units, sizes_that_do_not_fit_are_refused)
{
	expect_size("9223372036854775807", INT64_MAX);
	refuse_size("9223372036854775808");
	refuse_size("99999999999999999999999999");
	expect_size("8388607TiB", 8388607LL << 40);
	refuse_size("8388608TiB");
	refuse_size("9223373T");
	refuse_size("9223372.999999T");
}

static void
expect_age(const char *text, int64_t expect)
{
	int64_t n = -1;

	cr_expect(units_parse_age(text, &n), "'%s' was refused", text);
	cr_expect_eq(n, expect, "'%s' gave %" PRId64, text, n);
}

static void
refuse_age(const char *text)
{
	int64_t n = -77;

	cr_expect_not(units_parse_age(text, &n), "'%s' was taken", text);
	cr_expect_eq(n, -77, "'%s' changed the result", text);
}

Test(units, ages_are_read)
{
	expect_age("0", 0);
	expect_age("90", 90);
	expect_age("90s", 90);
	expect_age("15m", 900);
	expect_age("15min", 900);
	expect_age("12h", 43200);
	expect_age("30d", 2592000);
	expect_age("2w", 1209600);
}

Test(units, an_age_that_was_written_can_be_read)
{
	static const int64_t ages[] = { 0, 59, 60, 7200, 86400, 604800 };
	char out[UNITS_TEXT];

	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
		expect_age(units_age(out, ages[i]), ages[i]);
}

Test(units, other_ages_are_refused)
{
	static const char *const bad[] = {
		"", "s", "-1d", "+1d", " 1d", "1d ", "1 ", "1.5d", "1D", "1M",
		"1y", "1dd", "1h30m",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse_age(bad[i]);
}

Test(units, ages_that_do_not_fit_are_refused)
{
	expect_age("9223372036854775807", INT64_MAX);
	refuse_age("9223372036854775808");
	refuse_age("15250284452472w");
	expect_age("15250284452471w", 15250284452471LL * 604800);
}
