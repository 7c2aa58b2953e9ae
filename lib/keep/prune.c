/* SPDX-License-Identifier: MIT */
/*
 * Which images go, and why each stays or goes. First the catalog is brought in
 * line with the engine, then the rows are judged oldest use first: what is
 * protected (pinned, in the grace period, among the last of its name) stays,
 * of the rest goes what is too old, too many or too big. Only images of ours
 * are ever looked at.
 */
#include "keep/prune.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "docker/engine.h"
#include "docker/prunefilter.h"
#include "keep/prune_caches.h"
#include "keep/reconcile.h"
#include "keep/removal.h"
#include "keep/reserve.h"
#include "keep/sweep.h"
#include "recipe/manifest.h"
#include "session/adopt.h"
#include "session/labels.h"
#include "session/limits.h"
#include "session/rows.h"
#include "store/images.h"
#include "store/leases.h"
#include "store/lookups.h"
#include "store/names.h"
#include "sys/clock.h"
#include "sys/lock.h"

/* So long another catalog may have use for an image that we only found. */
#define ADOPTED_S (30LL * 24 * 60 * 60)

struct pruning {
	struct imgcache *ic;
	struct limits limits;
	bool dry_run;
	int64_t now;
	struct imgcache_pruned *v;
	size_t n;
	int64_t left, left_bytes;	/* what the limits count, still there */
};

/* The last moment at which it was of use; the future counts as now. */
static int64_t
last_use(const struct pruning *p, const struct imgcache_image *i)
{
	int64_t t = i->created_at;

	if (i->built_at > t)
		t = i->built_at;
	if (i->last_used_at > t)
		t = i->last_used_at;
	return t > p->now ? p->now : t;
}

static void
decide(struct pruning *p, size_t i, enum imgcache_prune_action action,
       const char *reason)
{
	p->v[i].action = action;
	p->v[i].reason = arena_strdup(&p->ic->arena, reason);
}

/* Its sources moved while it was built: no lookup ever finds it. */
static bool
is_unkeyed(const struct imgcache_image *image)
{
	return !strcmp(image->status, "changed");
}

static bool
has_name(const struct imgcache_image *image, const char *name)
{
	const char *const *n;

	for (n = image->names; *n; n++)
		if (!strcmp(*n, name))
			return true;
	return false;
}

/* Of another catalog, it seems: nothing of ours yet, whatever the limits. */
static bool
is_only_found(const struct pruning *p, const struct imgcache_image *image)
{
	return image->origin && !strcmp(image->origin, "adopted") &&
		!image->built_at && !image->last_used_at && !image->pinned &&
		!is_unkeyed(image) && p->now - last_use(p, image) < ADOPTED_S;
}

/* Of one of its names: were only so few images used after this one? */
static bool
is_among_last(const struct pruning *p, size_t at)
{
	const char *const *name;
	int64_t n;
	size_t i;

	for (name = p->v[at].image->names; *name; name++) {
		for (n = 0, i = at + 1; i < p->n; i++)
			n += !is_unkeyed(p->v[i].image) &&
				has_name(p->v[i].image, *name);
		if (n < p->limits.keep_last)
			return true;
	}
	return false;
}

static bool
is_protected(struct pruning *p, size_t i)
{
	const struct imgcache_image *image = p->v[i].image;
	int64_t age = p->now - last_use(p, image);
	char text[128], age_text[UNITS_TEXT];

	if (is_only_found(p, image)) {
		decide(p, i, IMGCACHE_KEEP, "found on the engine, not built "
		       "or used by this catalog");
		return true;
	}
	if (image->pinned) {
		decide(p, i, IMGCACHE_KEEP, "pinned");
		return true;
	}
	if (age < p->limits.grace_s) {
		snprintf(text, sizeof(text), "used or built %s ago",
			 units_age(age_text, age));
		decide(p, i, IMGCACHE_KEEP, text);
		return true;
	}
	if (p->limits.keep_last && !is_unkeyed(image) && is_among_last(p, i)) {
		snprintf(text, sizeof(text), "one of the last %lld of its name",
			 (long long)p->limits.keep_last);
		decide(p, i, IMGCACHE_KEEP, p->limits.keep_last == 1 ?
		       "the last of its name" : text);
		return true;
	}
	return false;
}

