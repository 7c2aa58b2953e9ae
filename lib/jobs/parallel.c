/* SPDX-License-Identifier: MIT */
/*
 * Several images at once are builds in the background that we wait for: each
 * has a process of its own already. They end with us if we are interrupted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "builder/ensure.h"
#include "jobs/background.h"
#include "keep/prune.h"
#include "lookup/lookup.h"
#include "session/alive.h"
#include "session/bake.h"
#include "store/jobs.h"
#include "sys/clock.h"
#include "sys/signals.h"

#define POLL_MS 100

struct task {
	struct imgcache_recipe *r;
	struct imgcache_answer *a;
	const struct imgcache_image *image;	/* NULL: nothing to wait for */
	bool has_begun;
	struct imgcache_error err;
};

struct parallel {
	struct imgcache *ic;
	const struct imgcache_build_options *build;
	struct task *v;
	size_t n;
};

static void
say(struct parallel *p, const struct task *t, enum imgcache_event_type type,
    const char *text)
{
	const struct imgcache_event e = {
		.type = type,
		.name = t->a->name,
		.ref = t->a->ref,
		.text = text,
		.log = t->a->log,
		.steps = t->a->steps,
		.cached = t->a->cached,
		.elapsed_us = t->a->elapsed_us,
	};

	session_event(p->ic, &e);
}

/* What the catalog knows of the job's own build, as far as it is. */
static int
look_at_build(struct parallel *p, struct task *t, struct imgcache_error *err)
{
	struct build_filter last = {
		.engine = t->image->engine, .tag = t->image->tag, .limit = 1
	};
	struct build_list builds = {0};
	struct job_list jobs = {0};
	const struct build_row *b;
	const char *why, *detail;
	int ret = session_catalog(p->ic, CATALOG_READ, err);

	if (!ret)
		ret = jobs_get(p->ic->catalog, t->image->row, &jobs, err);
	if (!ret && jobs.n)
		ret = builds_list(p->ic->catalog, &last, &builds, err);
	if (ret || !builds.n || builds.v[0].id <= jobs.v[0].last_build)
		goto out;
	b = builds.v;
	t->a->log = arena_strdup(&p->ic->arena, b->log_path);
	t->a->steps = (int)b->steps_total;
	t->a->cached = (int)b->steps_cached;
	t->a->elapsed_us = b->duration_us;
	t->a->built = b->status == BUILD_COMPLETED;
	why = imgcache_reason_text(b->reason);
	detail = b->reason == t->a->reason ? t->a->detail : NULL;
	if (!t->has_begun)
		say(p, t, IMGCACHE_JOB_BEGIN, !detail ? why :
		    arena_printf(&p->ic->arena, "%s: %s", why, detail));
	t->has_begun = true;
out:
	build_list_release(&builds);
	job_list_release(&jobs);
	return ret;
}

/*
 * Somebody else has built it: it is there now, with its names and its push. That
 * it was not when it was asked for has been counted, see leave().
 */
static int
take_over(struct parallel *p, struct task *t, struct imgcache_error *err)
{
	const struct imgcache_build_options build = bake_options(t->r,
								 p->build);
	const struct ensure e = {
		.verb = lookup_verb(&build), .build = &build,
		.uncounted = t->a->reason != IMGCACHE_REASON_NONE,
	};
	int ret;

	memset(t->a, 0, sizeof(*t->a));
	ret = ensure_image(t->r, &e, t->a, &t->err);
	if (!ret && (t->a->built || t->a->pulled))
		prune_after_arrival(p->ic);
	if (ret == IMGCACHE_EINTR) {
		*err = t->err;
		return ret;
	}
	if (ret)
		t->a->error = arena_strdup(&p->ic->arena, t->err.text);
	say(p, t, IMGCACHE_JOB_END, t->a->error);
	return 0;
}

static int
end(struct parallel *p, struct task *t, struct imgcache_error *err)
{
	const struct imgcache_image *now;
	int ret = look_at_build(p, t, err);

	if (ret)
		return ret;
	ret = imgcache_wait(p->ic, t->image, -1, &now, &t->err);
	if (ret == IMGCACHE_EINTR) {
		*err = t->err;
		return ret;
	}
	t->image = NULL;
	if (ret) {
		t->a->error = arena_strdup(&p->ic->arena, t->err.text);
		say(p, t, IMGCACHE_JOB_END, t->a->error);
		return 0;
	}
	if (!t->a->is_started)
		return take_over(p, t, err);
	t->a->state = IMGCACHE_HIT;
	t->a->image_id = now->image_id;
	t->a->size_bytes = now->size_bytes;
	t->a->digest = now->digest;
	t->a->pushed_ref = now->pushed_ref;
	t->a->pulled = !t->a->built && now->origin &&
		!strcmp(now->origin, "pulled");
	say(p, t, IMGCACHE_JOB_END, NULL);
	return 0;
}

