/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_BUILDER_INFO_H
#define IMGCACHE_DOCKER_BUILDER_INFO_H

/* Which builder a build will use, and which caches it can have. */

#include "recipe/cachespec.h"

struct imgcache_error;

struct builder_info {
	char name[128];
	char driver[64];	/* "docker", "docker-container", ... */
};

/* False if the text of `docker buildx inspect` names no driver. */
bool builder_info_parse(struct builder_info *out, const char *text);

/*
 * Ask `docker buildx inspect`; name NULL is the builder that docker takes by
 * itself. docker NULL: "docker". IMGCACHE_EFAIL if there is no such builder.
 */
int builder_info_find(struct builder_info *out, const char *docker,
		      const char *name, struct imgcache_error *err);

/*
 * Can that builder have this cache? store is the engine's, "containerd" or
 * "classic", NULL: not known, then nothing is refused for it. IMGCACHE_EFAIL
 * says what to switch on.
 */
int builder_info_check(const struct builder_info *b, const char *store,
		       const struct cachespec *c, enum cache_direction d,
		       struct imgcache_error *err);

#endif
