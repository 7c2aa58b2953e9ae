/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_REPORT_STATS_REASONS_H
#define IMGCACHE_REPORT_STATS_REASONS_H

/*
 * Why it missed: of all, of an image, of a day, of a day of an image. The
 * counts live in the arena, most first.
 */

#include <stddef.h>
#include <stdint.h>

struct arena;
struct imgcache_count;
struct stats;

struct stats_reasons {
	const struct stats *stats;	/* outlives this */
	const struct imgcache_count *counts;	/* of stats->reasons each */
};

void stats_reasons_init(struct stats_reasons *r, const struct stats *s,
			struct arena *a);

/* name, day as in struct stats_reason. Returns the first of *n. */
const struct imgcache_count *
stats_reasons_of(const struct stats_reasons *r, const char *name, int64_t day,
		 size_t *n);

/* Whatever the image and the day. */
const struct imgcache_count *
stats_reasons_of_all(const struct stats *s, struct arena *a, size_t *n);

#endif
