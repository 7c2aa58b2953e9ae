/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_IDLE_H
#define IMGCACHE_RECIPE_DOCKERFILE_IDLE_H

/*
 * Args that are declared but that nothing has been able to use yet: they leave
 * the image as it is. A RUN has all of them in its environment, whether it
 * names them or not; of the others only what holds a "$" can use one.
 */

#include <stdbool.h>

#include "base/strv.h"
#include "recipe/dockerfile_plan.h"

struct idle_args {		/* zero-initialised is empty */
	struct strv names;
};

bool idle_can_use(const struct dockerfile_instruction *in);

void idle_add(struct idle_args *idle, const char *name);

/* Something can use them: all go to the plan. */
void idle_use(struct idle_args *idle, struct plan_builder *plan);

/* What was added since the mark is out of sight. */
size_t idle_mark(const struct idle_args *idle);
void idle_undo_to(struct idle_args *idle, size_t mark);

#endif
