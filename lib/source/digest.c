/* SPDX-License-Identifier: MIT */
/*
 * A name can mean another file at every call, so after open() only the
 * descriptor counts. O_NONBLOCK keeps a FIFO that took the file's place from
 * holding us.
 */

#include "source/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "source/shown.h"

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

static int64_t
ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

void
stat_id_from(struct stat_id *id, const struct stat *st)
{
	bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);

	id->dev = st->st_dev;
	id->ino = st->st_ino;
	id->size = st->st_size;
	id->mtime_ns = ns(&st->st_mtim);
	id->ctime_ns = ns(&st->st_ctim);
	id->mode = st->st_mode;
	id->rdev = device ? major(st->st_rdev) << 20 | minor(st->st_rdev) : 0;
}

static int
moved(const char *path, const char *what, struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];

	return error_set(err, IMGCACHE_ECHANGED, "'%s' %s; try again when "
			 "nothing writes to it", path_shown(path, shown), what);
}

static int
cannot_open(const char *path, struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];

	if (errno == ENOENT || errno == ENOTDIR)
		return moved(path, "vanished while the tree was read", err);
	if (errno == ELOOP || errno == ENXIO)
		return moved(path, "was replaced while the tree was read", err);
	error_errno(err, IMGCACHE_EFAIL, "cannot read '%s'",
		    path_shown(path, shown));
	return err->code;
}

static bool
is_same(const struct stat_id *a, const struct stat_id *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->mode == b->mode;
}

/* Read what is expected to be the file of *id; true if it was, all along. */
static bool
hash_expected(const struct digester *g, int fd, const char *path,
	      const struct stat_id *id, struct hash *out)
{
	struct imgcache_error ignored = { 0 };
	struct stat_id now;
	struct stat st;

	if (!S_ISREG(id->mode) ||
	    hash_fd(g->kind, fd, id->size, path, out, &ignored) ||
	    fstat(fd, &st) < 0)
		return false;
	stat_id_from(&now, &st);
	return is_same(&now, id);
}

/* It is another file by now: read that one. */
static int
hash_found(const struct digester *g, int fd, const char *path,
	   struct stat_id *id, struct hash *out, struct imgcache_error *err)
{
	struct stat before, after;
	int rc;

	if (fstat(fd, &before) < 0)
		return cannot_open(path, err);
	if (!S_ISREG(before.st_mode))
		return moved(path, "was replaced while the tree was read",
			     err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return cannot_open(path, err);
	rc = hash_fd(g->kind, fd, before.st_size, path, out, err);
	if (rc)
		return rc;
	if (fstat(fd, &after) < 0)
		return cannot_open(path, err);
	if (after.st_size != before.st_size ||
	    ns(&after.st_mtim) != ns(&before.st_mtim))
		return moved(path, "changed while it was read", err);
	stat_id_from(id, &after);
	return 0;
}

int
digest_file(const struct digester *g, int dirfd, const char *name,
	    const char *path, struct stat_id *id, struct hash *out,
	    struct imgcache_error *err)
{
	int rc = 0;
	int fd = openat(dirfd, name, OPEN_FLAGS);

	if (fd < 0)
		return cannot_open(path, err);
	if (!hash_expected(g, fd, path, id, out))
		rc = hash_found(g, fd, path, id, out, err);
	close(fd);
	return rc;
}
