/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_STATS_SERIES_H
#define IMGCACHE_STORE_STATS_SERIES_H

/*
 * The part of stats_read() that makes lists: days, reasons of misses, and what
 * steps cost.
 */

struct catalog;
struct imgcache_error;
struct stats;
struct stats_query;

#define STATS_STEPS_MAX 20

int stats_series_read(struct catalog *cat, const struct stats_query *query,
		      struct stats *out, struct imgcache_error *err);

#endif
