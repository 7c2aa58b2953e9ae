/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_SOURCES_H
#define IMGCACHE_RECIPE_DOCKERFILE_SOURCES_H

/*
 * What one COPY, ADD or RUN takes from where: the stages it needs, and, once
 * the variables are known, the reads.
 */

#include "recipe/dockerfile_plan.h"
#include "recipe/dockerfile_scope.h"
#include "recipe/dockerfile_stages.h"

/*
 * Call add() with what each --from and from= of the instruction names. EFAIL
 * without a place.
 */
typedef int source_fn(void *payload, const struct stage_source *source,
		      struct imgcache_error *err);
int sources_named(const struct stages *s,
		  const struct dockerfile_instruction *in, source_fn *add,
		  void *payload, struct imgcache_error *err);

struct source_reader {
	const struct stages *stages;
	struct plan_builder *plan;
	struct scope *scope;
	struct arena *arena;
	size_t *budget;
	char escape;
	bool windows;		/* of the target platform */
	int line;		/* for what is found */
};

/* Add the reads of a COPY, ADD or RUN; doubts go to the plan. */
int sources_read(const struct source_reader *r,
		 const struct dockerfile_instruction *in,
		 struct imgcache_error *err);

/* Expand with the stage's variables; *out is NULL if they are not known. */
int sources_expand(const struct source_reader *r, const char *word,
		   const char **out, struct imgcache_error *err);

/*
 * Does ADD take it for a repository? An http address is git's if its path,
 * before ? and #, ends in .git.
 */
bool source_is_git(const char *s);

/* "/a/../b//c/" is "b/c", as Go's path.Join("/", path) less its slash. */
const char *source_clean(struct arena *arena, const char *path);

#endif
