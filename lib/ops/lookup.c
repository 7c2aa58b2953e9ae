/* SPDX-License-Identifier: MIT */
#include "ops/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "ops/arrival.h"
#include "ops/generation.h"
#include "ops/reasons.h"
#include "store/contexts.h"
#include "store/lookups.h"
#include "store/objects.h"
#include "store/platforms.h"

void
lookup_begin(const struct inputs *in, struct imgcache_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->name = in->r->recipe->name;
	a->ref = in->ref;
	a->tag = arena_strdup(&in->ic->arena, in->tag);
}

/* The row of the key, its text moved into the handle's arena. */
static int
find_row(struct inputs *in, struct lookup_found *f, struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret = images_get(in->ic->catalog, &f->key, &list, err);

	if (!ret && list.n) {
		struct arena *a = &in->ic->arena;
		struct image_row *row = &list.v[0];

		f->has_row = true;
		f->row = *row;
		f->row.image_id = arena_strdup(a, row->image_id);
		f->row.digest = arena_strdup(a, row->digest);
		f->row.reason = arena_strdup(a, row->reason);
		f->row.log_path = arena_strdup(a, row->log_path);
		f->row.name = arena_strdup(a, row->name);
		f->row.ref = arena_strdup(a, row->ref);
		f->row.origin = arena_strdup(a, row->origin);
		f->row.pushed_ref = arena_strdup(a, row->pushed_ref);
		f->row.manifest = arena_strdup(a, row->manifest);
		f->row.base_ref = arena_strdup(a, row->base_ref);
		f->row.metadata = NULL;
		f->row.key = f->key;
	}
	image_list_release(&list);
	return ret;
}

static void
set_miss(struct imgcache_answer *a, enum imgcache_reason reason,
	 const char *detail)
{
	a->state = IMGCACHE_MISS;
	a->reason = reason;
	a->detail = detail;
}

/* What became of the row's image, when the engine has none. */
static enum imgcache_reason
reason_of_status(enum image_status s)
{
	switch (s) {
	case IMAGE_PRUNED:
	case IMAGE_DELETING:
		return IMGCACHE_PRUNED;
	case IMAGE_DELETED:
		return IMGCACHE_DELETED;
	case IMAGE_FAILED:
		return IMGCACHE_BUILD_FAILED;
	case IMAGE_CHANGED:
	case IMAGE_INTERRUPTED:
	case IMAGE_BUILDING:
		return IMGCACHE_INTERRUPTED;
	case IMAGE_PENDING:
		return IMGCACHE_NEVER_BUILT;
	default:
		return IMGCACHE_GONE;
	}
}

/* Under which a recipe's name is remembered where it shares another's image. */
static const char *
shared_id(struct inputs *in)
{
	return arena_printf(&in->ic->arena, "name %s %s", in->r->recipe->root,
			    in->r->recipe->name);
}

/* Two names, one key: the row has one of them, the other is noted here. */
static int
note_shared(struct inputs *in, const struct lookup_found *f,
	    struct imgcache_error *err)
{
	struct context_row row = { .key = in->tag };
	struct context_row old;
	bool found;
	int ret;

	if (!in->r->recipe->name || !f->has_row ||
	    str_is(f->row.name, in->r->recipe->name))
		return 0;
	row.id = shared_id(in);
	row.path = in->r->recipe->root;
	ret = contexts_get(in->ic->catalog, row.id, &in->ic->arena, &old,
			   &found, err);
	if (ret || (found && str_is(old.key, in->tag)))
		return ret;
	return contexts_put(in->ic->catalog, &row, err);
}

/* The last image of the recipe's name: its own, or the one it shared. */
static int
find_last(struct inputs *in, const struct lookup_found *f,
	  struct image_list *list, struct imgcache_error *err)
{
	struct image_filter filter = {
		.engine = f->engine,
		.name = in->r->recipe->name,
		.project = in->r->recipe->root,
		.sort = IMAGE_BY_CREATED,
		.limit = 1,
	};
	struct image_key key = f->key;
	struct context_row shared;
	bool found;
	int ret = images_list(in->ic->catalog, &filter, list, err);

	if (ret || list->n)
		return ret;
	ret = contexts_get(in->ic->catalog, shared_id(in), &in->ic->arena,
			   &shared, &found, err);
	if (ret || !found || !shared.key)
		return ret;
	key.tag = shared.key;
	return images_get(in->ic->catalog, &key, list, err);
}

/* How the manifest of the last image differs from today's. */
static int
compare_with_last(struct inputs *in, const struct lookup_found *f,
		  struct imgcache_answer *a, struct imgcache_error *err)
{
	struct image_list list = {0};
	struct buf before = BUF_INIT, detail = BUF_INIT;
	bool found = false;
	int ret;

