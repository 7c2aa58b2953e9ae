/* SPDX-License-Identifier: MIT */
#include "source/allow.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Without "." and empty parts; ".." stays and matches nothing. */
static void
add_clean(struct allow_list *a, const char *path)
{
	struct buf b = BUF_INIT;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len && !(len == 1 && *path == '.')) {
			if (b.len)
				buf_addc(&b, '/');
			buf_add(&b, path, len);
		}
		path += len + (path[len] == '/');
	}
	if (b.len)
		strv_push(&a->paths, b.data);
	else
		a->everything = true;
	buf_release(&b);
}

void
allow_init(struct allow_list *a, const struct strv *from)
{
	memset(a, 0, sizeof(*a));
	a->everything = !from;
	for (size_t i = 0; from && i < from->n; i++)
		add_clean(a, from->v[i]);
	strv_sort(&a->paths);
}

void
allow_release(struct allow_list *a)
{
	strv_release(&a->paths);
}

enum allow
allow_root(const struct allow_list *a)
{
	return a->everything ? ALLOW_ALL : ALLOW_LEADS;
}

/* The first path that is not below `text`, in byte order. */
static size_t
lower_bound(const struct allow_list *a, const char *text)
{
	size_t lo = 0;
	size_t hi = a->paths.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(a->paths.v[mid], text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum allow
allow_path(const struct allow_list *a, const char *path)
{
	struct buf below = BUF_INIT;
	enum allow is = ALLOW_NONE;
	size_t i = lower_bound(a, path);

	if (i < a->paths.n && str_is(a->paths.v[i], path))
		return ALLOW_ALL;
	buf_adds(&below, path);
	buf_addc(&below, '/');
	i = lower_bound(a, below.data);
	if (i < a->paths.n && str_starts(a->paths.v[i], below.data))
		is = ALLOW_LEADS;
	buf_release(&below);
	return is;
}
