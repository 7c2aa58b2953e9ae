/* SPDX-License-Identifier: MIT */
/*
 * Days in UTC: what lookups_condense() left of old lookups is their day in
 * UTC, so no other day could be told.
 */

#include "store/stats_series.h"

#include <string.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "store/stats.h"
#include "store/stats_sums.h"

#define SUMS								\
	" sum(local) AS local, sum(remote) AS remote,"			\
	" sum(misses) AS misses, sum(unknown) AS unknown,"		\
	" sum(builds) AS builds, sum(completed) AS completed,"		\
	" sum(failed) AS failed, sum(us) AS us, sum(saved) AS saved,"	\
	" sum(steps) AS steps, sum(cached) AS cached,"			\
	" sum(context) AS context"

/* What each image had on each day. */
#define IMAGE_DAYS							\
	"SELECT day, image," SUMS					\
	" FROM (SELECT coalesce(name, tag) AS image,"			\
	" " DAY_OF("at") " AS day, n * (result = 'hit-local') AS local," \
	" n * (result = 'hit-remote') AS remote,"			\
	" n * (result = 'miss') AS misses,"				\
	" n * (result = 'unknown') AS unknown, 0 AS builds,"		\
	" 0 AS completed, 0 AS failed, 0 AS us, " SAVED_US " AS saved,"	\
	" 0 AS steps, 0 AS cached, 0 AS context"			\
	LOOKUPS_SINCE							\
	" UNION ALL SELECT coalesce(name, tag),"			\
	" " DAY_OF("started_at") ", 0, 0, 0, 0, 1,"			\
	" status = 'completed', status = 'failed',"			\
	" coalesce(duration_us, 0), NULL, coalesce(steps_total, 0),"	\
	" coalesce(steps_cached, 0), coalesce(context_bytes, 0)"	\
	BUILDS_SINCE ") GROUP BY image, day"

/* Medians are found for sums, of which there are few, and not for lookups. */
#define DAY_ROWS(sums, key, same_key)					\
	" SELECT s.*, coalesce(m.p50, -1) FROM (" sums ") s LEFT JOIN "	\
	PERCENTILES_OF(key, DAY_OF("started_at")) " m"			\
	" ON m.day = s.day" same_key

/* Misses of an image on a day by reason, then those of some together. */
#define IMAGE_REASONS							\
	"SELECT coalesce(name, tag) AS image, " DAY_OF("at") " AS day,"	\
	" reason, sum(n) AS misses"					\
	LOOKUPS_SINCE " AND result = 'miss' GROUP BY 1, 2, 3"
#define REASONS_OF(key, day)						\
	" SELECT " key " AS key, " day " AS day, reason,"		\
	" sum(misses) AS misses FROM r GROUP BY 1, 2, 3"

/* BUILDS_SINCE, with the steps of each: the builds come first. */
#define STEPS_SINCE							\
	" FROM (SELECT id AS build, coalesce(name, tag) AS key"		\
	BUILDS_SINCE ") b CROSS JOIN steps ON steps.build = b.build"

#define SERIES_STATEMENTS(X)						\
	X(STATS_DAYS,							\
		"WITH d AS (" IMAGE_DAYS ")"				\
		DAY_ROWS("SELECT day, NULL AS image," SUMS		\
			 " FROM d GROUP BY day", "0", "")		\
		" UNION ALL"						\
		DAY_ROWS("SELECT * FROM d", "coalesce(name, tag)",	\
			 " AND m.key = s.image")			\
		" ORDER BY 2, 1")					\
	X(STATS_REASONS,						\
		"WITH r AS (" IMAGE_REASONS ")"				\
		REASONS_OF("NULL", "day") " UNION ALL"			\
		REASONS_OF("image", "-1") " UNION ALL"			\
		REASONS_OF("image", "day")				\
		" ORDER BY key, day, misses DESC, reason")		\
	X(STATS_STEPS,							\
		"SELECT key, steps.name, sum(NOT cached), sum(cached),"	\
		" sum(us * NOT cached) AS total, max(us * NOT cached)"	\
		STEPS_SINCE " GROUP BY key, steps.name HAVING total > 0" \
		" ORDER BY total DESC, key, steps.name LIMIT ?4")

SQL_LIST(series, SERIES_STATEMENTS);

