/* SPDX-License-Identifier: MIT */
#include "builder/redo.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "key/generation.h"
#include "key/kept.h"
#include "key/side.h"
#include "store/invalidations.h"
#include "store/redone.h"

/* Where platforms are built one by one each has its own to do. */
static const char *
name_of(const struct builder *b, const char *stage)
{
	const char *only = b->platforms && b->platforms[0] &&
		!b->platforms[1] ? b->platforms[0] : NULL;

	if (!only || b->in->r->recipe->platforms.n < 2)
		return stage;
	return arena_printf(&b->in->ic->arena, "%s %s", stage, only);
}

static struct redone_stage
row_of(const struct builder *b, const char *stage)
{
	return (struct redone_stage){
		.engine = b->found->engine ? b->found->engine : "",
		.project = b->in->r->recipe->root,
		.image = b->in->r->recipe->name,
		.stage = name_of(b, stage),
	};
}

static int
plan_stage(struct redo *r, const struct builder *b, const char *stage,
	   struct imgcache_error *err)
{
	const struct redone_stage row = row_of(b, stage);
	const struct invalidation_stage s = {
		row.project, row.image, stage
	};
	struct catalog *cat = b->in->ic->catalog;
	int64_t moment, done = 0;
	int ret = invalidations_of_stage(cat, &s, &moment, err);

	if (ret || !moment)
		return ret;
	ret = redone_get(cat, &row, &done, err);
	if (ret || done >= moment)
		return ret;
	mem_grow(r->marks, r->n_marks, r->cap_marks);
	r->marks[r->n_marks++] = (struct redo_mark){ stage, moment };
	if (!r->everything)
		strv_push(&r->stages, stage);
	return 0;
}

/* Another salt than that of the last image asks for every step anew. */
static int
plan_salt(struct redo *r, const struct builder *b, struct imgcache_error *err)
{
	struct side before = {0}, now = {0};
	struct image_list list = {0};
	int ret = kept_last(b->in, b->found->engine, &list, err);

	if (ret || !list.n)
		goto out;
	ret = side_kept(&before, b->in->ic, &list.v[0], err);
	if (!ret)
		ret = side_now(&now, b->in, err);
	if (!ret)
		r->everything |= !str_is(side_value(&before, "salt", NULL),
					 side_value(&now, "salt", NULL));
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
out:
	side_release(&before);
	side_release(&now);
	image_list_release(&list);
	return ret;
}

/*
 * Those that this build alone is to do anew, as docker takes them: with commas,
 * in either case. Docker says nothing of a name that no stage has.
 */
static int
plan_filter(struct redo *r, const struct builder *b,
	    struct imgcache_error *err)
{
	const char *const *list = b->options->no_cache_filter;
	struct strv names = {0};
	size_t i;
	int ret = 0;

	for (; list && *list; list++)
		strv_split(&names, *list, ",");
	for (i = 0; !ret && i < names.n; i++) {
		char *name = str_lower(names.v[i]);

		if (!strv_has(&b->in->stage_names, name))
			ret = error_set(err, IMGCACHE_EUSAGE, "--no-cache-"
					"filter: the build has no stage '%.80s'",
					name);
		else if (!r->everything && !strv_has(&r->stages, name))
			strv_push(&r->stages, name);
		free(name);
	}
	strv_release(&names);
	return ret;
}

/*
 * All of it: once after it was invalidated, whatever is the reason of the next
 * build. One without a name is known by its key alone.
 */
static int
plan_whole(struct redo *r, const struct builder *b, struct imgcache_error *err)
{
	const struct redone_stage row = row_of(b, "");
	const struct lookup_found *f = b->found;
	int64_t moment, done = f->has_row ? f->row.generation : INT64_MAX;
	int ret = generation_whole(b->in, &moment, err);

	if (!ret && row.image)
		ret = redone_get(b->in->ic->catalog, &row, &done, err);
	if (ret || !moment)
		return ret;
	if (b->reason == IMGCACHE_INVALIDATED && f->stale < done)
		done = f->stale;
	r->everything |= moment > done;
	if (r->everything && row.image) {
		mem_grow(r->marks, r->n_marks, r->cap_marks);
		r->marks[r->n_marks++] = (struct redo_mark){ "", moment };
	}
	return 0;
}

int
redo_plan(struct redo *r, const struct builder *b, struct imgcache_error *err)
{
	const struct strv *names = &b->in->stage_names;
	bool any = false;
	size_t i;
	int ret = 0;

	r->everything = b->options->rebuild || b->options->no_layers ||
		b->in->cache_is_blind;
	if (session_is_disabled(b->in->ic))
		return plan_filter(r, b, err);
	ret = plan_whole(r, b, err);
	if (!ret)
		ret = plan_salt(r, b, err);
	if (!ret && names->n)
		ret = invalidations_any_stage(b->in->ic->catalog, &any, err);
	for (i = 0; !ret && any && i < names->n; i++)
		ret = plan_stage(r, b, names->v[i], err);
	return ret ? ret : plan_filter(r, b, err);
}

int
redo_done(const struct redo *r, const struct builder *b,
	  struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < r->n_marks; i++) {
		const struct redone_stage row = row_of(b, r->marks[i].stage);

		ret = redone_set(b->in->ic->catalog, &row, r->marks[i].moment,
				 err);
	}
	return ret;
}

void
redo_release(struct redo *r)
{
	strv_release(&r->stages);
	free(r->marks);
	memset(r, 0, sizeof(*r));
}
