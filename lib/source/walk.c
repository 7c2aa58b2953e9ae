/* SPDX-License-Identifier: MIT */
/*
 * Reading a tree. Work is a stack of directories, each opened anew by its path
 * from the root's descriptor, in pieces if the path is longer than the kernel
 * takes: two descriptors at any depth, and no item needs another's. That what
 * was opened is what the parent's listing meant is checked by device and inode,
 * so a link put in a directory's place is noticed.
 */

#include "source/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "source/allow.h"
#include "source/ignore.h"
#include "source/shown.h"
#include "source/tree_parts.h"
#include "sys/signals.h"

#define LISTING_BYTES (64 * 1024)
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY)

/* As the kernel writes it; see getdents64(2). */
struct listing_entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* One directory to read. */
struct work {
	uint32_t dir;
	struct stat_id id;		/* as the parent's listing meant it */
	uint64_t parent_dev;
	struct ignore_dir *ignore;	/* NULL: no rules */
	enum allow allow;
};

struct walk {
	int root_fd;
	const struct tree_options *o;
	struct digester digester;
	struct allow_list allow;
	struct tree *tree;
	struct work *stack;
	size_t n;
	size_t cap;
	struct buf path;	/* of the entry at hand */
	size_t dir_len;		/* of its directory, with the '/' */
	char *listing;
};

static int
gone(const char *path, const char *what, struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];

	return error_set(err, IMGCACHE_ECHANGED, "'%s' %s while the tree was "
			 "read; try again when nothing writes to it",
			 path_shown(path, shown), what);
}

static int
cannot(const char *what, const char *path,
	struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];

	if (errno == ENOENT)
		return gone(path, "vanished", err);
	if (errno == ENOTDIR || errno == ELOOP)
		return gone(path, "was replaced", err);
	error_errno(err, IMGCACHE_EFAIL, "cannot %s '%s'", what,
		    path_shown(path, shown));
	return err->code;
}

/* File systems whose files have no size, or end nowhere. */
static bool
is_kernels_own(int fd)
{
	static const unsigned long magic[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
		SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		BPF_FS_MAGIC, PSTOREFS_MAGIC, EFIVARFS_MAGIC, SELINUX_MAGIC
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
		if ((unsigned long)fs.f_type == magic[i])
			return true;
	return false;
}

/* One more piece of a path; the descriptor before it is done with. */
static int
open_piece(int root_fd, int fd, const char *piece)
{
	int next = openat(fd, piece, DIR_FLAGS | O_NOFOLLOW);
	int saved = errno;

	if (fd != root_fd)
		close(fd);
	errno = saved;
	return next;
}

/* Open a relative path of any length; -1 with errno. */
static int
open_path(int root_fd, const char *path)
{
	size_t len = strlen(path);
	char piece[PATH_MAX];
	int fd = root_fd;

	while (len >= PATH_MAX) {
		const char *cut = memrchr(path, '/', PATH_MAX - 1);
		size_t n = (size_t)(cut - path);

		memcpy(piece, path, n);
		piece[n] = '\0';
		fd = open_piece(root_fd, fd, piece);
		if (fd < 0)
			return -1;
		path = cut + 1;
		len -= n + 1;
	}
	return open_piece(root_fd, fd, *path ? path : ".");
}

static int
check_dir(int fd, const struct work *work, const char *path,
	  struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cannot("read", path, err);
	if (st.st_dev != work->id.dev || st.st_ino != work->id.ino)
		return gone(path, "was replaced", err);
	if (work->id.dev != work->parent_dev && is_kernels_own(fd))
		return error_set(err, IMGCACHE_EFAIL, "cannot use '%s': it "
				 "belongs to the kernel and its files have no "
				 "fixed content; name it in the ignore file",
				 path_shown(path, shown));
	return 0;
}

static struct tree_entry *
add_entry(struct walk *w, const struct work *work,
	  const char *name)
{
	struct tree_dir *d = w->tree->dirs + work->dir;
	struct tree_entry *e;

	mem_grow(d->entries, d->n, d->cap);
	e = d->entries + d->n++;
	memset(e, 0, sizeof(*e));
	e->name_len = (uint32_t)strlen(name);
	e->name = arena_strndup(&w->tree->names, name, e->name_len);
	return e;
}

static void
add_dir(struct walk *w, const struct work *parent,
	const char *name, struct work *child)
{
	struct tree_entry *e = add_entry(w, parent, name);

	e->type = TREE_DIR;
	e->id = child->id;
	e->structure = child->allow == ALLOW_LEADS;
	e->ignored = child->ignore && ignore_dir_ignored(child->ignore);
	child->dir = tree_add_dir(w->tree, parent->dir, e->name);
	child->parent_dev = parent->id.dev;
	e->dir = child->dir;
	mem_grow(w->stack, w->n, w->cap);
	w->stack[w->n++] = *child;
}

/* The directory at w->path: to be read later, if anything in it can count. */
static void
meet_dir(struct walk *w, const struct work *parent,
	 const char *name, const struct stat_id *id,
	 enum allow allow)
{
	struct work child = { .id = *id, .allow = allow };

	if (parent->ignore)
		child.ignore = ignore_enter(parent->ignore, w->path.data,
					    w->path.len);
	if (!child.ignore || ignore_can_descend(child.ignore))
		add_dir(w, parent, name, &child);
	else
		ignore_leave(child.ignore);
}

static int
hash_link(struct walk *w, int fd, struct tree_entry *e,
	  struct imgcache_error *err)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(fd, e->name, text, sizeof(text));

	if (n < 0)
		return errno == EINVAL ?
			gone(w->path.data, "was replaced", err) :
			cannot("read the link", w->path.data, err);
	return hash_bytes(w->digester.kind, text, (size_t)n, &e->digest, err);
}

