/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_STATTRUST_H
#define IMGCACHE_SOURCE_STATTRUST_H

/* Does a change of a file show in what stat(2) says of it? */

#include <stdbool.h>
#include <stdint.h>

struct stat_id;

/* What the walk should do on a file system. */
enum stat_trust {
	STAT_TRUSTED,	/* remember */
	STAT_LAYERED,	/* remember what stat_tells() of */
	STAT_UNKNOWN,	/* read every time */
	STAT_KERNEL	/* not files at all */
};

enum stat_trust stat_trust_of(int fd);

/*
 * overlayfs shows the times of what lies below it, and an image file system
 * (squashfs, erofs, iso9660) has no change times: it shows the time of the
 * content, often one that was set for all files, to the second.
 */
bool stat_may_be_made_up(int64_t mtime_ns, int64_t ctime_ns);

/*
 * Is the file one of its directory's file system, and are its times its own?
 * The directory is open as dirfd, of device dir_dev. Not where another file
 * system is mounted onto that one file: nobody has judged that.
 */
bool stat_tells(enum stat_trust trust, int dirfd, uint64_t dir_dev,
		const char *name, const struct stat_id *id);

/*
 * May a file with these times, looked at after before_ns, be remembered? Not if
 * it could change again without its change time showing it. before_ns is wall
 * time, taken before the first look at the file.
 */
bool stat_is_settled(int64_t mtime_ns, int64_t ctime_ns, int64_t before_ns);

#endif
