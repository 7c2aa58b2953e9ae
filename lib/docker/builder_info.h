/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_BUILDER_INFO_H
#define IMGCACHE_DOCKER_BUILDER_INFO_H

/*
 * Which builder a build will use, which caches it can have and what it says to
 * build for.
 */

#include "base/strv.h"
#include "recipe/cachespec.h"

struct imgcache_error;

struct builder_info {
	char name[128];
	char driver[64];	/* "docker", "docker-container", ... */
	/*
	 * What all its nodes can run, emulated or not, as it says: an emulator
	 * that was taken away since may still be among them.
	 */
	struct strv platforms;
};

/* False if the text of `docker buildx inspect` names no driver. Release it. */
bool builder_info_parse(struct builder_info *out, const char *text);

/*
 * Ask `docker buildx inspect`; name NULL is the builder that docker takes by
 * itself. docker NULL: "docker". IMGCACHE_EFAIL if there is no such builder.
 * Release it in any case.
 */
int builder_info_find(struct builder_info *out, const char *docker,
		      const char *name, struct imgcache_error *err);
void builder_info_release(struct builder_info *b);

/*
 * Can that builder have this cache? store is the engine's, "containerd" or
 * "classic", NULL: not known, then nothing is refused for it. IMGCACHE_EFAIL
 * says what to switch on.
 */
int builder_info_check(const struct builder_info *b, const char *store,
		       const struct cachespec *c, enum cache_direction d,
		       struct imgcache_error *err);

#endif