	set_miss(a, IMGCACHE_NEVER_BUILT, NULL);
	if (!in->r->recipe->name)
		return 0;
	ret = find_last(in, f, &list, err);
	if (!ret && list.n && list.v[0].manifest)
		ret = objects_get(in->ic->catalog, list.v[0].hash,
				  list.v[0].manifest, &before, &found, err);
	if (!ret && found) {
		enum imgcache_reason why;

		why = reasons_of_change(before.data, in->manifest.data,
					&detail);
		set_miss(a, why, arena_strdup(&in->ic->arena, detail.data));
	}
	image_list_release(&list);
	buf_release(&before);
	buf_release(&detail);
	return ret;
}

/* Is the row's reason about its end, and not about why it was built? */
static bool
says_why(enum image_status s)
{
	return s == IMAGE_FAILED || s == IMAGE_CHANGED ||
		s == IMAGE_INTERRUPTED || s == IMAGE_PRUNED;
}

static int
explain_absence(struct inputs *in, struct lookup_found *f,
		struct imgcache_answer *a, struct imgcache_error *err)
{
	enum imgcache_reason why;

	if (!f->has_row)
		return compare_with_last(in, f, a, err);
	why = reason_of_status(f->row.status);
	set_miss(a, why, says_why(f->row.status) ? f->row.reason : NULL);
	if (f->row.status == IMAGE_COMPLETED && !session_is_disabled(in->ic))
		return images_set_status(in->ic->catalog, f->row.id,
					 IMAGE_GONE, NULL, err);
	return 0;
}

int64_t
lookup_generation(const struct engine_image *image)
{
	const char *text = engine_image_label(image, LABEL_GENERATION);

	return text ? strtoll(text, NULL, 10) : 0;
}

int
lookup_loaded(struct inputs *in, const struct lookup_found *f,
	      const char *image_id, struct imgcache_error *err)
{
	struct strv only = {0};
	int ret;

	if (in->r->recipe->platforms.n < 2)
		return 0;
	if (f->is_partly_here && str_is(f->row.image_id, image_id))
		return platforms_add(in->ic->catalog, f->row.id, in->local,
				     err);
	strv_push(&only, in->local);
	ret = platforms_set(in->ic->catalog, f->row.id, &only, err);
	strv_release(&only);
	return ret;
}

/* An image that we made, or that was here before the catalog: note it. */
static int
adopt(struct inputs *in, struct lookup_found *f,
      const struct engine_image *image, struct imgcache_error *err)
{
	struct image_row row = arrival_row(in, &f->key);

	row.status = IMAGE_COMPLETED;
	row.origin = "adopted";
	row.image_id = image->id;
	if (!f->has_row || f->row.size_bytes <= 0)
		row.size_bytes = image->size_bytes;
	row.generation = lookup_generation(image);
	if (images_put(in->ic->catalog, &row, &f->row.id, err))
		return err->code;
	return lookup_loaded(in, f, image->id, err);
}

static void
set_hit(struct inputs *in, const struct engine_image *image,
	const struct lookup_found *f, struct imgcache_answer *a)
{
	a->state = IMGCACHE_HIT;
	a->image_id = arena_strdup(&in->ic->arena, image->id);
	a->size_bytes = f->has_row && f->row.size_bytes > 0 ?
		f->row.size_bytes : image->size_bytes;
	if (f->has_row && f->row.pushed_ref) {
		a->pushed_ref = f->row.pushed_ref;
		a->digest = f->row.digest;
	}
	a->log = f->has_row ? f->row.log_path : NULL;
}

/* Of an image of several platforms: is the one that is wanted here? */
static int
is_loaded(struct inputs *in, const struct lookup_found *f,
	  const struct engine_image *image, bool *loaded,
	  struct imgcache_error *err)
{
	struct arena *a = &in->ic->arena;
	struct strv list = {0};
	int ret = 0;

	*loaded = in->r->recipe->platforms.n < 2 ||
		platform_is_same(platform_join(a, image->os, image->arch,
					       image->variant), in->local);
	if (!*loaded && f->has_row) {
		ret = platforms_get(in->ic->catalog, f->row.id, &list, err);
		*loaded = strv_has(&list, in->local);
	}
	strv_release(&list);
	return ret;
}

/* The engine has something under our tag: is it what we mean? */
static int
judge(struct inputs *in, struct lookup_found *f,
      const struct engine_image *image, struct imgcache_answer *a,
      struct imgcache_error *err)
{
	const char *label = engine_image_label(image, LABEL_KEY);
	/*
	 * Labels are inherited, so an image that we know by its id stays known
	 * by it, whatever became of it; the row is put right by the build.
	 */
	bool is_ours = label && !strcmp(label, in->tag) &&
		(!f->has_row || !f->row.image_id ||
		 str_is(f->row.image_id, image->id));
	bool loaded;
	int ret;

