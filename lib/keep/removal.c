/* SPDX-License-Identifier: MIT */
/*
 * Order: exclude leases, mark the row `deleting`, look what the engine has
 * under our tag, ask for containers, take our tags away, mark the row. A crash
 * in between leaves a row that the next prune takes up again.
 */
#include "keep/removal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "key/aliases.h"
#include "session/registries.h"
#include "store/leases.h"
#include "sys/clock.h"

struct work {
	struct imgcache *ic;
	struct engine *engine;
	const struct imgcache_image *image;
	struct removal *r;
};

static int
in_use(struct work *w, const char *why)
{
	w->r->end = REMOVAL_IN_USE;
	w->r->why = arena_strdup(&w->ic->arena, why);
	return 0;
}

/* A container in any state that was made from the image. */
static int
find_container(struct work *w, const char *id, bool *found,
	       struct imgcache_error *err)
{
	struct engine_containers list = {0};
	int ret = engine_containers(w->engine, id, &list, err);

	*found = !ret && list.n;
	if (*found) {
		char *why = mem_printf("container %s uses it", list.v[0].name);

		in_use(w, why);
		free(why);
	}
	engine_containers_release(&list);
	return ret;
}

/* Is that one of the names that we give? */
static bool
is_our_tag(const struct work *w, const struct engine_image *image,
	   const char *tag)
{
	const char *colon = strrchr(w->image->ref, ':');
	size_t len = colon ? (size_t)(colon - w->image->ref) : 0;
	size_t tag_len = strlen(tag), key_len = strlen(w->image->tag);
	const char *end = strrchr(tag, ':');

	if (!strcmp(tag, w->image->ref))
		return true;
	if (str_starts(tag, UNKEYED))
		return true;
	/* its name for others of ours, and where it stood before */
	if (tag_len > key_len && tag[tag_len - key_len - 1] == ':' &&
	    !strcmp(tag + tag_len - key_len, w->image->tag) &&
	    registries_has(w->ic, tag, tag_len - key_len - 1))
		return true;
	if (registries_is_part(image, tag, w->image->tag) &&
	    (str_starts(tag, w->image->ref) ||
	     registries_has(w->ic, tag, (size_t)(end - tag))))
		return true;
	return len && !strncmp(tag, w->image->ref, len + 1) &&
		alias_is_of(tag + len + 1, w->image->id);
}

static int
remove_one(struct work *w, const char *ref, struct imgcache_error *err)
{
	enum engine_removed removed;
	char *why = NULL;
	int ret = engine_remove(w->engine, ref, &removed, &why, err);

	if (!ret && removed == ENGINE_IN_USE)
		in_use(w, why ? why : "the engine needs it");
	free(why);
	return ret;
}

/* Aliases first, our tag last: while it is there, the image can be found. */
static int
remove_tags(struct work *w, const struct engine_image *image,
	    struct imgcache_error *err)
{
	const char *const *t;
	int ret = 0;

	for (t = image->tags; !ret && *t; t++)
		if (strcmp(*t, w->image->ref) && is_our_tag(w, image, *t))
			ret = remove_one(w, *t, err);
	for (t = image->tags; !ret && *t; t++)
		if (!strcmp(*t, w->image->ref))
			ret = remove_one(w, *t, err);
	return ret;
}

/* The image as the row knows it: by our tag, else by its id (unkeyed ones). */
static int
find_image(struct work *w, struct engine_image *image,
	   struct imgcache_error *err)
{
	int ret = engine_image(w->engine, w->image->ref, image, err);

	if (!ret && w->image->image_id &&
	    strcmp(image->id, w->image->image_id)) {
		w->r->end = REMOVAL_FOREIGN;
		w->r->why = "another image is under its tag";
		return 0;
	}
	if (ret != IMGCACHE_ENO || !w->image->image_id)
		return ret;
	error_clear(err);
	return engine_image(w->engine, w->image->image_id, image, err);
}

static int
remove_from_engine(struct work *w, struct imgcache_error *err)
{
	struct engine_image image = {0};
	bool used = false;
	int ret = find_image(w, &image, err);

	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		w->r->end = REMOVAL_GONE;
		ret = 0;
		goto out;
	}
	if (ret || w->r->end == REMOVAL_FOREIGN)
		goto out;
	ret = find_container(w, image.id, &used, err);
	if (!ret && !used)
		ret = remove_tags(w, &image, err);
out:
	engine_image_release(&image);
	return ret;
}

/* Of a build that failed there is no image whose end could be told. */
static bool
was_never_there(const struct imgcache_image *image)
{
	return !strcmp(image->status, "failed") ||
		!strcmp(image->status, "interrupted") ||
		(!strcmp(image->status, "changed") && !image->image_id);
}

static int
finish(struct work *w, int ret, struct imgcache_error *err)
{
	struct catalog *cat = w->ic->catalog;
	struct imgcache_error second = {0};
	enum image_status status = w->r->status;

	if (!ret && w->r->end == REMOVAL_GONE && was_never_there(w->image))
		return images_forget(cat, w->image->row, err);
	if (ret || w->r->end == REMOVAL_IN_USE)
		(void)image_status_parse(w->image->status, &status);
	else if (w->r->end == REMOVAL_GONE)
		status = IMAGE_GONE;
	if (images_set_status(cat, w->image->row, status, w->r->why, &second) &&
	    !ret) {
		*err = second;
		ret = second.code;
	}
	return ret;
}

int
removal_run(struct imgcache *ic, const struct imgcache_image *image,
	    struct removal *r, struct imgcache_error *err)
{
	struct work w = { .ic = ic, .image = image, .r = r };
	struct lease lease = LEASE_INIT;
	bool taken = false;
	int ret;

	r->end = REMOVAL_DONE;
	ret = session_engine(ic, &w.engine, err);
	if (!ret)
		ret = lease_exclude(ic->catalog, image->engine, image->tag,
				    clock_now_s(), &taken, &lease, err);
	if (ret)
		return ret;
	if (!taken)
		return in_use(&w, "somebody is about to use it");
	ret = images_set_status(ic->catalog, image->row, IMAGE_DELETING, NULL,
				err);
	if (!ret)
		ret = finish(&w, remove_from_engine(&w, err), err);
	if (!ret && r->end != REMOVAL_IN_USE)
		lease_remove(&lease);
	else
		lease_release(&lease);
	return ret;
}
