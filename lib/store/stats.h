/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_STATS_H
#define IMGCACHE_STORE_STATS_H

/*
 * Sums over the tables. Call lookups_fold() first. "images" are
 * those that are on the engine as far as we know: status completed, or
 * deleting. Rates are -1 where there is nothing to divide by.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "store/lookups.h"

struct catalog;

struct stats_query {
	const char *engine;	/* NULL: all */
	int64_t since;		/* lookups, builds from then on; 0: all */
	const char *name;	/* one recipe only, NULL: all */
};

/* One recipe; images without a name (from flags) by their tag. */
struct stats_image {
	const char *name;
	bool is_named;
	int64_t lookups, hits_local, hits_remote, misses;	/* since */
	int64_t builds, completed, failed;
	int64_t steps_total, steps_cached;
	int64_t context_bytes;		/* the most handed over, -1: unknown */
	int64_t images;			/* of it that are there now */
	int64_t size_bytes;		/* of those */
	int64_t build_us;		/* median of the completed, -1: none */
	int64_t build_p95_us;		/* 95 in 100 are no longer, -1: none */
	int64_t build_total_us;		/* of all */
	int64_t saved_us;		/* by hits, -1: of none is known */
};

struct stats_day {
	int64_t day;			/* its first second, UTC */
	const char *name;		/* as in stats_image; NULL: of all */
	int64_t hits_local, hits_remote, misses, unknown;
	int64_t builds, completed, failed;
	int64_t build_us;		/* of its builds together */
	int64_t build_p50_us;		/* of the completed, -1: none */
	int64_t saved_us;		/* by hits, -1: of none is known */
	int64_t steps, steps_cached;
	int64_t context_bytes;		/* handed over, together */
};

/* Misses for one reason, of which there were some. */
struct stats_reason {
	const char *name;		/* as in stats_day */
	int64_t day;			/* -1: of all days together */
	enum imgcache_reason reason;	/* NONE: words of later versions */
	int64_t n;
};

/* A step of an image's builds that ran at least once. */
struct stats_step {
	const char *image;		/* as in stats_image */
	const char *name;
	int64_t runs;			/* not from docker's cache */
	int64_t cached;
	int64_t us;			/* of the runs together */
	int64_t longest_us;
};

struct stats {
	int64_t images;
	int64_t size_bytes;		/* shared layers count for each image */
	int64_t pinned;
	int64_t total_hits;		/* of those images, ever */
	double average_hits;		/* per image */
	int64_t lookups;
	int64_t by_result[LOOKUP_RESULTS];
	int64_t us_by_result[LOOKUP_RESULTS];	/* what they took together */
	int64_t misses_by_reason[IMGCACHE_REASONS];	/* as stats_reason */
	double hit_rate;		/* 0 to 1: hits / (hits + misses) */
	int64_t saved_us;		/* by hits, -1: of none is known */
	int64_t hit_us;			/* mean of a hit, -1: none */
	int64_t builds;			/* that ended, whichever way */
	int64_t builds_completed;
	int64_t builds_failed;
	double build_success_rate;	/* completed / (completed + failed) */
	int64_t build_us;		/* all builds together */
	int64_t build_p50_us, build_p95_us;	/* completed, -1: none */
	int64_t steps_total, steps_cached;
	double steps_cached_rate;
	int64_t context_bytes;
	struct stats_image *per_image;	/* most lookups first */
	size_t n_images, cap_images;
	struct stats_day *days;		/* oldest first, only with something */
	size_t n_days, cap_days;
	struct stats_day *image_days;	/* by name, then by day */
	size_t n_image_days, cap_image_days;
	struct stats_reason *reasons;	/* by name, by day, most first */
	size_t n_reasons, cap_reasons;
	struct stats_step *steps;	/* most time together first */
	size_t n_steps, cap_steps;
	struct arena arena;
};

/* Fill a zeroed struct; stats_release() frees it, filled or not. */
int stats_read(struct catalog *cat, const struct stats_query *query,
	       struct stats *out, struct imgcache_error *err);
void stats_release(struct stats *s);

#endif
