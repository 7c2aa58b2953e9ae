/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_BUILDCACHE_H
#define IMGCACHE_BUILDER_BUILDCACHE_H

/*
 * The build caches of one build: those of the command line, else those of the
 * project file, completed with names of this image and platform so that images
 * do not overwrite each other. They decide how warm a build starts and nothing
 * else: no part of them is in the key.
 */

#include "base/strv.h"
#include "builder/stagetrigger.h"
#include "keep/localcache.h"
#include "recipe/cachespec.h"

struct builder;
struct imgcache_error;
struct recipe;

/* One cache of the build, by where it is. */
struct buildcache_use {
	enum cache_direction direction;
	enum cache_type type;
	char *text;		/* for docker */
	char *place;		/* a ref, a directory, a scope, a name */
	const char *stage;	/* its alone; NULL: of the whole image */
	const char *trigger;	/* that of the stage now */
	bool is_ours;		/* the name of the place is made here */
	bool ignores_error;	/* of a stage, which has a run of its own */
	bool failed;
};

/* Zero-initialised is empty. */
struct buildcache {
	struct strv from, to;		/* for docker, with the main build */
	struct buildcache_use *uses;
	size_t n_uses, cap_uses;
	struct stage_triggers stages;
	char *label;			/* of the image */
	struct localcache *locals;
	size_t n_locals, cap_locals;
};

/*
 * Before anything is built or recorded. IMGCACHE_EFAIL if one is malformed or
 * the builder cannot have it.
 */
int buildcache_plan(struct buildcache *c, struct builder *b,
		    struct imgcache_error *err);

/* Is that one to be written by itself, after the build? */
bool buildcache_is_apart(const struct buildcache_use *u);

/*
 * The build went well, and so did all exports that have not failed: local
 * caches that were written count from now on, and the catalog knows them all.
 */
void buildcache_commit(struct buildcache *c, struct builder *b);

void buildcache_release(struct buildcache *c);

/*
 * "tools-linux-amd64": what names this image's cache, the same on every
 * machine. An image without a name is known by its Dockerfile and target or by
 * its base. platform as in the key: sorted, with commas. The caller frees.
 */
char *buildcache_label(const struct recipe *r, const char *platform);

#endif
