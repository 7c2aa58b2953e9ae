/* SPDX-License-Identifier: MIT */
/* The time that the figures are of. */
#include <stdio.h>
#include <time.h>

#include "stats.h"

int64_t stats_since = -1;

/* "2 days", and of one only "day": the largest unit without a rest. */
static const char *
span(char out[IMGCACHE_TEXT], int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{ "week", 7 * DAY_S }, { "day", DAY_S }, { "hour", 3600 },
		{ "minute", 60 }, { "second", 1 },
	};
	size_t i = 0;
	int64_t n;

	while (seconds % units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	if (n == 1)
		snprintf(out, IMGCACHE_TEXT, "%s", units[i].name);
	else if (stats_since > 0)
		snprintf(out, IMGCACHE_TEXT, "%lld %ss", (long long)n,
			 units[i].name);
	return out;
}

const char *
stats_span(char out[STATS_SPAN], const char *last,
	   const struct imgcache_stats *s)
{
	char age[IMGCACHE_TEXT], at[32] = "";
	time_t begin = (time_t)s->since;
	struct tm tm;

	if (stats_since < 0 && localtime_r(&begin, &tm) &&
	    strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, STATS_SPAN, "since the beginning at %s", at);
	else
		snprintf(out, STATS_SPAN, "%s %s", last, span(age,
				stats_since < 0 ? imgcache_now_s() - s->since :
				stats_since));
	return out;
}
