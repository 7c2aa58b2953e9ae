/* SPDX-License-Identifier: MIT */
/*
 * Git's index is opened when it is worth it: at once if nothing is remembered
 * of the tree, else when more than a few files are new.
 */

#include <stdlib.h>
#include <sys/stat.h>

#include "source/gitattr.h"
#include "source/gitindex.h"
#include "source/walk_parts.h"

#define FEW_FILES 100

void
walk_git_init(struct walk *w, const char *path)
{
	w->git.dir = path;
	pthread_mutex_init(&w->git.lock, NULL);
	atomic_init(&w->git.is_settled, w->o->hash != HASH_GIT);
}

void
walk_git_release(struct walk *w)
{
	gitindex_close(w->git.index);
	pthread_mutex_destroy(&w->git.lock);
}

static struct gitindex *
index_of(struct walk *w)
{
	if (atomic_load(&w->git.is_settled))
		return w->git.index;
	if (w->cache && atomic_fetch_add(&w->git.asked, 1) < FEW_FILES)
		return NULL;
	pthread_mutex_lock(&w->git.lock);
	if (!atomic_load(&w->git.is_settled)) {
		w->git.index = gitindex_open(w->git.dir);
		atomic_store(&w->git.is_settled, true);
	}
	pthread_mutex_unlock(&w->git.lock);
	return w->git.index;
}

/* By the path from the root, where the descriptor is not at hand. */
static const struct gitattr *
enter_by_path(struct walk *w, const struct node *n,
	      const struct gitattr *parent)
{
	struct buf path = BUF_INIT;
	const struct gitattr *a;

	node_path(n, &path);
	buf_adds(&path, "/.gitattributes");
	a = gitindex_enter(w->git.index, parent, w->root_fd, path.data);
	buf_release(&path);
	return a;
}

/*
 * What holds above a directory. Where the index was opened late nobody has
 * looked at its parents yet; whoever comes first does it for all.
 */
static const struct gitattr *
rules_above(struct walk *w, struct node *n)
{
	const struct gitattr *a = atomic_load(&n->parent->rules);
	struct node *i;

	if (a)
		return a;
	pthread_mutex_lock(&w->git.lock);
	while (!(a = atomic_load(&n->parent->rules))) {
		for (i = n->parent; i->parent; i = i->parent)
			if (atomic_load(&i->parent->rules))
				break;
		a = i->parent ? enter_by_path(w, i,
					      atomic_load(&i->parent->rules)) :
			gitindex_attributes(w->git.index);
		atomic_store(&i->rules, a);
	}
	pthread_mutex_unlock(&w->git.lock);
	return a;
}

bool
walk_git_knows(struct worker *k, struct node *n, int fd, const char *name,
	       const struct stat_id *id, struct hash *out)
{
	struct walk *w = k->w;
	struct gitindex *g = index_of(w);
	const struct gitattr *a;

	if (!g || !gitindex_find(g, worker_path(k, name), id, out))
		return false;
	if (S_ISLNK(id->mode))
		return true;
	a = atomic_load(&n->rules);
	if (!a) {
		a = n->parent ? rules_above(w, n) : gitindex_attributes(g);
		if (n->parent && !n->no_rules)
			a = gitindex_enter(g, a, fd, ".gitattributes");
		atomic_store(&n->rules, a);
	}
	return !gitattr_may_filter(a, name, id->ctime_ns);
}
