/* SPDX-License-Identifier: MIT */
#include "lookup/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "key/generation.h"
#include "session/session.h"

struct imgcache_verdict *
verdicts_add(struct verifying *v, const char *subject)
{
	struct imgcache_verdict *new;

	mem_grow(v->v, v->n, v->cap);
	new = &v->v[v->n++];
	memset(new, 0, sizeof(*new));
	new->subject = arena_strdup(&v->ic->arena, subject);
	return new;
}

int
verdicts_take(struct verifying *v, struct imgcache_recipe *r,
	      struct verify_inputs **out, struct imgcache_error *err)
{
	static const struct inputs_options none;
	struct verify_inputs *t;
	int ret;

	for (size_t i = 0; i < v->n_taken; i++)
		if (v->taken[i]->recipe == r) {
			*out = v->taken[i];
			return 0;
		}
	t = mem_alloc(sizeof(*t));
	mem_grow(v->taken, v->n_taken, v->cap_taken);
	v->taken[v->n_taken++] = t;
	ret = inputs_take(r, &none, &t->in, err);
	if (!ret)
		ret = generation_required(&t->in, &t->generation, err);
	if (!ret)
		t->recipe = r;
	*out = t;
	return ret;
}

int
verdicts_pass_over(struct verifying *v, struct imgcache_verdict *verdict,
		   struct imgcache_error *err)
{
	if (err->code == IMGCACHE_EINTR)
		return err->code;
	verdict->freshness = IMGCACHE_NOT_KNOWN;
	verdict->detail = arena_strdup(&v->ic->arena, err->text);
	if (!v->first.code)
		v->first = *err;
	error_clear(err);
	return 0;
}

void
verdicts_release(struct verifying *v)
{
	for (size_t i = 0; i < v->n_taken; i++) {
		inputs_release(&v->taken[i]->in);
		free(v->taken[i]);
	}
	free(v->taken);
	free(v->v);
}
