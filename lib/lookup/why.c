/* SPDX-License-Identifier: MIT */
/*
 * Two questions in one: is the image of the inputs there, and if not so, what
 * differs from the last one. The engine is asked only whether it is there;
 * without an answer the catalog says what was known last.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "key/generation.h"
#include "key/kept.h"
#include "key/side.h"
#include "lookup/lookup.h"
#include "lookup/reasons.h"
#include "lookup/refusal.h"
#include "lookup/whysteps.h"
#include "session/alive.h"
#include "store/invalidations.h"

/* So many files are listed; of more it is said how many. */
#define MAX_FILES 10000

struct asking {
	struct imgcache *ic;
	struct inputs *in;		/* NULL: between two images */
	struct lookup_found found;
	struct imgcache_why *out;
};

static const char *
text(struct asking *q, const char *s)
{
	return arena_strdup(&q->ic->arena, s);
}

/* The stage in use that "STAGE" or "NAME:STAGE" means, or NULL. */
static const char *
stage_of(const struct inputs *in, const char *value)
{
	const char *name = in->r->recipe->name;
	const char *stage = strchr(value, ':');

	if (stage && (!name || strncmp(value, name, strlen(name)) ||
		      value + strlen(name) != stage))
		return NULL;
	stage = stage ? stage + 1 : value;
	return strv_has(&in->stage_names, stage) ? stage : NULL;
}

/* Does an invalidation of that scope and value concern these inputs? */
static bool
concerns(const struct inputs *in, const struct invalidation *v)
{
	switch (v->scope) {
	case INVALIDATE_ALL:
		return true;
	case INVALIDATE_NAME:
		return str_is(v->value, in->r->recipe->name) &&
			(!v->project || str_is(v->project,
					       in->r->recipe->root));
	case INVALIDATE_TAG:
		return str_is(v->value, in->tag);
	case INVALIDATE_BASE:
		for (size_t i = 0; i < in->n_bases; i++)
			if (str_is(v->value, in->bases[i].ref))
				return true;
		return false;
	case INVALIDATE_STAGE:
		return stage_of(in, v->value) &&
			(!v->project || str_is(v->project,
					       in->r->recipe->root));
	default:
		return false;
	}
}

static const char *
name_command(struct asking *q, const struct invalidation *by)
{
	const char *stage = by->scope == INVALIDATE_STAGE ?
		stage_of(q->in, by->value) : NULL;

	if (stage)
		return arena_printf(&q->ic->arena, "imgcache invalidate "
				    "--stage %s%s%s", stage,
				    stage == by->value ? "" : " ",
				    stage == by->value ? "" :
				    q->in->r->recipe->name);
	return arena_printf(&q->ic->arena, "imgcache invalidate%s%s",
			    by->scope == INVALIDATE_ALL ? " --all" :
			    by->scope == INVALIDATE_BASE ? " --base " : " ",
			    by->value ? by->value : "");
}

/* By what, and when; of an image that this one is built from only the when. */
static int
name_invalidation(struct asking *q, struct imgcache_error *err)
{
	struct invalidation_list list = {0};
	int ret = invalidations_list(q->ic->catalog, &list, err);
	const struct invalidation *by = NULL;

	for (size_t i = 0; !ret && i < list.n && !by; i++)
		if (concerns(q->in, &list.v[i]))
			by = &list.v[i];
	if (by && by->moment >= q->found.generation) {
		q->out->at = by->moment;
		q->out->detail = name_command(q, by);
	} else if (!ret) {
		q->out->at = q->found.generation;
		q->out->detail = "with an image that it is built from";
	}
	invalidation_list_release(&list);
	return ret;
}

static void
take_row(struct asking *q, const struct image_row *row)
{
	q->out->before_tag = text(q, row->key.tag);
	q->out->before_at = row->built_at ? row->built_at : row->created_at;
	q->out->status = image_status_text(row->status);
	q->out->at = row->status_at;
}

/*
 * Is it the row to go by, rather than best? Of another engine only an image
 * that is there; where nobody knows which engine it is, the latest that was.
 */
