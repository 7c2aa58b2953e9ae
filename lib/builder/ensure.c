/* SPDX-License-Identifier: MIT */
/*
 * The engine is asked, then the registries, and only then something is built.
 * One pull or build per key at a time on this machine: the lock is taken before
 * a second look, so whoever waited finds the result of whom it waited for.
 */
#include "builder/ensure.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "builder/builder.h"
#include "builder/cachetexts.h"
#include "builder/push.h"
#include "builder/turn.h"
#include "docker/engine.h"
#include "key/tags.h"
#include "key/trust.h"
#include "lookup/hints.h"
#include "lookup/remote.h"
#include "session/alive.h"
#include "sys/clock.h"

/* One lookup and what comes of it. */
struct work {
	const struct ensure *e;
	struct imgcache_answer *a;
	struct inputs in;
	struct lookup_found f;
	struct remote_image remote;	/* what a registry has of a miss */
	bool push;
	bool is_named;		/* a hit has the names of -t already */
};

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
	struct ensure needed = {
		.verb = e->verb, .build = &build,
		.pushes_hits = e->pushes_hits,
	};
	struct imgcache_answer ignored;
	struct imgcache_recipe *other;
	size_t i;
	int ret = 0;

	build.tags = build.no_cache_filter = NULL;
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

static int
hold(struct work *w, struct imgcache_error *err)
{
	const struct ensure *e = w->e;

	if (!e->lease || session_is_disabled(w->in.ic))
		return 0;
	if (session_catalog(w->in.ic, CATALOG_READ, err))
		return err->code;
	return lease_hold(w->in.ic->catalog, w->in.tag, e->verb, 10000,
			  e->lease, err);
}

const char *
ensure_bypassed(const struct imgcache *ic,
		const struct imgcache_build_options *o)
{
	if (o->rebuild)
		return "a rebuild";
	if (o->no_cache)
		return "no cache";
	if (o->no_cache_filter && *o->no_cache_filter)
		return "stages built anew";
	if (settings_bool(&ic->settings, SETTING_NO_CACHE))
		return "NO_CACHE is set";
	if (session_is_disabled(ic))
		return "the cache is switched off";
	return NULL;
}

