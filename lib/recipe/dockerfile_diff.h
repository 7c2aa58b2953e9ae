/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_DIFF_H
#define IMGCACHE_RECIPE_DOCKERFILE_DIFF_H

/*
 * In which instructions two Dockerfiles differ. Comments, blank lines, the case
 * of keywords and how lines are continued are no difference.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dockerfile.h"

struct buf;

/* One of the two may be NULL: it came, or went. */
struct dockerfile_edit {
	const struct dockerfile_instruction *before, *after;
	/* of what went: what stands in its place, NULL: the file's end */
	const struct dockerfile_instruction *next;
};

struct dockerfile_edits {	/* zero-initialised is empty */
	struct dockerfile_edit *v;
	size_t n, cap;
};

/* In the order of the files; they must outlive the list. */
void dockerfile_diff(const struct dockerfile *a, const struct dockerfile *b,
		     struct dockerfile_edits *out);
bool dockerfile_same_flags(const struct dockerfile_instruction *a,
			   const struct dockerfile_instruction *b);
void dockerfile_edits_release(struct dockerfile_edits *list);

/*
 * The instruction as one line for people: white space as one space, bodies of
 * heredocs left out, of an ARG the names alone, since a default is a value.
 */
void dockerfile_show(const struct dockerfile_instruction *in, struct buf *out);

/*
 * Both of an edit, so that they can be told apart: as above; where that is the
 * same line, with white space as it is written, or else the first line in which
 * bodies of heredocs differ (nothing for the one that has none there, or an empty
 * one). An ARG is shown as above, and so is what still looks the same.
 */
void dockerfile_show_edit(const struct dockerfile_edit *e, struct buf *before,
			  struct buf *after);

#endif
