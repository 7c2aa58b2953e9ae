/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_STATS_SUMS_H
#define IMGCACHE_STORE_STATS_SUMS_H

/*
 * The rows that statistics are made of, for the statements of stats.c and
 * stats_series.c. Lookups and builds are found by their moment's index.
 */

#include "store/lookups.h"

/* ?1 engine or NULL, ?2 recipe or NULL; ?3 since, where there are moments */
#define OF_ENGINE_AND_NAME						\
	" (?1 IS NULL OR engine = (SELECT id FROM engines WHERE name = ?1))" \
	" AND (?2 IS NULL OR name = ?2)"

#define IMAGES_THERE							\
	" FROM images WHERE status IN ('completed', 'deleting')"	\
	" AND (origin <> 'adopted' OR last_used_at > 0) AND"		\
	OF_ENGINE_AND_NAME

/* Those that somebody made, who had an image or not. */
#define LOOKUPS_SINCE							\
	" FROM lookups WHERE at >= ?3 AND verb <> '" LOOKUP_AHEAD "' AND" \
	OF_ENGINE_AND_NAME

/* What a hit saved; NULL where that is not known, which no sum counts. */
#define SAVED_US							\
	"iif(result IN ('hit-local', 'hit-remote') AND saved_us >= 0,"	\
	" saved_us, NULL)"

#define BUILDS_SINCE							\
	" FROM builds WHERE started_at >= ?3 AND status <> 'running' AND" \
	OF_ENGINE_AND_NAME

/* The day of a moment: its first second, in UTC. */
#define DAY_OF(moment) moment " - " moment " % 86400"

/*
 * Of the durations of completed builds, one row a key and day: the one in the
 * middle and the one that 95 in 100 do not exceed (nearest rank).
 */
#define PERCENTILES_OF(key, day)					\
	"(SELECT key, day, max(iif(r = (c + 1) / 2, duration_us, 0)) AS p50," \
	" max(iif(r = (c * 95 + 99) / 100, duration_us, 0)) AS p95"	\
	" FROM (SELECT " key " AS key, " day " AS day, duration_us,"	\
	" row_number() OVER (PARTITION BY " key ", " day		\
	" ORDER BY duration_us) AS r,"					\
	" count(*) OVER (PARTITION BY " key ", " day ") AS c"		\
	BUILDS_SINCE " AND status = 'completed') GROUP BY key, day)"

#endif
