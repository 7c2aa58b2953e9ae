/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_CHANGES_H
#define IMGCACHE_LOOKUP_CHANGES_H

/*
 * What differs between two sides, in the order of its weight. The value of an
 * arg is never among it.
 */

#include "key/side.h"
#include "recipe/dockerfile_diff.h"

struct change {
	struct imgcache_change c;
	struct dockerfile_edit edit;	/* of what is one, or follows from it */
	/* edits that are undone together with it, or nothing makes sense */
	const struct dockerfile_edit *more;
	size_t n_more;
	bool is_rename;		/* of a stage, and no more: nothing hangs on it */
};

/* What is known of an edit before the changes are told. */
struct change_edit {
	struct dockerfile_edit e;
	bool is_hidden;		/* it follows from another change */
	bool renames;		/* a stage, or follows one that was renamed */
	bool only_renames;	/* and does nothing else */
};

struct changes {		/* zero-initialised is empty */
	struct change *v;
	size_t n, cap;
	size_t n_files;		/* all of them ... */
	size_t max_files;	/* ... of which that many are listed */
	struct change_edit *edits;	/* all, between what counts of the files */
	size_t n_edits;
	/* edits that follow from other changes and are not told themselves */
	struct dockerfile_edits hidden;
	/* stages that another target brought or took */
	struct imgcache_stage *stages;
	size_t n_stages, cap_stages;
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
void changes_values(struct changes *c, struct change *new, const char *before,
		    const char *after);
void changes_named(struct changes *c, enum imgcache_subject subject,
		   const char *word, bool shown);
void changes_join(struct changes *c, size_t i, size_t k);	/* i went and k
						   came: i is the one now */
bool changes_join_pair(struct changes *c, size_t from);	/* from there on, if
						   only one went and one came */
bool changes_target(const struct changes *c);	/* does it differ? */
void changes_find_edits(struct changes *c);	/* first of all */
void changes_hide(struct changes *c, struct change_edit *e);
void changes_mark_renames(struct changes *c);	/* of those edits */
void changes_in_bases(struct changes *c);
void changes_in_dockerfile(struct changes *c);
void changes_in_packages(struct changes *c);
void changes_give_edits(struct changes *c);	/* hidden ones, to whose doing
						   they are */
void changes_in_files(struct changes *c);

#endif
