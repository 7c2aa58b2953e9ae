/* SPDX-License-Identifier: MIT */
/* RFC 3339 moments. */

#include "docker/moment.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

/* "Z", "+01:00", "-03:30" after the seconds. */
static int64_t
zone_us(const char *p)
{
	int hours, minutes;

	if ((*p != '+' && *p != '-') ||
	    sscanf(p + 1, "%2d:%2d", &hours, &minutes) != 2)
		return 0;
	return (*p == '-' ? -60000000 : (int64_t)60000000) *
		(hours * 60 + minutes);
}

/*
 * Days since 1970, Gregorian. timegm() knows too, but reads /etc/localtime to
 * say it, and every hit comes by here.
 */
static int64_t
days_of(const struct tm *tm)
{
	int64_t year = tm->tm_year + 1900 - (tm->tm_mon < 2);
	int64_t from_march = (tm->tm_mon + 10) % 12;

	return year * 365 + year / 4 - year / 100 + year / 400 +
		(from_march * 153 + 2) / 5 + tm->tm_mday - 1 - 719468;
}

int64_t
moment_us(const char *text)
{
	struct tm tm = { 0 };
	const char *p = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int64_t us = 0, unit = 100000;

	if (!p || tm.tm_year < 70 || tm.tm_year > 8000)
		return 0;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++, unit /= 10)
			us += unit * (*p - '0');
	us += (days_of(&tm) * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 +
	       tm.tm_sec) * 1000000 - zone_us(p);
	return us > 0 ? us : 0;
}
