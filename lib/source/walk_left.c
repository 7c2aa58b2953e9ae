/* SPDX-License-Identifier: MIT */
/*
 * What the ignore rules leave out, noted for who wants to know what they save.
 * Each worker keeps its own notes, so none waits for another.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source/ignore.h"
#include "source/walk_parts.h"

/* One that vanished meanwhile is left out all the same. */
void
walk_leave_file(struct worker *k, int fd, const char *name, size_t rule)
{
	struct tree_left_out *l = &k->left_out;
	struct stat st;

	if (!k->w->o->with_left_out ||
	    fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (!l->files) {
		l->n_rules = ignore_count(k->w->o->ignore);
		l->files = mem_array(l->n_rules, sizeof(*l->files));
	}
	l->files[rule].files++;
	if (S_ISREG(st.st_mode))
		l->files[rule].bytes += (uint64_t)st.st_size;
}

void
walk_leave_dir(struct worker *k, size_t rule)
{
	struct tree_left_out *l = &k->left_out;
	char *path;

	if (!k->w->o->with_left_out)
		return;
	path = worker_keep(k, k->path.len + 1);
	memcpy(path, k->path.data, k->path.len + 1);
	mem_grow(l->dirs, l->n_dirs, k->cap_left_dirs);
	l->dirs[l->n_dirs++] = (struct tree_left_dir){ path, rule };
}

static void
add_files(struct tree_left_out *to, const struct tree_left_out *from)
{
	for (size_t i = 0; from->files && i < from->n_rules; i++) {
		to->files[i].files += from->files[i].files;
		to->files[i].bytes += from->files[i].bytes;
	}
}

static void
add_dirs(struct tree_left_out *to, const struct tree_left_out *from)
{
	if (!from->n_dirs)
		return;
	to->dirs = mem_resize(to->dirs, to->n_dirs + from->n_dirs,
			      sizeof(*to->dirs));
	memcpy(to->dirs + to->n_dirs, from->dirs,
	       from->n_dirs * sizeof(*from->dirs));
	to->n_dirs += from->n_dirs;
}

void
walk_left_out_merge(struct worker *k, struct tree *t)
{
	const struct tree_options *o = k->w->o;

	t->unread += k->unread;
	if (o->with_left_out && !t->has_left_out) {
		t->has_left_out = true;
		t->left_out.n_rules = o->ignore ? ignore_count(o->ignore) : 0;
		t->left_out.files = mem_array(t->left_out.n_rules + 1,
					      sizeof(*t->left_out.files));
	}
	add_files(&t->left_out, &k->left_out);
	add_dirs(&t->left_out, &k->left_out);
	free(k->left_out.files);
	free(k->left_out.dirs);
}
