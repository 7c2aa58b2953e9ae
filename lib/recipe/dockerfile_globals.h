/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_GLOBALS_H
#define IMGCACHE_RECIPE_DOCKERFILE_GLOBALS_H

/*
 * The args above the first FROM and those BuildKit predefines (TARGETARCH ...):
 * what FROM lines expand with and what a bare "ARG x" in a stage takes over.
 * Each remembers which others its value was made of.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dfvars.h"
#include "recipe/dockerfile_map.h"

struct arena;
struct dockerfile_instruction;
struct imgcache_error;
struct platform;
struct strv;

struct id_list {
	size_t *v;
	size_t n, cap;
};

struct global {
	const char *name;
	struct dfvar var;
	bool declared;		/* by an ARG, or predefined */
	bool used;		/* see globals_use() */
	bool odd;		/* engines differ on its value */
	bool of_builder;	/* made of a platform that we only guess */
	struct id_list made_of;
};

struct globals {
	struct arena *arena;
	size_t *budget;
	char escape;
	struct strmap ids;
	struct global *v;
	size_t n, cap;
	struct strmap given;	/* names the caller gave, to ... */
	const struct strv *args;	/* ... indices in here */
	struct id_list *record;	/* what lookups are noted in, or NULL */
};

/* args: NAME=value of the caller; it and the arena must outlive g. */
void globals_init(struct globals *g, struct arena *arena,
		  const struct strv *args);
void globals_release(struct globals *g);

/* Set the predefined ones; an arg of the caller goes before. */
void globals_predefine(struct globals *g, const struct platform *build,
		       const struct platform *target, const char *stage);

/* Take in an ARG instruction above the first FROM. */
int globals_declare(struct globals *g, const struct dockerfile_instruction *in,
		    struct imgcache_error *err);

/*
 * Expand a word of a FROM line; *refs gets the ids of what was looked up. *out
 * is NULL if dfvars.h cannot know what it comes to.
 */
int globals_expand(struct globals *g, const char *word, const char **out,
		   struct id_list *refs, struct imgcache_error *err);

/* Is one of these the builder's platform, or made of it? */
bool globals_of_builder(const struct globals *g, const struct id_list *refs);

/* The value the caller gave, NULL if none. */
const char *globals_given(const struct globals *g, const char *name);

/*
 * What a bare ARG of that name in a stage takes over. BUILDARCH and its like are
 * unknown: they are the builder's, which may be another machine.
 */
struct dfvar globals_inherit(const struct globals *g, const char *name);

/* Mark as used, with all it is made of; a name that is none is no matter. */
void globals_use(struct globals *g, size_t id);
void globals_use_name(struct globals *g, const char *name);

#endif
