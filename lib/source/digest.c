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

int
digest_file(const struct digester *g, int dirfd, const char *name,
	    const char *path, struct stat_id *id, struct hash *out,
	    struct imgcache_error *err)
{
	struct stat before, after;
	int rc = 0;
	int fd = openat(dirfd, name, OPEN_FLAGS);

	if (fd < 0)
		return cannot_open(path, err);
	if (fstat(fd, &before) < 0)
		rc = cannot_open(path, err);
	else if (!S_ISREG(before.st_mode))
		rc = moved(path, "was replaced while the tree was read", err);
	if (!rc)
		rc = hash_fd(g->kind, fd, before.st_size, path, out, err);
	if (!rc && fstat(fd, &after) == 0 &&
	    (after.st_size != before.st_size ||
	     ns(&after.st_mtim) != ns(&before.st_mtim)))
		rc = moved(path, "changed while it was read", err);
	if (!rc)
		stat_id_from(id, &before);
	close(fd);
	return rc;
}
