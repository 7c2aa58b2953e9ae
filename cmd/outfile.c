/* SPDX-License-Identifier: MIT */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

/* A hidden name in the directory of path. */
static char *
temp_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name;

	if (asprintf(&name, "%.*s.imgcache-tmp-%ld-out",
		     slash ? (int)(slash + 1 - path) : 0, path,
		     (long)getpid()) < 0)
		name = memory_checked(NULL);
	return name;
}

static int
cannot(const struct outfile *o, const char *what, int cause,
       struct imgcache_error *err)
{
	return fail(err, IMGCACHE_EFAIL, "cannot %s '%s': %s", what, o->path,
		    strerror(cause));
}

/* Renaming over /dev/null would be the end of it. */
static int
check(const char *path, struct imgcache_error *err)
{
	struct stat st;

	if (!*path)
		return fail(err, IMGCACHE_EUSAGE, "--output wants the name of "
			    "a file");
	if (stat(path, &st) || S_ISREG(st.st_mode))
		return 0;
	return fail(err, IMGCACHE_EFAIL, "'%s' is no regular file and cannot "
		    "be replaced; redirect standard output instead", path);
}

static int
open_file(struct outfile *o, bool append)
{
	if (append)
		return open(o->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
			    0666);
	o->temp = temp_name(o->path);
	unlink(o->temp);	/* of a process that had our number */
	return open(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

int
outfile_begin(struct outfile *o, const char *path, bool append,
	      struct imgcache_error *err)
{
	int fd = -1, ret = append ? 0 : check(path, err);

	*o = (struct outfile){ .path = path, .stdout_fd = -1 };
	if (ret)
		return ret;
	flush_output();
	fd = open_file(o, append);
	if (fd < 0) {
		ret = cannot(o, "create", errno, err);
		goto out;
	}
	o->stdout_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (o->stdout_fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		ret = cannot(o, "write to", errno, err);
out:
	if (fd >= 0)
		close(fd);
	if (ret && o->temp && fd >= 0)
		unlink(o->temp);
	if (ret && o->stdout_fd >= 0)
		close(o->stdout_fd);
	if (ret)
		free(o->temp);
	return ret;
}

int
outfile_end(struct outfile *o, struct imgcache_error *err)
{
	int ret = 0;

	errno = 0;	/* an earlier write may have failed, and said why */
	if (fflush(stdout) || ferror(stdout) ||
	    (o->temp && fsync(STDOUT_FILENO)))
		ret = cannot(o, "write to", errno ? errno : EIO, err);
	clearerr(stdout);
	if (dup2(o->stdout_fd, STDOUT_FILENO) < 0 && !ret)
		ret = cannot(o, "write to", errno, err);
	close(o->stdout_fd);
	if (!ret && o->temp && rename(o->temp, o->path))
		ret = cannot(o, "replace", errno, err);
	if (ret && o->temp)
		unlink(o->temp);
	free(o->temp);
	return ret;
}
