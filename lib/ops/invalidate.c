/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ops/session.h"
#include "recipe/manifest.h"
#include "store/bases.h"
#include "store/configs.h"
#include "store/images.h"
#include "store/invalidations.h"

/* Images that there are now and that the filter takes. */
static int
count_images(struct imgcache *ic, struct image_filter *filter, size_t *n,
	     struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret;

	filter->statuses = 1u << IMAGE_COMPLETED;
	ret = images_list(ic->catalog, filter, &list, err);
	*n = list.n;
	image_list_release(&list);
	return ret;
}

static int
by_name(struct imgcache *ic, const char *name, size_t *n,
	struct imgcache_error *err)
{
	const char *project = ic->has_project ? ic->project.dir : NULL;
	struct image_filter filter = { .name = name, .project = project };
	int64_t generation;
	int ret = count_images(ic, &filter, n, err);

	if (ret)
		return ret;
	if (!*n && ic->has_project) {
		const struct project_image *image;

		ret = project_image(&ic->project, name, &image, err);
		if (ret)
			return ret;
	} else if (!*n) {
		return error_set(err, IMGCACHE_ENO, "no image of the name "
				 "'%s'; see imgcache list", name);
	}
	return invalidations_add(ic->catalog, INVALIDATE_NAME, project, name,
				 &generation, err);
}

static int
by_tag(struct imgcache *ic, const char *what, size_t *n,
       struct imgcache_error *err)
{
	struct image_list list = {0};
	int64_t generation;
	int ret = images_find(ic->catalog, NULL, what, &list, err);

	*n = list.n;
	if (!ret && list.n)
		ret = invalidations_add(ic->catalog, INVALIDATE_TAG, NULL,
					list.v[0].key.tag, &generation, err);
	else if (!ret && manifest_is_tag(what))
		ret = invalidations_add(ic->catalog, INVALIDATE_TAG, NULL,
					what, &generation, err);
	else if (!ret)
		ret = error_set(err, IMGCACHE_ENO, "no image '%s' in the "
				"catalog; see imgcache list", what);
	image_list_release(&list);
	return ret;
}

int
imgcache_invalidate(struct imgcache *ic,
		    const struct imgcache_invalidation *what, size_t *n,
		    struct imgcache_error *err)
{
	struct image_filter filter = { .base = what->base };
	int64_t generation;
	int ret = session_catalog(ic, CATALOG_WRITE, err);

	*n = 0;
	if (ret)
		return ret;
	if (what->name)
		return by_name(ic, what->name, n, err);
	if (what->tag)
		return by_tag(ic, what->tag, n, err);
	ret = count_images(ic, &filter, n, err);
	if (!ret && what->base)
		ret = bases_forget(ic->catalog, what->base, err);
	if (!ret && what->base)
		ret = configs_forget(ic->catalog, false, err);
	if (!ret)
		ret = invalidations_add(ic->catalog, what->base ?
					INVALIDATE_BASE : INVALIDATE_ALL, NULL,
					what->base ? what->base : "",
					&generation, err);
	return ret;
}