static bool
tells_more(const struct asking *q, const struct image_row *row,
	   const struct image_row *best)
{
	bool is_there = row->status == IMAGE_COMPLETED;

	if (q->found.engine)
		return str_is(row->key.engine, q->found.engine) ||
			(is_there && !best);
	if (!is_there && row->status < IMAGE_GONE)
		return false;
	return !best || (is_there == (best->status == IMAGE_COMPLETED) ?
			 row->status_at > best->status_at : is_there);
}

/* Without an engine nobody has judged the image by what was invalidated. */
static int
judge_row(struct asking *q, const struct image_row *row,
	  struct imgcache_error *err)
{
	int ret = generation_required(q->in, &q->found.generation, err);

	if (ret || row->generation >= q->found.generation ||
	    row->status != IMAGE_COMPLETED)
		return ret;
	q->out->reason = IMGCACHE_INVALIDATED;
	return name_invalidation(q, err);
}

/*
 * Where this engine has no image of the key, or does not answer: what the
 * catalog knows of it, here before elsewhere. *known: it has been there.
 */
static int
ask_catalog(struct asking *q, bool *known, struct imgcache_error *err)
{
	const struct image_row *best = NULL;
	struct image_list list = {0};
	int ret = session_catalog(q->ic, CATALOG_READ, err);

	if (!ret)
		ret = images_find(q->ic->catalog, NULL, q->in->tag, &list,
				  err);
	for (size_t i = 0; !ret && i < list.n; i++) {
		const struct image_row *row = &list.v[i];

		if (!strcmp(row->key.platform, q->in->platform) &&
		    tells_more(q, row, best))
			best = row;
	}
	*known = best != NULL;
	if (best) {
		take_row(q, best);
		if (q->found.engine &&
		    strcmp(best->key.engine, q->found.engine))
			q->out->elsewhere = text(q, best->key.engine);
		if (q->out->state == IMGCACHE_UNKNOWN)
			ret = judge_row(q, best, err);
	}
	image_list_release(&list);
	return ret;
}

/* *same: there is, or was, an image of just these inputs. */
static int
ask(struct asking *q, bool *same, struct imgcache_error *err)
{
	struct imgcache_why *out = q->out;
	struct imgcache_answer a;
	int ret = lookup_only(q->in, &q->found, &a, err);

	*same = false;
	if (ret)
		return ret;
	out->state = a.state;
	out->reason = alive_reason(q->in->ic, q->in->tag, a.reason);
	out->detail = a.detail;
	if (q->found.has_row)
		take_row(q, &q->found.row);
	*same = a.state == IMGCACHE_HIT || q->found.has_row ||
		a.reason == IMGCACHE_FOREIGN;
	if (a.reason == IMGCACHE_INVALIDATED)
		return name_invalidation(q, err);
	/* there has not been one yet: what differs from the last is told */
	if (q->found.has_row && (out->reason == IMGCACHE_PENDING ||
				 out->reason == IMGCACHE_BEING_BUILT ||
				 out->reason == IMGCACHE_NEVER_BUILT)) {
		*same = false;
		return 0;
	}
	return *same ? 0 : ask_catalog(q, same, err);
}

static void
hand_out(struct asking *q, const struct changes *c)
{
	struct imgcache_why *out = q->out;
	struct imgcache_stage *stages;
	struct imgcache_change *v;

	stages = arena_alloc(&q->ic->arena, (c->n_stages + 1) *
			     sizeof(*stages));
	if (c->n_stages)
		memcpy(stages, c->stages, c->n_stages * sizeof(*stages));
	out->stages = stages;
	out->n_stages = c->n_stages;
	v = arena_alloc(&q->ic->arena, (c->n + 1) * sizeof(*v));
	for (size_t i = 0; i < c->n; i++)
		v[i] = c->v[i].c;
	out->changes = v;
	out->n_changes = c->n;
	if (c->n_files > c->max_files)
		out->n_more_files = c->n_files - c->max_files;
}

/* b is what there is now, or the later one; last is the image behind a. */
static int
compare(struct asking *q, struct side *a, const struct side *b,
	const struct image_row *last, struct imgcache_error *err)
{
	struct imgcache_why *out = q->out;
	struct changes c;
	int ret;

	side_share_dockerfile(a, b);
	changes_find(&c, a, b, MAX_FILES);
	ret = whysteps_find(&c, last, out, err);
	hand_out(q, &c);
	out->compared = true;
	out->before_tag = text(q, last->key.tag);
	out->before_at = last->built_at ? last->built_at : last->created_at;
	if (out->state != IMGCACHE_HIT && out->state != IMGCACHE_UNKNOWN &&
	    out->reason == IMGCACHE_NEVER_BUILT)
		out->reason = c.n ? reasons_word(&c) : out->reason;
	changes_release(&c);
	return ret;
}

