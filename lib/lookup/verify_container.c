/* SPDX-License-Identifier: MIT */
/*
 * Whose image a container runs is known by the image's id; where no row has it,
 * by a tag that is the key in the image's label, and by the alias beside it. A
 * label alone is not enough: it is inherited by what others build from ours.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "key/side.h"
#include "lookup/lookup.h"
#include "lookup/reasons.h"
#include "lookup/verdicts.h"
#include "lookup/verify.h"
#include "recipe/manifest.h"
#include "session/labels.h"
#include "store/images.h"

/* What runs: the engine's image, and what the catalog knows of it. */
struct running {
	struct engine_image image;
	const char *key;	/* of its label, NULL: none */
	struct image_list rows;
	const struct image_row *row;	/* NULL: none */
};

static const char *
tag_of(const char *ref)
{
	const char *colon = strrchr(ref, ':');

	return colon ? colon + 1 : ref;
}

/* Without a row: is one of its names the tag that its label says? */
static bool
has_own_tag(const struct running *r)
{
	const char *const *t;

	for (t = r->image.tags; r->key && *t; t++)
		if (!strcmp(tag_of(*t), r->key))
			return true;
	return false;
}

/* "<name>-<12 hex of the key>" among its names; NULL if there is none. */
static const char *
name_of_alias(struct verifying *v, const struct running *r)
{
	const char *const *t;

	for (t = r->image.tags; r->key && *t; t++) {
		const char *tag = tag_of(*t);
		size_t len = strlen(tag);

		if (len > 13 && tag[len - 13] == '-' &&
		    !strncmp(tag + len - 12, r->key + 3, 12))
			return arena_strndup(&v->ic->arena, tag, len - 13);
	}
	return NULL;
}

static int
find_running(struct verifying *v, const struct engine_container *c,
	     struct running *r, struct imgcache_error *err)
{
	const char *engine;
	struct engine *e;
	int ret = session_engine(v->ic, &e, err);

	if (!ret)
		ret = session_engine_name(v->ic, &engine, err);
	if (!ret)
		ret = engine_image(e, c->image_id, &r->image, err);
	if (ret == IMGCACHE_ENO) {	/* taken away from under it */
		error_clear(err);
		ret = 0;
	}
	if (!ret)
		ret = session_catalog(v->ic, CATALOG_READ, err);
	if (!ret)
		ret = images_by_image_id(v->ic->catalog, engine, c->image_id,
					 &r->rows, err);
	if (ret)
		return ret;
	r->key = r->image.id ? engine_image_label(&r->image, LABEL_KEY) : NULL;
	if (r->rows.n)
		r->row = &r->rows.v[r->rows.n - 1];
	return 0;
}

static void
release(struct running *r)
{
	engine_image_release(&r->image);
	image_list_release(&r->rows);
}

static void
not_known(struct imgcache_verdict *v, const char *detail)
{
	v->freshness = IMGCACHE_NOT_KNOWN;
	v->detail = detail;
}

/* The project's recipe of that name, NULL if it has none. */
static int
find_recipe(struct verifying *v, const char *name,
	    struct imgcache_recipe **out, struct imgcache_error *err)
{
	int ret;

	*out = NULL;
	if (!v->ic->has_project)
		return 0;
	ret = imgcache_recipe_named(v->ic, name, out, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	return ret;
}

/* What differs, if what the running image was made from is known. */
static int
explain(struct verifying *v, const struct running *r,
	const struct inputs *in, struct imgcache_error *err)
{
	struct imgcache_verdict *verdict = &v->v[v->n - 1];
	struct side before = {0}, now = {0};
	struct buf detail = BUF_INIT;
	int ret = 0;

	verdict->reason = IMGCACHE_INPUTS_CHANGED;
	if (!r->row)
		return 0;
	ret = side_kept(&before, v->ic, r->row, err);
	if (!ret)
		ret = side_now(&now, in, err);
	if (!ret) {
		side_share_dockerfile(&before, &now);
		verdict->reason = reasons_of_change(&before, &now, &detail);
		verdict->detail = arena_strdup(&v->ic->arena, detail.data);
	} else if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	side_release(&before);
	side_release(&now);
	buf_release(&detail);
	return ret;
}

static int
compare(struct verifying *v, const struct running *r,
	struct imgcache_recipe *recipe, struct imgcache_error *err)
{
	struct verify_inputs *t;
	struct imgcache_verdict *verdict;
	int ret = verdicts_take(v, recipe, &t, err);

	verdict = &v->v[v->n - 1];
	if (ret)
		return verdicts_pass_over(v, verdict, err);
	verdict->wanted = arena_strdup(&v->ic->arena, t->in.tag);
	verdict->freshness = IMGCACHE_STALE;
	if (!str_is(verdict->tag, t->in.tag))
		return explain(v, r, &t->in, err);
	if (labels_generation(&r->image) < t->generation) {
		verdict->reason = IMGCACHE_INVALIDATED;
		return 0;
	}
	verdict->freshness = IMGCACHE_FRESH;
	return 0;
}

static int
judge(struct verifying *v, const struct running *r, struct imgcache_error *err)
{
	struct imgcache_verdict *verdict = &v->v[v->n - 1];
	struct arena *a = &v->ic->arena;
	struct imgcache_recipe *recipe;
	int ret;

	if (!r->row && !has_own_tag(r)) {
		not_known(verdict, r->key ? "built from an image of imgcache, "
			  "but not by it" : "not built by imgcache");
		return 0;
	}
	verdict->tag = arena_strdup(a, r->row ? r->row->key.tag : r->key);
	verdict->name = r->row && r->row->name ?
		arena_strdup(a, r->row->name) : name_of_alias(v, r);
	if (r->row && r->row->status == IMAGE_CHANGED &&
	    !manifest_is_tag(r->row->key.tag)) {
		verdict->freshness = IMGCACHE_DIRTY;
		verdict->detail = arena_strdup(a, r->row->reason);
		return 0;
	}
	if (!verdict->name) {
		not_known(verdict, "built from flags or a directory, not from "
			  "an image of a project");
		return 0;
	}
	if (r->row && r->row->project && (!v->ic->has_project ||
	    strcmp(r->row->project, v->ic->project.dir))) {
		not_known(verdict, arena_printf(a, "of the project in %s; "
						"verify it there",
						r->row->project));
		return 0;
	}
	ret = find_recipe(v, verdict->name, &recipe, err);
	if (!ret && recipe)
		return compare(v, r, recipe, err);
	if (!ret)
		not_known(verdict, "the project has no image of that name");
	return ret;
}

int
verify_container(struct verifying *v, const struct engine_container *c,
		 struct imgcache_error *err)
{
	struct running r = {0};
	int ret;

	verdicts_add(v, c->name)->container =
		arena_strdup(&v->ic->arena, c->id);
	ret = find_running(v, c, &r, err);
	if (!ret)
		ret = judge(v, &r, err);
	release(&r);
	return ret;
}
