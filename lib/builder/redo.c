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

/* One that was only promised has no layers. */
static bool
has_built(const struct image_row *row)
{
	return row->status != IMAGE_PENDING || row->image_id;
}

/* What came from elsewhere says nothing of the layers here. */
static int64_t
generation_of(const struct image_row *row)
{
	return str_is(row->origin, "built") ? row->generation : 0;
}

/* What the catalog has of the name, or of one without a name its last. */
static int
list_made(const struct builder *b, struct image_list *list,
	  struct imgcache_error *err)
{
	struct image_filter filter = {
		.engine = b->found->engine,
		.name = b->in->r->recipe->name,
		.project = b->in->r->recipe->root,
	};

	return filter.name ?
		images_list(b->in->ic->catalog, &filter, list, err) :
		kept_last(b->in, filter.engine, list, err);
}

/*
 * Up to where it has been built anew; INT64_MAX: nothing was built here by that
 * name, of those files, nor tried to.
 */
static int
last_generation(const struct builder *b, int64_t *out,
		struct imgcache_error *err)
{
	const struct lookup_found *f = b->found;
	struct image_list list = {0};
	int64_t newest = -1;
	size_t i;
	int ret = 0;

	if (f->is_stale)
		newest = f->stale;
	else if (f->has_row && has_built(&f->row))
		newest = generation_of(&f->row);
	else
		ret = list_made(b, &list, err);
	for (i = 0; !ret && i < list.n; i++)
		if (has_built(&list.v[i]) &&
		    str_is(list.v[i].key.platform, b->in->platform) &&
		    generation_of(&list.v[i]) > newest)
			newest = generation_of(&list.v[i]);
	image_list_release(&list);
	*out = newest < 0 ? INT64_MAX : newest;
	return ret;
}

/* One of several platforms, built for a push: no row says when it was. */
static bool
is_part(const struct builder *b)
{
	return b->in->r->recipe->platforms.n > 1 && b->platforms &&
		b->platforms[0] && !b->platforms[1] &&
		strcmp(b->platforms[0], b->in->local);
}

static const char *
part_stage(const struct builder *b)
{
	return b->in->r->recipe->name ? "" : b->in->tag;
}

/* There is a mark of its last build; and where all is younger, nothing stale. */
static int
last_part(const struct builder *b, int64_t moment, int64_t *out,
	  struct imgcache_error *err)
{
	const struct redone_stage mark = row_of(b, part_stage(b));
	const struct lookup_found *f = b->found;
	struct image_list list = {0};
	bool is_older = f->has_row && f->row.created_at <= moment;
	size_t i;
	int ret = redone_get(b->in->ic->catalog, &mark, out, err);

	if (!ret)
		ret = list_made(b, &list, err);
	for (i = 0; !ret && i < list.n; i++)
		is_older |= list.v[i].created_at <= moment;
	if (!ret && !is_older)
		*out = INT64_MAX;
	image_list_release(&list);
	return ret;
}

/*
 * All of it: once after it was invalidated, whatever is the reason of the next
 * build that goes well. Of what was never built nothing is stale.
 */
static int
plan_whole(struct redo *r, const struct builder *b, struct imgcache_error *err)
{
	int64_t moment, done;
	int ret = generation_whole(b->in, &moment, err);

	if (!ret && moment)
		ret = is_part(b) ? last_part(b, moment, &done, err) :
			last_generation(b, &done, err);
	if (ret || !moment || moment <= done)
		return ret;
	r->everything = r->is_stale = true;
	if (is_part(b)) {
		mem_grow(r->marks, r->n_marks, r->cap_marks);
		r->marks[r->n_marks++] = (struct redo_mark){
			part_stage(b), moment
		};
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
