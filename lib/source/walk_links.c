/* SPDX-License-Identifier: MIT */
/*
 * A link that a filter takes is copied as a link. But BuildKit (0.13; 0.25 less
 * often) runs the step again when what it leads to has changed, though that is
 * left out of the copy. So that counts, too. As nobody knows of a link before
 * it is met, the tree is then read once more.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strv.h"
#include "source/reach.h"
#include "source/walk_parts.h"

void
walk_note_link(struct worker *k)
{
	struct walk *w = k->w;

	pthread_mutex_lock(&w->lock);
	strv_push(&w->links, k->path.data);
	pthread_mutex_unlock(&w->lock);
}

static bool
is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) &&
		(!len || !path[len] || path[len] == '/');
}

/* Is it sent for the sake of what a filter takes? */
static bool
is_filtered(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->filter_roots.n; i++)
		if (is_below(path, w->filter_roots.v[i].path))
			return true;
	return false;
}

static bool
is_known(const struct walk *w, struct tree *t, const char *path)
{
	const struct tree_entry *e = tree_find(t, path);
	struct stat st;

	return (e && e->type != TREE_DIR) || allow_covers(&w->allow, path) ||
		!is_filtered(w, path) ||
		fstatat(w->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

bool
walk_links_are_known(struct walk *w, struct tree *t)
{
	struct strv paths = { 0 };
	size_t n = w->also->n;

	for (size_t i = 0; i < w->links.n; i++)
		reach_resolve(w->root_fd,
			      &(struct reach){ .path = w->links.v[i] }, &paths);
	for (size_t i = 0; i < paths.n; i++)
		if (!is_known(w, t, paths.v[i]))
			strv_push(w->also, paths.v[i]);
	strv_release(&paths);
	return w->also->n == n;
}
