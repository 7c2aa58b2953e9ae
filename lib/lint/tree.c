/* SPDX-License-Identifier: MIT */
#include "lint/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/strv.h"
#include "lint/lint.h"
#include "source/ignore.h"

#define MAX_ENTRIES 200000
#define MAX_DEPTH 100

struct lister {
	struct lint_tree *t;
	struct buf path;
	size_t seen;		/* opaque ones included */
	int depth;
};

bool
lint_is_opaque(const char *name)
{
	static const char *const names[] = {
		".git", ".hg", ".svn", "node_modules", "bower_components",
		".venv", ".tox", ".nox", "__pycache__", ".mypy_cache",
		".pytest_cache", ".ruff_cache", ".terraform", ".gradle"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

void
lint_names(int dirfd, const char *path, struct strv *out)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (out->n < MAX_ENTRIES && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strv_push(out, e->d_name);
	closedir(d);
	strv_sort(out);
}

/* The bytes of all files below. */
static int64_t
weigh(struct lister *l, int parent, const char *name)
{
	struct strv names = {0};
	struct stat st;
	int64_t sum = 0;
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return 0;
	l->depth++;
	lint_names(fd, ".", &names);
	for (size_t i = 0; i < names.n && l->depth < MAX_DEPTH; i++) {
		if (++l->seen > MAX_ENTRIES ||
		    fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW))
			continue;
		sum += S_ISDIR(st.st_mode) ? weigh(l, fd, names.v[i]) :
			S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
	}
	l->depth--;
	strv_release(&names);
	close(fd);
	return sum;
}

static void
list(struct lister *l, int fd)
{
	struct lint_tree *t = l->t;
	struct strv names = {0};
	size_t len = l->path.len;
	struct stat st;

	lint_names(fd, ".", &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		struct lint_entry *e;
		int below;

		if (++l->seen > MAX_ENTRIES || l->depth > MAX_DEPTH) {
			t->is_whole = false;
			break;
		}
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		buf_adds(&l->path, len ? "/" : "");
		buf_adds(&l->path, name);
		mem_grow(t->v, t->n, t->cap);
		e = &t->v[t->n++];
		*e = (struct lint_entry){
			.path = arena_strdup(&t->arena, l->path.data),
			.is_dir = S_ISDIR(st.st_mode),
			.size_bytes = S_ISREG(st.st_mode) ? st.st_size : 0,
		};
		e->is_opaque = e->is_dir && lint_is_opaque(name);
		if (e->is_opaque) {
			e->size_bytes = weigh(l, fd, name);
		} else if (e->is_dir) {
			below = openat(fd, name, O_RDONLY | O_DIRECTORY |
				       O_NOFOLLOW | O_CLOEXEC);
			l->depth++;
			if (below >= 0) {
				list(l, below);
				close(below);
			}
			l->depth--;
		}
		buf_truncate(&l->path, len);
	}
	strv_release(&names);
}

const struct lint_tree *
lint_tree(struct lint *l, const char *path)
{
	struct lister lister = { .path = BUF_INIT };
	struct lint_tree *t;
	int fd;

	for (t = l->trees; t; t = t->next)
		if (!strcmp(t->path, path))
			return t;
	t = mem_alloc(sizeof(*t));
	t->path = arena_strdup(&t->arena, path);
	t->is_whole = true;
	t->next = l->trees;
	l->trees = t;
	lister.t = t;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		list(&lister, fd);
		close(fd);
	}
	buf_release(&lister.path);
	return t;
}

void
lint_trees_free(struct lint_tree *t)
{
	while (t) {
		struct lint_tree *next = t->next;

		arena_release(&t->arena);
		free(t->v);
		free(t);
		t = next;
	}
}

/* The folders that the entry at hand is in, each with its state. */
struct open_dirs {
	struct {
		struct ignore_dir *state;
		const char *path;
		size_t len;
	} v[MAX_DEPTH + 2];
	size_t n;
};

static bool
is_in(const char *path, const char *dir, size_t len)
{
	return !len || (!strncmp(path, dir, len) && path[len] == '/');
}

void
lint_tree_kept(const struct lint_tree *t, const struct ignore *ig,
	       lint_kept_fn *fn, void *payload)
{
	struct open_dirs dirs = { .n = 0 };

	if (!ig) {
		for (size_t i = 0; i < t->n; i++)
			fn(payload, &t->v[i]);
		return;
	}
	dirs.v[dirs.n].state = ignore_root(ig);
	dirs.v[dirs.n].path = "";
	dirs.v[dirs.n++].len = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct lint_entry *e = &t->v[i];
		size_t len = strlen(e->path);
		struct ignore_dir *parent;
		bool ignored;

		while (!is_in(e->path, dirs.v[dirs.n - 1].path,
			      dirs.v[dirs.n - 1].len))
			ignore_leave(dirs.v[--dirs.n].state);
		parent = dirs.v[dirs.n - 1].state;
		if (!ignore_can_descend(parent))
			continue;
		if (e->is_dir && !e->is_opaque) {
			struct ignore_dir *d = ignore_enter(parent, e->path,
							    len);

			ignored = ignore_dir_ignored(d);
			dirs.v[dirs.n].state = d;
			dirs.v[dirs.n].path = e->path;
			dirs.v[dirs.n++].len = len;
		} else {
			ignored = ignore_file(parent, e->path, len);
		}
		if (!ignored)
			fn(payload, e);
	}
	while (dirs.n)
		ignore_leave(dirs.v[--dirs.n].state);
}
