/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_BASES_H
#define IMGCACHE_RECIPE_DOCKERFILE_BASES_H

/*
 * What the caller knows of the images that stages begin with: which of them is
 * a stage's, its variables, and its triggers as instructions.
 */

#include "recipe/dockerfile.h"
#include "recipe/dockerfile_stages.h"

struct base_set {
	const struct dockerfile_base *v;	/* of the options */
	size_t n;
	struct strmap index;		/* where in v, by name and platform */
	char **keys;			/* of the index */
	struct dockerfile **triggers;	/* the same order; NULL: none */
	bool *unseen;			/* the same order */
};

struct stage_base {
	const struct strv *env;			/* NULL: not known */
	const struct dockerfile *triggers;	/* NULL: none */
	bool unseen;			/* may have any triggers */
};

/* EFAIL for triggers that BuildKit refuses. To be released in any case. */
int base_set_init(struct base_set *set,
		  const struct dockerfile_options *options,
		  struct imgcache_error *err);
void base_set_release(struct base_set *set);

/* That of a stage on a platform; all zero where nothing is said of it. */
struct stage_base base_set_find(const struct base_set *set,
				const struct stage *st, const char *platform);

/* Whether a stage's own ones mean something else without the directive. */
bool triggers_hang_on_escape(const struct stage *st, char escape);

#endif
