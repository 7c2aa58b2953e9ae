/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_EXPAND_H
#define IMGCACHE_RECIPE_EXPAND_H

/*
 * ${NAME} and ${NAME:-default} in values of the project file. The default
 * stands in when NAME is not set or empty, as in a shell. $${ is a literal ${;
 * a $ before anything else is just a $. Nothing is expanded twice.
 */

#include <stdbool.h>

struct buf;
struct imgcache_error;

/* Where names come from; get gives NULL for a name that is not set. */
struct expand_env {
	const char *(*get)(void *payload, const char *name);
	void *payload;
};

/* The value of name, or NULL; a missing source knows no name. */
const char *expand_get(const struct expand_env *env, const char *name);

/*
 * Append text to out with its names replaced. IMGCACHE_ENO if a name is not
 * set and has no default; IMGCACHE_EFAIL if the form is none of the above.
 */
int expand_text(struct buf *out, const char *text,
		const struct expand_env *env, struct imgcache_error *err);

#endif
