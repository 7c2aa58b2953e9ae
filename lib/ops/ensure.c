/* SPDX-License-Identifier: MIT */
/*
 * The engine is asked, then the registries, and only then something is built.
 * One pull or build per key at a time on this machine: the lock is taken before
 * a second look, so whoever waited finds the result of whom it waited for.
 */
#include "ops/ensure.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "ops/builder.h"
#include "ops/hints.h"
#include "ops/prune.h"
#include "ops/remote.h"
#include "sys/clock.h"
#include "sys/lock.h"

/* USE_STATIC_BASE_IMAGE: the agreed image is used as it is. */
static int
use_static(struct imgcache_recipe *r, struct imgcache_answer *a, bool *done,
	   struct imgcache_error *err)
{
	const char *ref = r->recipe->static_ref;

	*done = false;
	if (!settings_bool(&r->ic->settings, SETTING_USE_STATIC_BASE))
		return 0;
	if (r->image && project_static(r->image, &ref, err))
		return err->code;
	if (!ref || !*ref)
		return 0;
	memset(a, 0, sizeof(*a));
	a->name = r->recipe->name;
	a->ref = a->image_id = arena_strdup(&r->ic->arena, ref);
	a->state = IMGCACHE_HIT;
	a->is_static = true;
	*done = true;
	return 0;
}

/* The images that this one is built from come first. */
static int
ensure_needs(struct imgcache_recipe *r, const struct ensure *e,
	     struct imgcache_error *err)
{
	struct imgcache *ic = r->ic;
	struct imgcache_build_options build = *e->build;
	struct ensure needed = { .verb = e->verb, .build = &build };
	struct imgcache_answer ignored;
	struct imgcache_recipe *other;
	size_t i;
	int ret = 0;

	build.tags = NULL;
	build.rebuild = false;
	for (i = 0; !ret && r->image && i < r->image->n_needs; i++) {
		const struct project_image *image =
			&ic->project.images[r->image->needs[i]];

		ret = imgcache_recipe_named(ic, image->recipe.name, &other,
					    err);
		if (!ret)
			ret = ensure_image(other, &needed, &ignored, err);
		if (ret)
			error_prefix(err, "'%s', which '%s' is built from",
				     image->recipe.name, r->recipe->name);
	}
	return ret;
}

static void
say_waiting(struct inputs *in, const char *path)
{
	struct imgcache_event e = {
		.type = IMGCACHE_WAITING,
		.name = in->r->recipe->name,
		.ref = in->ref,
	};
	char owner[256];

	lock_owner(path, owner, sizeof(owner));
	e.text = owner;
	session_event(in->ic, &e);
}

static int
take_lock(struct inputs *in, struct lock *lock, bool *waited,
	  struct imgcache_error *err)
{
	const char *dir;
	char *path;
	int ret = session_state_dir(in->ic, "locks", &dir, err);

	*waited = false;
	if (ret)
		return ret;
	path = mem_printf("%s/%s", dir, in->tag);
	ret = lock_take(lock, path, LOCK_EXCLUSIVE, 0, "build", err);
	if (ret == IMGCACHE_EBUSY) {
		error_clear(err);
		*waited = true;
		say_waiting(in, path);
		ret = lock_take(lock, path, LOCK_EXCLUSIVE, -1, "build", err);
	}
	free(path);
	return ret;
}

static int
hold(struct inputs *in, const struct ensure *e, struct imgcache_error *err)
{
	if (!e->lease || session_is_disabled(in->ic))
		return 0;
	if (session_catalog(in->ic, CATALOG_READ, err))
		return err->code;
	return lease_hold(in->ic->catalog, in->tag, e->verb, 10000, e->lease,
			  err);
}

/* Why the lookup does not count, or NULL: it does. */
static const char *
why_bypassed(const struct inputs *in, const struct ensure *e)
{
	const struct settings *s = &in->ic->settings;

	if (e->build->rebuild)
		return "a rebuild";
	if (e->build->no_cache)
		return "no cache";
	if (settings_bool(s, SETTING_NO_CACHE))
		return "NO_CACHE is set";
	if (session_is_disabled(in->ic))
		return "the cache is switched off";
	return NULL;
}

static int
say_no(const struct imgcache_answer *a, struct imgcache_error *err)
{
	const char *text = imgcache_reason_text(a->reason);
	int code = a->state == IMGCACHE_UNKNOWN ? IMGCACHE_EUNKNOWN :
		IMGCACHE_ENO;

	if (a->state == IMGCACHE_UNKNOWN && a->detail)
		return error_set(err, code, "%.900s", a->detail);
	return error_set(err, code, "%s%s%s: %s%s%.600s", a->name ? "'" : "",
			 a->name ? a->name : a->tag, a->name ? "'" : "", text,
			 a->detail ? ": " : "", a->detail ? a->detail : "");
}