/* Is it too old, one too many, or too big together with the others? */
static bool
is_over(const struct pruning *p, const struct imgcache_image *image,
	bool *shrinking, char reason[128])
{
	const struct limits *l = &p->limits;
	int64_t age = p->now - last_use(p, image);
	char a[UNITS_TEXT], b[UNITS_TEXT];

	if (l->max_size && p->left_bytes > l->max_size)
		*shrinking = true;
	if (p->left_bytes <= l->low_size)
		*shrinking = false;
	if (l->max_age_s && age > l->max_age_s)
		snprintf(reason, 128, "not used for %s (limit %s)",
			 units_age(a, age), units_age(b, l->max_age_s));
	else if (l->max_images && p->left > l->max_images)
		snprintf(reason, 128, "more than %lld image%s",
			 (long long)l->max_images,
			 l->max_images == 1 ? "" : "s");
	else if (*shrinking)
		snprintf(reason, 128, "more than %s together",
			 units_size(a, l->max_size));
	else
		return false;
	return true;
}

/* Of no use to anybody, so they go before any other, if there is a limit. */
static void
judge_unkeyed(struct pruning *p)
{
	const struct limits *l = &p->limits;
	bool limited = l->max_images || l->max_age_s || l->max_size;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct imgcache_image *image = p->v[i].image;

		if (!is_unkeyed(image) || is_protected(p, i))
			continue;
		decide(p, i, limited ? IMGCACHE_REMOVE : IMGCACHE_KEEP,
		       "its sources changed while it was built");
		if (limited && image->size_bytes > 0)
			p->left_bytes -= image->size_bytes;
	}
}

static void
judge_all(struct pruning *p)
{
	bool shrinking = false;
	char reason[128];
	size_t i;

	judge_unkeyed(p);
	for (i = 0; i < p->n; i++) {
		const struct imgcache_image *image = p->v[i].image;

		if (is_unkeyed(image) || is_protected(p, i))
			continue;
		if (!is_over(p, image, &shrinking, reason)) {
			decide(p, i, IMGCACHE_KEEP, "within the limits");
			continue;
		}
		decide(p, i, IMGCACHE_REMOVE, reason);
		p->left--;
		if (image->size_bytes > 0)
			p->left_bytes -= image->size_bytes;
	}
}

static int
remove_one(struct pruning *p, size_t i, struct imgcache_error *err)
{
	struct removal r = { .status = IMAGE_PRUNED, .why = p->v[i].reason };
	int ret = removal_run(p->ic, p->v[i].image, &r, err);

	if (ret)
		return ret;
	if (r.end == REMOVAL_IN_USE)
		decide(p, i, IMGCACHE_IN_USE, r.why);
	else if (r.end == REMOVAL_GONE)
		decide(p, i, IMGCACHE_FORGET, "the engine had lost it");
	else if (r.end == REMOVAL_FOREIGN)
		decide(p, i, IMGCACHE_FORGET, r.why);
	return 0;
}

/* For a dry run: what a lease or a container would keep. */
static int
look_at_use(struct pruning *p, size_t i, struct imgcache_error *err)
{
	const struct imgcache_image *image = p->v[i].image;
	struct engine_containers list = {0};
	struct engine *e;
	bool held = false;
	int ret = lease_is_held(p->ic->catalog, image->engine, image->tag,
				p->now, &held, err);

	if (!ret)
		ret = session_engine(p->ic, &e, err);
	if (!ret && !held && image->image_id)
		ret = engine_containers(e, image->image_id, &list, err);
	if (!ret && (held || list.n))
		decide(p, i, IMGCACHE_IN_USE, held ?
		       "somebody is about to use it" : "a container uses it");
	engine_containers_release(&list);
	return ret;
}