static const char *
why_bypassed(const struct work *w)
{
	return ensure_bypassed(w->in.ic, w->e->build);
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

/* Is the image to be built where no registry says whether there is one? */
static bool
unknown_builds(const struct work *w)
{
	const struct imgcache *ic = w->in.ic;
	const char *set = settings_text(&ic->settings, SETTING_ON_UNKNOWN);

	if (w->e->build->on_unknown != IMGCACHE_UNKNOWN_BY_SETTING)
		return w->e->build->on_unknown == IMGCACHE_UNKNOWN_BUILDS;
	return set ? !strcmp(set, "build") : !session_is_ci(ic);
}

/* What was promised is pending for the reason that it missed then. */
static void
take_promised(struct work *w)
{
	const struct imgcache_answer *promised = w->e->promised;

	if (!promised || w->a->state != IMGCACHE_MISS || !w->f.has_row ||
	    w->f.row.status != IMAGE_PENDING)
		return;
	w->a->reason = promised->reason;
	w->a->detail = promised->detail;
}

/* Is that somebody is at it all that is known, or known from before? */
static bool
is_outdated(const struct work *w, bool waited)
{
	return waited || w->a->reason == IMGCACHE_BEING_BUILT ||
		w->a->reason == IMGCACHE_PENDING;
}

/*
 * What another process did meanwhile, once the lock is taken; the answer is
 * replaced if that is a hit, and its reason if it was about that process.
 */
static int
look_again(struct work *w, bool waited, struct imgcache_error *err)
{
	const char *why = why_bypassed(w);
	struct imgcache_answer *a = w->a, again;
	struct lookup_found f;
	int ret;

	if (why && !waited)
		return 0;
	ret = lookup_image(&w->in, &f, &again, err);
	if (ret)
		return ret;
	if (again.state == IMGCACHE_UNKNOWN)
		return why ? 0 : say_no(&again, err);
	w->f = f;
	if (again.state == IMGCACHE_HIT && why) {
		a->reason = IMGCACHE_ASKED;
		a->detail = why;
	} else if (again.state == IMGCACHE_HIT) {
		again.elapsed_us = a->elapsed_us;
		*a = again;
	} else if (is_outdated(w, waited)) {
		a->reason = again.reason;
		a->detail = again.detail;
		take_promised(w);
	}
	return 0;
}

/* A registry has it. On a home that cannot be written there is no lock. */
static int
fetch(struct work *w, struct imgcache_error *err)
{
	struct turn turn = TURN_INIT;
	int ret = 0;

	if (!catalog_flags(w->in.ic->catalog).is_readonly)
		ret = turn_take(&turn, &w->in, "pull", err);
	if (!ret && turn.waited)
		ret = look_again(w, true, err);
	if (!ret && w->a->state != IMGCACHE_HIT)
		ret = remote_pull(&w->in, &w->f, &w->remote, w->a, err);
	turn_end(&turn);
	return ret;
}

/* The registries' part of a lookup, for what the engine has not. */
static int
look_farther(struct work *w, struct imgcache_error *err)
{
	struct imgcache_answer *a = w->a;
	int ret = remote_look(&w->in, &w->f, &w->remote, a, err);

	if (ret || !w->remote.repository)
		return ret;
	if (!w->e->build->dry_run)
		return fetch(w, err);
	a->state = IMGCACHE_HIT;
	a->reason = IMGCACHE_REASON_NONE;
	a->detail = NULL;
	a->remote = w->remote.ref;
	a->digest = w->remote.digest;
	a->pushed_ref = arena_printf(&w->in.ic->arena, "%s:%s",
				     w->remote.repository, w->in.tag);
	return 0;
}

/*
 * The setting asks for a push of what was built, and does without it; --push
 * is a condition. Only where the registry was known to have it already, a
 * registry that gives no answer may be gone on without.
 */
static int
push_locked(struct work *w, int lock_fd, struct imgcache_error *err)
{
	const struct push_options o = { w->e->build, lock_fd };
	struct imgcache *ic = w->in.ic;
	bool known = str_is(w->a->pushed_ref, w->in.ref);
	struct imgcache_error why = {0};
	int ret = push_image(&w->in, &w->f, &o, w->a, &why);

	if (ret == IMGCACHE_EINTR ||
	    (ret && w->e->build->push &&
	     !(ret == IMGCACHE_EUNKNOWN && known && unknown_builds(w)))) {
		*err = why;
		return ret;
	}
	if (ret && known)
		session_warn(ic, "%s; it was pushed before", why.text);
	else if (ret)
		session_warn(ic, "'%s' is not pushed: %s", w->in.ref, why.text);
	return 0;
}

static int
push_hit(struct work *w, struct imgcache_error *err)
{
	struct turn turn = TURN_INIT;
	int ret = session_catalog(w->in.ic, CATALOG_WRITE, err);

	/* platforms that are not here may have to be built */
	if (!ret && w->in.r->recipe->platforms.n > 1)
		ret = ensure_needs(w->in.r, w->e, err);
	if (!ret)
		ret = turn_take(&turn, &w->in, "push", err);
	if (!ret)
		ret = push_locked(w, turn.lock.fd, err);
	turn_end(&turn);
	return ret;
}

/* The push has put the image of before in the place of one just asked for. */
static void
warn_unused(const struct work *w)
{
	if (why_bypassed(w) && w->a->built && w->a->pulled)
		session_warn(w->in.ic, "'%s' was pushed before, and the first "
			     "that is pushed stays: what was built now is not "
			     "used; imgcache invalidate, or another salt, has "
			     "it built anew for all", w->in.ref);
}

static int
build_locked(struct work *w, int lock_fd, struct imgcache_error *err)
{
	struct builder b = {
		.in = &w->in,
		.found = &w->f,
		.options = w->e->build,
		.reason = w->a->reason,
		.detail = w->a->detail,
		.lock_fd = lock_fd,
		.is_job = w->e->promised,
	};
	int ret = builder_run(&b, w->a, err);

	builder_release(&b);
	if (!ret && !w->push)
		ret = trust_decide(&w->in, false, &w->push, err);
	if (!ret && w->push)
		ret = push_locked(w, lock_fd, err);
	if (!ret)
		warn_unused(w);
	return ret;
}

static int
fail_moved(const struct inputs *now, struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_ECHANGED, "the sources changed before "
			 "the build began: they are '%s' now; build again",
			 now->tag);
}

