/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "session/session.h"
#include "store/catalog.h"
#include "store/facts.h"
#include "sys/clock.h"
#include "sys/signals.h"

#define FACT "stats-begin"

int
imgcache_stats_begin(struct imgcache *ic, int64_t *since,
		     struct imgcache_error *err)
{
	char *text = NULL;
	int ret = session_catalog(ic, CATALOG_READ, err);

	*since = 0;
	if (!ret)
		ret = facts_get(ic->catalog, FACT, &text, err);
	if (!ret && text)
		*since = strtoll(text, NULL, 10);
	free(text);
	return ret;
}

/* Lookups know their second only, so the next one is the first that counts. */
int
imgcache_stats_zero(struct imgcache *ic, struct imgcache_error *err)
{
	int64_t moment = clock_now_s() + 1;
	struct timespec nap = { .tv_nsec = 10000000 };
	char text[32];
	int ret = session_catalog(ic, CATALOG_WRITE, err);

	snprintf(text, sizeof(text), "%" PRId64, moment);
	if (!ret)
		ret = facts_set(ic->catalog, FACT, text, err);
	/* not for ever, should the clock be set back meanwhile */
	for (int i = 0; !ret && i < 150 && clock_now_s() < moment; i++) {
		nanosleep(&nap, NULL);
		ret = signals_check(err);
	}
	return ret;
}
