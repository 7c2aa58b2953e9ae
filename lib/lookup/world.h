/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_WORLD_H
#define IMGCACHE_LOOKUP_WORLD_H

/*
 * The steps of a Dockerfile in a world between two sides: side b, but for the
 * one change that is left out, of which it has what side a had. A step whose id
 * is not among those of a world without a change runs because of that change.
 */

#include "lookup/changes.h"
#include "recipe/dockerfile_steps.h"

struct reads;
struct strv;

struct world {
	const struct side *a, *b;	/* a NULL: b alone */
	bool all_old;			/* side a instead: nothing changed */
	const struct change *without;	/* or NULL: all of b */
	/* what changed in files; NULL: nothing. reads goes with it */
	const struct changes *files;
	struct reads *reads;
	/* further named contexts ("NAME=..."), but ids are none then; or NULL */
	const struct strv *handed;
};

/*
 * IMGCACHE_ENO if the Dockerfile of that side is not known. The steps borrow
 * the Dockerfile of the side; without an edit only their ids may be used.
 */
int world_steps(const struct world *w, struct dockerfile_steps **out,
		struct imgcache_error *err);

/* Is what changed there something that this read is of? */
bool world_reads(struct reads *reads, const struct dockerfile_read *read,
		 const struct imgcache_change *file);

#endif
