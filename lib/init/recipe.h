/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_INIT_RECIPE_H
#define IMGCACHE_INIT_RECIPE_H

/* An image that is going to be written, as the recipe that it will be. */

#include "init/init.h"
#include "key/inputs.h"
#include "recipe/project.h"

struct init_recipe {
	struct project project;
	struct imgcache_recipe recipe;
};

/* On failure there is nothing to be closed. */
int init_recipe_open(struct init *in, const struct init_image *image,
		     struct init_recipe *out, struct imgcache_error *err);
void init_recipe_close(struct init_recipe *r);

/*
 * The rules of a context, from is their file or NULL: those that hold now, or,
 * where these are an ignore file of init's own, those of .dockerignore.
 */
int init_rules(const struct init *in, const struct input_context *c,
	       struct buf *out, const char **from, struct imgcache_error *err);

#endif
