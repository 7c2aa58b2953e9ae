/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_LOCKFILE_H
#define IMGCACHE_KEY_LOCKFILE_H

/*
 * imgcache.lock, beside imgcache.yaml: which digest each base has, for the
 * whole team. After the first line, one line a base, sorted, and below it, each
 * after a tab, what its configuration says on the platforms in use:
 *
 *	imgcache-lock 2
 *	<ref> <digest> [user=<USER of the image>]
 *		<platform> <as config_write() has it>
 *
 * Version 1, which has no such lines, is read too.
 */

#include <stddef.h>

#include "base/mem.h"

struct imgcache_error;

struct lockfile_config {
	const char *platform;
	const char *text;	/* not checked, but it is between braces */
	int line;		/* in the file, 0: not from there */
};

struct lockfile_row {
	const char *ref;
	const char *digest;
	const char *user;	/* "" if the image has none */
	struct lockfile_config *configs;	/* by platform */
	size_t n_configs, cap_configs;
};

struct lockfile {
	struct arena arena;
	struct lockfile_row *v;
	size_t n, cap;
};

/* A missing file is an empty one. Malformed: IMGCACHE_EFAIL with the line. */
int lockfile_read(const char *path, struct lockfile *out,
		  struct imgcache_error *err);
struct lockfile_row *lockfile_get(const struct lockfile *l, const char *ref);

/*
 * The row that speaks for ref: its own, else the first of another spelling of
 * its name ("x" and "x:latest"). NULL: none.
 */
const struct lockfile_row *lockfile_find(const struct lockfile *l,
					 const char *ref);

/* A new row, or the old one of that ref with all of it replaced. */
void lockfile_put(struct lockfile *l, const struct lockfile_row *row);

/* Into a row of l, in place of what it says of that platform. */
void lockfile_put_config(struct lockfile *l, struct lockfile_row *row,
			 const struct lockfile_config *c);
const struct lockfile_config *
lockfile_get_config(const struct lockfile_row *row, const char *platform);
int lockfile_write(const char *path, struct lockfile *l,
		   struct imgcache_error *err);
void lockfile_release(struct lockfile *l);

#endif
