/* SPDX-License-Identifier: MIT */
#ifndef CMD_RECIPE_H
#define CMD_RECIPE_H

/*
 * Which recipes a command line means: names of the project, recipe flags, or a
 * bare directory, which is --context DIR, docker's habit. A directory whose
 * name is also an image of the project is the image. With none of these, the
 * project's only image.
 */

#include "cmd.h"

struct chosen {
	struct imgcache_recipe **v;	/* the array is ours to free */
	size_t n;
};

/* Is that recipe flag a setting too? */
bool recipe_flag_is_setting(const char *flag);

/*
 * Recipe flags that are settings too (--platform, --registry ...) become
 * settings, so they go together with the names of images. Before the handle is
 * opened.
 */
int recipe_flags_to_settings(struct parsed *p, struct imgcache_error *err);

/* One or more. IMGCACHE_EUSAGE if nothing says which. */
int recipes_choose(struct invocation *inv, const struct parsed *p,
		   struct chosen *out);

/* Every image of the project, an image after those it is built from. */
int recipes_all(struct invocation *inv, struct chosen *out);

/* recipes_choose(), but where nothing says which, all of the project. */
int recipes_choose_or_all(struct invocation *inv, const struct parsed *p,
			  struct chosen *out);
void chosen_release(struct chosen *c);

/* Exactly one. */
int recipe_choose(struct invocation *inv, const struct parsed *p,
		  struct imgcache_recipe **out);

bool recipe_is_directory(const char *path);

#endif
