/* SPDX-License-Identifier: MIT */
#include "session/adopt.h"

#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "recipe/manifest.h"
#include "session/labels.h"
#include "session/session.h"
#include "store/images.h"

static const struct engine_image *
find_id(const struct engine_images *all, const char *id)
{
	size_t i;

	for (i = 0; id && i < all->n; i++)
		if (!strcmp(all->v[i].id, id))
			return &all->v[i];
	return NULL;
}

bool
adopt_is_there(const struct engine_images *all, const struct image_row *row)
{
	const struct engine_image *e = find_id(all, row->image_id);

	return e && engine_image_has_tag(e, row->ref);
}

/* Rows of images that the engine has no more. */
static int
mark_gone(struct imgcache *ic, const char *engine,
	  const struct engine_images *all, struct imgcache_error *err)
{
	struct image_filter filter = {
		.engine = engine, .statuses = 1u << IMAGE_COMPLETED
	};
	struct image_list list = {0};
	size_t i;
	int ret = images_list(ic->catalog, &filter, &list, err);

	for (i = 0; !ret && i < list.n; i++)
		if (!adopt_is_there(all, &list.v[i]))
			ret = images_set_status(ic->catalog, list.v[i].id,
						IMAGE_GONE, NULL, err);
	image_list_release(&list);
	return ret;
}

static int
adopt_one(struct imgcache *ic, const char *engine,
	  const struct engine_image *e, const char *ref, const char *tag,
	  struct imgcache_error *err)
{
	struct image_row row = {
		.key = { .engine = engine, .tag = tag,
			 .platform = session_platform(ic) },
		.status = IMAGE_COMPLETED,
		.hash = tag[0] == 'g' ? "git" : "xxh3",
		.ref = ref,
		.recipe = "unknown",
		.origin = "adopted",
		.image_id = e->id,
		.base_ref = engine_image_label(e,
			"org.opencontainers.image.base.name"),
		.base_digest = engine_image_label(e,
			"org.opencontainers.image.base.digest"),
		.size_bytes = e->size_bytes,
		.generation = labels_generation(e),
	};

	struct image_list known = {0};
	int ret = images_get(ic->catalog, &row.key, &known, err);

	/* A row that knows another image by its id: this one is not ours. */
	if (!ret && !(known.n && known.v[0].image_id))
		ret = images_put(ic->catalog, &row, NULL, err);
	image_list_release(&known);
	return ret;
}

/*
 * An image without a row is ours only if one of its names is the tag that its
 * label says: labels are inherited by whatever is built from ours.
 */
static int
adopt_strays(struct imgcache *ic, const char *engine,
	     const struct engine_images *all, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < all->n; i++) {
		const struct engine_image *e = &all->v[i];
		const char *key = engine_image_label(e, LABEL_KEY);
		struct image_list known = {0};
		const char *const *t;

		if (!key || !manifest_is_tag(key))
			continue;
		ret = images_by_image_id(ic->catalog, engine, e->id, &known,
					 err);
		for (t = e->tags; !ret && !known.n && *t; t++) {
			const char *colon = strrchr(*t, ':');

			if (colon && !strcmp(colon + 1, key))
				ret = adopt_one(ic, engine, e, *t, key, err);
		}
		image_list_release(&known);
	}
	return ret;
}

int
adopt(struct imgcache *ic, const struct engine_images *all,
      struct imgcache_error *err)
{
	const char *engine;
	int ret = session_engine_name(ic, &engine, err);

	if (!ret)
		ret = mark_gone(ic, engine, all, err);
	if (!ret)
		ret = adopt_strays(ic, engine, all, err);
	return ret;
}

int
adopt_all(struct imgcache *ic, struct imgcache_error *err)
{
	struct engine_images all = {0};
	struct engine *engine;
	int ret = session_engine(ic, &engine, err);

	if (!ret)
		ret = engine_images(engine, LABEL_KEY, &all, err);
	if (!ret)
		ret = adopt(ic, &all, err);
	engine_images_release(&all);
	return ret;
}
