/* SPDX-License-Identifier: MIT */
/*
 * Sizes, ages and moments in words. All in integers: a figure that rounds up
 * to the next unit is written in that unit ("1.0 MB", never "1000 kB").
 */

#include "base/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char size_letters[] = "kMGTPE";	/* 1000^1 ... 1000^6 */

const char *
units_size(char out[UNITS_TEXT], int64_t bytes)
{
	uint64_t n = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;
	const char *sign = bytes < 0 ? "-" : "";
	uint64_t unit = 1000, tenths;
	int i = 0;

	if (n < unit) {
		snprintf(out, UNITS_TEXT, "%s%" PRIu64 " B", sign, n);
		return out;
	}
	while (size_letters[i + 1] && n >= unit * 1000 - unit / 2) {
		unit *= 1000;
		i++;
	}
	tenths = n / unit * 10 + (n % unit + unit / 20) / (unit / 10);
	if (tenths < 100)
		snprintf(out, UNITS_TEXT, "%s%" PRIu64 ".%" PRIu64 " %cB",
			 sign, tenths / 10, tenths % 10, size_letters[i]);
	else
		snprintf(out, UNITS_TEXT, "%s%" PRIu64 " %cB", sign,
			 n / unit + (n % unit >= unit / 2), size_letters[i]);
	return out;
}

static const struct {
	const char *name;
	int64_t seconds;
} ages[] = {			/* longest first */
	{ "w", 7 * 86400 },
	{ "d", 86400 },
	{ "h", 3600 },
	{ "min", 60 },
	{ "m", 60 },		/* read only: the line above is found first */
	{ "s", 1 },
};

#define N_AGES (sizeof(ages) / sizeof(ages[0]))

const char *
units_age(char out[UNITS_TEXT], int64_t seconds)
{
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < N_AGES - 1 && seconds < ages[i].seconds)
		i++;
	snprintf(out, UNITS_TEXT, "%" PRId64 " %s", seconds / ages[i].seconds,
		 ages[i].name);
	return out;
}

const char *
units_duration(char out[UNITS_TEXT], int64_t microseconds)
{
	uint64_t us = microseconds > 0 ? (uint64_t)microseconds : 0;
	uint64_t tenth_ms = (us + 50) / 100, ms = (us + 500) / 1000;
	uint64_t tenth_s = (us + 50000) / 100000, s = (us + 500000) / 1000000;
	uint64_t min = (s + 30) / 60, h = (s + 1800) / 3600;

	if (tenth_ms < 100)
		snprintf(out, UNITS_TEXT, "%" PRIu64 ".%" PRIu64 " ms",
			 tenth_ms / 10, tenth_ms % 10);
	else if (ms < 1000)
		snprintf(out, UNITS_TEXT, "%" PRIu64 " ms", ms);
	else if (tenth_s < 600)
		snprintf(out, UNITS_TEXT, "%" PRIu64 ".%" PRIu64 " s",
			 tenth_s / 10, tenth_s % 10);
	else if (s < 3600)
		snprintf(out, UNITS_TEXT, "%" PRIu64 " min %02" PRIu64 " s",
			 s / 60, s % 60);
	else if (min < 6000)
		snprintf(out, UNITS_TEXT, "%" PRIu64 " h %02" PRIu64 " min",
			 min / 60, min % 60);
	else
		snprintf(out, UNITS_TEXT, "%" PRIu64 " h", h);
	return out;
}

const char *
units_time(char out[UNITS_TEXT], int64_t epoch_s)
{
	time_t t = (time_t)epoch_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) ||
	    !strftime(out, UNITS_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, UNITS_TEXT, "@%" PRId64, epoch_s);
	return out;
}

/* Digits into *n; false if there is none or the number does not fit. */
static bool
read_digits(const char **text, int64_t *n)
{
	const char *s = *text;

	*n = 0;
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, *s - '0', n))
			return false;
	if (s == *text)
		return false;
	*text = s;
	return true;
}

/* What follows the point, as *n / *scale; six digits at most. */
static bool
read_fraction(const char **text, int64_t *n, int64_t *scale)
{
	const char *start = *text;

	if (!read_digits(text, n) || *text - start > 6)
		return false;
	for (; start < *text; start++)
		*scale *= 10;
	return true;
}

/* The factor of "", "B", "k", "kB", "Ki", "KiB" and so on; 0 if it is none. */
static int64_t
size_factor(const char *unit)
{
	static const char letters[] = "kmgt";
	int64_t base = 1000, factor = 1;
	const char *hit;

	hit = *unit ? strchr(letters, tolower((unsigned char)*unit)) : NULL;
	if (hit && tolower((unsigned char)unit[1]) == 'i')
		base = 1024;
	for (const char *l = letters; hit && l <= hit; l++)
		factor *= base;
	unit += hit ? (base == 1024 ? 2 : 1) : 0;
	if (tolower((unsigned char)*unit) == 'b')
		unit++;
	return *unit ? 0 : factor;
}

/* Past the blanks before a unit; blanks with nothing behind them stay. */
static const char *
skip_blanks(const char *s)
{
	const char *unit = s + strspn(s, " ");

	return *unit ? unit : s;
}

bool
units_parse_size(const char *text, int64_t *bytes)
{
	int64_t whole, part = 0, scale = 1, factor, n;

	if (!read_digits(&text, &whole))
		return false;
	if (*text == '.') {
		text++;
		if (!read_fraction(&text, &part, &scale))
			return false;
	}
	factor = size_factor(skip_blanks(text));
	if (!factor || (factor == 1 && scale > 1))
		return false;
	if (__builtin_mul_overflow(whole, factor, &n) ||
	    __builtin_add_overflow(n, part * factor / scale, &n))
		return false;
	*bytes = n;
	return true;
}

bool
units_parse_age(const char *text, int64_t *seconds)
{
	int64_t n, factor = 0;

	if (!read_digits(&text, &n))
		return false;
	text = *text ? skip_blanks(text) : "s";
	for (size_t i = 0; i < N_AGES; i++)
		if (!strcmp(text, ages[i].name))
			factor = ages[i].seconds;
	if (!factor || __builtin_mul_overflow(n, factor, &n))
		return false;
	*seconds = n;
	return true;
}
