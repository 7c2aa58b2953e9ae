/* SPDX-License-Identifier: MIT */
#include "source/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/ignore.h"

struct filter {
	struct ignore *include;	/* NULL: everything */
	struct ignore *exclude;	/* NULL: nothing */
};

/* One filter in one directory; a state is NULL where its side is. */
struct at_work {
	const struct filter *filter;
	size_t root;		/* bytes of a path before what is compared */
	struct ignore_dir *include;
	struct ignore_dir *exclude;
};

struct filter_dir {
	size_t n;
	struct at_work v[];
};

struct filter *
filter_new(const char *include, const char *const *exclude, size_t n_exclude)
{
	struct filter *f = mem_alloc(sizeof(*f));
	bool ok = true;

	if (include) {
		f->include = ignore_from_patterns(&include, 1);
		ok = f->include && ignore_count(f->include) &&
			*include != '!';
	}
	if (n_exclude) {
		f->exclude = ignore_from_patterns(exclude, n_exclude);
		ok = ok && f->exclude;
	}
	if (ok && (f->include || f->exclude))
		return f;
	filter_free(f);
	return NULL;
}

void
filter_free(struct filter *f)
{
	if (!f)
		return;
	ignore_free(f->include);
	ignore_free(f->exclude);
	free(f);
}

void
filter_roots_add(struct filter_roots *r, const char *path,
		 const struct filter *filter)
{
	mem_grow(r->v, r->n, r->cap);
	r->v[r->n++] = (struct filter_root){ mem_strdup(path), filter };
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct filter_root *)a)->path,
		      ((const struct filter_root *)b)->path);
}

void
filter_roots_sort(struct filter_roots *r)
{
	if (r->n)
		qsort(r->v, r->n, sizeof(*r->v), by_path);
}

void
filter_roots_release(struct filter_roots *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].path);
	free(r->v);
	memset(r, 0, sizeof(*r));
}

/* The first that is not before path. */
static size_t
first_at(const struct filter_roots *r, const char *path)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(r->v[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
takes_dir(const struct at_work *w)
{
	return (!w->include || ignore_dir_ignored(w->include)) &&
		(!w->exclude || !ignore_dir_ignored(w->exclude));
}

static bool
may_take_below(const struct at_work *w, const char *path)
{
	return (!w->include ||
		ignore_may_hold_below(w->include, path + w->root)) &&
		(!w->exclude || ignore_can_descend(w->exclude));
}

static void
leave(struct at_work *w)
{
	ignore_leave(w->include);
	ignore_leave(w->exclude);
}

static void
add(struct filter_dir *d, struct at_work w, const char *path, bool *takes)
{
	*takes |= takes_dir(&w);
	if (may_take_below(&w, path))
		d->v[d->n++] = w;
	else
		leave(&w);
}

static struct at_work
go_down(const struct at_work *from, const char *path, size_t len)
{
	struct at_work w = { from->filter, from->root, NULL, NULL };

	if (from->include)
		w.include = ignore_enter(from->include, path + w.root,
					 len - w.root);
	if (from->exclude)
		w.exclude = ignore_enter(from->exclude, path + w.root,
					 len - w.root);
	return w;
}

static struct at_work
begin(const struct filter *f, size_t len)
{
	return (struct at_work){
		.filter = f,
		.root = len ? len + 1 : 0,
		.include = f->include ? ignore_root(f->include) : NULL,
		.exclude = f->exclude ? ignore_root(f->exclude) : NULL,
	};
}

struct filter_dir *
filter_enter(const struct filter_dir *parent, const struct filter_roots *roots,
	     const char *path, size_t len, bool *takes)
{
	size_t first = first_at(roots, path), end = first;
	size_t n = parent ? parent->n : 0;
	struct filter_dir *d;

	*takes = false;
	while (end < roots->n && !strcmp(roots->v[end].path, path))
		end++;
	if (!n && first == end)
		return NULL;
	d = mem_alloc(sizeof(*d) + (n + end - first) * sizeof(d->v[0]));
	for (size_t i = 0; i < n; i++)
		add(d, go_down(&parent->v[i], path, len), path, takes);
	for (; first < end; first++) {
		d->v[d->n++] = begin(roots->v[first].filter, len);
		*takes = true;
	}
	if (d->n)
		return d;
	free(d);
	return NULL;
}

void
filter_leave(struct filter_dir *d)
{
	for (size_t i = 0; d && i < d->n; i++)
		leave(&d->v[i]);
	free(d);
}

bool
filter_file(const struct filter_dir *d, const char *path, size_t len)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct at_work *w = &d->v[i];

		if ((!w->include || ignore_file(w->include, path + w->root,
						len - w->root)) &&
		    (!w->exclude || !ignore_file(w->exclude, path + w->root,
						 len - w->root)))
			return true;
	}
	return false;
}

bool
filter_concerns(const struct filter *f, const char *path)
{
	struct at_work w = begin(f, 0);
	size_t len = 0;
	bool is = !*path;

	for (; !is && may_take_below(&w, path); len++) {
		struct at_work above = w;

		len += strcspn(path + len, "/");
		w = go_down(&above, path, len);
		leave(&above);
		is = !path[len] && (takes_dir(&w) || may_take_below(&w, path));
		if (!path[len])
			break;
	}
	leave(&w);
	return is;
}

bool
filter_may_leave_out(const struct filter *f, const char *path)
{
	return f->include ||
		(f->exclude && ignore_may_hold_in(f->exclude, path));
}
