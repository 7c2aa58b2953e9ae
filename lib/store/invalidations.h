/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_INVALIDATIONS_H
#define IMGCACHE_STORE_INVALIDATIONS_H

/*
 * What was declared stale, and when. The moment is the generation that the
 * next build carries in its label; an image of an older generation (none is 0)
 * is a miss, on every engine and in the registry. Only the last moment of each
 * subject counts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct catalog;
struct imgcache_error;

/* In the order of invalidation_scope_text(). */
enum invalidation_scope {
	INVALIDATE_ALL,		/* value "" */
	INVALIDATE_NAME,	/* a recipe of a project */
	INVALIDATE_TAG,		/* one key, wherever it is asked for */
	INVALIDATE_BASE,	/* a base, by its image_ref_name() */
	INVALIDATE_STAGE,	/* a stage's name, of a project */
	INVALIDATION_SCOPES
};

const char *invalidation_scope_text(enum invalidation_scope s);

struct invalidation {
	enum invalidation_scope scope;
	const char *project;	/* NULL: whatever the project */
	const char *value;
	int64_t moment;
};

struct invalidation_list {
	struct invalidation *v;
	size_t n, cap;
	struct arena arena;
};

void invalidation_list_release(struct invalidation_list *list);

/*
 * Declare it stale as of now. *generation is greater than any before, even if
 * the clock went back.
 */
int invalidations_add(struct catalog *cat, enum invalidation_scope scope,
		      const char *project, const char *value,
		      int64_t *generation, struct imgcache_error *err);

/* What a lookup is about. bases and stages are NULL-ended lists, or NULL. */
struct invalidation_subject {
	const char *project;
	const char *name;
	const char *tag;
	const char *const *bases;
	const char *const *stages;
};

/* The newest moment that concerns it, 0 if none does. */
int invalidations_generation(struct catalog *cat,
			     const struct invalidation_subject *subject,
			     int64_t *generation, struct imgcache_error *err);

/*
 * When the stage was last declared stale by itself: in every image of the
 * project, or in that one (NULL: it has no name). 0: never. The value of
 * INVALIDATE_STAGE is "STAGE" or "NAME:STAGE".
 */
struct invalidation_stage {
	const char *project;
	const char *name;
	const char *stage;
};

int invalidations_of_stage(struct catalog *cat,
			   const struct invalidation_stage *s, int64_t *moment,
			   struct imgcache_error *err);

/* Was any stage ever? */
int invalidations_any_stage(struct catalog *cat, bool *any,
			    struct imgcache_error *err);

/* All of them, newest first. */
int invalidations_list(struct catalog *cat, struct invalidation_list *out,
		       struct imgcache_error *err);

#endif
