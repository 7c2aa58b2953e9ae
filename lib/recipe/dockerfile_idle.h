/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_IDLE_H
#define IMGCACHE_RECIPE_DOCKERFILE_IDLE_H

/*
 * Args that are declared but that nothing has been able to use yet: they leave
 * the image as it is. A RUN has all of them in its environment, whether it
 * names them or not; of the others only what holds a "$" can use one.
 */

#include <stdbool.h>

#include "recipe/dockerfile_globals.h"
#include "recipe/dockerfile_plan.h"

struct idle_arg {
	const char *name;
	bool inherits;		/* from the global of that name */
};

struct idle_args {		/* zero-initialised is empty */
	struct idle_arg *v;
	size_t n, cap;
	size_t used;		/* that many are in the plan already */
};

bool idle_can_use(const struct dockerfile_instruction *in);

/* The name is borrowed. */
void idle_add(struct idle_args *idle, const char *name, bool inherits);
void idle_release(struct idle_args *idle);

/* Something can use them: all go to the plan, with the globals behind them. */
void idle_use(struct idle_args *idle, struct plan_builder *plan,
	      struct globals *globals);

/* What was added since the mark is out of sight. */
size_t idle_mark(const struct idle_args *idle);
void idle_undo_to(struct idle_args *idle, size_t mark);

#endif
