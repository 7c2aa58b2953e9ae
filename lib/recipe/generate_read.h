/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_GENERATE_READ_H
#define IMGCACHE_RECIPE_GENERATE_READ_H

/*
 * A generated Dockerfile read back: which packages it installs. Of an image
 * that was built earlier, the file is all that was kept of its recipe.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dockerfile.h"
#include "recipe/grammar.h"

/* One list of each manager; zero-initialised is empty. */
struct generate_packages {
	struct grammar_packages lists[GRAMMAR_PIP + 1];
};

void generate_packages_read(const struct dockerfile *df,
			    struct generate_packages *out);
void generate_packages_release(struct generate_packages *p);

/* Is that the instruction that installs packages of this manager? */
bool generate_installs(const struct dockerfile_instruction *in,
		       enum grammar_manager *manager);

#endif
