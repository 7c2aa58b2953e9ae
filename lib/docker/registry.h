/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_REGISTRY_H
#define IMGCACHE_DOCKER_REGISTRY_H

/*
 * Questions to registries, put through docker with docker's credentials. Three
 * answers: 0 is yes; IMGCACHE_ENO when the registry itself says that it knows
 * no such name; IMGCACHE_EUNKNOWN for everything else: no permission, no
 * network, no answer in time, TLS, a rate limit, docker or buildx missing.
 *
 * Some registries answer "not found" to those who may not see, others "no
 * permission" where nothing is: a no may hide an image that others see, so it
 * may cost a build but never a wrong image.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct buf;
struct imgcache_error;

#define REGISTRY_ASK_MS 30000

struct registry {
	const char *docker;	/* NULL: "docker" */
	int ask_ms;		/* per question; 0: REGISTRY_ASK_MS */
	int transfer_ms;	/* per pull or push; 0: none */
};

struct registry_label {
	const char *name;
	const char *value;
};

struct registry_image {
	const char *digest;		/* of the index or manifest */
	const char *media_type;
	const char *const *platforms;	/* "linux/arm64", NULL-ended */
	const struct registry_label *labels;	/* of the platform asked for */
	size_t n_labels;
	const char *user;		/* USER of that platform, or "" */
	bool has_platform;		/* the platform asked for is there */
	struct arena arena;
};

/* The digest of what ref names now. */
int registry_digest(const struct registry *r, const char *ref, char **out,
		    struct imgcache_error *err);

/*
 * The same and the labels of its image for platform ("linux/amd64"; NULL: any
 * one). An image without that platform is found, with has_platform false.
 */
int registry_image(const struct registry *r, const char *ref,
		   const char *platform, struct registry_image *out,
		   struct imgcache_error *err);
void registry_image_release(struct registry_image *image);
const char *registry_image_label(const struct registry_image *image,
				 const char *name);

/*
 * What the registry has under "name@sha256:...", as it is: an index, a
 * manifest, or the configuration that a manifest names.
 */
int registry_raw(const struct registry *r, const char *ref, struct buf *out,
		 struct imgcache_error *err);

/* docker pull, with platform if not NULL. */
int registry_pull(const struct registry *r, const char *ref,
		  const char *platform, struct imgcache_error *err);

int registry_push(const struct registry *r, const char *ref,
		  struct imgcache_error *err);

#endif