/*
 * What moved while another was at it is not void: the build is of what is there
 * when it begins, if that still has the key.
 */
static int
take_again(struct work *w, struct imgcache_error *err)
{
	static const struct inputs_options none;
	struct inputs now;
	int ret = inputs_take(w->in.r, &none, &now, err);

	if (!ret && strcmp(now.tag, w->in.tag))
		ret = fail_moved(&now, err);
	if (!ret) {
		struct inputs was = w->in;

		w->in = now;
		now = was;
	}
	inputs_release(&now);
	return ret;
}

static int
build(struct work *w, struct imgcache_error *err)
{
	struct turn turn = TURN_INIT;
	bool hit = false;
	int ret = ensure_needs(w->in.r, w->e, err);

	if (!ret && !session_is_disabled(w->in.ic))
		ret = session_catalog(w->in.ic, CATALOG_WRITE, err);
	if (!ret)
		ret = turn_take(&turn, &w->in, "build", err);
	if (!ret)
		ret = look_again(w, turn.waited, err);
	hit = !ret && w->a->state == IMGCACHE_HIT;
	if (!ret && !hit && !why_bypassed(w))
		ret = turn_failure(&turn, &w->in, w->e->build, w->a, err);
	if (!ret && !hit && turn.waited)
		ret = take_again(w, err);
	if (!ret && !hit)
		ret = build_locked(w, turn.lock.fd, err);
	turn_end(&turn);
	return hit && w->push ? push_hit(w, err) : ret;
}

static int
miss(struct work *w, struct imgcache_error *err)
{
	if (w->e->only_look)
		return say_no(w->a, err);
	return w->e->build->dry_run ? 0 : build(w, err);
}

/* No registry says yes or no. */
static int
without_registry(struct work *w, struct imgcache_error *err)
{
	if (!unknown_builds(w))
		return error_set(err, IMGCACHE_EUNKNOWN, "%.800s; "
				 "--on-unknown=build goes on without it",
				 w->a->detail);
	session_warn(w->in.ic, "%s; going on without it", w->a->detail);
	w->a->state = IMGCACHE_MISS;
	return miss(w, err);
}

/* What this process has promised waits for nobody but itself. */
static void
tell_if_alive(struct work *w)
{
	if (!w->e->promised || alive_builds(w->in.ic, w->in.tag))
		alive_tell(w->in.ic, w->in.tag, w->a);
}

/* An image that was removed since it was found is looked for once more. */
static int
look_for_removed(struct work *w, struct imgcache_error *err)
{
	w->a->state = IMGCACHE_MISS;
	w->a->reason = IMGCACHE_GONE;
	w->a->detail = NULL;
	return look_farther(w, err);
}

/* The names of -t, before it counts: what cannot be named is no hit. */
static int
name_hit(struct work *w, struct imgcache_error *err)
{
	int ret = tags_put(&w->in, w->e->build, w->a, err);

	w->is_named = !ret;
	if (ret != IMGCACHE_EBUSY)
		return ret;
	error_clear(err);
	return look_for_removed(w, err);
}

static int
decide(struct work *w, struct imgcache_error *err)
{
	const struct ensure *e = w->e;
	struct imgcache_answer *a = w->a;
	const char *why = why_bypassed(w);
	int ret = 0;

	if (a->state == IMGCACHE_HIT && !why && !e->only_look &&
	    !e->build->dry_run)
		ret = name_hit(w, err);
	if (ret)
		return ret;
	tell_if_alive(w);
	if (!why && !e->build->dry_run && !e->uncounted)
		lookup_count(&w->in, &w->f, e->verb, a);
	if (a->state == IMGCACHE_UNKNOWN &&
	    a->reason == IMGCACHE_REGISTRY_UNKNOWN && !e->only_answer)
		return without_registry(w, err);
	if (a->state == IMGCACHE_UNKNOWN)
		return say_no(a, err);
	if (a->state == IMGCACHE_HIT && !why)
		return w->push && !e->build->dry_run ? push_hit(w, err) : 0;
	if (why && a->state == IMGCACHE_HIT) {
		a->state = IMGCACHE_MISS;
		a->reason = IMGCACHE_ASKED;
		a->detail = why;
	}
	return miss(w, err);
}

