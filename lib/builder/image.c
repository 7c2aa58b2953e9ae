/* SPDX-License-Identifier: MIT */
/* The image of a recipe: only asked for, or built where there is none. */
#include <string.h>

#include "builder/ensure.h"
#include "keep/prune.h"
#include "session/bake.h"

int
imgcache_get(struct imgcache *ic, struct imgcache_recipe *r, bool quiet,
	     struct imgcache_answer *out, struct imgcache_error *err)
{
	static const struct imgcache_build_options build;
	struct ensure e = {
		.verb = "get", .build = &build, .only_look = true,
		.only_answer = true, .uncounted = quiet,
	};
	int ret;

	memset(out, 0, sizeof(*out));
	ret = ensure_image(r, &e, out, err);
	/* uncounted it may be as long unused as before, and go at once */
	if (!ret && out->pulled && !quiet)
		prune_after_arrival(ic);
	return ret;
}

int
imgcache_build(struct imgcache *ic, struct imgcache_recipe *r,
	       const struct imgcache_build_options *o,
	       struct imgcache_answer *out, struct imgcache_error *err)
{
	const struct imgcache_build_options all = bake_options(r, o);
	struct ensure e = { .verb = lookup_verb(&all), .build = &all };
	int ret;

	memset(out, 0, sizeof(*out));
	ret = ensure_image(r, &e, out, err);
	if (!ret && (out->built || out->pulled))
		prune_after_arrival(ic);
	return ret;
}
