/* SPDX-License-Identifier: MIT */
#include "jobs/background.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "builder/ensure.h"
#include "jobs/words.h"
#include "keep/prune.h"
#include "lookup/arrival.h"
#include "lookup/lookup.h"
#include "session/alive.h"
#include "session/bake.h"
#include "store/jobs.h"
#include "sys/clock.h"
#include "sys/detach.h"
#include "sys/signals.h"

#define TAKE_MS 300		/* somebody may just be looking at a lock */
#define POLL_MS 50
#define TURN_MS 100
#define STARTING "start of a " ALIVE_JOB

/* One of the call: what later ones may be built from. */
struct background_promised {
	const struct project_image *image;
	const char *tag;
	int64_t row;
	bool is_ours;
};

struct job {
	struct background *b;
	struct imgcache_build_options build;	/* the call's and the recipe's */
	struct imgcache_recipe *r;
	struct imgcache_answer *answer;	/* that it is missing, and why */
	const char *tag;
	struct image_key key;
	int64_t row;
	struct image_row was;	/* the row of an image that is gone */
	const char *log;
	struct lock lock;
	struct lock slot;	/* one of the call's few */
	bool is_left;		/* there is something to be done */
	bool is_unkeyed;	/* there is an image, of sources that moved */
};

static int
make_row(struct job *j, struct inputs *in, const struct lookup_found *f,
	 struct imgcache_error *err)
{
	struct image_row row = arrival_row(in, &f->key);

	row.status = IMAGE_PENDING;
	row.origin = "built";
	/* until it is built; see redo.c */
	if (f->has_row && str_is(f->row.origin, "built"))
		row.generation = f->row.generation;
	j->row = f->row.id;
	/* what is there stays so until it is replaced */
	if (f->has_row && (f->row.status == IMAGE_COMPLETED ||
			   (f->row.status == IMAGE_BUILDING &&
			    alive_builds(in->ic, in->tag))))
		return 0;
	if (f->has_row)
		j->was = f->row;
	return images_put(in->ic->catalog, &row, &j->row, err);
}

/* Both or none: a row alone would be pending for ever. */
static int
record_start(struct job *j, struct inputs *in, const struct lookup_found *f,
	     struct imgcache_error *err)
{
	struct catalog *cat = in->ic->catalog;
	int ret = catalog_begin(cat, err);

	if (ret)
		return ret;
	ret = make_row(j, in, f, err);
	if (!ret)
		ret = jobs_start(cat, j->row, j->log, err);
	if (!ret)
		return catalog_commit(cat, err);
	catalog_rollback(cat);
	return ret;
}

static int
name_slots(struct job *j, struct imgcache_error *err)
{
	struct imgcache *ic = j->r->ic;
	const char *dir;

	if (j->b->slots || session_state_dir(ic, "locks", &dir, err))
		return err->code;
	j->b->slots = arena_printf(&ic->arena, "%s/slot-%d-%lld", dir,
				   (int)getpid(), (long long)clock_now_us());
	return 0;
}

/* Nothing more comes of this lookup, so it is counted here. */
static void
count(struct job *j, struct inputs *in, const struct lookup_found *f)
{
	const struct imgcache_answer *a = j->answer;

	if (a->state == IMGCACHE_MISS && !j->b->uncounted &&
	    !ensure_bypassed(in->ic, &j->build))
		lookup_count(in, f, j->b->verb, a);
}

/* Somebody is at it, who knows nothing of what else is asked for here. */
static int
leave(struct job *j, struct inputs *in, const struct lookup_found *f,
      struct imgcache_error *err)
{
	bool is_anew = ensure_bypassed(in->ic, &j->build);
	const char *const *tags = j->build.tags;
	char id[13];

	error_clear(err);
	j->row = f->row.id;
	alive_tell(in->ic, in->tag, j->answer);
	count(j, in, f);
	if (j->b->is_attended)
		return 0;
	if (!j->build.push && !(tags && *tags) && !is_anew)
		return 0;
	image_short_id(j->tag, id);
	return error_set(err, IMGCACHE_EBUSY, "%s is being built already, "
			 "%s: imgcache wait %s, then build again", id,
			 is_anew ? "which may be without what this asks to "
			 "build anew" : "without these names or this push",
			 id);
}

