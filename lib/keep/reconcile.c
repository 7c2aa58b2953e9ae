/* SPDX-License-Identifier: MIT */
#include "keep/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "lookup/lookup.h"
#include "recipe/manifest.h"
#include "session/adopt.h"
#include "session/labels.h"
#include "session/registries.h"
#include "session/session.h"
#include "store/images.h"
#include "sys/clock.h"
#include "sys/lock.h"

#define DAY (24 * 60 * 60)

/* Does nobody build or push that key now? */
static bool
is_free(struct imgcache *ic, const char *key, size_t len)
{
	struct imgcache_error ignored = {0};
	struct lock lock = LOCK_INIT;
	const char *dir;
	bool free_to_take;
	char *path;

	if (session_state_dir(ic, "locks", &dir, &ignored))
		return false;
	path = mem_printf("%s/%.*s", dir, (int)len, key);
	free_to_take = !lock_take(&lock, path, LOCK_EXCLUSIVE, 0, "prune",
				  &ignored);
	lock_release(&lock);
	free(path);
	return free_to_take;
}

/* Is it a name that one of several platforms has while it is pushed? */
static bool
is_part(struct imgcache *ic, struct engine *engine, const char *name,
	const char *key)
{
	struct imgcache_error ignored = {0};
	struct engine_image image = {0};
	const char *colon = strrchr(name, ':');
	bool is = colon && str_starts(colon + 1, key) && colon[1 + strlen(key)] &&
		registries_has(ic, name, (size_t)(colon - name)) &&
		!engine_image(engine, name, &image, &ignored) &&
		registries_is_part(&image, name, key);

	engine_image_release(&image);
	return is;
}

/* Was the name given by a build, or by the push of a part, that was killed? */
static bool
is_abandoned(struct imgcache *ic, struct engine *engine,
	     const struct engine_image *image, const char *name)
{
	const char *key = engine_image_label(image, LABEL_KEY);

	if (str_starts(name, UNKEYED)) {
		const char *tag = name + strlen(UNKEYED);
		size_t len = manifest_tag_len(tag);

		return tag[len] == '-' && is_free(ic, tag, len);
	}
	return key && is_part(ic, engine, name, key) &&
		is_free(ic, key, strlen(key));
}

/* The moment in "<key>-<moment>-<pid>..."; 0: names had none once. */
static int64_t
unkeyed_at(const char *tag)
{
	long long at;
	int pid;

	return sscanf(tag + manifest_tag_len(tag), "-%lld-%d", &at, &pid) == 2 ?
		at : 0;
}

/*
 * An image may be older than its name: where all steps were cached, or for
 * SOURCE_DATE_EPOCH, which the engine also says of the name that BuildKit gave.
 * What it does not say may be fresh.
 */
static bool
is_fresh(struct engine *engine, const char *name, int64_t since)
{
	struct imgcache_error ignored = {0};
	struct engine_image image = {0};
	int64_t at = str_starts(name, UNKEYED) ?
		unkeyed_at(name + strlen(UNKEYED)) : 0;
	int ret = at > since ? 0 : engine_image(engine, name, &image, &ignored);

	if (image.tagged > at)
		at = image.tagged;
	engine_image_release(&image);
	return at > since || (ret && ret != IMGCACHE_ENO);
}

/*
 * Names of builds that were killed; images of moved sources have a row. Builds
 * of another catalog hold locks that we do not see, so a day must have passed.
 */
static int
drop_abandoned(struct imgcache *ic, struct engine *engine, const char *name,
	       const struct engine_images *all, struct imgcache_error *err)
{
	int64_t day_ago = clock_now_s() - DAY;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < all->n; i++) {
		struct image_list known = {0};
		const char *const *t;

		ret = images_by_image_id(ic->catalog, name, all->v[i].id,
					 &known, err);
		for (t = all->v[i].tags; !ret && *t; t++) {
			enum engine_removed removed;

			if (all->v[i].created > day_ago ||
			    (known.n && known.v[0].status == IMAGE_CHANGED) ||
			    !is_abandoned(ic, engine, &all->v[i], *t) ||
			    is_fresh(engine, *t, day_ago))
				continue;
			ret = engine_remove(engine, *t, &removed, NULL, err);
			if (!ret && removed != ENGINE_GONE &&
			    removed != ENGINE_IN_USE)
				session_warn(ic, "removed '%s', which a killed "
					     "build had left", *t);
		}
		image_list_release(&known);
	}
	return ret;
}

int
reconcile(struct imgcache *ic, struct imgcache_error *err)
{
	struct engine_images all = {0};
	struct engine *engine;
	const char *name;
	int ret = session_engine(ic, &engine, err);

	if (!ret)
		ret = session_engine_name(ic, &name, err);
	if (!ret)
		ret = engine_images(engine, LABEL_KEY, &all, err);
	if (!ret)
		ret = adopt(ic, &all, err);
	if (!ret)
		ret = drop_abandoned(ic, engine, name, &all, err);
	engine_images_release(&all);
	return ret;
}