/* -1 where something hit and of nothing is known what it saved. */
static int64_t
saved_us(struct sql_use *q)
{
	bool hit = sql_int(q, 2) + sql_int(q, 3) > 0;

	return hit && sql_is_null(q, 10) ? -1 : sql_int(q, 10);
}

static int
read_days(struct sql_use *q, struct stats *out, struct imgcache_error *err)
{
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		bool of_all = sql_is_null(q, 1);
		struct stats_day day = {
			.day = sql_int(q, 0),
			.name = arena_strdup(&out->arena, sql_text(q, 1)),
			.hits_local = sql_int(q, 2),
			.hits_remote = sql_int(q, 3),
			.misses = sql_int(q, 4),
			.unknown = sql_int(q, 5),
			.builds = sql_int(q, 6),
			.completed = sql_int(q, 7),
			.failed = sql_int(q, 8),
			.build_us = sql_int(q, 9),
			.saved_us = saved_us(q),
			.steps = sql_int(q, 11),
			.steps_cached = sql_int(q, 12),
			.context_bytes = sql_int(q, 13),
			.build_p50_us = sql_int(q, 14),
		};

		if (of_all) {
			mem_grow(out->days, out->n_days, out->cap_days);
			out->days[out->n_days++] = day;
		} else {
			mem_grow(out->image_days, out->n_image_days,
				 out->cap_image_days);
			out->image_days[out->n_image_days++] = day;
		}
	}
	return rc;
}

static bool
is_together(const struct stats_reason *a, const struct stats_reason *b)
{
	if (a->day != b->day || !a->name || !b->name)
		return a->day == b->day && a->name == b->name;
	return !strcmp(a->name, b->name);
}

/* The words of later versions are one reason, which may so become the first. */
static void
add_reason(struct stats *out, const struct stats_reason *add)
{
	struct stats_reason *v;
	size_t i;

	mem_grow(out->reasons, out->n_reasons, out->cap_reasons);
	v = out->reasons;
	for (i = out->n_reasons; !add->reason && i > 0 &&
	     is_together(&v[i - 1], add); i--)
		if (!v[i - 1].reason)
			break;
	if (add->reason || i == 0 || !is_together(&v[i - 1], add)) {
		v[out->n_reasons++] = *add;
		return;
	}
	v[i - 1].n += add->n;
	for (; i > 1 && is_together(&v[i - 2], add) && v[i - 2].n < v[i - 1].n;
	     i--) {
		struct stats_reason less = v[i - 2];

		v[i - 2] = v[i - 1];
		v[i - 1] = less;
	}
}

static int
read_reasons(struct sql_use *q, struct stats *out, struct imgcache_error *err)
{
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		struct stats_reason reason = {
			.name = arena_strdup(&out->arena, sql_text(q, 0)),
			.day = sql_int(q, 1),
			.n = sql_int(q, 3),
		};

		lookup_reason_parse(sql_text(q, 2), &reason.reason);
		add_reason(out, &reason);
	}
	return rc;
}

static int
read_steps(struct sql_use *q, struct stats *out, struct imgcache_error *err)
{
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(out->steps, out->n_steps, out->cap_steps);
		out->steps[out->n_steps++] = (struct stats_step){
			.image = arena_strdup(&out->arena, sql_text(q, 0)),
			.name = arena_strdup(&out->arena, sql_text(q, 1)),
			.runs = sql_int(q, 2),
			.cached = sql_int(q, 3),
			.us = sql_int(q, 4),
			.longest_us = sql_int(q, 5),
		};
	}
	return rc;
}

int
stats_series_read(struct catalog *cat, const struct stats_query *query,
		  struct stats *out, struct imgcache_error *err)
{
	static const struct {
		int statement;
		int (*read)(struct sql_use *q, struct stats *out,
			    struct imgcache_error *err);
	} series[] = {
		{ STATS_DAYS, read_days }, { STATS_REASONS, read_reasons },
		{ STATS_STEPS, read_steps },
	};
	struct sql_use *q;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(series) / sizeof(*series);
	     i++) {
		q = sql_use(catalog_sql(cat), &series_statements,
			    series[i].statement, err);
		sql_bind(q, series[i].statement == STATS_STEPS ? "ssii" :
			 "ssi", query->engine, query->name, query->since,
			 (int64_t)STATS_STEPS_MAX);
		rc = series[i].read(q, out, err);
	}
	return rc;
}
