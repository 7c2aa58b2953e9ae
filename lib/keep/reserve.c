/* SPDX-License-Identifier: MIT */
#include "keep/reserve.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/session.h"
#include "sys/file.h"

/* The write-ahead log of the catalog grows to 4 MB before it is folded in. */
#define RESERVE_BYTES (8 << 20)

static char *
path_of(const struct imgcache *ic)
{
	return path_join(settings_text(&ic->settings, SETTING_STATE_DIR),
			 "reserve");
}

/* On the disk of the state directory, for us; -1: not to be found out. */
static int64_t
room(const struct imgcache *ic)
{
	const char *dir = settings_text(&ic->settings, SETTING_STATE_DIR);
	struct statvfs st;

	return statvfs(dir, &st) ? -1 :
		(int64_t)st.f_bavail * (int64_t)st.f_frsize;
}

void
reserve_keep(struct imgcache *ic)
{
	char *path = path_of(ic);
	int fd = -1;

	if (!file_exists(path) && room(ic) >= 4 * RESERVE_BYTES)
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
			  O_NOFOLLOW, 0600);
	if (fd >= 0) {
		if (posix_fallocate(fd, 0, RESERVE_BYTES))
			unlink(path);
		close(fd);
	}
	free(path);
}

void
reserve_give(struct imgcache *ic)
{
	int64_t left = room(ic);
	char *path = path_of(ic);

	if (left >= 0 && left < RESERVE_BYTES)
		unlink(path);
	free(path);
}
