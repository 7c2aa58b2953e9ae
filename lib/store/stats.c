/* SPDX-License-Identifier: MIT */
/*
 * Sums. They read whole tables by design: statistics are asked for by people
 * and by cron, not on the way of a hit.
 */

#include "store/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "store/stats_series.h"
#include "store/stats_sums.h"

#define STATS_STATEMENTS(X)						\
	X(STATS_IMAGES,							\
		"SELECT count(*), coalesce(sum(size_bytes), 0),"	\
		" coalesce(sum(pinned), 0), coalesce(sum(hits), 0)"	\
		IMAGES_THERE)						\
	X(STATS_LOOKUPS,						\
		"SELECT result, reason, sum(n), sum(us)," \
		" sum(" SAVED_US ")"					\
		LOOKUPS_SINCE " GROUP BY result, reason ORDER BY 1, 2")	\
	X(STATS_BUILDS,							\
		"SELECT status, count(*), coalesce(sum(duration_us), 0)," \
		" coalesce(sum(steps_total), 0),"			\
		" coalesce(sum(steps_cached), 0),"			\
		" coalesce(sum(context_bytes), 0)"			\
		BUILDS_SINCE " GROUP BY status ORDER BY 1")		\
	X(STATS_TIMES,							\
		"SELECT p50, p95 FROM " PERCENTILES_OF("0", "0")	\
		" ORDER BY key")					\
	X(STATS_PER_IMAGE,						\
		"SELECT g.*, coalesce(m.p50, -1), coalesce(m.p95, -1)"	\
		" FROM (SELECT s.key, max(named), sum(lookups) AS asked," \
		" sum(local), sum(remote), sum(misses), sum(builds),"	\
		" sum(completed), sum(failed), sum(steps), sum(cached),"	\
		" sum(us), max(context), sum(images), sum(size),"	\
		" iif(sum(local + remote), coalesce(sum(saved), -1), 0)" \
		" FROM ("						\
		"SELECT coalesce(name, tag) AS key, name IS NOT NULL AS named," \
		" n AS lookups, n * (result = 'hit-local') AS local,"	\
		" n * (result = 'hit-remote') AS remote,"		\
		" n * (result = 'miss') AS misses, 0 AS builds,"	\
		" 0 AS completed, 0 AS failed, 0 AS steps, 0 AS cached," \
		" 0 AS us, -1 AS context, 0 AS images, 0 AS size,"	\
		" " SAVED_US " AS saved" LOOKUPS_SINCE			\
		" UNION ALL SELECT coalesce(name, tag), name IS NOT NULL," \
		" 0, 0, 0, 0, 1, status = 'completed', status = 'failed'," \
		" coalesce(steps_total, 0), coalesce(steps_cached, 0)," \
		" coalesce(duration_us, 0), coalesce(context_bytes, -1)," \
		" 0, 0, NULL" BUILDS_SINCE				\
		" UNION ALL SELECT coalesce(name, tag), name IS NOT NULL," \
		" 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 1,"			\
		" coalesce(size_bytes, 0), NULL" IMAGES_THERE ") s"	\
		" GROUP BY s.key) g LEFT JOIN "				\
		PERCENTILES_OF("coalesce(name, tag)", "0")		\
		" m ON m.key = g.key ORDER BY g.asked DESC, g.key")

SQL_LIST(stats, STATS_STATEMENTS);

static double
rate(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : -1;
}

static struct sql_use *
ask(struct catalog *cat, int which,
	const struct stats_query *s,
	struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &stats_statements, which,
				    err);

	sql_bind(q, "ssi", s->engine, s->name, s->since);
	return q;
}

static int
read_images(struct catalog *cat, const struct stats_query *s,
	    struct stats *out, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &stats_statements,
				    STATS_IMAGES, err);
	int rc;

	sql_bind(q, "ss", s->engine, s->name);
	rc = sql_row(q, err);
	if (rc)
		return rc;
	out->images = sql_int(q, 0);
	out->size_bytes = sql_int(q, 1);
	out->pinned = sql_int(q, 2);
	out->total_hits = sql_int(q, 3);
	out->average_hits = rate(out->total_hits, out->images);
	return sql_reset(q, err);
}

static int
read_lookups(struct catalog *cat, const struct stats_query *s,
	     struct stats *out, struct imgcache_error *err)
{
	struct sql_use *q = ask(cat, STATS_LOOKUPS, s, err);
	bool is_known = false;
	int64_t hits;
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		enum lookup_result result = LOOKUP_UNKNOWN;
		enum imgcache_reason reason = IMGCACHE_REASON_NONE;
		int64_t n = sql_int(q, 2);

