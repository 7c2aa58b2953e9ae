/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_FILE_H
#define IMGCACHE_SYS_FILE_H

/*
 * Files and directories. Paths are relative to a directory descriptor where it
 * matters (AT_FDCWD for the working directory). Every descriptor is CLOEXEC.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct imgcache_error;

/*
 * Temporary files are named ".imgcache-tmp-<pid>-<hex>"; what a dead process
 * left may be swept.
 */
#define FILE_TEMP_PREFIX ".imgcache-tmp-"

/*
 * Append the whole file to out. More than max bytes is an error that says so
 * (0: no limit). A missing file is IMGCACHE_ENO, so that callers can tell.
 * On failure out is as it was.
 */
int file_read(int dirfd, const char *path, size_t max, struct buf *out,
	      struct imgcache_error *err);

/* Read fd to its end. */
int file_read_fd(int fd, const char *name, size_t max, struct buf *out,
		 struct imgcache_error *err);

/* Write all of it, whatever the signals. 0 or -1 with errno. */
int file_write_fd(int fd, const void *data, size_t len);

/*
 * Replace path: temp file in the same directory, fsync if durable, rename.
 * Either the old or the new content is there, whatever happens. The new file's
 * mode is mode less the umask; a link at path is replaced, not followed.
 */
int file_replace(int dirfd, const char *path, const void *data, size_t len,
		 mode_t mode, bool durable, struct imgcache_error *err);

/* mkdir -p, all of them with mode; existing directories are fine. */
int file_mkdirs(const char *path, mode_t mode, struct imgcache_error *err);

/*
 * A private directory: made 0700 with its parents, refused (EFAIL, one clear
 * line) if it belongs to someone else or others (the group counts) may write
 * to it. A link to a directory is judged by the directory.
 */
int file_private_dir(const char *path, struct imgcache_error *err);

/*
 * Remove a file or a tree; what is already gone is fine. Does not follow
 * links. Needs one descriptor for each level of folders.
 */
int file_remove_tree(int dirfd, const char *path, struct imgcache_error *err);

/* The plain files of a tree together; links are not followed. */
int64_t file_tree_size(const char *path);

bool file_exists(const char *path);	/* follows links */
bool file_is_dir(const char *path);

/* "dir/name"; if name is absolute or dir empty, name. The caller frees. */
char *path_join(const char *dir, const char *name);

/*
 * Absolute, without "." ".." "//" or a trailing slash, links not resolved. A
 * base that is NULL or relative starts from the working directory (from "/" if
 * that is gone). The caller frees.
 */
char *path_absolute(const char *base, const char *path);

/* Directory part ("." if none), borrowed text copied. The caller frees. */
char *path_dir(const char *path);

/* The last component, with the slashes after it; points into path. */
const char *path_base(const char *path);

/*
 * True on NFS, SMB, 9p, FUSE and the like, where SQLite may not use WAL. Where
 * path does not exist yet, its nearest parent that does decides.
 */
bool file_on_network(const char *path);

#endif
