/* SPDX-License-Identifier: MIT */
#include "builder/folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "key/inputs.h"
#include "source/filter.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "source/taken.h"
#include "source/tree.h"
#include "sys/file.h"

/* One look at all folders, which are visited in the same order each time. */
struct look {
	struct folder_times *times;	/* to note; or NULL, and compare: */
	const struct folder_times *before, *after;
	size_t i;
	struct buf *name;
	const struct input_context *context;
	int root_fd;
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
may_be_ignored(const struct input_context *c, const char *path)
{
	struct imgcache_error ignored = {0};
	struct ignore *rules = NULL;
	bool may;

	if (!c->has_ignore)
		return false;
	may = ignore_parse(&rules, c->ignore_name, c->ignore.data,
			   c->ignore.len, &ignored) ||
		ignore_may_hold_in(rules, path);
	ignore_free(rules);
	return may;
}

static bool
is_taken_whole(const struct taken *t, const char *path)
{
	size_t i;

	if (allow_covers(&t->allow, path))
		return true;
	for (i = 0; i < t->roots.n; i++) {
		const char *root = t->roots.v[i].path;
		size_t len = strlen(root);

		if (strncmp(path, root, len) ||
		    (len && path[len] && path[len] != '/'))
			continue;
		len += len && path[len];
		if (!filter_may_leave_out(t->roots.v[i].filter, path + len))
			return true;
	}
	return false;
}

/* "*" matches every name. */
static bool
reads_all_names(const struct input_context *c)
{
	size_t i;

	for (i = 0; i < c->n_reads; i++)
		if (!strcmp(c->reads[i].path, "*") && !c->reads[i].include &&
		    !c->reads[i].n_exclude)
			return true;
	return false;
}

static bool
may_not_be_read(const struct look *l, const char *path)
{
	const struct input_context *c = l->context;
	struct taken t;
	bool may;

	if (!c->reads || (!*path && reads_all_names(c)))
		return false;
	taken_find(&t, l->root_fd, c->reads, c->n_reads);
	may = !is_taken_whole(&t, path);
	taken_release(&t);
	return may;
}

static bool
is_same(const struct folder_time *a, const struct folder_time *b)
{
	return a->ino == b->ino && a->mtime_s == b->mtime_s &&
		a->mtime_ns == b->mtime_ns;
}

static void
note(struct look *l, const char *path)
{
	struct folder_times *f = l->times;
	struct folder_time t = {0};
	struct stat st;

	if (!fstatat(l->root_fd, *path ? path : ".", &st,
		     AT_SYMLINK_NOFOLLOW)) {
		t.ino = (uint64_t)st.st_ino;
		t.mtime_s = (int64_t)st.st_mtim.tv_sec;
		t.mtime_ns = (int64_t)st.st_mtim.tv_nsec;
	}
	mem_grow(f->v, f->n, f->cap);
	f->v[f->n++] = t;
}

static bool
look_at(struct look *l, const char *path)
{
	size_t i = l->i++;

	if (l->times) {
		note(l, path);
		return true;
	}
	if (i >= l->before->n || i >= l->after->n ||
	    is_same(&l->before->v[i], &l->after->v[i]) ||
	    !counts_whole(l, path) || may_be_ignored(l->context, path) ||
	    may_not_be_read(l, path))
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

static void
take_times(struct folder_times *t, const struct inputs *in)
{
	struct look l = { .times = t };

	t->n = 0;
	look_at_all(in, &l);
}

void
folders_note(struct folders *f, const struct inputs *in)
{
	if (!f->is_noted)
		take_times(&f->before, in);
	f->is_noted = true;
}

void
folders_note_read(struct folders *f, const struct inputs *in)
{
	if (f->is_noted)
		take_times(&f->read, in);
	f->is_read = f->is_noted;
}

bool
folders_find(const struct folders *f, const struct inputs *in,
	     struct buf *name)
{
	struct folder_times now = {0};
	struct look l = { .before = &f->before, .name = name };

	if (!f->is_noted)
		return false;
	if (!f->is_read)
		take_times(&now, in);
	l.after = f->is_read ? &f->read : &now;
	look_at_all(in, &l);
	free(now.v);
	return name->len != 0;
}

void
folders_release(struct folders *f)
{
	free(f->before.v);
	free(f->read.v);
	memset(f, 0, sizeof(*f));
}