		lookup_result_parse(sql_text(q, 0), &result);
		lookup_reason_parse(sql_text(q, 1), &reason);
		out->lookups += n;
		out->by_result[result] += n;
		if (result == LOOKUP_MISS)
			out->misses_by_reason[reason] += n;
		out->us_by_result[result] += sql_int(q, 3);
		out->saved_us += sql_int(q, 4);
		is_known = is_known || !sql_is_null(q, 4);
	}
	hits = out->by_result[LOOKUP_HIT_LOCAL] +
		out->by_result[LOOKUP_HIT_REMOTE];
	if (hits && !is_known)
		out->saved_us = -1;
	out->hit_rate = rate(hits, hits + out->by_result[LOOKUP_MISS]);
	out->hit_us = hits ? (out->us_by_result[LOOKUP_HIT_LOCAL] +
			      out->us_by_result[LOOKUP_HIT_REMOTE]) / hits : -1;
	return rc;
}

static int
read_builds(struct catalog *cat, const struct stats_query *s,
	    struct stats *out, struct imgcache_error *err)
{
	struct sql_use *q = ask(cat, STATS_BUILDS, s, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		const char *status = sql_text(q, 0);
		int64_t n = sql_int(q, 1);

		out->builds += n;
		if (!strcmp(status, "completed"))
			out->builds_completed += n;
		if (!strcmp(status, "failed"))
			out->builds_failed += n;
		out->build_us += sql_int(q, 2);
		out->steps_total += sql_int(q, 3);
		out->steps_cached += sql_int(q, 4);
		out->context_bytes += sql_int(q, 5);
	}
	out->build_success_rate = rate(out->builds_completed,
				       out->builds_completed +
				       out->builds_failed);
	out->steps_cached_rate = rate(out->steps_cached, out->steps_total);
	return rc;
}

static int
read_times(struct catalog *cat, const struct stats_query *s,
	   struct stats *out, struct imgcache_error *err)
{
	struct sql_use *q = ask(cat, STATS_TIMES, s, err);
	int rc;

	out->build_p50_us = out->build_p95_us = -1;
	while ((rc = sql_next(q, err)) > 0) {
		out->build_p50_us = sql_int(q, 0);
		out->build_p95_us = sql_int(q, 1);
	}
	return rc;
}

static int
read_per_image(struct catalog *cat, const struct stats_query *s,
	       struct stats *out, struct imgcache_error *err)
{
	struct sql_use *q = ask(cat, STATS_PER_IMAGE, s, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(out->per_image, out->n_images, out->cap_images);
		out->per_image[out->n_images++] = (struct stats_image){
			.name = arena_strdup(&out->arena, sql_text(q, 0)),
			.is_named = sql_int(q, 1) != 0,
			.lookups = sql_int(q, 2),
			.hits_local = sql_int(q, 3),
			.hits_remote = sql_int(q, 4),
			.misses = sql_int(q, 5),
			.builds = sql_int(q, 6),
			.completed = sql_int(q, 7),
			.failed = sql_int(q, 8),
			.steps_total = sql_int(q, 9),
			.steps_cached = sql_int(q, 10),
			.build_total_us = sql_int(q, 11),
			.context_bytes = sql_int(q, 12),
			.images = sql_int(q, 13),
			.size_bytes = sql_int(q, 14),
			.saved_us = sql_int(q, 15),
			.build_us = sql_int(q, 16),
			.build_p95_us = sql_int(q, 17),
		};
	}
	return rc;
}

int
stats_read(struct catalog *cat, const struct stats_query *query,
	   struct stats *out, struct imgcache_error *err)
{
	int rc = read_images(cat, query, out, err);

	if (rc == 0)
		rc = read_lookups(cat, query, out, err);
	if (rc == 0)
		rc = read_builds(cat, query, out, err);
	if (rc == 0)
		rc = read_times(cat, query, out, err);
	if (rc == 0)
		rc = read_per_image(cat, query, out, err);
	if (rc == 0)
		rc = stats_series_read(cat, query, out, err);
	return rc;
}

void
stats_release(struct stats *s)
{
	arena_release(&s->arena);
	free(s->per_image);
	free(s->days);
	free(s->image_days);
	free(s->steps);
	free(s->reasons);
	memset(s, 0, sizeof(*s));
}
