/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_REDO_H
#define IMGCACHE_BUILDER_REDO_H

/*
 * What a build must not take from docker's layers: everything, after another
 * salt or where it was asked for, or what was invalidated and has not been
 * built since on this engine, whatever the reason of the build is: the image,
 * or stages by themselves.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"

struct builder;
struct imgcache_error;

/* Zero-initialised is nothing. */
struct redo {
	bool everything;
	bool is_stale;		/* since it was invalidated */
	struct strv stages;	/* lower case; none if everything */
	struct redo_mark {
		const char *stage;	/* borrowed from the inputs */
		int64_t moment;
	} *marks;		/* what is done with the build */
	size_t n_marks, cap_marks;
};

int redo_plan(struct redo *r, const struct builder *b,
	      struct imgcache_error *err);

/* The build went well: it is not done again. */
int redo_done(const struct redo *r, const struct builder *b,
	      struct imgcache_error *err);

void redo_release(struct redo *r);

#endif
