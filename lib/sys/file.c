/* SPDX-License-Identifier: MIT */
/*
 * Reading and replacing whole files. A replacement is written beside its
 * target under a name that no one else uses, and only a rename shows it.
 */

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/units.h"
#include "sys/clock.h"

#define READ_BYTES 16384
#define TEMP_TRIES 100

static int
too_big(const char *name, size_t max, struct imgcache_error *err)
{
	char text[UNITS_TEXT];

	return error_set(err, IMGCACHE_EFAIL,
			 "cannot read '%s': larger than %s", name,
			 units_size(text, (int64_t)max));
}

int
file_read_fd(int fd, const char *name, size_t max, struct buf *out,
	     struct imgcache_error *err)
{
	size_t start = out->len;
	int rc = 0;
	ssize_t n;

	do {
		buf_reserve(out, READ_BYTES);
		n = read(fd, out->data + out->len, READ_BYTES);
		if (n > 0)
			out->len += (size_t)n;
		if (n < 0 && errno != EINTR)
			rc = error_errno(err, IMGCACHE_EFAIL,
					 "cannot read '%s'", name);
		else if (max && out->len - start > max)
			rc = too_big(name, max, err);
	} while (!rc && n != 0);
	buf_truncate(out, rc ? start : out->len);
	return rc;
}

int
file_read(int dirfd, const char *path, size_t max, struct buf *out,
	  struct imgcache_error *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
			O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0)
		return error_errno(err, errno == ENOENT ? IMGCACHE_ENO :
				   IMGCACHE_EFAIL, "cannot read '%s'", path);
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode))
		rc = error_set(err, IMGCACHE_EFAIL, "cannot read '%s': it is "
			       "a FIFO, not a file", path);
	else
		rc = file_read_fd(fd, path, max, out, err);
	close(fd);
	return rc;
}

int
file_write_fd(int fd, const void *data, size_t len)
{
	const char *p = data;
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

/* A new file in path's directory; its name goes to *temp, for the caller. */
static int
open_temp(int dirfd, const char *path, mode_t mode, char **temp)
{
	int dir_len = (int)(path_base(path) - path);
	unsigned long salt = (unsigned long)clock_mono_us();
	int fd = -1;

	for (int i = 0; fd < 0 && i < TEMP_TRIES; i++) {
		*temp = mem_printf("%.*s" FILE_TEMP_PREFIX "%ld-%lx", dir_len,
				   path, (long)getpid(), salt + i);
		fd = openat(dirfd, *temp, O_WRONLY | O_CREAT | O_EXCL |
			    O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd < 0) {
			bool taken = errno == EEXIST;

			free(*temp);
			*temp = NULL;
			if (!taken)
				break;
		}
	}
	return fd;
}

/* Also when something failed before: fd is closed in any case. */
static int
write_and_close(int fd, const void *data, size_t len, bool durable)
{
	int rc = file_write_fd(fd, data, len);
	int saved;

	if (!rc && durable)
		rc = fsync(fd);
	saved = errno;
	if (close(fd) && !rc)
		return -1;
	errno = saved;
	return rc;
}

/* Make a rename last. File systems that cannot sync a directory say EINVAL. */
static int
sync_dir(int dirfd, const char *path)
{
	char *dir = path_dir(path);
	int fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	free(dir);
	errno = saved;
	return rc && errno != EINVAL ? -1 : 0;
}

int
file_replace(int dirfd, const char *path, const void *data, size_t len,
	     mode_t mode, bool durable, struct imgcache_error *err)
{
	char *temp = NULL;
	int fd = open_temp(dirfd, path, mode, &temp);
	int rc = 0;

	if (fd < 0 || write_and_close(fd, data, len, durable) ||
	    renameat(dirfd, temp, dirfd, path))
		rc = error_errno(err, IMGCACHE_EFAIL, "cannot write '%s'",
				 path);
	else if (durable && sync_dir(dirfd, path))
		rc = error_errno(err, IMGCACHE_EFAIL,
				 "cannot sync the directory of '%s'", path);
	if (rc && temp)
		unlinkat(dirfd, temp, 0);
	free(temp);
	return rc;
}