/* Anything but a directory. */
static int
meet_file(struct walk *w, int fd, const struct work *work,
	  const char *name, const struct stat_id *id,
	  struct imgcache_error *err)
{
	struct tree_entry *e = add_entry(w, work, name);

	e->id = *id;
	if (S_ISREG(id->mode)) {
		e->type = TREE_FILE;
		return digest_file(&w->digester, fd, name, w->path.data,
				   &e->id, &e->digest, err);
	}
	if (S_ISLNK(id->mode)) {
		e->type = TREE_LINK;
		return hash_link(w, fd, e, err);
	}
	e->type = TREE_SPECIAL;
	return 0;
}

static void
set_path(struct walk *w, const char *name)
{
	buf_truncate(&w->path, w->dir_len);
	buf_adds(&w->path, name);
}

/* Whether a name of that type (DT_UNKNOWN: any) needs no stat at all. */
static bool
is_left_out(const struct walk *w, const struct work *work,
	    unsigned char type, enum allow allow)
{
	if (type == DT_DIR || type == DT_UNKNOWN)
		return false;
	if (allow == ALLOW_LEADS && type != DT_LNK)
		return true;
	return work->ignore &&
	       ignore_file(work->ignore, w->path.data, w->path.len);
}

static int
meet(struct walk *w, int fd, const struct work *work,
	const struct listing_entry *l, struct imgcache_error *err)
{
	enum allow allow = work->allow;
	struct stat_id id;
	struct stat st;

	set_path(w, l->name);
	if (allow == ALLOW_LEADS)
		allow = allow_path(&w->allow, w->path.data);
	if (allow == ALLOW_NONE || is_left_out(w, work, l->type, allow))
		return 0;
	if (fstatat(fd, l->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot("read", w->path.data, err);
	stat_id_from(&id, &st);
	if (S_ISDIR(st.st_mode)) {
		meet_dir(w, work, l->name, &id, allow);
		return 0;
	}
	if ((l->type == DT_UNKNOWN || l->type == DT_DIR) &&
	    is_left_out(w, work, IFTODT(st.st_mode), allow))
		return 0;
	return meet_file(w, fd, work, l->name, &id, err);
}

static bool
is_dots(const char *name)
{
	return name[0] == '.' &&
	       (!name[1] || (name[1] == '.' && !name[2]));
}

static int
read_listing(struct walk *w, int fd, const struct work *work,
	     struct imgcache_error *err)
{
	int rc = 0;
	long n;

	while (!rc && (n = syscall(SYS_getdents64, fd, w->listing,
				   LISTING_BYTES)) > 0) {
		for (long at = 0; !rc && at < n;) {
			const struct listing_entry *l =
				(const void *)(w->listing + at);

			at += l->reclen;
			if (is_dots(l->name))
				continue;
			rc = signals_check(err);
			if (!rc)
				rc = meet(w, fd, work, l, err);
		}
	}
	buf_truncate(&w->path, w->dir_len ? w->dir_len - 1 : 0);
	if (!rc && n < 0)
		rc = cannot("list", w->path.data, err);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	const struct tree_entry *x = a;
	const struct tree_entry *y = b;

	return strcmp(x->name, y->name);
}

static void
sort_entries(struct tree_dir *d)
{
	if (d->n)
		qsort(d->entries, d->n, sizeof(*d->entries), by_name);
	if (d->n && d->n < d->cap) {
		d->entries = mem_resize(d->entries, d->n, sizeof(*d->entries));
		d->cap = d->n;
	}
}

static int
read_dir(struct walk *w, const struct work *work,
	 struct imgcache_error *err)
{
	bool ignored = work->ignore && ignore_dir_ignored(work->ignore);
	int rc;
	int fd;

	tree_dir_path(w->tree, work->dir, &w->path);
	fd = open_path(w->root_fd, w->path.data);
	if (fd < 0 && errno == EACCES && ignored)
		return 0;	/* BuildKit forgives it here, and only here */
	if (fd < 0)
		return cannot("read", w->path.data, err);
	rc = check_dir(fd, work, w->path.data, err);
	if (w->path.len)
		buf_addc(&w->path, '/');
	w->dir_len = w->path.len;
	if (!rc)
		rc = read_listing(w, fd, work, err);
	close(fd);
	sort_entries(w->tree->dirs + work->dir);
	return rc;
}

static int
open_root(struct walk *w, const char *path,
	  struct imgcache_error *err)
{
	struct work root = { .allow = allow_root(&w->allow) };
	char shown[SHOWN_SIZE];
	struct stat st;

	w->root_fd = open(path, DIR_FLAGS);
	if (w->root_fd < 0 || fstat(w->root_fd, &st) < 0) {
		error_errno(err, IMGCACHE_EFAIL, "cannot read '%s'",
			    path_shown(path, shown));
		return err->code;
	}
	stat_id_from(&root.id, &st);
	root.parent_dev = ~root.id.dev;
	if (w->o->ignore && ignore_count(w->o->ignore))
		root.ignore = ignore_root(w->o->ignore);
	root.dir = tree_add_dir(w->tree, 0, "");
	mem_grow(w->stack, w->n, w->cap);
	w->stack[w->n++] = root;
	return 0;
}

static int
walk_all(struct walk *w, const char *path,
	 struct imgcache_error *err)
{
	int rc = open_root(w, path, err);

	while (w->n) {
		struct work work = w->stack[--w->n];

		if (!rc)
			rc = read_dir(w, &work, err);
		ignore_leave(work.ignore);
	}
	return rc ? rc : tree_seal(w->tree, err);
}

int
tree_scan(const char *path, const struct tree_options *o,
	  struct tree **out, struct imgcache_error *err)
{
	struct walk w = {
		.root_fd = -1,
		.o = o,
		.digester = { o->hash },
		.tree = mem_alloc(sizeof(struct tree)),
		.path = BUF_INIT,
		.listing = mem_alloc(LISTING_BYTES),
	};
	int rc;

	w.tree->hash = o->hash;
	allow_init(&w.allow, o->allow);
	rc = walk_all(&w, path, err);
	if (rc)
		tree_free(w.tree);
	else
		*out = w.tree;
	if (w.root_fd >= 0)
		close(w.root_fd);
	allow_release(&w.allow);
	buf_release(&w.path);
	free(w.listing);
	free(w.stack);
	return rc;
}
