/* SPDX-License-Identifier: MIT */
#include "builder/cachetexts.h"

#include "base/error.h"
#include "base/strv.h"
#include "session/session.h"

static const char *const *
given(const struct imgcache_build_options *o, enum cache_direction d)
{
	const char *const *texts = d == CACHE_TO ? o->cache_to : o->cache_from;

	return texts && *texts ? texts : NULL;
}

void
cachetexts_collect(const struct imgcache *ic,
		   const struct imgcache_build_options *o,
		   enum cache_direction d, struct strv *out)
{
	const char *const *texts = given(o, d);

	if (!texts && ic->has_project)
		project_caches(&ic->project, d, out);
	for (; texts && *texts; texts++)
		strv_push(out, *texts);
}

/* Those before the last one are known to be well formed. */
static int
check_last(const struct strv *texts, size_t last, enum cache_direction d,
	   struct imgcache_error *err)
{
	struct cachespec c = {0}, other = {0};
	size_t i;
	int ret = cachespec_parse(&c, texts->v[last], d, err);

	for (i = 0; !ret && d == CACHE_TO && i < last; i++) {
		ret = cachespec_parse(&other, texts->v[i], d, err);
		if (!ret && cachespec_is_same_place(&c, &other))
			ret = error_set(err, IMGCACHE_EFAIL, "two caches "
					"type=%s are written to one place; "
					"leave one out",
					cache_type_name(c.type));
		cachespec_release(&other);
	}
	cachespec_release(&c);
	return ret;
}

int
cachetexts_check(const struct strv *texts, enum cache_direction d,
		 struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < texts->n; i++)
		ret = check_last(texts, i, d, err);
	return ret;
}

int
cachetexts_check_given(const struct imgcache_build_options *o,
		       struct imgcache_error *err)
{
	static const char *const options[] = {
		[CACHE_FROM] = "--cache-from", [CACHE_TO] = "--cache-to"
	};
	int d, ret = 0;

	for (d = CACHE_FROM; !ret && d <= CACHE_TO; d++) {
		const char *const *text = given(o, (enum cache_direction)d);
		struct strv texts = {0};

		for (; text && *text; text++)
			strv_push(&texts, *text);
		ret = cachetexts_check(&texts, (enum cache_direction)d, err);
		if (ret) {
			ret = err->code = IMGCACHE_EUSAGE;
			error_prefix(err, "%s", options[d]);
		}
		strv_release(&texts);
	}
	return ret;
}
