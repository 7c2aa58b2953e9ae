/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_STEPID_H
#define IMGCACHE_RECIPE_DOCKERFILE_STEPID_H

/*
 * For dockerfile_steps.c: what a stage has come to while it is walked, and the
 * text that an id is the hash of.
 */

#include "base/buf.h"
#include "recipe/dockerfile_scope.h"
#include "recipe/dockerfile_sources.h"
#include "recipe/dockerfile_stages.h"
#include "recipe/dockerfile_steps.h"

struct step_var {
	const char *name;
	const char *value;	/* of an unknown one its words, after a '?' */
	bool known;
	const char *image;	/* what it is without ARG, or NULL */
	bool image_known;
};

/* After the instruction walked last; a child stage begins with a copy. */
struct step_state {
	struct hash id, sure;	/* of what stands here; see the steps */
	struct step_var *env;	/* in the order in which they were set last */
	size_t n_env, cap_env;
	const char *cwd, *user, *shell;
	bool open;		/* the base may have set other variables */
};

struct step_walk {
	const struct dockerfile *df;
	const struct dockerfile_world *world;
	struct dockerfile_steps *out;
	struct arena *arena;
	struct stages stages;
	struct step_state *states;	/* of each stage */
	struct scope scope;		/* of the stage being walked */
	struct step_state *now;
	size_t stage;
	size_t budget;			/* of expansions */
	size_t room;			/* bytes that may still be hashed */
	struct imgcache_error *err;
};

/* Expand; an unknown one is its words after a '?'. NULL after an error. */
const char *step_expand(struct step_walk *w, const char *word, bool *known);

/* Set a variable of the stage, last in its order. */
void step_set(struct step_walk *w, const char *name, struct step_var var,
	      bool is_arg);

/* The path that a WORKDIR leads to; NULL after an error. */
const char *step_folder(struct step_walk *w, const char *word);

/* The ids of a step; what stands there after it goes into w->now. */
int step_id(struct step_walk *w, const struct dockerfile_instruction *in,
	    struct dockerfile_step *step);

/* What stands at the beginning of a stage that no other stage is below. */
int step_root_id(struct step_walk *w, const struct stage *st,
		 struct hash *out);

#endif
