/* SPDX-License-Identifier: MIT */
/*
 * A list of paths by weight as a tree: below each entry those that have no
 * nearer parent in the list. The lists are short.
 */
#include "key/context_heavy.h"

#include <string.h>

#include "base/mem.h"
#include "imgcache.h"
#include "source/weigh.h"

struct placing {
	const struct weighed *from;
	size_t n;
	struct imgcache_heavy *to;
	size_t placed;
};

static bool
is_below(const struct weighed *w, const struct weighed *dir)
{
	size_t len = strlen(dir->path);

	return dir->is_dir && !strncmp(w->path, dir->path, len) &&
		w->path[len] == '/';
}

/* The deepest of the list that w is below; n: none. */
static size_t
parent_of(const struct placing *p, const struct weighed *w)
{
	size_t i, best = p->n;

	for (i = 0; i < p->n; i++)
		if (is_below(w, p->from + i) &&
		    (best == p->n || strlen(p->from[i].path) >
		     strlen(p->from[best].path)))
			best = i;
	return best;
}

static void
place_children(struct placing *p, size_t parent, int depth)
{
	size_t skip = parent < p->n ? strlen(p->from[parent].path) + 1 : 0;
	struct imgcache_heavy *last = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct weighed *w = p->from + i;

		if (parent_of(p, w) != parent)
			continue;
		last = p->to + p->placed++;
		*last = (struct imgcache_heavy){
			.path = w->path, .is_dir = w->is_dir,
			.weight = { (int64_t)w->w.files, (int64_t)w->w.bytes },
			.name = w->path + skip, .depth = depth,
		};
		place_children(p, i, depth + 1);
	}
	if (last)
		last->is_last = true;
}

const struct imgcache_heavy *
context_heavy(struct arena *arena, const struct weighed *v, size_t n)
{
	struct weighed *copy = arena_alloc(arena, (n + 1) * sizeof(*copy));
	struct placing p = {
		.from = copy, .n = n,
		.to = arena_alloc(arena, (n + 1) * sizeof(*p.to)),
	};
	size_t i;

	for (i = 0; i < n; i++) {
		copy[i] = v[i];
		copy[i].path = arena_strdup(arena, v[i].path);
	}
	place_children(&p, n, 0);
	return p.to;
}
