/* SPDX-License-Identifier: MIT */
#ifndef CMD_STATS_LIMITS_H
#define CMD_STATS_LIMITS_H

/*
 * The alarms of imgcache-stats(1): lists of figure=limit, read once, then held
 * against the figures. What is not known breaks no limit.
 */

#include <stddef.h>
#include <stdint.h>

#include "imgcache.h"
#include "words.h"

enum limit_figure {
	LIMIT_HIT_RATE,		/* under: */
	LIMIT_SUCCESS,
	LIMIT_BUILD_TIME,	/* over, of each image: */
	LIMIT_BUILD_TIME_P95,
	LIMIT_CONTEXT,
	LIMIT_SIZE,		/* over: all images together */
	LIMIT_FIGURES
};

struct limits {
	/* Thousandths, microseconds, bytes; -1: no limit. */
	int64_t v[LIMIT_FIGURES];
};

/* IMGCACHE_EUSAGE with one line that says what is wanted. */
int limits_parse(const struct words *under, const struct words *over,
		 struct limits *out, struct imgcache_error *err);

/* A line on stderr for each limit that is broken; returns how many. */
size_t limits_judge(const struct limits *l, const struct imgcache_stats *s);

#endif
