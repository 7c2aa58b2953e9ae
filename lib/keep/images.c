/* SPDX-License-Identifier: MIT */
/* The images of the catalog: listing, finding, pinning, deleting. */
#include <string.h>

#include "base/error.h"
#include "keep/removal.h"
#include "session/alive.h"
#include "session/rows.h"
#include "store/images.h"
#include "store/lookups.h"
#include "store/names.h"
#include "sys/clock.h"

#define MAX_NAMES 10000		/* looked through for the nearest */

static enum image_sort
sort_of(enum imgcache_sort s)
{
	switch (s) {
	case IMGCACHE_BY_NAME:
		return IMAGE_BY_NAME;
	case IMGCACHE_BY_CREATED:
		return IMAGE_BY_CREATED;
	case IMGCACHE_BY_SIZE:
		return IMAGE_BY_SIZE;
	case IMGCACHE_BY_HITS:
		return IMAGE_BY_HITS;
	case IMGCACHE_BY_USE:
		break;
	}
	return IMAGE_BY_USED;
}

/* Which engine's rows are meant; all of them if it gives no answer. */
static const char *
engine_or_all(struct imgcache *ic, bool warns)
{
	struct imgcache_error why = {0};
	const char *name;

	if (!session_engine_name(ic, &name, &why))
		return name;
	if (warns)
		session_warn(ic, "%s; showing the images of all engines",
			     why.text);
	return NULL;
}

static int
open_folded(struct imgcache *ic, struct imgcache_error *err)
{
	int ret = session_catalog(ic, CATALOG_READ, err);

	if (!ret)
		ret = session_fold(ic, err);
	if (!ret)
		ret = catalog_forgo(alive_settle(ic, NULL, err), err);
	return session_recovers(ic, ret, err) ? 0 : ret;
}

static int
status_bits(const char *status, unsigned *bits, struct imgcache_error *err)
{
	enum image_status s;

	*bits = 0;
	if (!status)
		return 0;
	if (!image_status_parse(status, &s))
		return error_set(err, IMGCACHE_EUSAGE, "no such status '%s'; "
				 "it is completed, failed, building, gone, "
				 "pruned, deleted, changed, interrupted or "
				 "pending", status);
	*bits = 1u << s;
	return 0;
}

/* In place: those that somebody is at, or has promised. */
static size_t
keep_building(struct imgcache_image *v, size_t n, int64_t limit)
{
	size_t i, kept = 0;

	for (i = 0; i < n && (!limit || kept < (size_t)limit); i++)
		if (!strcmp(v[i].status, "pending") ||
		    !strcmp(v[i].status, "building"))
			v[kept++] = v[i];
	return kept;
}

static int
load_rest(struct imgcache *ic, struct image_list *list,
	  struct imgcache_error *err)
{
	int ret = images_load_dependencies(ic->catalog, list, err);

	return ret ? ret : names_load(ic->catalog, list, err);
}

int
imgcache_list(struct imgcache *ic, const struct imgcache_filter *f,
	      const struct imgcache_image **out, size_t *n,
	      struct imgcache_error *err)
{
	struct image_filter filter = {
		.name = f->name,
		.base = f->base,
		.dependency = f->dependency,
		.pin = f->pinned ? IMAGE_PINNED : IMAGE_ANY_PIN,
		.sort = sort_of(f->sort),
		.limit = f->building ? 0 : f->limit,
	};
	struct image_list list = {0};
	struct imgcache_image *v;
	int ret = status_bits(f->status, &filter.statuses, err);

	if (!ret)
		ret = open_folded(ic, err);
	if (ret)
		return ret;
	if (!f->all_engines)
		filter.engine = engine_or_all(ic, true);
	if (f->unused_for_s)
		filter.unused_since = clock_now_s() - f->unused_for_s;
	ret = images_list(ic->catalog, &filter, &list, err);
	if (!ret)
		ret = load_rest(ic, &list, err);
	if (!ret) {
		*out = v = rows_to_public(ic, &list);
		*n = f->building ? keep_building(v, list.n, f->limit) :
			list.n;
	}
	image_list_release(&list);
	return ret;
}

static int
collect_names(struct imgcache *ic, struct strv *out, struct imgcache_error *err)
{
	size_t i;
	int ret = names_all(ic->catalog, MAX_NAMES, out, err);

	for (i = 0; ic->has_project && i < ic->project.n_images; i++)
		strv_push(out, ic->project.images[i].recipe.name);
	return ret;
}

int
imgcache_check_name(struct imgcache *ic, const char *name,
		    struct imgcache_error *err)
{
	struct strv names = {0};
	const char *near;
	int ret = session_catalog(ic, CATALOG_READ, err);

	if (!ret)
		ret = collect_names(ic, &names, err);
	if (!ret && !strv_has(&names, name)) {
		near = str_nearest(name, (const char *const *)names.v,
				   names.n);
		ret = error_set(err, IMGCACHE_ENO, "no image '%.64s' in the "
				"catalog%s%s; %s%.64s%s", name,
				ic->has_project ? " or in " : "",
				ic->has_project ? ic->project.name : "",
				near ? "did you mean '" : "see imgcache list",
				near ? near : "", near ? "'?" : "");
	}
	strv_release(&names);
	return ret;
}

/* A word that fits no image: a recipe's name, or a mistake. */
static int
say_none(struct imgcache *ic, const char *what, struct imgcache_error *err)
{
	int ret = imgcache_check_name(ic, what, err);

	return ret ? ret : error_set(err, IMGCACHE_ENO, "no image of '%.64s' "
				     "yet", what);
}

int
imgcache_find(struct imgcache *ic, const char *what,
	      const struct imgcache_image **out, struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret = open_folded(ic, err);

	if (!ret)
		ret = images_find(ic->catalog, engine_or_all(ic, false), what,
				  &list, err);
	if (!ret && !list.n)
		ret = say_none(ic, what, err);
	if (!ret)
		ret = load_rest(ic, &list, err);
	if (!ret)
		*out = rows_to_public(ic, &list);
	image_list_release(&list);
	return ret;
}

int
imgcache_pin(struct imgcache *ic, const struct imgcache_image *image,
	     bool pinned, struct imgcache_error *err)
{
	int ret;

	if (pinned && strcmp(image->status, "completed"))
		return error_set(err, IMGCACHE_EFAIL, "image %s is not there "
				 "to be pinned: its status is '%s'; see "
				 "imgcache list",
				 image->id, image->status);
	ret = session_catalog(ic, CATALOG_WRITE, err);
	return ret ? ret : images_set_pinned(ic->catalog, image->row, pinned,
					     err);
}

int
imgcache_delete(struct imgcache *ic, const struct imgcache_image *image,
		bool force, struct imgcache_error *err)
{
	struct removal removal = { .status = IMAGE_DELETED };
	int ret;

	if (image->pinned && !force)
		return error_set(err, IMGCACHE_EFAIL, "image %s is pinned; "
				 "unpin it or use --force", image->id);
	ret = session_catalog(ic, CATALOG_WRITE, err);
	if (!ret)
		ret = removal_run(ic, image, &removal, err);
	if (!ret && removal.end == REMOVAL_IN_USE)
		ret = error_set(err, IMGCACHE_EBUSY, "image %s is in use: %s; "
				"remove the container, or try again later",
				image->id, removal.why);
	return ret;
}
