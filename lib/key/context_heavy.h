/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_CONTEXT_HEAVY_H
#define IMGCACHE_KEY_CONTEXT_HEAVY_H

#include <stddef.h>

struct arena;
struct imgcache_heavy;
struct weighed;

/*
 * n entries in the order of a tree: each followed by those below it, brothers
 * as they are in v. All of it is in the arena.
 */
const struct imgcache_heavy *context_heavy(struct arena *arena,
					   const struct weighed *v, size_t n);

#endif
