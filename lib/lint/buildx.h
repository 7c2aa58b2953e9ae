/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_BUILDX_H
#define IMGCACHE_LINT_BUILDX_H

/*
 * BuildKit's own checks (`docker buildx build --call=check`), where the client
 * has them and an engine answers; else nothing is said of it.
 */

#include <stdbool.h>
#include <stddef.h>

struct imgcache;
struct imgcache_error;
struct lint_file;
struct lint_item;

struct lint_buildx {
	bool is_off;		/* not wanted, not there, or no answer */
	bool is_known;		/* the client was asked for its version */
	size_t n_short;		/* files that were not checked to the end */
};

/* Note what they find, but for what we found ourselves. Only EINTR fails. */
int lint_buildx_ask(struct lint_buildx *b, struct lint_file *f,
		    const struct lint_item *item, struct imgcache_error *err);

/* Say of how many files, beside the one that was told of, they are not whole. */
void lint_buildx_end(const struct lint_buildx *b, struct imgcache *ic);

#endif