/* One image that a person names; of several platforms any. */
static int
find_image(struct asking *q, const char *what, struct image_list *list,
	   struct imgcache_error *err)
{
	int ret = images_find(q->ic->catalog, NULL, what, list, err);

	if (!ret && !list->n)
		ret = error_set(err, IMGCACHE_ENO, "no image '%s' in the "
				"catalog; see imgcache list", what);
	for (size_t i = 1; !ret && i < list->n; i++)
		if (!list->v[0].manifest && list->v[i].manifest)
			list->v[0] = list->v[i];
	return ret;
}

static int
compare_with(struct asking *q, const struct image_row *last,
	     struct imgcache_error *err)
{
	struct side a, b = {0};
	int ret = side_kept(&a, q->ic, last, err);

	if (!ret)
		ret = side_now(&b, q->in, err);
	if (!ret)
		ret = compare(q, &a, &b, last, err);
	if (!ret)
		q->out->refused = refusal_of(&b);
	side_release(&a);
	side_release(&b);
	return ret;
}

/* With the last image of the name, on this engine or else on any. */
static int
compare_with_last(struct asking *q, struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret = 0;

	if (q->found.engine)
		ret = kept_last(q->in, q->found.engine, &list, err);
	if (!ret && !list.n)
		ret = kept_last(q->in, NULL, &list, err);
	if (!ret && list.n && strcmp(list.v[0].key.tag, q->in->tag))
		ret = compare_with(q, &list.v[0], err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	image_list_release(&list);
	return ret;
}

static int
compare_since(struct asking *q, const char *since, struct imgcache_error *err)
{
	struct image_list list = {0};
	int ret = find_image(q, since, &list, err);

	if (!ret)
		ret = compare_with(q, &list.v[0], err);
	image_list_release(&list);
	return ret;
}

static int
compare_between(struct asking *q, const struct imgcache_why_options *o,
		struct imgcache_error *err)
{
	struct image_list x = {0}, y = {0};
	struct side a = {0}, b = {0};
	int ret = session_catalog(q->ic, CATALOG_READ, err);

	if (!ret)
		ret = find_image(q, o->since, &x, err);
	if (!ret)
		ret = find_image(q, o->until, &y, err);
	if (!ret)
		ret = side_kept(&a, q->ic, &x.v[0], err);
	if (!ret)
		ret = side_kept(&b, q->ic, &y.v[0], err);
	if (!ret) {
		q->out->state = IMGCACHE_HIT;
		q->out->name = text(q, y.v[0].name);
		q->out->tag = text(q, y.v[0].key.tag);
		q->out->ref = text(q, y.v[0].ref);
		side_share_dockerfile(&b, &a);
		ret = compare(q, &a, &b, &x.v[0], err);
	}
	side_release(&a);
	side_release(&b);
	image_list_release(&x);
	image_list_release(&y);
	return ret;
}

static int
ask_now(struct asking *q, struct imgcache_recipe *r,
	const struct imgcache_why_options *o, struct imgcache_error *err)
{
	static const struct inputs_options none;
	struct inputs in;
	bool same = false;
	int ret = inputs_take(r, &none, &in, err);

	q->in = &in;
	if (!ret) {
		q->out->name = r->recipe->name;
		q->out->tag = text(q, in.tag);
		q->out->ref = in.ref;
		ret = ask(q, &same, err);
	}
	if (!ret && o->since)
		ret = compare_since(q, o->since, err);
	else if (!ret && !same)
		ret = compare_with_last(q, err);
	inputs_release(&in);
	return ret;
}

int
imgcache_why(struct imgcache *ic, struct imgcache_recipe *r,
	     const struct imgcache_why_options *o, struct imgcache_why *out,
	     struct imgcache_error *err)
{
	struct asking q = { .ic = ic, .out = out };

	memset(out, 0, sizeof(*out));
	out->first_step = -1;
	if (o->until)
		return compare_between(&q, o, err);
	return ask_now(&q, r, o, err);
}