static int
carry_out(struct pruning *p, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < p->n && !ret; i++)
		if (p->v[i].action == IMGCACHE_REMOVE)
			ret = p->dry_run ? look_at_use(p, i, err) :
				remove_one(p, i, err);
	return ret;
}

/* What the engine's layers weigh; -1: not to be found out. */
static int64_t
layers_of(struct imgcache *ic)
{
	struct imgcache_error ignored = {0};
	struct engine *e;

	return session_engine(ic, &e, &ignored) ? -1 : engine_layers_bytes(e);
}

static bool
has_removals(const struct pruning *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->v[i].action == IMGCACHE_REMOVE)
			return true;
	return false;
}

/* It takes a while, so only where something goes and somebody reads it. */
static int
carry_out_measured(struct pruning *p, struct imgcache_prune_result *out,
		   struct imgcache_error *err)
{
	int64_t before = layers_of(p->ic), after;
	int ret = carry_out(p, err);

	after = ret || before < 0 ? -1 : layers_of(p->ic);
	if (after >= 0)	/* builds meanwhile may have added some */
		out->freed_bytes = after < before ? before - after : 0;
	return ret;
}

/* BuildKit's own cache, only if asked for and only what the filters say. */
static int
prune_build_cache(struct imgcache *ic, const struct imgcache_prune_options *o,
		  struct imgcache_prune_result *out, struct imgcache_error *err)
{
	struct engine_disk disk;
	struct engine *e;
	int ret;

	if (!o->build_cache || !*o->build_cache)
		return 0;
	ret = session_engine(ic, &e, err);
	if (!ret && !o->dry_run)
		return engine_prune_cache(e, o->build_cache,
					  &out->build_cache_bytes, err);
	if (!ret)
		ret = engine_disk(e, &disk, err);
	if (!ret) {
		out->build_cache_bytes = disk.build_cache_free_bytes;
		engine_disk_release(&disk);
	}
	return ret;
}

static int
by_use(const void *a, const void *b)
{
	const struct imgcache_image *x = ((const struct imgcache_pruned *)a)->image;
	const struct imgcache_image *y = ((const struct imgcache_pruned *)b)->image;
	int64_t s = x->last_used_at > x->built_at ? x->last_used_at :
		x->built_at;
	int64_t t = y->last_used_at > y->built_at ? y->last_used_at :
		y->built_at;

	s = s > x->created_at ? s : x->created_at;
	t = t > y->created_at ? t : y->created_at;
	if (s != t)
		return s < t ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* A dry run corrects nothing, so what it must not tell of is passed over. */
static int
look_at_engine(struct pruning *p, struct engine_images *all,
	       struct imgcache_error *err)
{
	struct engine *e;
	int ret = session_engine(p->ic, &e, err);

	return ret ? ret : engine_images(e, LABEL_KEY, all, err);
}

static int
load(struct pruning *p, struct imgcache_error *err)
{
	struct engine_images all = {0};
	struct image_filter filter = {
		.statuses = 1u << IMAGE_COMPLETED | 1u << IMAGE_DELETING |
			1u << IMAGE_CHANGED,
	};
	struct image_list list = {0};
	struct imgcache_image *images;
	size_t i;
	int ret = session_engine_name(p->ic, &filter.engine, err);

	if (!ret)
		ret = images_list(p->ic->catalog, &filter, &list, err);
	if (!ret)
		ret = names_load(p->ic->catalog, &list, err);
	if (!ret && p->dry_run)
		ret = look_at_engine(p, &all, err);
	if (ret)
		goto out;
	images = rows_to_public(p->ic, &list);
	p->v = arena_alloc(&p->ic->arena, (list.n + 1) * sizeof(*p->v));
	for (i = 0; i < list.n; i++) {
		/* the key of a build whose sources moved has no image */
		if (list.v[i].status == IMAGE_CHANGED &&
		    manifest_is_tag(images[i].tag))
			continue;
		if (p->dry_run && list.v[i].status == IMAGE_COMPLETED &&
		    !adopt_is_there(&all, &list.v[i]))
			continue;
		p->v[p->n++].image = &images[i];
		if (is_only_found(p, &images[i]))
			continue;
		p->left += !is_unkeyed(&images[i]);
		if (images[i].size_bytes > 0)
			p->left_bytes += images[i].size_bytes;
	}
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_use);
out:
	engine_images_release(&all);
	image_list_release(&list);
	return ret;
}

