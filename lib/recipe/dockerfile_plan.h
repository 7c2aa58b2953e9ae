/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_PLAN_H
#define IMGCACHE_RECIPE_DOCKERFILE_PLAN_H

/*
 * Filling in a struct dockerfile_plan: everything is copied, what is there
 * already is not added again, and at the end all is put into the file's order.
 */

#include "recipe/dockerfile.h"
#include "recipe/dockerfile_map.h"

struct plan_builder {
	struct dockerfile_plan *plan;
	struct strmap seen;	/* one key space: a letter, then the fields */
	const char *const **lists;
	size_t n_lists, cap_lists;
};

void plan_add_stage(struct plan_builder *b,
		    const struct dockerfile_stage *stage);
void plan_add_image(struct plan_builder *b,
		    const struct dockerfile_image *image);
void plan_add_from(struct plan_builder *b, const struct dockerfile_from *from);
/* The list's one copy in the plan; equal lists are the same pointer. */
const char *const *plan_list(struct plan_builder *b, const char *const *v,
			     size_t n);

/* read->exclude comes from plan_list(). */
void plan_add_read(struct plan_builder *b, const struct dockerfile_read *read);
void plan_add_arg(struct plan_builder *b, const char *name);

/* Not understood, and why; the first reason stays. */
void plan_doubt(struct plan_builder *b, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void plan_finish(struct plan_builder *b);
void plan_builder_release(struct plan_builder *b);	/* not the plan */

#endif
