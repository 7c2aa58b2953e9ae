/* SPDX-License-Identifier: MIT */
#ifndef T_UNIT_SOURCE_ROOM_H
#define T_UNIT_SOURCE_ROOM_H

/* A folder of its own for each test, which is where the test runs. */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/file.h"

static char *top;
static struct imgcache_error err;

static inline void room_enter(void)
{
	const char *base = getenv("TMPDIR");

	umask(022);
	top = path_join(base ? base : "/tmp", "imgcache-source-XXXXXX");
	cr_assert(mkdtemp(top));
	cr_assert_eq(chmod(top, 0755), 0);
	cr_assert_eq(chdir(top), 0);
}

static inline void room_leave(void)
{
	struct imgcache_error ignored = { 0 };

	cr_expect_eq(file_remove_tree(AT_FDCWD, top, &ignored), 0, "%s",
		     ignored.text);
	free(top);
}

/* A file with that text; folders on the way are made. */
static inline void put(const char *path, const char *text)
{
	char *dir = path_dir(path);
	int fd;

	cr_assert_eq(file_mkdirs(dir, 0755, &err), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	cr_assert_geq(fd, 0, "%s", path);
	cr_assert_eq(file_write_fd(fd, text, strlen(text)), 0);
	close(fd);
	free(dir);
}

#endif
