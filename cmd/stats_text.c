/* SPDX-License-Identifier: MIT */
/* Figures and names in words. */
#include <stdio.h>
#include <string.h>

#include "stats.h"

#define DIGITS "0123456789abcdef"

const char *
stats_percent(char out[IMGCACHE_TEXT], int64_t thousandths)
{
	if (thousandths < 0)
		return "-";
	snprintf(out, IMGCACHE_TEXT, "%lld.%lld %%",
		 (long long)(thousandths / 10), (long long)(thousandths % 10));
	return out;
}

const char *
stats_date(char out[IMGCACHE_TEXT], int64_t moment)
{
	imgcache_format_time(out, moment);
	out[strcspn(out, "T")] = '\0';
	return out;
}

const char *
stats_reasons(char out[STATS_REASONS], const struct imgcache_count *reasons,
	      size_t n)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && len < STATS_REASONS; i++)
		len += (size_t)snprintf(out + len, STATS_REASONS - len,
					"%s%s:%lld", i ? ", " : "",
					reasons[i].name,
					(long long)reasons[i].n);
	return out;
}

const char *
stats_some(char out[IMGCACHE_TEXT], int64_t n, const char *one,
	   const char *many)
{
	snprintf(out, IMGCACHE_TEXT, "%lld %s", (long long)n,
		 n == 1 ? one : many);
	return out;
}

const char *
stats_name(char out[STATS_NAME], const char *name)
{
	size_t kind = !strncmp(name, "g1-", 3) || !strncmp(name, "x1-", 3) ?
		3 : 0;
	const char *digits = name + kind;

	if (!kind || digits[strspn(digits, DIGITS)] ||
	    strlen(digits) < STATS_NAME)
		return name;
	memcpy(out, digits, STATS_NAME - 1);
	out[STATS_NAME - 1] = '\0';
	return out;
}