/* The names that were asked for go on the image on a hit as on a build. */
static int
add_tags(struct inputs *in, const char *const *tags,
	 const struct imgcache_answer *a, struct imgcache_error *err)
{
	struct engine *engine;
	int ret = 0;

	if (!tags || !*tags)
		return 0;
	ret = session_engine(in->ic, &engine, err);
	for (; !ret && *tags; tags++)
		ret = engine_tag(engine, a->image_id, *tags, err);
	return ret;
}

/* Is the image to be built where no registry says whether there is one? */
static bool
unknown_builds(const struct inputs *in, const struct ensure *e)
{
	const char *set = settings_text(&in->ic->settings, SETTING_ON_UNKNOWN);

	if (e->build->on_unknown != IMGCACHE_UNKNOWN_BY_SETTING)
		return e->build->on_unknown == IMGCACHE_UNKNOWN_BUILDS;
	return set ? !strcmp(set, "build") : !session_is_ci(in->ic);
}

/*
 * What another process did meanwhile, once the lock is taken; *a is replaced
 * if that is a hit.
 */
static int
look_again(struct inputs *in, struct lookup_found *f, const struct ensure *e,
	   struct imgcache_answer *a, struct imgcache_error *err)
{
	struct imgcache_answer again;
	int ret;

	if (why_bypassed(in, e))
		return 0;
	ret = lookup_image(in, f, &again, err);
	if (ret)
		return ret;
	if (again.state == IMGCACHE_UNKNOWN)
		return say_no(&again, err);
	if (again.state == IMGCACHE_HIT) {
		again.elapsed_us = a->elapsed_us;
		*a = again;
	}
	return 0;
}

/* A registry has it. On a home that cannot be written there is no lock. */
static int
fetch(struct inputs *in, struct lookup_found *f, const struct ensure *e,
      const struct remote_image *remote, struct imgcache_answer *a,
      struct imgcache_error *err)
{
	struct lock lock = LOCK_INIT;
	bool waited = false;
	int ret = 0;

	if (!catalog_flags(in->ic->catalog).is_readonly)
		ret = take_lock(in, &lock, &waited, err);
	if (!ret && waited)
		ret = look_again(in, f, e, a, err);
	if (!ret && a->state != IMGCACHE_HIT)
		ret = remote_pull(in, f, remote, a, err);
	lock_release(&lock);
	return ret;
}

/* The registries' part of a lookup, for what the engine has not. */
static int
look_farther(struct inputs *in, struct lookup_found *f, const struct ensure *e,
	     struct imgcache_answer *a, struct imgcache_error *err)
{
	struct remote_image remote;
	int ret = remote_look(in, f, &remote, a, err);

	if (ret || !remote.repository)
		return ret;
	if (!e->build->dry_run)
		return fetch(in, f, e, &remote, a, err);
	a->state = IMGCACHE_HIT;
	a->remote = remote.ref;
	a->digest = remote.digest;
	a->pushed_ref = arena_printf(&in->ic->arena, "%s:%s",
				     remote.repository, in->tag);
	return 0;
}

static int
build_locked(struct inputs *in, struct lookup_found *f, const struct ensure *e,
	     int lock_fd, struct imgcache_answer *a,
	     struct imgcache_error *err)
{
	struct builder b = {
		.in = in,
		.found = f,
		.options = e->build,
		.reason = a->reason,
		.detail = a->detail,
		.lock_fd = lock_fd,
	};
	int ret = look_again(in, f, e, a, err);

	if (ret)
		return ret;
	if (a->state == IMGCACHE_HIT)
		return add_tags(in, e->build->tags, a, err);
	ret = builder_run(&b, a, err);
	builder_release(&b);
	return ret;
}

static int
build(struct inputs *in, struct lookup_found *f, const struct ensure *e,
      struct imgcache_answer *a, struct imgcache_error *err)
{
	struct lock lock = LOCK_INIT;
	bool waited = false;
	int ret = ensure_needs(in->r, e, err);

	if (!ret && !session_is_disabled(in->ic))
		ret = session_catalog(in->ic, CATALOG_WRITE, err);
	if (!ret)
		ret = take_lock(in, &lock, &waited, err);
	if (!ret)
		ret = build_locked(in, f, e, lock.fd, a, err);
	lock_release(&lock);
	return ret;
}

