/* SPDX-License-Identifier: MIT */
/* What weighs on the disk, in all or layer by layer; fits into 80 columns. */
#include <stdio.h>
#include <string.h>

#include "printer.h"
#include "stats.h"
#include "verbs.h"

/* How many; below 0: not told, or not counted. */
static void
put_count(struct printer *p, const char *title, int64_t n)
{
	if (n < 0)
		print_text(p, "", title, NULL);
	else
		print_number(p, "", title, n, AS_NUMBER);
}

static void
put_json_count(struct printer *p, const char *name, int64_t n)
{
	if (n < 0)
		print_null(p, name);
	else
		print_number(p, name, NULL, n, AS_NUMBER);
}

/*
 * One object:
 *
 *	images		[{imageId, name, tag, size, sharedSize, ownSize,
 *			containers, pinned}], the most of its own first; null
 *			is what the engine does not say
 *	imagesSize, ownSize, freeableSize
 *	engineImages, engineSize	of all that use the engine
 *	localCaches, localCachesSize
 *	buildCacheSize, buildCacheFreeableSize	BuildKit's own
 */
static void
put_json(const struct imgcache_disk *d)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_list(p, "images");
	for (i = 0; i < d->n; i++) {
		const struct imgcache_disk_image *v = &d->v[i];

		print_object(p, "");
		print_text(p, "imageId", NULL, v->image->id);
		print_text(p, "name", NULL, v->image->name);
		print_text(p, "tag", NULL, v->image->tag);
		print_number(p, "size", NULL, v->size_bytes, AS_SIZE);
		print_number(p, "sharedSize", NULL, v->shared_bytes, AS_SIZE);
		print_number(p, "ownSize", NULL, v->own_bytes, AS_SIZE);
		put_json_count(p, "containers", v->containers);
		print_bool(p, "pinned", v->image->pinned);
		print_object_end(p);
	}
	print_list_end(p);
	print_number(p, "imagesSize", NULL, d->images_bytes, AS_SIZE);
	print_number(p, "ownSize", NULL, d->own_bytes, AS_SIZE);
	print_number(p, "freeableSize", NULL, d->free_bytes, AS_SIZE);
	print_number(p, "engineImages", NULL, d->engine_images, AS_NUMBER);
	print_number(p, "engineSize", NULL, d->engine_bytes, AS_SIZE);
	print_number(p, "localCaches", NULL, (int64_t)d->caches, AS_NUMBER);
	print_number(p, "localCachesSize", NULL, d->caches_bytes, AS_SIZE);
	print_number(p, "buildCacheSize", NULL, d->build_cache_bytes, AS_SIZE);
	print_number(p, "buildCacheFreeableSize", NULL,
		     d->build_cache_free_bytes, AS_SIZE);
	printer_end(p);
}

static void
row(struct printer *p, const char *what, int64_t n, int64_t size,
    int64_t freeable)
{
	print_record(p);
	print_text(p, "", "WHAT", what);
	put_count(p, "NUMBER", n);
	print_number(p, "", "SIZE", size, AS_SIZE);
	print_number(p, "", "FREEABLE", freeable, AS_SIZE);
}

/* What nobody asked for, or no key stands for: they weigh all the same. */
static bool
is_no_figure(const struct imgcache_image *image)
{
	return !strcmp(image->status, "changed") ||
		(image->origin && !strcmp(image->origin, "adopted") &&
		 !image->last_used_at);
}

static void
put_left_out(struct printer *p, const struct imgcache_disk *d)
{
	int64_t n = 0, bytes = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (!is_no_figure(d->v[i].image))
			continue;
		n++;
		bytes += d->v[i].size_bytes > 0 ? d->v[i].size_bytes : 0;
	}
	if (n)
		row(p, "  not counted by stats", n, bytes, -1);
}

static void
put_sums(const struct imgcache_disk *d)
{
	struct printer *p = printer_new(PRINT_TABLE, false);

	row(p, "images of imgcache", (int64_t)d->n, d->images_bytes,
	    d->free_bytes);
	put_left_out(p, d);
	row(p, "  layers of theirs alone", -1, d->own_bytes, -1);
	row(p, "local build caches", (int64_t)d->caches, d->caches_bytes,
	    d->caches_bytes);
	row(p, "BuildKit's own cache", -1, d->build_cache_bytes,
	    d->build_cache_free_bytes);
	row(p, "all images of the engine", d->engine_images, d->engine_bytes,
	    -1);
	printer_end(p);
}

static void
put_images(const struct imgcache_disk *d)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	size_t i;

	if (d->n)
		putchar('\n');
	for (i = 0; i < d->n; i++) {
		const struct imgcache_disk_image *v = &d->v[i];

		print_record(p);
		print_id(p, "", "ID", v->image->id);
		print_text(p, "", "NAME", v->image->name);
		print_number(p, "", "SIZE", v->size_bytes, AS_SIZE);
		print_number(p, "", "SHARED", v->shared_bytes, AS_SIZE);
		print_number(p, "", "OWN", v->own_bytes, AS_SIZE);
		put_count(p, "CONTAINERS", v->containers);
		print_text(p, "", "PINNED", v->image->pinned ? "yes" : "no");
	}
	printer_end(p);
}

/*
 * One image: {imageId, name, tag, layers}; layers is an array of {digest (of
 * the unpacked layer, or null), size, images (of the catalog that have it, or
 * null), createdBy}, the base's first.
 */
static void
put_layers_json(const struct imgcache_image *image,
		const struct imgcache_layer *v, size_t n)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_text(p, "imageId", NULL, image->id);
	print_text(p, "name", NULL, image->name);
	print_text(p, "tag", NULL, image->tag);
	print_list(p, "layers");
	for (i = 0; i < n; i++) {
		print_object(p, "");
		print_text(p, "digest", NULL, v[i].digest);
		print_number(p, "size", NULL, v[i].size_bytes, AS_SIZE);
		put_json_count(p, "images", v[i].images);
		print_text(p, "createdBy", NULL, v[i].created_by);
		print_object_end(p);
	}
	print_list_end(p);
	printer_end(p);
}

static void
put_layers(const struct imgcache_layer *v, size_t n)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		print_record(p);
		print_number(p, "", "SIZE", v[i].size_bytes, AS_SIZE);
		put_count(p, "IMAGES", v[i].images);
		print_text(p, "", "MADE BY", *v[i].created_by ?
			   v[i].created_by : "(imported)");
		sum += v[i].size_bytes;
	}
	print_record(p);
	print_number(p, "", "SIZE", sum, AS_SIZE);
	put_count(p, "IMAGES", -1);
	print_text(p, "", "MADE BY", "in all, unpacked");
	printer_end(p);
}

int
stats_put_disk(struct imgcache *ic, const char *name,
	       struct imgcache_error *err)
{
	const struct imgcache_image *image;
	const struct imgcache_layer *layers;
	struct imgcache_disk disk;
	size_t n;
	int ret = name ? imgcache_find(ic, name, &image, err) :
		imgcache_disk(ic, &disk, err);

	if (!ret && name)
		ret = imgcache_layers(ic, image, &layers, &n, err);
	if (ret)
		return ret;
	if (name && given.json) {
		put_layers_json(image, layers, n);
	} else if (name) {
		put_layers(layers, n);
	} else if (given.json) {
		put_json(&disk);
	} else {
		put_sums(&disk);
		put_images(&disk);
	}
	return 0;
}