/* An ensure.instead: the row, the lock and the log of a job. */
static int
promise(void *payload, struct inputs *in, const struct lookup_found *f,
	struct imgcache_error *err)
{
	struct job *j = payload;
	struct imgcache *ic = in->ic;
	const char *dir, *path;
	int ret;

	if (session_is_disabled(ic))
		return error_set(err, IMGCACHE_EFAIL, "the cache is switched "
				 "off, so nothing would be known of a build in "
				 "the background; build without it");
	if (session_catalog(ic, CATALOG_WRITE, err) ||
	    session_state_dir(ic, "locks", &dir, err) || name_slots(j, err) ||
	    session_state_dir(ic, "logs", &dir, err))
		return err->code;
	j->is_left = true;
	j->tag = arena_strdup(&ic->arena, in->tag);
	j->key.engine = f->engine;
	j->key.tag = j->tag;
	j->key.platform = arena_strdup(&ic->arena, in->platform);
	path = alive_job_lock(ic, in->tag);
	assert(path);	/* there is the folder of locks */
	ret = lock_take(&j->lock, path, LOCK_EXCLUSIVE, TAKE_MS, STARTING, err);
	if (ret == IMGCACHE_EBUSY)
		return leave(j, in, f, err);
	j->log = arena_printf(&ic->arena, "%s/%s-%d-%lld-job.log", dir, j->tag,
			      (int)getpid(), (long long)clock_now_us());
	if (!ret)
		ret = record_start(j, in, f, err);
	if (ret)
		lock_discard(&j->lock);
	return ret;
}

static void
begin(void *payload)
{
	struct job *j = payload;

	lock_adopt(&j->lock, ALIVE_JOB);
}

static void
say(void *payload, const struct imgcache_event *e)
{
	const struct job *j = payload;

	words_log(e, j->answer->ref);
}

static const struct background_promised *
find_promised(const struct background *b, const struct project_image *image)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->v[i].image == image)
			return &b->v[i];
	return NULL;
}

/* What is built from it ends as it did. */
static int
fail_for(const struct background_promised *need, const struct job_row *row,
	 struct imgcache_error *err)
{
	const char *name = need->image->recipe.name;
	bool failed = row->status == BUILD_FAILED;
	int code = row->status == BUILD_CHANGED ? IMGCACHE_ECHANGED :
		row->status == BUILD_INTERRUPTED ? IMGCACHE_EINTR :
		IMGCACHE_EBUILD;

	return error_set(err, code, "'%.200s', which it is built from: %.500s"
			 "%s%.200s", name, row->error ? row->error :
			 build_status_text(row->status),
			 failed ? "; see imgcache log " : "",
			 failed ? name : "");
}

static int
check_need(struct job *j, const struct background_promised *need,
	   struct imgcache_error *err)
{
	struct imgcache *ic = j->r->ic;
	struct job_list list = {0};
	int ret = session_catalog(ic, CATALOG_WRITE, err);

	if (!ret)
		ret = alive_settle(ic, NULL, err);
	if (!ret)
		ret = jobs_get(ic->catalog, need->row, &list, err);
	if (!ret && list.n && list.v[0].status != BUILD_COMPLETED)
		ret = fail_for(need, list.v, err);
	job_list_release(&list);
	return ret;
}

/* Those of the same call; what else it is built from ensure.c sees to. */
static int
wait_for_needs(struct job *j, struct imgcache_error *err)
{
	const struct project_image *image = j->r->image;
	const struct background_promised *need;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && image && i < image->n_needs; i++) {
		need = find_promised(j->b, &j->r->ic->project.images[
				     image->needs[i]]);
		if (!need)
			continue;
		strv_push(&j->r->ic->counted, need->tag);
		while (!(ret = signals_check(err)) &&
		       alive_job(j->r->ic, need->tag))
			clock_sleep_ms(POLL_MS);
		if (!ret)
			ret = check_need(j, need, err);
	}
	return ret;
}

/* Does it wait for another of the call? */
static bool
is_blocked(const struct job *j, const struct background_promised *p)
{
	const struct background_promised *need;
	size_t i;

	for (i = 0; p->image && i < p->image->n_needs; i++) {
		need = find_promised(j->b, &j->r->ic->project.images[
				     p->image->needs[i]]);
		if (need && alive_job(j->r->ic, need->tag))
			return true;
	}
	return false;
}

