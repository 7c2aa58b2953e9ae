/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_STAGETRIGGER_H
#define IMGCACHE_BUILDER_STAGETRIGGER_H

/*
 * The stages of `cache.stages` that an image uses, each with a hash of what its
 * cache depends on: the content of the files named for it, its instructions and
 * those of the stages that it needs, their arguments and bases.
 */

#include <stddef.h>

#include "source/hash.h"

struct imgcache_error;
struct inputs;

struct stage_trigger {
	const char *stage;	/* lower case; in the handle's arena */
	char hash[HASH_HEX_SIZE];
};

/* Zero-initialised is empty. */
struct stage_triggers {
	struct stage_trigger *v;
	size_t n, cap;
};

/*
 * In the order of the project file. IMGCACHE_EFAIL with file:line:column for a
 * file that cannot be read and for a stage that no image of the project has.
 */
int stage_triggers_find(struct stage_triggers *out, const struct inputs *in,
			struct imgcache_error *err);

void stage_triggers_release(struct stage_triggers *t);

#endif
