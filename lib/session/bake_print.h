/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_BAKE_PRINT_H
#define IMGCACHE_SESSION_BAKE_PRINT_H

/* What a bake or compose file comes to, as docker reads it. */

#include <stdbool.h>

struct buf;
struct imgcache_error;

struct bake_question {
	const char *path;
	const char *target;	/* NULL: the file's default */
	const char *dir;	/* where docker is run */
	bool is_compose;	/* for messages */
};

/*
 * JSON into out. IMGCACHE_EUSAGE, with the nearest name, if there is no such
 * target.
 */
int bake_print(const struct bake_question *q, struct buf *out,
	       struct imgcache_error *err);

#endif
