/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_SCOPE_H
#define IMGCACHE_RECIPE_DOCKERFILE_SCOPE_H

/*
 * The variables of a stage while it is walked. Stages that stand on each other
 * form a tree; it is walked depth first, and on the way back up what a stage
 * has set is undone. So a stage costs what it sets, not what it inherits.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dfvars.h"
#include "recipe/dockerfile_map.h"

struct scope_var {
	struct dfvar var;
	struct dfvar env;	/* without what ARG did */
	int moment;		/* of the instruction that set it */
};

struct scope_undo {
	size_t id;
	struct scope_var old;
};

struct scope {		/* zero-initialised is empty */
	struct strmap ids;
	struct scope_var *v;
	size_t n, cap;
	struct scope_undo *undo;
	size_t n_undo, cap_undo;
	bool open;	/* names not set here are unknown, not unset */
	int moment;	/* of the instruction being walked */
	bool strict;	/* what was set at this moment reads as unknown */
};

/* What ENV or a base image sets. Name and value are borrowed, here and below. */
void scope_set(struct scope *s, const char *name, struct dfvar var);

/* What ARG sets: it is in no image. */
void scope_set_arg(struct scope *s, const char *name, struct dfvar var);

/*
 * The end of a stage that set what was set since mark, for those that stand on
 * it: BuildKit gives each stage the environment of its image anew, so an ARG
 * lasts only where the image has no variable of that name.
 */
void scope_end_stage(struct scope *s, size_t mark);

/* A dfvars_get_fn; the payload is the scope. */
struct dfvar scope_get(void *scope, const char *name, size_t len);

size_t scope_mark(const struct scope *s);
void scope_undo_to(struct scope *s, size_t mark);
void scope_release(struct scope *s);

#endif