static void
sum_up(const struct pruning *p, struct imgcache_prune_result *out)
{
	size_t i;

	out->v = p->v;
	out->n = p->n;
	for (i = 0; i < p->n; i++) {
		if (p->v[i].action != IMGCACHE_REMOVE)
			continue;
		out->n_removed++;
		if (p->v[i].image->size_bytes > 0)
			out->expected_bytes += p->v[i].image->size_bytes;
	}
}

/* All but images. */
static int
prune_rest(struct imgcache *ic, const struct imgcache_prune_options *o,
	   int64_t now, struct imgcache_prune_result *out,
	   struct imgcache_error *err)
{
	int ret = prune_caches(ic, o, now, out, err);

	if (!ret)
		ret = sweep(ic, now, o->dry_run, &out->swept_files, err);
	if (!ret)
		ret = prune_build_cache(ic, o, out, err);
	return ret;
}

int
imgcache_prune_check(const struct imgcache_prune_options *o,
		     struct imgcache_error *err)
{
	return o->build_cache ? prunefilter_check(o->build_cache, err) : 0;
}

int
imgcache_prune(struct imgcache *ic, const struct imgcache_prune_options *o,
	       struct imgcache_prune_result *out, struct imgcache_error *err)
{
	struct pruning p = {
		.ic = ic, .dry_run = o->dry_run, .now = clock_now_s()
	};
	struct lock lock = LOCK_INIT;
	const char *dir;
	int ret;

	memset(out, 0, sizeof(*out));
	out->freed_bytes = out->build_cache_bytes = -1;
	ret = imgcache_prune_check(o, err);
	if (!ret)
		ret = limits_take(ic, o, &p.limits, err);
	if (ret)
		return ret;
	if (!o->dry_run)
		reserve_give(ic);
	ret = session_catalog(ic, CATALOG_WRITE, err);
	if (!ret)
		ret = session_state_dir(ic, "locks", &dir, err);
	if (!ret)
		ret = lock_take(&lock, arena_printf(&ic->arena, "%s/prune",
						    dir), LOCK_EXCLUSIVE, 0,
				"prune", err);
	if (!ret)
		ret = session_fold(ic, err);
	if (!ret && !o->dry_run)
		ret = reconcile(ic, err);
	if (!ret)
		ret = load(&p, err);
	if (!ret) {
		judge_all(&p);
		ret = !o->dry_run && !o->after_arrival && has_removals(&p) ?
			carry_out_measured(&p, out, err) : carry_out(&p, err);
		sum_up(&p, out);
	}
	if (!ret && !o->after_arrival)
		ret = prune_rest(ic, o, p.now, out, err);
	if (lock.fd >= 0 && !o->dry_run)
		reserve_keep(ic);
	lock_release(&lock);
	return ret;
}

void
prune_after_arrival(struct imgcache *ic)
{
	struct imgcache_prune_options o = {
		.max_images = -1, .max_age_s = -1, .max_size_bytes = -1,
		.low_size_bytes = -1, .keep_last = -1, .grace_s = -1,
		.cache_max_age_s = -1, .cache_max_size_bytes = -1,
		.after_arrival = true,
	};
	struct imgcache_prune_result result;
	struct imgcache_error err = {0};
	int ret;

	if (session_is_disabled(ic) || !ic->catalog ||
	    catalog_flags(ic->catalog).is_readonly)
		return;
	reserve_keep(ic);
	if (!settings_int(&ic->settings, SETTING_MAX_IMAGES) &&
	    !settings_int(&ic->settings, SETTING_MAX_AGE))
		return;
	ret = imgcache_prune(ic, &o, &result, &err);
	if (ret && ret != IMGCACHE_EBUSY)
		session_warn(ic, "pruning afterwards: %s", err.text);
}
