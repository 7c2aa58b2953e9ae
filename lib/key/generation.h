/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_GENERATION_H
#define IMGCACHE_KEY_GENERATION_H

#include "key/inputs.h"

/*
 * The generation that an image of these inputs must have at least: the newest
 * invalidation of its name, its tag, one of its bases or stages, or of an
 * image of the project that it is built from. 0: none.
 */
int generation_required(const struct inputs *in, int64_t *generation,
			struct imgcache_error *err);

/* The same without stages that were invalidated by themselves. */
int generation_whole(const struct inputs *in, int64_t *generation,
		     struct imgcache_error *err);

#endif
