/* SPDX-License-Identifier: MIT */
/* "@name": images of ours that another one is built from. */
#include "key/inputs.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "key/generation.h"
#include "session/recipes.h"
#include "session/registries.h"

const char *
inputs_lower_at(const struct inputs *in, const char *ref)
{
	size_t i;

	for (i = 0; i < in->n_lower; i++)
		if (!strcmp(in->lower[i].ref, ref))
			return in->lower[i].at;
	return NULL;
}

bool
inputs_are_forgeable(const struct inputs *in)
{
	bool are = in->hash != HASH_GIT;
	size_t i;

	for (i = 0; i < in->n_lower; i++)
		are |= in->lower[i].is_forgeable;
	return are;
}

static const char *
add_lower(struct inputs *in, const struct inputs *other)
{
	struct input_lower *l;

	mem_grow(in->lower, in->n_lower, in->cap_lower);
	l = &in->lower[in->n_lower++];
	l->ref = arena_printf(&in->ic->arena, OUR_REPOSITORY ":%s",
			      other->tag);
	l->at = other->ref;
	l->config = other->own;
	l->is_forgeable = inputs_are_forgeable(other);
	return l->ref;
}

/* USER of the image that a recipe makes; NULL where only the image can tell. */
static const char *
user_of(const struct inputs *in)
{
	const struct recipe *q = in->r->recipe;

	if (q->kind != RECIPE_GENERATED)
		return NULL;
	if (q->user)
		return q->user;
	return in->n_bases ? in->bases[0].user : NULL;
}

int
inputs_reference(struct inputs *in, const char *text,
		 struct input_reference *out, struct imgcache_error *err)
{
	struct inputs_options o = { .no_lock = in->no_lock };
	const char *name = recipe_reference(text);
	struct imgcache_recipe *r;
	struct inputs other = {0};
	int64_t generation = 0;
	int ret;

	out->ref = text;
	out->user = NULL;
	if (!name || !in->ic->has_project)
		return 0;
	if (in->only_sources) {
		out->ref = OUR_REPOSITORY;
		return 0;
	}
	ret = imgcache_recipe_named(in->ic, name, &r, err);
	if (ret == IMGCACHE_ENO && !in->r->image) {
		/* on the command line it may be just a text */
		error_clear(err);
		return 0;
	}
	if (!ret)
		ret = inputs_take(r, &o, &other, err);
	in->needs_base |= other.needs_base;
	if (!ret)
		ret = generation_required(&other, &generation, err);
	if (!ret) {
		out->ref = add_lower(in, &other);
		out->user = arena_strdup(&in->ic->arena, user_of(&other));
		if (generation > in->inherited_generation)
			in->inherited_generation = generation;
	}
	inputs_release(&other);
	return ret;
}
