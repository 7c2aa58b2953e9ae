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

static void
add_lower(struct inputs *in, const struct input_lower *l,
	  struct input_reference *out)
{
	mem_grow(in->lower, in->n_lower, in->cap_lower);
	in->lower[in->n_lower++] = *l;
	out->ref = l->ref;
	out->user = l->user;
}

static struct input_lower
lower_of(const struct inputs *other)
{
	struct arena *a = &other->ic->arena;

	return (struct input_lower){
		.name = other->r->recipe->name,
		.ref = arena_printf(a, OUR_REPOSITORY ":%s", other->tag),
		.user = arena_strdup(a, user_of(other)),
		.at = other->ref,
		.config = other->own,
		.is_forgeable = inputs_are_forgeable(other),
	};
}

static bool
add_built(struct inputs *in, const char *name, struct input_reference *out)
{
	const struct inputs *built = in->built;
	size_t i;

	for (i = 0; built && i < built->n_lower; i++) {
		if (!str_is(built->lower[i].name, name))
			continue;
		add_lower(in, &built->lower[i], out);
		in->needs_base |= built->needs_base;
		in->inherited_generation = built->inherited_generation;
		return true;
	}
	return false;
}

int
inputs_reference(struct inputs *in, const char *text,
		 struct input_reference *out, struct imgcache_error *err)
{
	struct inputs_options o = { .no_lock = in->no_lock };
	const char *name = recipe_reference(text);
	struct imgcache_recipe *r;
	struct input_lower lower;
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
	if (add_built(in, name, out))
		return 0;
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
		lower = lower_of(&other);
		add_lower(in, &lower, out);
		if (generation > in->inherited_generation)
			in->inherited_generation = generation;
	}
	inputs_release(&other);
	return ret;
}
