/* SPDX-License-Identifier: MIT */
#include "builder/folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "key/inputs.h"
#include "source/reach.h"
#include "source/tree.h"
#include "sys/file.h"

/* One look at all folders, which are visited in the same order each time. */
struct look {
	struct folders *now;
	const struct folders *before;	/* NULL: only note */
	const struct input_context *context;
	int root_fd;
	struct buf *name;
};

/* Are all the names in it in the tree? Then what came and went would be. */
static bool
counts_whole(const struct look *l, const char *path)
{
	int fd = openat(l->root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY |
			O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);
	bool whole = all != NULL;
	struct dirent *d;

	if (!all && fd >= 0)
		close(fd);
	while (whole && (d = readdir(all))) {
		char *full;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		full = path_join(path, d->d_name);
		whole = tree_find(l->context->tree, full) != NULL;
		free(full);
	}
	if (all)
		closedir(all);
	return whole;
}

static bool
is_same(const struct folder_time *a, const struct folder_time *b)
{
	return a->ino == b->ino && a->mtime_s == b->mtime_s &&
		a->mtime_ns == b->mtime_ns;
}

static bool
look_at(struct look *l, const char *path)
{
	struct folders *f = l->now;
	struct folder_time t = {0};
	struct stat st;
	size_t i = f->n;

	if (!fstatat(l->root_fd, *path ? path : ".", &st,
		     AT_SYMLINK_NOFOLLOW)) {
		t.ino = (uint64_t)st.st_ino;
		t.mtime_s = (int64_t)st.st_mtim.tv_sec;
		t.mtime_ns = (int64_t)st.st_mtim.tv_nsec;
	}
	mem_grow(f->v, f->n, f->cap);
	f->v[f->n++] = t;
	if (!l->before || i >= l->before->n ||
	    is_same(&l->before->v[i], &t) || !counts_whole(l, path))
		return true;
	buf_addf(l->name, "'%s'", *path ? path : l->context->path);
	return false;
}

static bool
look_at_entry(void *payload, const char *path, const struct tree_entry *e)
{
	if (e->type != TREE_DIR || e->structure || e->ignored)
		return true;
	return look_at(payload, path);
}

/* May what is put into the topmost folder be read? */
static bool
reads_root(const struct inputs *in, const struct input_context *c)
{
	size_t i;

	if (in->r->recipe->kind == RECIPE_GENERATED)
		return false;
	for (i = 0; i < c->n_reads; i++)
		if (!*c->reads[i].path ||
		    (c->reads[i].wildcard &&
		     !reach_fixed_length(c->reads[i].path)))
			return true;
	return !c->reads;
}

static void
look_at_all(const struct inputs *in, struct look *l)
{
	size_t i;

	for (i = 0; i < in->n_contexts && !(l->name && l->name->len); i++) {
		l->context = &in->contexts[i];
		if (!l->context->tree)
			continue;
		l->root_fd = open(l->context->path, O_RDONLY | O_DIRECTORY |
				  O_CLOEXEC | O_NOCTTY);
		if (!reads_root(in, l->context) || look_at(l, ""))
			tree_each(l->context->tree, look_at_entry, l);
		if (l->root_fd >= 0)
			close(l->root_fd);
	}
}

void
folders_note(struct folders *f, const struct inputs *in)
{
	struct look l = { .now = f };

	if (!f->noted)
		look_at_all(in, &l);
	f->noted = true;
}

bool
folders_find(const struct folders *f, const struct inputs *in,
	     struct buf *name)
{
	struct folders now = {0};
	struct look l = { .now = &now, .before = f, .name = name };

	if (f->noted)
		look_at_all(in, &l);
	folders_release(&now);
	return name->len != 0;
}

void
folders_release(struct folders *f)
{
	free(f->v);
	memset(f, 0, sizeof(*f));
}
