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
	int ask_ms;		/* per question; 0: REGISTRY_ASK_MS; < 0: none */
	int transfer_ms;	/* per pull or push; 0: none */
};

struct registry_label {
	const char *name;
	const char *value;
};

/* The image of one platform. */
struct registry_variant {
	const char *platform;	/* "linux/arm64" */
	const char *digest;	/* of its manifest */
	const char *user;	/* USER, or "" */
	const struct registry_label *labels;
	size_t n_labels;
};

struct registry_image {
	const char *digest;	/* of the index or manifest */
	struct registry_variant *variants;	/* in the registry's order */
	size_t n_variants;
	bool has_platform;	/* the one asked for is there */
	const char *user;	/* USER of that one, or "" */
	struct arena arena;
};

/* The digest of what ref names now. */
int registry_digest(const struct registry *r, const char *ref, char **out,
		    struct imgcache_error *err);

/*
 * The same and its platforms with their labels. platform ("linux/amd64"; NULL:
 * any one) is that of has_platform and user; an image without it is found.
 */
int registry_image(const struct registry *r, const char *ref,
		   const char *platform, struct registry_image *out,
		   struct imgcache_error *err);
void registry_image_release(struct registry_image *image);

/* That of a platform; NULL platform: any one. NULL if it has none. */
const struct registry_variant *
registry_image_variant(const struct registry_image *image,
		       const char *platform);
const char *registry_variant_label(const struct registry_variant *v,
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

/*
 * The engine's image of that name into its registry. There is no no: what
 * cannot be done is IMGCACHE_EUNKNOWN, a refusal included.
 */
int registry_push(const struct registry *r, const char *ref,
		  struct imgcache_error *err);

/*
 * Make ref of images that are in registries, "repository@digest", NULL-ended:
 * one is copied, several become one index. No engine takes part.
 */
int registry_create(const struct registry *r, const char *ref,
		    const char *const *sources, struct imgcache_error *err);

#endif
