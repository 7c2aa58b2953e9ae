/* SPDX-License-Identifier: MIT */
#include "source/allow.h"

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
	strv_release(&a->led_to);
}

void
allow_lead_to(struct allow_list *a, const char *path)
{
	strv_push(&a->led_to, path);
}

void
allow_sort(struct allow_list *a)
{
	strv_sort(&a->led_to);
}

enum allow
allow_root(const struct allow_list *a)
{
	return a->everything ? ALLOW_ALL : ALLOW_LEADS;
}

/* below is the path of a directory with its slash. */
static bool
has_below(const struct strv *paths, const char *below)
{
	size_t i = strv_lower_bound(paths, below, strlen(below));

	return i < paths->n && str_starts(paths->v[i], below);
}

bool
allow_covers(const struct allow_list *a, const char *path)
{
	bool is = a->everything;

	for (size_t len = 0; !is; len++) {
		len += strcspn(path + len, "/");
		is = strv_has_sorted(&a->paths, path, len);
		if (!path[len])
			break;
	}
	return is;
}

enum allow
allow_path(const struct allow_list *a, const char *path)
{
	struct buf below = BUF_INIT;
	size_t len = strlen(path);
	enum allow is = ALLOW_NONE;

	if (strv_has_sorted(&a->paths, path, len))
		return ALLOW_ALL;
	buf_adds(&below, path);
	buf_addc(&below, '/');
	if (has_below(&a->paths, below.data) ||
	    strv_has_sorted(&a->led_to, path, len) ||
	    has_below(&a->led_to, below.data))
		is = ALLOW_LEADS;
	buf_release(&below);
	return is;
}
