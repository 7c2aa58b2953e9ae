/* SPDX-License-Identifier: MIT */
#include "ops/pins.h"

#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "ops/doctor.h"

static int
knows_contexts(struct imgcache *ic, bool *knows, struct imgcache_error *err)
{
	struct engine_info info = {0};
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_info(e, &info, err);
	if (!ret)
		*knows = doctor_compare(info.version, 23, 0) >= 0;
	engine_info_release(&info);
	return ret;
}

/* Does the engine's own image of that name have the digest of the key? */
static int
check_base(struct imgcache *ic, const struct base *b,
	   struct imgcache_error *err)
{
	struct engine_image image = {0};
	const char *const *d;
	struct engine *e;
	bool fits;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_image(e, b->ref, &image, err);
	if (ret == IMGCACHE_ENO) {
		/* It will be pulled now, as the registry has it. */
		error_clear(err);
		ret = 0;
		goto out;
	}
	if (ret)
		goto out;
	fits = b->kind == BASE_LOCAL && !strcmp(image.id, b->image_id);
	for (d = image.digests; !fits && *d; d++)
		fits = str_ends(*d, b->digest);
	if (!fits)
		ret = error_set(err, IMGCACHE_EFAIL, "this engine is too old "
				"to pin '%s' and has another image of that "
				"name; run: docker pull %s", b->ref, b->ref);
out:
	engine_image_release(&image);
	return ret;
}

int
pins_for_engine(struct inputs *in, struct strv *contexts,
		struct imgcache_error *err)
{
	bool knows = true;
	size_t i;
	int ret = 0;

	if (in->plain_contexts.n)
		ret = knows_contexts(in->ic, &knows, err);
	if (ret)
		return ret;
	if (knows || in->r->recipe->build_contexts.n) {
		strv_push_all(contexts, &in->plain_contexts);
		return 0;
	}
	for (i = 0; !ret && i < in->n_bases; i++)
		if (in->bases[i].kind == BASE_PINNED ||
		    in->bases[i].kind == BASE_LOCAL)
			ret = check_base(in->ic, &in->bases[i], err);
	return ret;
}
