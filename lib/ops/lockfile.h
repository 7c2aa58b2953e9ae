/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_LOCKFILE_H
#define IMGCACHE_OPS_LOCKFILE_H

/*
 * imgcache.lock, beside imgcache.yaml: which digest each base has, for the
 * whole team. After the first line, one line a base, sorted:
 *
 *	imgcache-lock 1
 *	<ref> <digest> [user=<USER of the image>]
 */

#include <stddef.h>

#include "base/mem.h"

struct imgcache_error;

struct lockfile_row {
	const char *ref;
	const char *digest;
	const char *user;	/* "" if the image has none */
};

struct lockfile {
	struct arena arena;
	struct lockfile_row *v;
	size_t n, cap;
};

/* A missing file is an empty one. Malformed: IMGCACHE_EFAIL with the line. */
int lockfile_read(const char *path, struct lockfile *out,
		  struct imgcache_error *err);
const struct lockfile_row *lockfile_get(const struct lockfile *l,
					const char *ref);
void lockfile_put(struct lockfile *l, const struct lockfile_row *row);
int lockfile_write(const char *path, struct lockfile *l,
		   struct imgcache_error *err);
void lockfile_release(struct lockfile *l);

#endif
