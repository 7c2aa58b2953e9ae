/* SPDX-License-Identifier: MIT */
#include "lookup/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "key/generation.h"
#include "key/kept.h"
#include "key/side.h"
#include "key/trust.h"
#include "lookup/arrival.h"
#include "lookup/reasons.h"
#include "session/labels.h"
#include "store/lookups.h"
#include "store/names.h"
#include "store/platforms.h"
#include "sys/clock.h"

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
		f->row.project = arena_strdup(a, row->project);
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

/* How what the last image was made from differs from what there is today. */
static int
compare_with_last(struct inputs *in, struct lookup_found *f,
		  struct imgcache_answer *a, struct imgcache_error *err)
{
	struct image_list list = {0};
	struct side before = {0}, now = {0};
	struct buf detail = BUF_INIT;
	int ret;

	/* two lists of packages without a name have nothing in common */
	if (!in->r->recipe->name && in->r->recipe->kind == RECIPE_GENERATED)
		return 0;
	ret = kept_last(in, f->engine, &list, err);
	if (!ret && list.n && strcmp(list.v[0].key.tag, in->tag)) {
		ret = side_kept(&before, in->ic, &list.v[0], err);
		if (!ret)
			ret = side_now(&now, in, err);
		if (!ret) {
			enum imgcache_reason why;

			f->last_tag = before.tag;
			side_share_dockerfile(&before, &now);
			why = reasons_of_change(&before, &now, &detail);
			set_miss(a, why, arena_strdup(&in->ic->arena,
						      detail.data));
		} else if (ret == IMGCACHE_ENO) {
			error_clear(err);
			ret = 0;
		}
	}
	side_release(&before);
	side_release(&now);
	image_list_release(&list);
	buf_release(&detail);
	return ret;
}

/* Is there an image of the key, but on another engine? */
static int
find_elsewhere(struct inputs *in, bool *found, struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret = images_find(in->ic->catalog, NULL, in->tag, &list, err);

	*found = false;
	for (size_t i = 0; !ret && i < list.n && !*found; i++)
		*found = list.v[i].status == IMAGE_COMPLETED &&
			!strcmp(list.v[i].key.tag, in->tag) &&
			!strcmp(list.v[i].key.platform, in->platform);
	image_list_release(&list);
	return ret;
}

/* Was it built all the same: its sources moved meanwhile, or elsewhere? */
static int
explain_no_row(struct inputs *in, struct lookup_found *f,
	       struct imgcache_answer *a, struct imgcache_error *err)
{
	struct arena *arena = &in->ic->arena;
	struct image_list list = {0};
	int ret = images_find_again(in->ic->catalog, &f->key, &list, err);

	set_miss(a, IMGCACHE_NEVER_BUILT, NULL);
	if (!ret && list.n && list.v[0].status == IMAGE_CHANGED) {
		f->dirty_tag = arena_strdup(arena, list.v[0].key.tag);
		set_miss(a, IMGCACHE_INTERRUPTED,
			 arena_strdup(arena, list.v[0].reason));
	} else if (!ret) {
		bool found;

		ret = find_elsewhere(in, &found, err);
		if (!ret && found)
			a->detail = "another engine has its image";
	}
	image_list_release(&list);
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
		return explain_no_row(in, f, a, err);
	why = reason_of_status(f->row.status);
	set_miss(a, why, says_why(f->row.status) ? f->row.reason : NULL);
	if (f->row.status != IMAGE_COMPLETED || session_is_disabled(in->ic))
		return 0;
	f->row.status = IMAGE_GONE;
	f->row.status_at = clock_now_s();
	return catalog_forgo(images_set_status(in->ic->catalog, f->row.id,
					       IMAGE_GONE, NULL, err), err);
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

/* Is it the work of an untrusted build of another machine? */
static bool
is_of_strangers(const struct lookup_found *f, const struct engine_image *image)
{
	return f->has_row && f->row.is_untrusted &&
		str_is(f->row.image_id, image->id);
}

static bool
has_size(const struct lookup_found *f)
{
	return f->has_row && f->row.size_bytes > 0;
}

/* As the catalog that built it has it; asked once, for the row. */
static int
find_size(struct inputs *in, const struct lookup_found *f,
	  struct engine_image *image, struct imgcache_error *err)
{
	struct engine *e;
	int ret = has_size(f) ? 0 : session_engine(in->ic, &e, err);

