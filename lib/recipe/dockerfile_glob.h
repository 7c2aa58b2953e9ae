/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_GLOB_H
#define IMGCACHE_RECIPE_DOCKERFILE_GLOB_H

/*
 * The patterns of ${x#p}, ${x%p} and ${x/p/w}: * is any run, ? any rune, \
 * escapes * ? \ } and /; everything else is itself.
 */

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct imgcache_error;

/*
 * Append value less the prefix (or suffix) that p matches; longest or shortest.
 * EFAIL for a bad escape and for a match that costs more than *budget, of which
 * every comparison takes one.
 */
struct glob_trim {
	bool suffix;
	bool longest;
	size_t *budget;
};
int glob_trim(struct glob_trim how, const char *p, const char *value,
	      struct buf *out, struct imgcache_error *err);

/* Append value with the first match of p (or all) replaced by with. */
struct glob_replace {
	bool all;
	const char *with;
	size_t *budget;
};
int glob_replace(struct glob_replace how, const char *p, const char *value,
		 struct buf *out, struct imgcache_error *err);

/*
 * True if the two above cannot answer as BuildKit does: newlines (its regexps
 * do not cross them), "$" in a replacement for all (a template there), and
 * patterns for all that may match nothing.
 */
bool glob_is_odd(const char *p, const char *value);
bool glob_replace_is_odd(struct glob_replace how, const char *p);

#endif
