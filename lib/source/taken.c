/* SPDX-License-Identifier: MIT */
#include "source/taken.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/reach.h"

/* What one read takes: into the list, or below the roots of its filter. */
static void
find_one(struct taken *t, int root_fd, const struct reach *r,
	 struct strv *paths)
{
	struct filter *f = filter_new(r->include, r->exclude, r->n_exclude);
	struct strv dirs = { 0 };

	reach_resolve_apart(root_fd, r, paths, f ? &dirs : NULL);
	for (size_t i = 0; i < dirs.n; i++)
		filter_roots_add(&t->roots, dirs.v[i], f);
	if (f)
		t->filters[t->n_filters++] = f;
	strv_release(&dirs);
}

void
taken_allow(const struct taken *t, const struct strv *more,
	    struct allow_list *out)
{
	struct strv paths = { 0 };

	strv_push_all(&paths, &t->allow.paths);
	strv_push_all(&paths, more);
	if (t->allow.everything)
		strv_push(&paths, "");
	allow_init(out, &paths);
	for (size_t i = 0; i < t->roots.n; i++)
		allow_lead_to(out, t->roots.v[i].path);
	allow_sort(out);
	strv_release(&paths);
}

void
taken_find(struct taken *t, int root_fd, const struct reach *reads, size_t n)
{
	struct strv paths = { 0 };

	memset(t, 0, sizeof(*t));
	t->filters = mem_array(n + 1, sizeof(*t->filters));
	for (size_t i = 0; i < n; i++)
		find_one(t, root_fd, reads + i, &paths);
	filter_roots_sort(&t->roots);
	taken_allow(t, &paths, &t->allow);
	strv_release(&paths);
}

void
taken_release(struct taken *t)
{
	filter_roots_release(&t->roots);
	for (size_t i = 0; i < t->n_filters; i++)
		filter_free(t->filters[i]);
	free(t->filters);
	allow_release(&t->allow);
	memset(t, 0, sizeof(*t));
}
