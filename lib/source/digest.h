/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_DIGEST_H
#define IMGCACHE_SOURCE_DIGEST_H

/*
 * The digest of one file. All reading of content for a tree goes through here;
 * what is known already from the stat cache or git's index does not come here.
 */

#include <stdint.h>
#include <sys/types.h>

#include "source/hash.h"

struct imgcache_error;
struct stat;

/* What the kernel says of a file, in full: same identity, same content. */
struct stat_id {
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t mtime_ns;	/* since the epoch */
	int64_t ctime_ns;
	uint32_t mode;		/* st_mode: type and permission bits */
	uint32_t rdev;		/* of a device node: major << 20 | minor */
};

void stat_id_from(struct stat_id *id, const struct stat *st);

struct digester {
	enum hash_kind kind;
};

/*
 * Open, read and hash the regular file name in dirfd. *id is what fstatat()
 * said of it; on return it is what fstat() said of the file once it had been
 * read: a change meanwhile that left size and mtime alone shows in its ctime.
 * path is for messages. IMGCACHE_ECHANGED if it vanished, is no regular file
 * any more or changed while being read; else IMGCACHE_EFAIL.
 */
int digest_file(const struct digester *g, int dirfd, const char *name,
		const char *path, struct stat_id *id, struct hash *out,
		struct imgcache_error *err);

#endif
