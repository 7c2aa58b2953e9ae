/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_CHANGES_H
#define IMGCACHE_OPS_CHANGES_H

/*
 * What differs between two sides, in the order of its weight. The value of an
 * arg is never among it.
 */

#include "ops/side.h"
#include "recipe/dockerfile_diff.h"

struct change {
	struct imgcache_change c;
	struct dockerfile_edit edit;	/* of what is one, or follows from it */
};

struct changes {		/* zero-initialised is empty */
	struct change *v;
	size_t n, cap;
	size_t n_files;		/* all of them ... */
	size_t max_files;	/* ... of which that many are listed */
	/* edits that follow from other changes and are not told themselves */
	struct dockerfile_edits hidden;
	const struct side *a, *b;
	struct arena *arena;	/* of the handle: text lives as long as it */
};

/*
 * Compare; both sides must outlive the list. What the handle's catalog does
 * not know (directories, a name behind a base) is left unsaid.
 */
void changes_find(struct changes *c, const struct side *a,
		  const struct side *b, size_t max_files);
void changes_release(struct changes *c);

/* Is there one of this subject? */
bool changes_has(const struct changes *c, enum imgcache_subject subject);

/* For changes*.c: a new one at the end. */
struct change *changes_add(struct changes *c, enum imgcache_subject subject,
			   enum imgcache_how how, const char *name);
void changes_in_dockerfile(struct changes *c);
void changes_in_packages(struct changes *c);
void changes_give_edits(struct changes *c);	/* hidden ones, to whose doing
						   they are */
void changes_in_files(struct changes *c);

#endif
