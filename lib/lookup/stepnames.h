/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_STEPNAMES_H
#define IMGCACHE_LOOKUP_STEPNAMES_H

#include "recipe/dockerfile_steps.h"
#include "store/builds.h"

struct buf;
struct strv;

/* The stages whose image a named context stands for, "" for the only one. */
void stepnames_on_contexts(const struct dockerfile_steps *steps,
			   struct strv *stages);

/*
 * Docker names a step by its words with variables expanded. What the catalog
 * keeps is the words as the file has them: the value of an arg is no business
 * of the catalog's, and a step keeps its name when only a value changed. A name
 * that fits none of the steps is cut down to its keyword. Text goes into the
 * arena.
 */
void stepnames_rewrite(const struct dockerfile_steps *steps,
		       struct build_step *v, size_t n, struct arena *arena);

/* What stands behind the brackets of a kept name: "RUN make". */
void stepnames_title(const struct dockerfile_step *step, struct buf *out);

/*
 * Is a kept name that of a step of this stage (NULL: the only one) and title,
 * whatever its number?
 */
bool stepnames_is(const char *name, const char *stage, const char *title);

#endif
