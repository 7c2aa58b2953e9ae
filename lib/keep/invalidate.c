/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "key/inputs.h"
#include "recipe/dockerfile_ref.h"
#include "recipe/manifest.h"
#include "session/alive.h"
#include "store/bases.h"
#include "store/configs.h"
#include "store/images.h"
#include "store/invalidations.h"

/* An image that is there, or will be, of the generation before. */
static bool
is_meant(struct imgcache *ic, const struct image_row *row)
{
	return row->status == IMAGE_COMPLETED ||
		(row->status == IMAGE_BUILDING &&
		 alive_builds(ic, row->key.tag));
}

/* Those that there are now; an image of several names is asked for again. */
static size_t
count_new(struct imgcache *ic, const struct image_list *list)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++) {
		char *row = mem_printf("%lld", (long long)list->v[i].id);

		if (is_meant(ic, &list->v[i]) &&
		    !strv_has(&ic->invalidated, row)) {
			strv_push(&ic->invalidated, row);
			n++;
		}
		free(row);
	}
	return n;
}

/* *any (may be NULL): is there one, counted before or now? */
static int
count_images(struct imgcache *ic, struct image_filter *filter, size_t *n,
	     bool *any, struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret;

	filter->statuses = 1u << IMAGE_COMPLETED | 1u << IMAGE_BUILDING;
	ret = images_list(ic->catalog, filter, &list, err);
	*n += ret ? 0 : count_new(ic, &list);
	if (any)
		*any = list.n;
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
	bool any;
	int ret = count_images(ic, &filter, n, &any, err);

	if (ret)
		return ret;
	if (!any && ic->has_project) {
		const struct project_image *image;

		ret = project_image(&ic->project, name, &image, err);
		if (ret)
			return ret;
	} else if (!any) {
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

	*n = ret ? 0 : count_new(ic, &list);
	if (!ret && list.n)
		ret = invalidations_add(ic->catalog, INVALIDATE_TAG, NULL,
					manifest_key(&ic->arena,
						     list.v[0].key.tag),
					&generation, err);
	else if (!ret && manifest_is_tag(what))
		ret = invalidations_add(ic->catalog, INVALIDATE_TAG, NULL,
					what, &generation, err);
	else if (!ret)
		ret = error_set(err, IMGCACHE_ENO, "no image '%s' in the "
				"catalog; see imgcache list", what);
	image_list_release(&list);
	return ret;
}

/* Has the image that stage? The names that it has are added to others. */
static int
has_stage(struct imgcache *ic, const char *name, const char *stage, bool *has,
	  struct strv *others, struct imgcache_error *err)
{
	struct imgcache_recipe *r;
	struct inputs in = {0};
	int ret = imgcache_recipe_named(ic, name, &r, err);

	*has = false;
	if (ret)
		return ret;
	ret = inputs_take_sources(r, &in, err);
	if (!ret && in.refused)
		ret = error_set(err, IMGCACHE_EFAIL, "%.900s", in.refused);
	*has = !ret && strv_has(&in.stage_names, stage);
	if (!ret)
		strv_push_all(others, &in.stage_names);
	inputs_release(&in);
	return ret;
}

static int
refuse_stage(const char *name, const char *stage, struct strv *others,
	     struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	size_t i;

	strv_sort(others);
	strv_uniq(others);
	buf_adds(&text, others->n ? "; there is " : "; name one with FROM ... "
		 "AS ...");
	for (i = 0; i < others->n; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", others->v[i]);
	if (name)
		error_set(err, IMGCACHE_ENO, "'%s' has no stage '%.64s' in "
			  "use%.400s", name, stage, text.data);
	else
		error_set(err, IMGCACHE_ENO, "no image of the project has a "
			  "stage '%.64s' in use%.400s", stage, text.data);
	buf_release(&text);
	return err->code;
}

static int
add_stage(struct imgcache *ic, const char *name, const char *stage,
	  struct imgcache_error *err)
{
	char *value = name ? mem_printf("%s:%s", name, stage) :
		mem_strdup(stage);
	int64_t generation;
	int ret = invalidations_add(ic->catalog, INVALIDATE_STAGE,
				    ic->project.dir, value, &generation, err);

	free(value);
	return ret;
}

/* One that cannot be used here is left to whoever can. */
static int
by_stage(struct imgcache *ic, const char *name, const char *written, size_t *n,
	 struct imgcache_error *err)
{
	char *stage = str_lower(written);
	struct strv others = {0};
	const struct project_image *named;
	bool has, any = false;
	size_t i;
	int ret = 0;

	if (!ic->has_project)
		ret = error_set(err, IMGCACHE_EFAIL, "no imgcache.yaml here or "
				"above: a stage is that of a project's image");
	for (i = 0; !ret && i < ic->project.n_images; i++) {
		const struct project_image *image = &ic->project.images[i];
		struct image_filter filter = {
			.name = image->recipe.name, .project = ic->project.dir
		};

		if (name ? strcmp(name, filter.name) : image->unset != NULL)
			continue;
		ret = has_stage(ic, filter.name, stage, &has, &others, err);
		if (!ret && has)
			ret = count_images(ic, &filter, n, NULL, err);
		any |= has;
	}
	if (!ret && !any && name)	/* the nearest is named */
		ret = project_image(&ic->project, name, &named, err);
	if (!ret && !any)
		ret = refuse_stage(name, stage, &others, err);
	if (!ret)
		ret = add_stage(ic, name, stage, err);
	strv_release(&others);
	free(stage);
	return ret;
}

static bool
has_name(const char *ref, const char *name)
{
	char *own = image_ref_name(ref);
	bool has = !strcmp(own, name);

	free(own);
	return has;
}

/* By whichever spelling: its images are counted, its digest is forgotten. */
static int
forget_base(struct imgcache *ic, const char *name, size_t *n,
	    struct imgcache_error *err)
{
	struct strv refs = {0};
	size_t i;
	int ret = images_bases(ic->catalog, &refs, err);

	for (i = 0; !ret && i < refs.n; i++) {
		struct image_filter filter = { .base = refs.v[i] };

		if (has_name(refs.v[i], name))
			ret = count_images(ic, &filter, n, NULL, err);
	}
	strv_clear(&refs);
	if (!ret)
		ret = bases_refs(ic->catalog, &refs, err);
	for (i = 0; !ret && i < refs.n; i++)
		if (has_name(refs.v[i], name))
			ret = bases_forget(ic->catalog, refs.v[i], err);
	strv_release(&refs);
	return ret;
}

/*
 * Also one that no image here has: those of the registry may. All spellings of
 * its name are the one base.
 */
static int
by_base(struct imgcache *ic, const char *base, size_t *n,
	struct imgcache_error *err)
{
	char *name = image_ref_name(base);
	int64_t generation;
	int ret = forget_base(ic, name, n, err);

	if (!ret)
		ret = configs_forget(ic->catalog, false, err);
	if (!ret)
		ret = invalidations_add(ic->catalog, INVALIDATE_BASE, NULL,
					name, &generation, err);
	free(name);
	return ret;
}

int
imgcache_invalidate(struct imgcache *ic,
		    const struct imgcache_invalidation *what, size_t *n,
		    struct imgcache_error *err)
{
	struct image_filter filter = {0};
	int64_t generation;
	int ret = session_catalog(ic, CATALOG_WRITE, err);

	*n = 0;
	if (ret)
		return ret;
	if (what->stage)
		return by_stage(ic, what->name, what->stage, n, err);
	if (what->name)
		return by_name(ic, what->name, n, err);
	if (what->tag)
		return by_tag(ic, what->tag, n, err);
	if (what->base)
		return by_base(ic, what->base, n, err);
	ret = count_images(ic, &filter, n, NULL, err);
	if (!ret)
		ret = invalidations_add(ic->catalog, INVALIDATE_ALL, NULL, "",
					&generation, err);
	return ret;
}
