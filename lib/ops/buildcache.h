/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_BUILDCACHE_H
#define IMGCACHE_OPS_BUILDCACHE_H

/*
 * The build caches of one build: those of the command line, else those of the
 * project file, completed with names of this image and platform so that images
 * do not overwrite each other. They decide how warm a build starts and nothing
 * else: no part of them is in the key.
 */

#include "base/strv.h"
#include "ops/localcache.h"

struct builder;
struct imgcache_error;
struct recipe;

/* Zero-initialised is empty. */
struct buildcache {
	struct strv from, to;		/* for docker */
	struct localcache *locals;
	size_t n_locals, cap_locals;
};

/*
 * Before anything is built or recorded. IMGCACHE_EFAIL if one is malformed or
 * the builder cannot have it.
 */
int buildcache_plan(struct buildcache *c, struct builder *b,
		    struct imgcache_error *err);

/* The build went well: local caches that were written count from now on. */
void buildcache_commit(struct buildcache *c, struct builder *b);

void buildcache_release(struct buildcache *c);

/*
 * "tools-linux-amd64": what names this image's cache, the same on every
 * machine. An image without a name is known by its Dockerfile and target or by
 * its base. platform as in the key: sorted, with commas. The caller frees.
 */
char *buildcache_label(const struct recipe *r, const char *platform);

#endif