/* Are few enough of those before it at work, or about to be? */
static bool
has_turn(const struct job *j, size_t *first)
{
	const struct background *b = j->b;
	int64_t left = 0;
	size_t i;

	for (i = *first; i < b->n && left < b->jobs; i++) {
		if (!b->v[i].is_ours || !alive_job(j->r->ic, b->v[i].tag))
			*first += i == *first;
		else
			left += !is_blocked(j, &b->v[i]);
	}
	return left < b->jobs;
}

static int
try_slots(struct job *j, struct imgcache_error *err)
{
	int64_t k;
	int ret = IMGCACHE_EBUSY;

	for (k = 0; ret == IMGCACHE_EBUSY && k < j->b->jobs; k++) {
		char *path = mem_printf("%s-%lld", j->b->slots, (long long)k);

		error_clear(err);
		ret = lock_take(&j->slot, path, LOCK_EXCLUSIVE, 0, ALIVE_JOB,
				err);
		free(path);
	}
	return ret;
}

/*
 * In the order of the call, but for those that wait for others; never more at a
 * time than it said, which is for the slots to see to.
 */
static int
wait_for_turn(struct job *j, struct imgcache_error *err)
{
	size_t first = 0;
	int ret = IMGCACHE_EBUSY;

	while (j->b->jobs) {
		if (has_turn(j, &first))
			ret = try_slots(j, err);
		if (ret != IMGCACHE_EBUSY)
			return ret;
		error_clear(err);
		if (signals_check(err))
			return err->code;
		clock_sleep_ms(TURN_MS);
	}
	return 0;
}

static int
build(struct job *j, struct imgcache_error *err)
{
	struct ensure e = {
		.verb = j->b->verb,
		.build = &j->build,
		.uncounted = j->b->uncounted,
		.tag = j->tag,
		.promised = j->answer,
	};
	struct imgcache_answer a = {0};
	int ret = wait_for_needs(j, err);

	if (!ret)
		ret = wait_for_turn(j, err);
	if (!ret)
		ret = ensure_image(j->r, &e, &a, err);
	if (!ret && (a.built || a.pulled))
		prune_after_arrival(j->r->ic);
	j->is_unkeyed = a.changed;
	return ret;
}

/* What was built is no image of the key: that is gone as it was before. */
static int
put_back(struct job *j, struct image_row *row, struct imgcache_error *err)
{
	row->status = j->was.status == IMAGE_PENDING ||
		j->was.status == IMAGE_BUILDING ? IMAGE_INTERRUPTED :
		j->was.status;
	row->status_at = j->was.status_at;
	row->origin = j->was.origin;
	row->generation = j->was.generation;
	return images_put(j->r->ic->catalog, row, NULL, err);
}

/*
 * If the build did not come so far as to have it. While somebody else builds,
 * the row tells of that one.
 */
static int
end_image(struct job *j, enum image_status image, const char *error,
	  struct imgcache_error *err)
{
	struct imgcache *ic = j->r->ic;
	const char *path = alive_build_lock(ic, j->tag);
	struct imgcache_error ignored = {0};
	struct image_list list = {0};
	struct lock build = LOCK_INIT;
	int ret = 0;

	if (path && lock_take(&build, path, LOCK_EXCLUSIVE, TAKE_MS, ALIVE_JOB,
			      &ignored))
		goto out;
	ret = images_get(ic->catalog, &j->key, &list, err);
	if (!ret && list.n && (list.v[0].status == IMAGE_PENDING ||
			       list.v[0].status == IMAGE_BUILDING))
		ret = j->is_unkeyed && j->was.id ? put_back(j, &list.v[0], err) :
			images_set_status(ic->catalog, j->row, image, error,
					  err);
out:
	lock_release(&build);
	image_list_release(&list);
	return ret;
}

static int
record_end(struct job *j, enum build_status status, enum image_status image,
	   const char *error, struct imgcache_error *err)
{
	int ret = session_catalog(j->r->ic, CATALOG_WRITE, err);

	if (!ret && status != BUILD_COMPLETED)
		ret = end_image(j, image, error, err);
	if (!ret)
		ret = jobs_finish(j->r->ic->catalog, j->row, status, error,
				  err);
	return ret;
}

