/* SPDX-License-Identifier: MIT */
#include "key/generation.h"

#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "recipe/dockerfile_ref.h"
#include "store/invalidations.h"

static int
ask(const struct inputs *in, const struct strv *stages, int64_t *generation,
    struct imgcache_error *err)
{
	struct strv bases = {0};
	struct invalidation_subject s = {
		.project = in->r->recipe->root,
		.name = in->r->recipe->name,
		.tag = in->tag,
		.stages = (const char *const *)stages->v,
	};
	size_t i;
	int ret;

	for (i = 0; i < in->n_bases; i++) {
		char *name = image_ref_name(in->bases[i].ref);

		strv_push(&bases, name);
		/* as it was kept once */
		if (strcmp(name, in->bases[i].ref))
			strv_push(&bases, in->bases[i].ref);
		free(name);
	}
	s.bases = (const char *const *)bases.v;
	ret = invalidations_generation(in->ic->catalog, &s, generation, err);
	if (!ret && in->inherited_generation > *generation)
		*generation = in->inherited_generation;
	strv_release(&bases);
	return ret;
}

int
generation_required(const struct inputs *in, int64_t *generation,
		    struct imgcache_error *err)
{
	const char *name = in->r->recipe->name;
	struct strv stages = {0};
	bool any = false;
	size_t i;
	int ret = session_catalog(in->ic, CATALOG_READ, err);

	if (!ret && in->stage_names.n)
		ret = invalidations_any_stage(in->ic->catalog, &any, err);
	for (i = 0; any && i < in->stage_names.n; i++) {
		strv_push(&stages, in->stage_names.v[i]);
		if (name)
			strv_pushf(&stages, "%s:%s", name,
				   in->stage_names.v[i]);
	}
	if (!ret)
		ret = ask(in, &stages, generation, err);
	strv_release(&stages);
	return ret;
}

int
generation_whole(const struct inputs *in, int64_t *generation,
		 struct imgcache_error *err)
{
	static const struct strv none;
	int ret = session_catalog(in->ic, CATALOG_READ, err);

	return ret ? ret : ask(in, &none, generation, err);
}
