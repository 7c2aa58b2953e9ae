/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ops/session.h"
#include "store/lookups.h"
#include "store/stats.h"

static int
most_first(const void *a, const void *b)
{
	const struct imgcache_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void
take_reasons(struct imgcache *ic, const struct stats *s,
	     struct imgcache_stats *out)
{
	struct imgcache_count *v;
	size_t i;

	v = arena_alloc(&ic->arena, IMGCACHE_REASONS * sizeof(*v));
	for (i = 1; i < IMGCACHE_REASONS; i++)
		if (s->misses_by_reason[i]) {
			v[out->n_reasons].name =
				imgcache_reason_word((enum imgcache_reason)i);
			v[out->n_reasons++].n = s->misses_by_reason[i];
		}
	if (out->n_reasons)
		qsort(v, out->n_reasons, sizeof(*v), most_first);
	out->misses_by_reason = v;
}

static void
take_images(struct imgcache *ic, const struct stats *s,
	    struct imgcache_stats *out)
{
	struct imgcache_image_stats *v;
	size_t i;

	v = arena_alloc(&ic->arena, (s->n_images + 1) * sizeof(*v));
	for (i = 0; i < s->n_images; i++) {
		const struct stats_image *from = &s->per_image[i];

		v[i].name = arena_strdup(&ic->arena, from->name);
		v[i].lookups = from->lookups;
		v[i].hits = from->hits;
		v[i].builds = from->builds;
		v[i].failed = from->failed;
		v[i].size_bytes = from->size_bytes;
		v[i].build_us = from->build_us;
		v[i].saved_us = from->saved_us;
	}
	out->images = v;
	out->n_images = s->n_images;
}

int
imgcache_stats(struct imgcache *ic, int64_t since, struct imgcache_stats *out,
	       struct imgcache_error *err)
{
	struct stats_query q = { .since = since };
	struct stats s = {0};
	int ret;

	memset(out, 0, sizeof(*out));
	ret = session_catalog(ic, CATALOG_READ, err);
	if (!ret)
		ret = lookups_fold(ic->catalog, NULL, err);
	if (!ret)
		ret = stats_read(ic->catalog, &q, &s, err);
	if (ret)
		goto out;
	out->since = since;
	out->total_images = s.images;
	out->total_size_bytes = s.size_bytes;
	out->total_hits = s.total_hits;
	out->lookups = s.lookups;
	out->hits_local = s.by_result[LOOKUP_HIT_LOCAL];
	out->hits_remote = s.by_result[LOOKUP_HIT_REMOTE];
	out->misses = s.by_result[LOOKUP_MISS];
	out->unknown = s.by_result[LOOKUP_UNKNOWN];
	out->builds = s.builds;
	out->builds_failed = s.builds_failed;
	out->build_us = s.build_us;
	out->saved_us = s.saved_us;
	out->steps = s.steps_total;
	out->steps_cached = s.steps_cached;
	take_reasons(ic, &s, out);
	take_images(ic, &s, out);
out:
	stats_release(&s);
	return ret;
}
