/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_BAKE_H
#define IMGCACHE_SESSION_BAKE_H

/*
 * A recipe from a target of a bake file or a service of a compose file, as
 * `docker buildx bake --print` has it: variables, inheritance and matrices are
 * resolved there, with this environment, and no engine is asked. It is asked
 * each time, since which files and variables it reads it does not say.
 *
 * Every attribute of a target is part of the recipe, kept here for the build,
 * or refused; one that is not known is refused.
 */

#include "base/strv.h"
#include "imgcache.h"

/* What a target says of the build and not of the image. */
struct bake {
	struct strv tags, cache_from, cache_to, no_cache_filter, allow, ulimits;
	char *shm_size;
	bool no_cache, pull;
	bool has_output;	/* other than the engine: the caller's to ask */
};

/* "FILE[:TARGET]"; compose: paths are meant from the file's folder. */
int bake_fill(struct imgcache_recipe *r, const char *what, bool compose,
	      struct imgcache_error *err);
void bake_release(struct bake *b);

/*
 * The options with what the recipe's target adds; what they say themselves is
 * nearer. Lives in the handle's arena.
 */
struct imgcache_build_options
bake_options(struct imgcache_recipe *r, const struct imgcache_build_options *o);

#endif
