/* SPDX-License-Identifier: MIT */
#include "lookup/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "lookup/lookup.h"
#include "lookup/verdicts.h"
#include "session/alive.h"
#include "store/images.h"

/*
 * Of a miss: the image that is there all the same, since it is what was built
 * last, or one that was invalidated. NULL: none is known to be.
 */
static const char *
tag_there(const struct lookup_found *f)
{
	if (!f->has_row)
		return f->dirty_tag ? f->dirty_tag : f->last_tag;
	return f->row.status == IMAGE_COMPLETED ? f->key.tag : NULL;
}

/*
 * Nothing was ever built to its end, but was something built while its sources
 * changed? What they are now need not be what they were before.
 */
static int
find_dirty(struct imgcache_verdict *v, const struct inputs *in,
	   const struct lookup_found *f, struct imgcache_error *err)
{
	struct image_filter filter = {
		.engine = f->engine, .statuses = 1u << IMAGE_CHANGED,
		.name = in->r->recipe->name, .project = in->r->recipe->root,
		.sort = IMAGE_BY_USED, .limit = 1,
	};
	struct image_list list = {0};
	int ret = filter.name ? images_list(in->ic->catalog, &filter, &list,
					    err) : 0;

	if (!ret && list.n) {
		v->freshness = IMGCACHE_DIRTY;
		v->tag = arena_strdup(&in->ic->arena, list.v[0].key.tag);
		v->detail = arena_strdup(&in->ic->arena, list.v[0].reason);
	}
	image_list_release(&list);
	return ret;
}

/* The last image of a recipe. */
static int
verify_recipe(struct verifying *v, struct imgcache_recipe *r,
	      struct imgcache_error *err)
{
	struct imgcache_verdict *verdict;
	struct verify_inputs *t;
	struct lookup_found f;
	struct imgcache_answer a;
	int ret = verdicts_take(v, r, &t, err);

	if (ret && r->recipe->name) {
		verdict = verdicts_add(v, r->recipe->name);
		verdict->name = verdict->subject;
		return verdicts_pass_over(v, verdict, err);
	}
	if (!ret)
		ret = lookup_image(&t->in, &f, &a, err);
	if (!ret && a.state == IMGCACHE_UNKNOWN)
		ret = error_set(err, IMGCACHE_EUNKNOWN, "%s", a.detail);
	if (ret)
		return ret;
	verdict = verdicts_add(v, a.name ? a.name : t->in.tag);
	verdict->name = a.name;
	verdict->wanted = a.tag;
	verdict->reason = alive_reason(v->ic, a.tag, a.reason);
	verdict->detail = a.detail;
	verdict->freshness = a.state == IMGCACHE_HIT ? IMGCACHE_FRESH :
		f.dirty_tag ? IMGCACHE_DIRTY :
		a.reason == IMGCACHE_NEVER_BUILT ? IMGCACHE_NOT_KNOWN :
		IMGCACHE_STALE;
	verdict->tag = a.state == IMGCACHE_HIT ? a.tag :
		arena_strdup(&v->ic->arena, tag_there(&f));
	return verdict->freshness == IMGCACHE_NOT_KNOWN ?
		find_dirty(verdict, &t->in, &f, err) : 0;
}

/* By name, or by the beginning of the id. */
static bool
is_called(const struct engine_container *c, const char *what)
{
	return !strcmp(c->name, what) ||
		(strlen(what) >= 4 && str_starts(c->id, what));
}

static int
verify_named(struct verifying *v, const struct engine_containers *all,
	     const char *what, struct imgcache_error *err)
{
	const struct engine_container *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		if (!is_called(&all->v[i], what))
			continue;
		if (found && strcmp(found->name, what))
			return error_set(err, IMGCACHE_EUSAGE, "'%s' fits "
					 "several containers; write more of "
					 "the id", what);
		if (!found || !strcmp(all->v[i].name, what))
			found = &all->v[i];
	}
	if (!found)
		return error_set(err, IMGCACHE_EFAIL, "no container '%s' on "
				 "the engine; see docker ps -a", what);
	return verify_container(v, found, err);
}

/* "NAME" or "NAME=VALUE" */
static bool
has_label(const struct engine_container *c, const char *label)
{
	size_t len = strcspn(label, "=");

	for (size_t i = 0; i < c->n_labels; i++)
		if (strlen(c->labels[i].name) == len &&
		    !strncmp(c->labels[i].name, label, len) &&
		    (!label[len] || !strcmp(c->labels[i].value,
					    label + len + 1)))
			return true;
	return false;
}

static bool
is_wanted(const struct engine_container *c,
	  const struct imgcache_verify_options *o)
{
	const char *const *label;

	if (strcmp(c->state, "running"))
		return false;
	for (label = o->labels; label && *label; label++)
		if (!has_label(c, *label))
			return false;
	return o->all_running || (o->labels && *o->labels);
}

static int
verify_labelled(struct verifying *v, const struct engine_containers *all,
		const struct imgcache_verify_options *o,
		struct imgcache_error *err)
{
	bool has_labels = o->labels && *o->labels, found = false;
	int ret = 0;

	for (size_t i = 0; !ret && i < all->n; i++) {
		if (!is_wanted(&all->v[i], o))
			continue;
		found = true;
		ret = verify_container(v, &all->v[i], err);
	}
	if (!ret && has_labels && !found)
		ret = error_set(err, IMGCACHE_EFAIL, "no running container has "
				"%s '%s'%s; see docker ps", o->labels[1] ?
				"all of the labels" : "the label",
				o->labels[0], o->labels[1] ? " ..." : "");
	return ret;
}

static int
by_name(const void *a, const void *b)
{
	const struct engine_container *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
verify_containers(struct verifying *v, const struct imgcache_verify_options *o,
		  struct imgcache_error *err)
{
	struct engine_containers all = {0};
	const char *const *c = o->containers;
	struct engine *e;
	int ret;

	if (!o->all_running && !(c && *c) && !(o->labels && *o->labels))
		return 0;
	ret = session_engine(v->ic, &e, err);
	if (!ret)
		ret = engine_containers(e, NULL, &all, err);
	if (!ret && all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	for (; !ret && c && *c; c++)
		ret = verify_named(v, &all, *c, err);
	if (!ret)
		ret = verify_labelled(v, &all, o, err);
	engine_containers_release(&all);
	return ret;
}

int
imgcache_verify(struct imgcache *ic, const struct imgcache_verify_options *o,
		const struct imgcache_verdict **out, size_t *n,
		struct imgcache_error *err)
{
	struct verifying v = { .ic = ic };
	struct imgcache_verdict *kept;
	int ret = 0;

	*out = NULL;
	*n = 0;
	for (size_t i = 0; !ret && i < o->n_recipes; i++)
		ret = verify_recipe(&v, o->recipes[i], err);
	if (!ret)
		ret = verify_containers(&v, o, err);
	if (!ret) {
		kept = arena_alloc(&ic->arena, (v.n + 1) * sizeof(*kept));
		if (v.n)
			memcpy(kept, v.v, v.n * sizeof(*kept));
		*out = kept;
		*n = v.n;
	}
	if (!ret && v.first.code) {
		*err = v.first;
		ret = err->code;
	}
	verdicts_release(&v);
	return ret;
}
