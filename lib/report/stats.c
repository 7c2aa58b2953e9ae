/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "lookup/steptitle.h"
#include "report/stats_reasons.h"
#include "session/session.h"
#include "store/lookups.h"
#include "store/stats.h"

static const struct imgcache_day_stats *
take_days(struct imgcache *ic, const struct stats_reasons *reasons,
	  const struct stats_day *from, size_t n)
{
	struct imgcache_day_stats *v =
		arena_alloc(&ic->arena, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		v[i] = (struct imgcache_day_stats){
			.day = from[i].day,
			.hits_local = from[i].hits_local,
			.hits_remote = from[i].hits_remote,
			.misses = from[i].misses,
			.unknown = from[i].unknown,
			.builds = from[i].builds,
			.completed = from[i].completed,
			.failed = from[i].failed,
			.build_us = from[i].build_us,
			.build_p50_us = from[i].build_p50_us,
			.saved_us = from[i].saved_us,
			.steps = from[i].steps,
			.steps_cached = from[i].steps_cached,
			.context_bytes = from[i].context_bytes,
		};
		v[i].misses_by_reason =
			stats_reasons_of(reasons, from[i].name, from[i].day,
					 &v[i].n_reasons);
	}
	return v;
}

/* Those of one image: they stand together, and the names are in order. */
static const struct imgcache_day_stats *
days_of(const struct imgcache_day_stats *days, const struct stats *s,
	const char *name, size_t *n)
{
	size_t low = 0, high = s->n_image_days, end;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(s->image_days[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < s->n_image_days &&
	     !strcmp(s->image_days[end].name, name); end++)
		;
	*n = end - low;
	return days + low;
}

static void
take_steps(struct imgcache *ic, const struct stats *s,
	   struct imgcache_stats *out)
{
	struct imgcache_step_stats *v;
	struct buf title = BUF_INIT;

	v = arena_alloc(&ic->arena, (s->n_steps + 1) * sizeof(*v));
	for (size_t i = 0; i < s->n_steps; i++) {
		buf_clear(&title);
		step_title(s->steps[i].name, &title);
		v[i] = (struct imgcache_step_stats){
			.image = arena_strdup(&ic->arena, s->steps[i].image),
			.name = arena_strdup(&ic->arena, title.data),
			.runs = s->steps[i].runs,
			.cached = s->steps[i].cached,
			.us = s->steps[i].us,
			.longest_us = s->steps[i].longest_us,
		};
	}
	out->slowest = v;
	out->n_slowest = s->n_steps;
	buf_release(&title);
}

static void
take_images(struct imgcache *ic, const struct stats_reasons *reasons,
	    const struct stats *s, struct imgcache_stats *out)
{
	const struct imgcache_day_stats *days =
		take_days(ic, reasons, s->image_days, s->n_image_days);
	struct imgcache_image_stats *v;
	size_t i;

	v = arena_alloc(&ic->arena, (s->n_images + 1) * sizeof(*v));
	for (i = 0; i < s->n_images; i++) {
		const struct stats_image *from = &s->per_image[i];

		v[i] = (struct imgcache_image_stats){
			.name = arena_strdup(&ic->arena, from->name),
			.is_named = from->is_named,
			.lookups = from->lookups,
			.hits_local = from->hits_local,
			.hits_remote = from->hits_remote,
			.misses = from->misses,
			.builds = from->builds,
			.completed = from->completed,
			.failed = from->failed,
			.steps = from->steps_total,
			.steps_cached = from->steps_cached,
			.context_bytes = from->context_bytes,
			.images = from->images,
			.size_bytes = from->size_bytes,
			.build_us = from->build_us,
			.build_p95_us = from->build_p95_us,
			.build_total_us = from->build_total_us,
			.saved_us = from->saved_us,
		};
		v[i].misses_by_reason = stats_reasons_of(reasons, from->name,
							 -1, &v[i].n_reasons);
		v[i].days = days_of(days, s, from->name, &v[i].n_days);
	}
	out->images = v;
	out->n_images = s->n_images;
}

static void
take_sums(const struct stats *s, struct imgcache_stats *out)
{
	out->total_images = s->images;
	out->total_size_bytes = s->size_bytes;
	out->total_hits = s->total_hits;
	out->lookups = s->lookups;
	out->hits_local = s->by_result[LOOKUP_HIT_LOCAL];
	out->hits_remote = s->by_result[LOOKUP_HIT_REMOTE];
	out->misses = s->by_result[LOOKUP_MISS];
	out->unknown = s->by_result[LOOKUP_UNKNOWN];
	out->hit_local_us = s->us_by_result[LOOKUP_HIT_LOCAL];
	out->hit_remote_us = s->us_by_result[LOOKUP_HIT_REMOTE];
	out->builds = s->builds;
	out->builds_completed = s->builds_completed;
	out->builds_failed = s->builds_failed;
	out->build_us = s->build_us;
	out->build_p50_us = s->build_p50_us;
	out->build_p95_us = s->build_p95_us;
	out->saved_us = s->saved_us;
	out->steps = s->steps_total;
	out->steps_cached = s->steps_cached;
	out->context_bytes = s->context_bytes;
}

int
imgcache_stats(struct imgcache *ic, int64_t since, struct imgcache_stats *out,
	       struct imgcache_error *err)
{
	struct stats_query q = { .since = since };
	struct stats s = {0};
	struct stats_reasons reasons;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = session_catalog(ic, CATALOG_READ, err);
	if (!ret)
		ret = session_fold(ic, err);
	if (!ret)
		ret = stats_read(ic->catalog, &q, &s, err);
	if (ret)
		goto out;
	take_sums(&s, out);
	out->since = since;
	out->misses_by_reason = stats_reasons_of_all(&s, &ic->arena,
						     &out->n_reasons);
	stats_reasons_init(&reasons, &s, &ic->arena);
	take_images(ic, &reasons, &s, out);
	out->days = take_days(ic, &reasons, s.days, s.n_days);
	out->n_days = s.n_days;
	take_steps(ic, &s, out);
out:
	stats_release(&s);
	return ret;
}