static void
end(struct job *j, int code, const char *error)
{
	struct imgcache_error err = {0};
	enum build_status status = BUILD_FAILED;
	enum image_status image = IMAGE_FAILED;

	if (code == 0) {
		status = BUILD_COMPLETED;
		image = IMAGE_COMPLETED;
		error = NULL;
	} else if (code == IMGCACHE_ECHANGED) {
		status = BUILD_CHANGED;
		image = IMAGE_CHANGED;
	} else if (code == IMGCACHE_EINTR) {
		status = BUILD_INTERRUPTED;
		image = IMAGE_INTERRUPTED;
	}
	if (error)
		dprintf(STDERR_FILENO, "%s\n", error);
	if (record_end(j, status, image, error, &err))
		dprintf(STDERR_FILENO, "not recorded: %s\n", err.text);
}

static int
live(void *payload)
{
	struct job *j = payload;
	struct imgcache_error err = {0};
	int ret;

	j->r->ic->on_event = say;
	j->r->ic->payload = j;
	ret = build(j, &err);
	words_cut_log(j->r, j->tag, err.text);
	end(j, ret, err.text);
	session_drop(j->r->ic);
	lock_discard(&j->slot);
	lock_discard(&j->lock);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
start(struct job *j, struct imgcache_error *err)
{
	struct detach d = {
		.keep_fd = j->lock.fd, .begin = begin, .run = live, .payload = j
	};
	int ret;

	d.output_fd = open(j->log, O_WRONLY | O_APPEND | O_CREAT | O_EXCL |
			   O_CLOEXEC, 0600);
	if (d.output_fd < 0) {
		ret = error_errno(err, IMGCACHE_EFAIL, "cannot write '%s'",
				  j->log);
	} else {
		session_drop(j->r->ic);
		ret = detach_run(&d, err);
		close(d.output_fd);
	}
	if (!ret) {
		lock_leave(&j->lock);
		return 0;
	}
	end(j, ret, NULL);
	lock_discard(&j->lock);
	return ret;
}

static void
note(struct background *b, const struct job *j, bool is_ours)
{
	struct background_promised *p;

	mem_grow(b->v, b->n, b->cap);
	p = &b->v[b->n++];
	p->image = j->r->image;
	p->tag = j->tag;
	p->row = j->row;
	p->is_ours = is_ours;
}

/* It is there: how an earlier build of it ended does not count any more. */
static int
take_hit(struct imgcache *ic, const struct imgcache_answer *a,
	 struct imgcache_error *err)
{
	const char *engine;
	int ret;

	if (!a->tag || session_is_disabled(ic))
		return 0;
	ret = session_engine_name(ic, &engine, err);
	if (!ret)
		ret = session_catalog(ic, CATALOG_READ, err);
	return ret ? ret : jobs_forget(ic->catalog, engine, a->tag, err);
}

int
background_start(struct imgcache_recipe *r, struct background *b,
		 struct imgcache_answer *a, struct imgcache_error *err)
{
	struct job j = {
		.b = b, .r = r, .answer = a,
		.build = bake_options(r, b->build),
		.lock = LOCK_INIT, .slot = LOCK_INIT
	};
	struct ensure e = {
		.verb = b->verb,
		.build = &j.build,
		.uncounted = b->uncounted,
		.instead = promise,
		.payload = &j,
	};
	const char *what;
	int ret = ensure_image(r, &e, a, err);

	if (ret)
		return ret;
	if (!j.is_left)
		return take_hit(r->ic, a, err);
	what = words_doing(r, &j.build, a->state);
	a->state = IMGCACHE_MISS;
	if (j.lock.fd != -1) {
		ret = start(&j, err);
		a->is_started = !ret;
	}
	if (!ret && a->is_started && !b->is_attended)
		words_started(r->ic, a, j.tag, what);
	if (!ret && j.row)
		note(b, &j, a->is_started);
	return ret;
}

void
background_release(struct background *b)
{
	free(b->v);
	b->v = NULL;
	b->n = b->cap = 0;
}

int
imgcache_start(struct imgcache *ic, struct imgcache_recipe *const *recipes,
	       size_t n, const struct imgcache_start_options *o,
	       struct imgcache_answer *out, struct imgcache_error *err)
{
	struct background b = {
		.build = &o->build, .verb = lookup_verb(&o->build),
		.jobs = o->jobs
	};
	size_t i;
	int ret = 0;

	(void)ic;
	memset(out, 0, n * sizeof(*out));
	for (i = 0; !ret && i < n; i++)
		ret = background_start(recipes[i], &b, &out[i], err);
	background_release(&b);
	return ret;
}