static int
wait_for_all(struct parallel *p, struct imgcache_error *err)
{
	const struct imgcache_event tick = { .type = IMGCACHE_TICK };
	size_t i, left = 1;
	int ret = 0;

	while (!ret && left) {
		left = 0;
		for (i = 0; !ret && i < p->n; i++) {
			struct task *t = &p->v[i];

			if (!t->image)
				continue;
			if (alive_job(p->ic, t->image->tag)) {
				left++;
				if (!t->has_begun)
					ret = look_at_build(p, t, err);
			} else {
				ret = end(p, t, err);
			}
		}
		if (!ret)
			ret = signals_check(err);
		if (!ret && left) {
			clock_sleep_ms(POLL_MS);
			session_event(p->ic, &tick);
		}
	}
	return ret;
}

/* Those that were started here; the last one first, as it may need others. */
static void
cancel_all(struct parallel *p)
{
	size_t i = p->n;

	while (i-- > 0) {
		struct imgcache_error ignored = {0};

		if (p->v[i].image && p->v[i].a->is_started)
			(void)imgcache_cancel(p->ic, p->v[i].image, &ignored);
	}
}

/* An answer that was begun, and no more, looks like a hit without an image. */
static bool
has_come_out(const struct imgcache_answer *a)
{
	return a->state == IMGCACHE_HIT && a->ref &&
		(a->image_id || a->is_static);
}

/* What has neither come out nor failed by itself has another's failure. */
static void
tell_cancelled(struct parallel *p, size_t failed, size_t n,
	       const struct imgcache_error *err, struct imgcache_answer *out)
{
	struct arena *arena = &p->ic->arena;
	const char *name = failed < p->n && p->v[failed].r->recipe->name ?
		p->v[failed].r->recipe->name : NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (out[i].error || (i < p->n && i != failed &&
				     has_come_out(&out[i])))
			continue;
		if (i == failed)
			out[i].error = arena_strdup(arena, err->text);
		else if (name)
			out[i].error = arena_printf(arena, "cancelled: '%s' "
						    "failed", name);
		else
			out[i].error = arena_printf(arena, "cancelled: %.900s",
						    err->text);
	}
}

/* The first that failed, in the order asked for. */
static int
first_failure(const struct parallel *p, struct imgcache_error *err)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->v[i].err.code) {
			*err = p->v[i].err;
			return err->code;
		}
	return 0;
}

/*
 * What the key of an image is may only be known when what it is built from is
 * there: then those before it come to their end first.
 */
static int
start(struct parallel *p, struct imgcache_recipe *r, struct background *b,
      struct imgcache_error *err)
{
	struct task *t = &p->v[p->n];
	int ret = background_start(r, b, t->a, err);

	if (ret == IMGCACHE_EFAIL && r->image && r->image->n_needs) {
		error_clear(err);
		ret = wait_for_all(p, err);
		if (!ret)
			ret = background_start(r, b, t->a, err);
	}
	if (!ret && t->a->state == IMGCACHE_MISS)
		ret = imgcache_find(p->ic, t->a->tag, &t->image, err);
	return ret;
}

/* Where nothing is recorded nobody could be asked how it went. */
static int
build_one(struct parallel *p, struct imgcache_recipe *r,
	  const struct imgcache_build_options *o, struct imgcache_error *err)
{
	struct task *t = &p->v[p->n];
	int ret = imgcache_build(p->ic, r, o, t->a, err);

	if (ret)
		t->a->error = arena_strdup(&p->ic->arena, err->text);
	return ret;
}

int
imgcache_build_many(struct imgcache *ic, struct imgcache_recipe *const *recipes,
		    size_t n, const struct imgcache_start_options *o,
		    struct imgcache_answer *out, struct imgcache_error *err)
{
	struct background b = {
		.build = &o->build, .verb = lookup_verb(&o->build),
		.jobs = o->jobs, .is_attended = true,
	};
	struct parallel p = {
		.ic = ic, .build = &o->build, .v = mem_array(n + 1, sizeof(*p.v))
	};
	size_t failed = n;
	int ret = 0;

	memset(out, 0, n * sizeof(*out));
	for (; !ret && p.n < n; p.n++) {
		p.v[p.n].r = recipes[p.n];
		p.v[p.n].a = &out[p.n];
		ret = session_is_disabled(ic) ?
			build_one(&p, recipes[p.n], &o->build, err) :
			start(&p, recipes[p.n], &b, err);
		if (ret && ret != IMGCACHE_EINTR)
			failed = p.n;
	}
	if (!ret)
		ret = wait_for_all(&p, err);
	if (ret) {
		cancel_all(&p);
		tell_cancelled(&p, failed, n, err, out);
	} else {
		ret = first_failure(&p, err);
	}
	background_release(&b);
	free(p.v);
	return ret;
}
