/* SPDX-License-Identifier: MIT */
#include "ops/generation.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/invalidations.h"

int
generation_required(const struct inputs *in, int64_t *generation,
		    struct imgcache_error *err)
{
	const char **bases = mem_array(in->n_bases + 1, sizeof(*bases));
	struct invalidation_subject s = {
		.project = in->r->recipe->root,
		.name = in->r->recipe->name,
		.tag = in->tag,
		.bases = bases,
	};
	size_t i;
	int ret = session_catalog(in->ic, CATALOG_READ, err);

	for (i = 0; i < in->n_bases; i++)
		bases[i] = in->bases[i].ref;
	if (!ret)
		ret = invalidations_generation(in->ic->catalog, &s, generation,
					       err);
	if (!ret && in->inherited_generation > *generation)
		*generation = in->inherited_generation;
	free(bases);
	return ret;
}
