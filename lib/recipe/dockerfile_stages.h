/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_STAGES_H
#define IMGCACHE_RECIPE_DOCKERFILE_STAGES_H

/*
 * The stages of a Dockerfile for one target platform: what each stands on,
 * where its instructions are, and which of them a target needs. A stage can
 * only need earlier ones, so needs are found in one pass from the target up.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dockerfile.h"
#include "recipe/dockerfile_globals.h"
#include "recipe/dockerfile_map.h"
#include "recipe/dockerfile_ref.h"

#define STAGE_NONE SIZE_MAX

enum stage_root {
	ROOT_IMAGE,	/* image, or the named context that replaces it */
	ROOT_SCRATCH,
	ROOT_STAGE,	/* base */
	ROOT_CONTEXT	/* the whole stage is replaced by a named context */
};

struct stage {
	const struct dockerfile_instruction *from;
	const struct dockerfile_instruction *end;	/* behind its last */
	const char *name;	/* lower case, or NULL */
	enum stage_root root;
	size_t base;		/* of ROOT_STAGE */
	const char *image;	/* of ROOT_IMAGE: expanded */
	const char *platform;	/* of --platform, normalised, or NULL */
	const char *context;	/* see enum stage_root; or NULL */
	struct id_list refs;	/* global args its FROM looked up */
	bool of_builder;	/* its base hangs on the builder's platform */
	const struct dockerfile_instruction **triggers;	/* its ONBUILDs */
	size_t n_triggers;
	bool used;
	/* the used stages that stand on this one */
	size_t first_child, next_sibling;
	size_t mark;		/* see scope.h, while it is walked */
	size_t idle_mark;	/* see dockerfile_idle.h, likewise */
};

struct stages {
	const struct dockerfile *df;
	struct arena *arena;
	struct globals globals;
	struct stage *v;
	size_t n, cap;
	struct strmap names;	/* lower case: the last stage of that name */
	struct strmap contexts;	/* as image_ref_context_name(), to ... */
	const struct strv *context_names;	/* ... indices in here */
	struct platform build, target;
};

/*
 * Read the FROM lines. options, df and arena must outlive *s; globals.budget is
 * set already. EFAIL with the place.
 */
int stages_init(struct stages *s, const struct dockerfile *df,
		const struct dockerfile_options *options,
		struct imgcache_error *err);
void stages_release(struct stages *s);

/* The named context that goes by this name of an image or stage, or NULL. */
const char *stages_context(const struct stages *s, const char *name);

/* What a --from or from= names. */
struct stage_source {
	size_t stage;		/* or STAGE_NONE */
	bool scratch;
	bool odd;		/* a number beyond the stages */
	const char *image;	/* none of these: as written */
	const char *context;	/* named context that replaces it, or NULL */
};

/*
 * numbers: COPY --from also takes the number of a stage, mounts do not. (A
 * number beyond the stages can still mean one: BuildKit counts images that
 * earlier instructions copied from.) EFAIL without a place for a negative
 * number and for a name that is neither a stage's nor could be an image's.
 */
int stages_find(const struct stages *s, const char *from, bool numbers,
		struct stage_source *out, struct imgcache_error *err);

/* The target's index. EUSAGE, with the nearest name, if there is none. */
int stages_target(const struct stages *s, const char *target, size_t *out,
		  struct imgcache_error *err);

#endif
