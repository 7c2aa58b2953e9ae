/* SPDX-License-Identifier: MIT */
/* Directories and what kind of file a path names (declared in file.h). */

#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool
file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
make_dir(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 || (errno == EEXIST && file_is_dir(path)))
		return 0;
	if (errno == EEXIST)
		errno = ENOTDIR;
	return -1;
}

/* From the longest: a parent that we may not look at need not be touched. */
static int
make_dirs(const char *path, mode_t mode)
{
	char *parent;
	int rc = -1;

	if (make_dir(path, mode) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	parent = path_dir(path);
	if (strlen(parent) < strlen(path) && make_dirs(parent, mode) == 0)
		rc = make_dir(path, mode);
	free(parent);
	return rc;
}

int
file_mkdirs(const char *path, mode_t mode, struct imgcache_error *err)
{
	if (make_dirs(path, mode))
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot make the directory '%s'", path);
	return 0;
}

int
file_private_dir(const char *path, struct imgcache_error *err)
{
	struct stat st;
	int rc = file_mkdirs(path, 0700, err);

	if (rc)
		return rc;
	if (stat(path, &st))
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot use the directory '%s'", path);
	if (st.st_uid != geteuid())
		return error_set(err, IMGCACHE_EFAIL,
				 "cannot use the directory '%s': it belongs to "
				 "user %lu, not to %lu; choose another one or "
				 "run as its owner", path,
				 (unsigned long)st.st_uid,
				 (unsigned long)geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, IMGCACHE_EFAIL,
				 "cannot use the directory '%s': others may "
				 "write to it (mode %04o); run: chmod go-w "
				 "'%s'", path, (unsigned)st.st_mode & 07777,
				 path);
	return 0;
}

static DIR *open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static int remove_entries(DIR *d);

/* 0 or -1 with errno. A path that vanishes meanwhile is as good as removed. */
static int
remove_at(int dirfd, const char *name)
{
	DIR *d;
	int rc, saved;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	saved = errno;
	d = open_dir(dirfd, name);
	if (!d) {
		errno = errno == ENOTDIR ? saved : errno;
		return errno == ENOENT ? 0 : -1;
	}
	rc = remove_entries(d);
	saved = errno;
	closedir(d);
	errno = saved;
	if (rc || (unlinkat(dirfd, name, AT_REMOVEDIR) && errno != ENOENT))
		return -1;
	return 0;
}

static int
remove_entries(DIR *d)
{
	struct dirent *e;

	while ((errno = 0, e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (remove_at(dirfd(d), e->d_name))
			return -1;
	}
	return errno ? -1 : 0;
}

int
file_remove_tree(int dirfd, const char *path, struct imgcache_error *err)
{
	if (remove_at(dirfd, path))
		return error_errno(err, IMGCACHE_EFAIL, "cannot remove '%s'",
				   path);
	return 0;
}

/* Magic numbers from linux/magic.h and, where it lacks them, statfs(2). */
static const uint32_t network_types[] = {
	0x00006969,	/* NFS */
	0x0000517b,	/* SMB */
	0xfe534d42,	/* SMB2 */
	0xff534d42,	/* CIFS */
	0x01021997,	/* 9p */
	0x65735546,	/* FUSE, virtiofs */
	0x00c36400,	/* Ceph */
	0x5346414f,	/* AFS */
	0x6b414653,	/* AFS, the kernel's own */
	0x73757245,	/* Coda */
	0x0bd00bd0,	/* Lustre */
	0x47504653,	/* GPFS */
	0x01161970,	/* GFS2 */
	0x7461636f,	/* OCFS2 */
	0x786f4256,	/* VirtualBox shared folder */
};

static int
statfs_nearest(const char *path, struct statfs *fs)
{
	char *at = mem_strdup(path);
	int rc;

	while ((rc = statfs(at, fs)) != 0 && errno == ENOENT) {
		char *up = path_dir(at);
		bool top = !strcmp(up, at);

		free(at);
		at = up;
		if (top)
			break;
	}
	free(at);
	return rc;
}

bool
file_on_network(const char *path)
{
	struct statfs fs;

	if (statfs_nearest(path, &fs))
		return false;
	for (size_t i = 0; i < sizeof(network_types) / sizeof(uint32_t); i++)
		if ((uint32_t)fs.f_type == network_types[i])
			return true;
	return false;
}

int64_t
file_tree_size(const char *path)
{
	DIR *all = opendir(path);
	struct dirent *d;
	struct stat st;
	int64_t sum = 0;

	while (all && (d = readdir(all))) {
		char *child;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
		    fstatat(dirfd(all), d->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISREG(st.st_mode))
			sum += st.st_size;
		if (!S_ISDIR(st.st_mode))
			continue;
		child = path_join(path, d->d_name);
		sum += file_tree_size(child);
		free(child);
	}
	if (all)
		closedir(all);
	return sum;
}