	if (!ret && !has_size(f))
		arrival_size(e, image);
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
	if (!has_size(f))
		row.size_bytes = image->size_bytes;
	row.generation = labels_generation(image);
	row.is_untrusted = is_of_strangers(f, image);
	row.manifest = in->tag + 3;
	if (kept_put(in, KEPT_HEAD, err) ||
	    (!row.name && kept_note_name(in, err)) ||
	    images_put(in->ic->catalog, &row, &f->row.id, err))
		return err->code;
	return lookup_loaded(in, f, image->id, err);
}

static void
set_hit(struct inputs *in, const struct engine_image *image,
	const struct lookup_found *f, struct imgcache_answer *a)
{
	a->state = IMGCACHE_HIT;
	a->image_id = arena_strdup(&in->ic->arena, image->id);
	a->size_bytes = has_size(f) ? f->row.size_bytes : image->size_bytes;
	if (f->has_row && f->row.pushed_ref) {
		a->pushed_ref = f->row.pushed_ref;
		a->digest = f->row.digest;
	}
	a->log = f->has_row ? f->row.log_path : NULL;
}

/* Another recipe with the same inputs has made it: it is this one's, too. */
static int
note_name(struct inputs *in, const struct lookup_found *f,
	  struct imgcache_error *err)
{
	const struct image_name n = {
		.name = in->r->recipe->name, .project = in->r->recipe->root
	};

	if (!n.name || (str_is(f->row.name, n.name) &&
			str_is(f->row.project, n.project)))
		return 0;
	return names_note(in->ic->catalog, f->row.id, &n, err);
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

/* Of a row that was found on the engine we now know the inputs. */
static bool
is_to_adopt(const struct inputs *in, const struct lookup_found *f)
{
	return !session_is_disabled(in->ic) &&
		catalog_can_write(in->ic->catalog) &&
		(!f->has_row || f->row.status != IMAGE_COMPLETED ||
		 (!f->row.manifest && str_is(f->row.origin, "adopted")));
}

/* The engine has something under our tag: is it what we mean? */
static int
judge(struct inputs *in, struct lookup_found *f, struct engine_image *image,
      struct imgcache_answer *a, struct imgcache_error *err)
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
	if (is_of_strangers(f, image) && !session_is_untrusted(in->ic)) {
		set_miss(a, IMGCACHE_FOREIGN, "an untrusted build's, pulled");
		return 0;
	}
	if (labels_generation(image) < f->generation) {
		f->is_stale = true;
		f->stale = labels_generation(image);
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
	if (is_to_adopt(in, f))
		ret = find_size(in, f, image, err);
	if (ret)
		return ret;
	set_hit(in, image, f, a);
	if (is_to_adopt(in, f))
		ret = adopt(in, f, image, err);
	else if (!session_is_disabled(in->ic))
		ret = note_name(in, f, err);
	return catalog_forgo(ret, err);
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
		ret = catalog_forgo(images_set_ref(in->ic->catalog, f->row.id,
						   in->ref, err), err);
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
lookup_only(struct inputs *in, struct lookup_found *f,
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

int
lookup_image(struct inputs *in, struct lookup_found *f,
	     struct imgcache_answer *a, struct imgcache_error *err)
{
	int ret = lookup_only(in, f, a, err);

	/* the row of what is only asked for tells nothing */
	if (!ret && a->state == IMGCACHE_MISS &&
	    (!f->has_row || f->row.status == IMAGE_PENDING) &&
	    a->reason == IMGCACHE_NEVER_BUILT)
		ret = compare_with_last(in, f, a, err);
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

/* Nothing where the build was faster, -1 where it is not known of. */
static int64_t
saved_us(int64_t build_us, int64_t us)
{
	return build_us <= 0 ? -1 : build_us > us ? build_us - us : 0;
}

const char *
lookup_verb(const struct imgcache_build_options *o)
{
	return o->is_ahead ? LOOKUP_AHEAD : "build";
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

	if (session_is_disabled(in->ic) || strv_has(&in->ic->counted, l.tag) ||
	    session_catalog(in->ic, CATALOG_READ, &err))
		return;
	strv_push(&in->ic->counted, l.tag);
	if (a->state == IMGCACHE_HIT)
		l.saved_us = saved_us(f->row.build_us, a->elapsed_us);
	if (lookups_record(in->ic->catalog, &l, &err))
		session_warn(in->ic, "this lookup was not counted: %s",
			     err.text);
}
