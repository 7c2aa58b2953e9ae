/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_MOUNT_H
#define IMGCACHE_RECIPE_DOCKERFILE_MOUNT_H

struct arena;
struct imgcache_error;

/* One --mount of a RUN, values as written; NULL where it has none. */
struct run_mount {
	const char *type;
	const char *from;
	const char *source;
};

/*
 * Read "type=bind,source=x,..." (the CSV of Go); text lives in the arena. EFAIL
 * without a place for broken CSV and for variables in from.
 */
int run_mount_parse(struct run_mount *out, const char *flag,
		    struct arena *arena, struct imgcache_error *err);

#endif
