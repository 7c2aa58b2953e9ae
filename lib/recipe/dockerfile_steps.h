/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_STEPS_H
#define IMGCACHE_RECIPE_DOCKERFILE_STEPS_H

/*
 * The steps that BuildKit makes of a Dockerfile: a FROM of an image, RUN, COPY,
 * ADD and WORKDIR of the stages in use, in the order of the file. Each has an
 * id that stands for all that its cache key hangs on: its words with variables
 * expanded, what it stands on, what it copies from or mounts, and of a RUN the
 * environment, user, folder and shell (frontend/dockerfile/dockerfile2llb). So
 * a step of one world whose id another world has too is not run again after
 * that other one was built.
 *
 * Of several platforms only the first is looked at.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dockerfile.h"
#include "source/hash.h"

/* What a file does not say itself; each may be NULL. */
struct dockerfile_world {
	/* What an image is now, by the name in the file; NULL: its name */
	const char *(*image)(void *payload, const char *ref);
	/* What a named context is, unless its reads say so; NULL: its name */
	const char *(*context)(void *payload, const char *name);
	/* Another text where what is read became another; NULL: as it was */
	const char *(*read)(void *payload, const struct dockerfile_read *read);
	const char *run;	/* what every RUN hangs on: network, hosts */
	void *payload;
};

struct dockerfile_step {
	const struct dockerfile_instruction *in;	/* of the dockerfile */
	size_t stage;			/* counts all of the file, from 0 */
	const char *stage_name;		/* "build", "stage-1"; NULL: the only */
	int number, total;		/* "[build 2/5]", as docker shows it */
	int line;			/* of a trigger that of its FROM */
	const struct dockerfile_read *reads;
	size_t n_reads;
	struct hash id;
	/*
	 * The same without what the stages that are copied from or mounted
	 * have become, and without the folders of sources: docker looks at the
	 * content then, and takes a step from its cache if that is as it was.
	 * Another `sure` id runs again whatever the content.
	 */
	struct hash sure;
};

struct dockerfile_steps {
	struct dockerfile_step *v;
	size_t n, cap;
	struct arena arena;
};

/*
 * Fails as dockerfile_resolve() does, and with IMGCACHE_EFAIL where a file is
 * too large for it. The steps borrow the dockerfile.
 */
int dockerfile_steps(const struct dockerfile *df,
		     const struct dockerfile_options *options,
		     const struct dockerfile_world *world,
		     struct dockerfile_steps **out, struct imgcache_error *err);
void dockerfile_steps_free(struct dockerfile_steps *steps);

#endif
