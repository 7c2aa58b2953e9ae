/* SPDX-License-Identifier: MIT */
/*
 * What weighs on the disk. An image's own bytes are what goes with it; what
 * other images have too (also those that are not ours) is the engine's to know.
 * Which of our images share a layer is found by comparing: a layer is the same
 * where all digests up to it are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/engine.h"
#include "keep/prune_caches.h"
#include "session/rows.h"
#include "session/session.h"
#include "store/images.h"

static int
load(struct imgcache *ic, const struct imgcache_image **out, size_t *n,
     struct imgcache_error *err)
{
	struct image_filter filter = {
		.statuses = 1u << IMAGE_COMPLETED | 1u << IMAGE_CHANGED,
	};
	struct image_list list = {0};
	int ret = session_catalog(ic, CATALOG_READ, err);

	if (!ret)
		ret = session_engine_name(ic, &filter.engine, err);
	if (!ret)
		ret = images_list(ic->catalog, &filter, &list, err);
	if (!ret) {
		*out = rows_to_public(ic, &list);
		*n = list.n;
	}
	image_list_release(&list);
	return ret;
}

static int
by_own(const void *a, const void *b)
{
	const struct imgcache_disk_image *x = a, *y = b;

	if (x->own_bytes != y->own_bytes)
		return x->own_bytes > y->own_bytes ? -1 : 1;
	return x->image->row < y->image->row ? -1 : 1;
}

static void
add(struct imgcache_disk *out, struct imgcache_disk_image *v,
    const struct imgcache_image *image, const struct engine_disk *disk)
{
	const struct engine_disk_image *on = image->image_id ?
		engine_disk_find(disk, image->image_id) : NULL;
	struct imgcache_disk_image *i = &v[out->n++];

	*i = (struct imgcache_disk_image){
		.image = image,
		.size_bytes = on ? on->size_bytes : image->size_bytes,
		.shared_bytes = on ? on->shared_bytes : -1,
		.own_bytes = on && on->shared_bytes >= 0 ?
			on->size_bytes - on->shared_bytes : -1,
		.containers = on ? on->containers : -1,
	};
	out->images_bytes += i->size_bytes > 0 ? i->size_bytes : 0;
	if (i->own_bytes < 0)
		return;
	out->own_bytes += i->own_bytes;
	if (i->containers <= 0 && !image->pinned)
		out->free_bytes += i->own_bytes;
}

/* Only those that the engine has now: some may have gone behind our back. */
static void
collect(struct imgcache *ic, const struct imgcache_image *images, size_t n,
	const struct engine_disk *disk, struct imgcache_disk *out)
{
	struct imgcache_disk_image *v =
		arena_alloc(&ic->arena, (n + 1) * sizeof(*v));
	size_t i;

	for (i = 0; i < n; i++)
		if (!disk->n || (images[i].image_id &&
				 engine_disk_find(disk, images[i].image_id)))
			add(out, v, &images[i], disk);
	if (out->n)
		qsort(v, out->n, sizeof(*v), by_own);
	if (out->n && v[0].own_bytes < 0)
		out->own_bytes = out->free_bytes = -1;
	out->v = v;
}

static int
collect_caches(struct imgcache *ic, struct imgcache_disk *out,
	       struct imgcache_error *err)
{
	static const struct imgcache_prune_options look = { .dry_run = true };
	struct imgcache_prune_result found = {0};
	size_t i;
	int ret = prune_caches(ic, &look, 0, &found, err);

	out->caches = found.n_caches;
	for (i = 0; !ret && i < found.n_caches; i++)
		out->caches_bytes += found.caches[i].size_bytes;
	return ret;
}

int
imgcache_disk(struct imgcache *ic, struct imgcache_disk *out,
	      struct imgcache_error *err)
{
	const struct imgcache_image *images;
	struct engine_disk disk = {0};
	struct engine *e;
	size_t n;
	int ret = load(ic, &images, &n, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = session_engine(ic, &e, err);
	if (!ret)
		ret = engine_disk(e, &disk, err);
	if (!ret) {
		collect(ic, images, n, &disk, out);
		out->engine_images = disk.images;
		out->engine_bytes = disk.layers_bytes;
		out->build_cache_bytes = disk.build_cache_bytes;
		out->build_cache_free_bytes = disk.build_cache_free_bytes;
		ret = collect_caches(ic, out, err);
	}
	engine_disk_release(&disk);
	return ret;
}

/* Does that image have the layers of the other up to and with this one? */
static bool
has_up_to(const struct engine_image *image, const struct engine_layers *layers,
	  size_t at)
{
	size_t i;

	for (i = 0; i <= at; i++)
		if (!image->layers[i] ||
		    !str_is(image->layers[i], layers->v[i].digest))
			return false;
	return true;
}

static void
show(struct imgcache *ic, const struct engine_layers *layers,
     struct imgcache_layer *v)
{
	size_t i;

	for (i = 0; i < layers->n; i++)
		v[i] = (struct imgcache_layer){
			.digest = arena_strdup(&ic->arena, layers->v[i].digest),
			.created_by = arena_strdup(&ic->arena,
						   layers->v[i].created_by),
			.size_bytes = layers->v[i].size_bytes,
			.images = layers->v[i].digest ? 1 : -1,
		};
}

/* One that went meanwhile shares nothing any more. */
static int
count_others(struct imgcache *ic, const struct imgcache_image *image,
	     const struct engine_layers *layers, struct imgcache_layer *v,
	     struct imgcache_error *err)
{
	const struct imgcache_image *all;
	struct engine *e;
	size_t i, k, n;
	int ret = load(ic, &all, &n, err);

	if (!ret)
		ret = session_engine(ic, &e, err);
	for (i = 0; !ret && i < n; i++) {
		struct engine_image other = {0};

		if (!all[i].image_id ||
		    !strcmp(all[i].image_id, image->image_id))
			continue;
		ret = engine_image(e, all[i].image_id, &other, err);
		for (k = 0; !ret && k < layers->n; k++)
			if (layers->v[k].digest && has_up_to(&other, layers, k))
				v[k].images++;
		engine_image_release(&other);
		if (ret == IMGCACHE_ENO) {
			error_clear(err);
			ret = 0;
		}
	}
	return ret;
}

int
imgcache_layers(struct imgcache *ic, const struct imgcache_image *image,
		const struct imgcache_layer **out, size_t *n,
		struct imgcache_error *err)
{
	struct engine_layers layers = {0};
	struct imgcache_layer *v;
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	*n = 0;
	*out = NULL;
	if (!ret && !image->image_id)
		return error_set(err, IMGCACHE_ENO, "'%s' has no image on the "
				 "engine", image->id);
	if (!ret)
		ret = engine_image_layers(e, image->image_id, &layers, err);
	v = arena_alloc(&ic->arena, (layers.n + 1) * sizeof(*v));
	if (!ret) {
		show(ic, &layers, v);
		ret = count_others(ic, image, &layers, v, err);
	}
	if (!ret) {
		*out = v;
		*n = layers.n;
	}
	engine_layers_release(&layers);
	return ret;
}
