/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "session/bake.h"
#include "session/session.h"

void
bake_release(struct bake *b)
{
	if (!b)
		return;
	strv_release(&b->tags);
	strv_release(&b->cache_from);
	strv_release(&b->cache_to);
	strv_release(&b->no_cache_filter);
	strv_release(&b->allow);
	strv_release(&b->ulimits);
	free(b->shm_size);
	free(b);
}

static const char *const *
joined(struct arena *arena, const char *const *given, const struct strv *more)
{
	const char **all;
	size_t i, n = 0;

	while (given && given[n])
		n++;
	all = arena_alloc(arena, (n + more->n + 1) * sizeof(*all));
	for (i = 0; i < n; i++)
		all[i] = given[i];
	for (i = 0; i < more->n; i++)
		all[n + i] = arena_strdup(arena, more->v[i]);
	return n + more->n ? all : NULL;
}

struct imgcache_build_options
bake_options(struct imgcache_recipe *r, const struct imgcache_build_options *o)
{
	struct arena *arena = &r->ic->arena;
	struct imgcache_build_options all = *o;
	const struct bake *b = r->bake;

	if (!b)
		return all;
	all.tags = joined(arena, o->tags, &b->tags);
	if (!o->cache_from)
		all.cache_from = joined(arena, NULL, &b->cache_from);
	if (!o->cache_to)
		all.cache_to = joined(arena, NULL, &b->cache_to);
	all.no_cache_filter = joined(arena, o->no_cache_filter,
				     &b->no_cache_filter);
	all.allow = joined(arena, o->allow, &b->allow);
	all.ulimits = joined(arena, o->ulimits, &b->ulimits);
	if (!o->shm_size)
		all.shm_size = b->shm_size;
	all.no_cache |= b->no_cache;
	all.no_layers |= b->no_cache;
	all.pull |= b->pull;
	if (b->has_output && !o->push)
		session_warn(r->ic, "the target's output is not written: give "
			     "--push or --output");
	return all;
}