/*
 * The inputs of an image on another of the project may need that one to be
 * there: what its user is only the image itself can tell.
 */
static int
take_inputs(struct imgcache_recipe *r, struct work *w,
	    struct imgcache_error *err)
{
	struct inputs_options o = {
		.fresh_bases = w->e->build->rebuild || w->e->build->pull
	};
	int ret = inputs_take(r, &o, &w->in, err);

	if (ret == IMGCACHE_EFAIL && w->in.needs_base && w->e->instead)
		error_prefix(err, "its id is not known before what it is built "
			     "from is there, or without a 'user'");
	if (ret != IMGCACHE_EFAIL || !w->in.needs_base || w->e->only_look ||
	    w->e->build->dry_run || w->e->instead)
		return ret;
	error_clear(err);
	ret = ensure_needs(r, w->e, err);
	if (ret)
		return ret;
	inputs_release(&w->in);
	return inputs_take(r, &o, &w->in, err);
}

/* A build in the background was promised under a key. */
static int
check_key(const struct work *w, struct imgcache_error *err)
{
	if (!w->e->tag || !strcmp(w->e->tag, w->in.tag))
		return 0;
	return fail_moved(&w->in, err);
}

/* The engine's answer is known: is it left to somebody else to go on? */
static bool
is_left(const struct work *w)
{
	return w->e->instead && w->a->state != IMGCACHE_UNKNOWN &&
		(w->a->state != IMGCACHE_HIT || w->push || why_bypassed(w));
}

/*
 * An image that was removed meanwhile is built after all: who builds wants it
 * there.
 */
static int
give_names(struct work *w, struct imgcache_error *err)
{
	int ret = w->is_named ? 0 : tags_put(&w->in, w->e->build, w->a, err);

	if (ret != IMGCACHE_EBUSY || w->a->built)
		return ret;
	error_clear(err);
	ret = look_for_removed(w, err);
	if (!ret && w->a->state == IMGCACHE_UNKNOWN)
		ret = without_registry(w, err);
	else if (!ret && w->a->state == IMGCACHE_MISS)
		ret = build(w, err);
	return ret ? ret : tags_put(&w->in, w->e->build, w->a, err);
}

static int
look_and_decide(struct imgcache_recipe *r, const struct ensure *e,
		struct imgcache_answer *a, struct imgcache_error *err)
{
	int64_t start = clock_mono_us();
	struct work w = { .e = e, .a = a };
	bool done = false;
	int ret = cachetexts_check_given(e->build, err);

	if (!ret)
		ret = use_static(r, a, &done, err);
	if (ret || done)
		return ret;
	hints_send(r);
	ret = take_inputs(r, &w, err);
	if (!ret)
		ret = check_key(&w, err);
	if (!ret)
		ret = tags_may_be_given(&w.in, e->build, err);
	if (!ret && e->build->push && !tags_are_all(&w.in, e->build))
		ret = trust_decide(&w.in, true, &w.push, err);
	else if (!ret && e->pushes_hits)
		ret = trust_decide(&w.in, false, &w.push, err);
	if (!ret)
		ret = hold(&w, err);
	if (!ret)
		ret = lookup_image(&w.in, &w.f, a, err);
	if (!ret)
		take_promised(&w);
	if (!ret && is_left(&w)) {
		ret = e->instead(e->payload, &w.in, &w.f, err);
		goto out;
	}
	if (!ret && a->state == IMGCACHE_MISS && !why_bypassed(&w))
		ret = look_farther(&w, err);
	a->elapsed_us = clock_mono_us() - start;
	if (!ret)
		hints_keep(&w.in);
	if (!ret)
		ret = decide(&w, err);
	if (!ret && !e->build->dry_run)
		ret = give_names(&w, err);
	if (!ret && !e->build->dry_run)
		ret = tags_push(&w.in, e->build, a, err);
out:
	inputs_release(&w.in);
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
