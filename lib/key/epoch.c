/* SPDX-License-Identifier: MIT */
#include "key/epoch.h"

#include <string.h>
#include <time.h>

const char *
epoch_of(const char *refresh, int64_t now_s, char out[32])
{
	time_t t = (time_t)now_s;
	struct tm tm;
	size_t len = 0;

	if (!refresh || !*refresh || !strcmp(refresh, "never"))
		return NULL;
	if (!gmtime_r(&t, &tm))
		return refresh;
	if (!strcmp(refresh, "daily"))
		len = strftime(out, 32, "%Y-%m-%d", &tm);
	else if (!strcmp(refresh, "weekly"))
		len = strftime(out, 32, "%G-W%V", &tm);
	else if (!strcmp(refresh, "monthly"))
		len = strftime(out, 32, "%Y-%m", &tm);
	return len ? out : refresh;
}
