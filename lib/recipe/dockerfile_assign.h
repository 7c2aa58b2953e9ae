/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_ASSIGN_H
#define IMGCACHE_RECIPE_DOCKERFILE_ASSIGN_H

/* What ENV and ARG set in the variables of a stage. */

#include "recipe/dockerfile_globals.h"
#include "recipe/dockerfile_idle.h"
#include "recipe/dockerfile_sources.h"

/* Borrows the value; NULL is one that is not known. */
struct dfvar dfvar_of(const char *value);

int assign_env(const struct source_reader *r,
	       const struct dockerfile_instruction *in,
	       struct imgcache_error *err);
int assign_args(const struct source_reader *r, struct globals *globals,
		struct idle_args *idle,
		const struct dockerfile_instruction *in,
		struct imgcache_error *err);

#endif
