/* SPDX-License-Identifier: MIT */
/* The time that the figures are of. */
#include <stdio.h>
#include <time.h>

#include "stats.h"

int64_t stats_since = -1;

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
		snprintf(out, STATS_SPAN, "%s %s", last, imgcache_format_age(
				age, imgcache_now_s() - s->since));
	return out;
}
