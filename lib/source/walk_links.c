/* SPDX-License-Identifier: MIT */
/*
 * A link that a filter takes is copied as a link. But BuildKit (0.13 and 0.25)
 * runs the step again when what it leads to has changed, all of a directory,
 * though that is left out of the copy. So that counts, too; of what is above a
 * copied directory that is all that is sent. Nobody knows of a link before it
 * is met: a reading begins with what counted the last time, and if that was not
 * it, the tree is read once more; and without it, if the reading failed. What
 * counts is decided by the links that are met where that changes nothing, so
 * neither the tree nor a failure ever hangs on what was remembered.
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

static bool
is_there(const struct walk *w, struct tree *t, const char *path)
{
	struct stat st;

	return tree_find(t, path) ||
		!fstatat(w->root_fd, *path ? path : ".", &st,
			 AT_SYMLINK_NOFOLLOW);
}

static void
want(const struct walk *w, struct tree *t, const char *path,
     struct strv *wanted)
{
	if (!allow_covers(&w->own.allow, path) && is_there(w, t, path))
		strv_push(wanted, path);
}

/* What is sent of a path for the sake of what a filter takes. */
static void
add_sent(const struct walk *w, struct tree *t, const char *path,
	 struct strv *wanted)
{
	for (size_t i = 0; i < w->own.roots.n; i++) {
		const char *root = w->own.roots.v[i].path;

		if (is_below(path, root)) {
			want(w, t, path, wanted);
			return;
		}
		if (is_below(root, path))
			want(w, t, root, wanted);
	}
}

static void
find_wanted(const struct walk *w, struct tree *t, struct strv *wanted)
{
	struct strv paths = { 0 };

	for (size_t i = 0; i < w->links.n; i++)
		reach_resolve(w->root_fd,
			      &(struct reach){ .path = w->links.v[i] }, &paths);
	strv_sort(&paths);
	strv_uniq(&paths);
	for (size_t i = 0; i < paths.n; i++)
		add_sent(w, t, paths.v[i], wanted);
	strv_release(&paths);
	strv_sort(wanted);
	strv_uniq(wanted);
}

static bool
is_missing(const struct walk *w, struct tree *t, const char *path)
{
	const struct tree_entry *e = tree_find(t, path);

	return !(e && e->type != TREE_DIR) && !allow_covers(w->allow, path);
}

static bool
has(const struct strv *sorted, const char *path)
{
	return strv_has_sorted(sorted, path, strlen(path));
}

/*
 * A file that counts anyway is no reason to read all again, and if it is among
 * what is remembered that changes nothing either.
 */
static bool
is_right(const struct walk *w, struct tree *t, const struct strv *wanted)
{
	const struct strv *also = &w->also->paths;

	for (size_t i = 0; i < wanted->n; i++)
		if (is_missing(w, t, wanted->v[i]))
			return false;
	for (size_t i = 0; i < also->n; i++)
		if (!has(wanted, also->v[i]))
			return false;
	return true;
}

/* It only grows after the first reading, lest moving links keep us for ever. */
bool
walk_links_are_known(struct walk *w, struct tree *t)
{
	struct walk_also *also = w->also;
	struct strv wanted = { 0 };
	bool is = true;

	also->readings++;
	if (w->links.n || also->paths.n) {
		find_wanted(w, t, &wanted);
		is = is_right(w, t, &wanted);
	}
	if (!is && also->readings > 1) {
		size_t n = also->paths.n;

		strv_push_all(&also->paths, &wanted);
		strv_sort(&also->paths);
		strv_uniq(&also->paths);
		is = also->paths.n == n;
	} else if (!is) {
		strv_release(&also->paths);
		also->paths = wanted;
		wanted = (struct strv){ 0 };
	}
	strv_release(&wanted);
	return is;
}