static int
miss(struct inputs *in, struct lookup_found *f, const struct ensure *e,
     struct imgcache_answer *a, struct imgcache_error *err)
{
	if (e->only_look)
		return say_no(a, err);
	return e->build->dry_run ? 0 : build(in, f, e, a, err);
}

/* No registry says yes or no. */
static int
without_registry(struct inputs *in, struct lookup_found *f,
		 const struct ensure *e, struct imgcache_answer *a,
		 struct imgcache_error *err)
{
	if (!unknown_builds(in, e))
		return error_set(err, IMGCACHE_EUNKNOWN, "%.800s; "
				 "--on-unknown=build goes on without it",
				 a->detail);
	session_warn(in->ic, "%s; going on without it", a->detail);
	a->state = IMGCACHE_MISS;
	return miss(in, f, e, a, err);
}

static int
decide(struct inputs *in, struct lookup_found *f, const struct ensure *e,
       struct imgcache_answer *a, struct imgcache_error *err)
{
	const char *why = why_bypassed(in, e);
	bool bypass = why != NULL;

	if (!bypass && !e->build->dry_run && !e->uncounted)
		lookup_count(in, f, e->verb, a);
	if (a->state == IMGCACHE_UNKNOWN &&
	    a->reason == IMGCACHE_REGISTRY_UNKNOWN && !e->only_answer)
		return without_registry(in, f, e, a, err);
	if (a->state == IMGCACHE_UNKNOWN)
		return say_no(a, err);
	if (a->state == IMGCACHE_HIT && !bypass)
		return e->build->dry_run ? 0 :
			add_tags(in, e->build->tags, a, err);
	if (bypass && a->state == IMGCACHE_HIT) {
		a->state = IMGCACHE_MISS;
		a->reason = IMGCACHE_ASKED;
		a->detail = why;
	}
	return miss(in, f, e, a, err);
}

/*
 * The inputs of an image on another of the project may need that one to be
 * there: what its user is only the image itself can tell.
 */
static int
take_inputs(struct imgcache_recipe *r, const struct ensure *e,
	    struct inputs *in, struct imgcache_error *err)
{
	struct inputs_options o = { .fresh_bases = e->build->rebuild };
	int ret = inputs_take(r, &o, in, err);

	if (ret != IMGCACHE_EFAIL || !in->needs_base || e->only_look ||
	    e->build->dry_run)
		return ret;
	error_clear(err);
	ret = ensure_needs(r, e, err);
	if (ret)
		return ret;
	inputs_release(in);
	return inputs_take(r, &o, in, err);
}

static int
look_and_decide(struct imgcache_recipe *r, const struct ensure *e,
		struct imgcache_answer *a, struct imgcache_error *err)
{
	int64_t start = clock_mono_us();
	struct lookup_found f;
	struct inputs in = {0};
	bool done;
	int ret = use_static(r, a, &done, err);

	if (ret || done)
		return ret;
	hints_send(r);
	ret = take_inputs(r, e, &in, err);
	if (!ret)
		ret = hold(&in, e, err);
	if (!ret)
		ret = lookup_image(&in, &f, a, err);
	if (!ret && a->state == IMGCACHE_MISS && !why_bypassed(&in, e))
		ret = look_farther(&in, &f, e, a, err);
	a->elapsed_us = clock_mono_us() - start;
	if (!ret)
		hints_keep(&in);
	if (!ret)
		ret = decide(&in, &f, e, a, err);
	inputs_release(&in);
	return ret;
}

int
ensure_image(struct imgcache_recipe *r, const struct ensure *e,
	     struct imgcache_answer *a, struct imgcache_error *err)
{
	int ret = look_and_decide(r, e, a, err);

	if (session_recovers(r->ic, ret, err))
		ret = look_and_decide(r, e, a, err);
	return ret;
}

int
imgcache_get(struct imgcache *ic, struct imgcache_recipe *r, bool quiet,
	     struct imgcache_answer *out, struct imgcache_error *err)
{
	static const struct imgcache_build_options build;
	struct ensure e = {
		.verb = "get", .build = &build, .only_look = true,
		.only_answer = true, .uncounted = quiet,
	};

	(void)ic;
	memset(out, 0, sizeof(*out));
	return ensure_image(r, &e, out, err);
}

int
imgcache_build(struct imgcache *ic, struct imgcache_recipe *r,
	       const struct imgcache_build_options *o,
	       struct imgcache_answer *out, struct imgcache_error *err)
{
	struct ensure e = { .verb = "build", .build = o };
	int ret;

	memset(out, 0, sizeof(*out));
	ret = ensure_image(r, &e, out, err);
	if (!ret && out->built && !session_is_disabled(ic))
		prune_after_build(ic);
	return ret;
}