	if (!is_ours) {
		set_miss(a, IMGCACHE_FOREIGN,
			 arena_printf(&in->ic->arena, "image %.19s",
				      image->id));
		return 0;
	}
	if (lookup_generation(image) < f->generation) {
		set_miss(a, IMGCACHE_INVALIDATED, NULL);
		return 0;
	}
	ret = is_loaded(in, f, image, &loaded, err);
	if (ret || !loaded) {
		f->is_partly_here = !ret;
		set_miss(a, IMGCACHE_GONE, arena_printf(&in->ic->arena,
			 "its %s is not loaded", in->local));
		return ret;
	}
	set_hit(in, image, f, a);
	if (session_is_disabled(in->ic))
		return 0;
	if (f->has_row && f->row.status == IMAGE_COMPLETED)
		return note_shared(in, f, err);
	return adopt(in, f, image, err);
}

/*
 * The same image where it stood before the registry was another: it gets the
 * name that it has now.
 */
static int
look_elsewhere(struct inputs *in, struct lookup_found *f, struct engine *e,
	       struct imgcache_answer *a, struct imgcache_error *err)
{
	struct engine_image image = {0};
	int ret = engine_image(e, f->row.ref, &image, err);

	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = explain_absence(in, f, a, err);
		goto out;
	}
	if (!ret)
		ret = judge(in, f, &image, a, err);
	if (!ret && a->state == IMGCACHE_HIT)
		ret = engine_tag(e, image.id, in->ref, err);
	if (!ret && a->state == IMGCACHE_HIT && !session_is_disabled(in->ic))
		ret = images_set_ref(in->ic->catalog, f->row.id, in->ref, err);
out:
	engine_image_release(&image);
	return ret;
}

/* Nothing is under the ref. */
static int
look_further(struct inputs *in, struct lookup_found *f, struct engine *e,
	     struct imgcache_answer *a, struct imgcache_error *err)
{
	if (f->has_row && f->row.status == IMAGE_COMPLETED &&
	    !str_is(f->row.ref, in->ref))
		return look_elsewhere(in, f, e, a, err);
	return explain_absence(in, f, a, err);
}

int
lookup_image(struct inputs *in, struct lookup_found *f,
	     struct imgcache_answer *a, struct imgcache_error *err)
{
	struct imgcache_error why = {0};
	struct engine_image image = {0};
	struct engine *e;
	int ret;

	memset(f, 0, sizeof(*f));
	lookup_begin(in, a);
	ret = session_engine(in->ic, &e, err);
	if (ret)
		return ret;
	ret = session_engine_name(in->ic, &f->engine, &why);
	if (!ret)
		ret = engine_image(e, in->ref, &image, &why);
	if (ret && ret != IMGCACHE_ENO) {
		if (ret == IMGCACHE_EINTR) {
			*err = why;
			return ret;
		}
		a->state = IMGCACHE_UNKNOWN;
		a->reason = IMGCACHE_ENGINE_UNKNOWN;
		a->detail = arena_strdup(&in->ic->arena, why.text);
		return 0;
	}
	f->key.engine = f->engine;
	f->key.tag = in->tag;
	f->key.platform = in->platform;
	if (session_catalog(in->ic, CATALOG_READ, err) ||
	    find_row(in, f, err) || generation_required(in, &f->generation, err))
		ret = err->code;
	else if (ret == IMGCACHE_ENO)
		ret = look_further(in, f, e, a, err);
	else
		ret = judge(in, f, &image, a, err);
	engine_image_release(&image);
	return ret;
}

static enum lookup_result
result_of(const struct imgcache_answer *a)
{
	switch (a->state) {
	case IMGCACHE_HIT:
		return a->pulled ? LOOKUP_HIT_REMOTE : LOOKUP_HIT_LOCAL;
	case IMGCACHE_MISS:
		return LOOKUP_MISS;
	default:
		return LOOKUP_UNKNOWN;
	}
}

void
lookup_count(struct inputs *in, const struct lookup_found *f,
	     const char *verb, const struct imgcache_answer *a)
{
	struct imgcache_error err = {0};
	struct lookup l = {
		.engine = f->engine ? f->engine : "unknown",
		.tag = in->tag,
		.platform = in->platform,
		.name = in->r->recipe->name,
		.verb = verb,
		.result = result_of(a),
		.reason = a->reason,
		.us = a->elapsed_us,
	};

	if (session_is_disabled(in->ic) ||
	    session_catalog(in->ic, CATALOG_READ, &err))
		return;
	if (a->state == IMGCACHE_HIT && f->row.build_us > a->elapsed_us)
		l.saved_us = f->row.build_us - a->elapsed_us;
	if (lookups_record(in->ic->catalog, &l, &err))
		session_warn(in->ic, "this lookup was not counted: %s",
			     err.text);
}
