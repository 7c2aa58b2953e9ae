/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_REGISTRY_CONFIG_H
#define IMGCACHE_DOCKER_REGISTRY_CONFIG_H

/*
 * The configuration of an image in a registry, with its ONBUILD instructions.
 * registry_image() cannot tell those: buildx prints what the OCI specification
 * has, and that knows no ONBUILD.
 */

#include "base/mem.h"
#include "docker/registry.h"

struct registry_config {
	const char *const *env;		/* "NAME=value", NULL-ended */
	const char *const *onbuild;	/* instructions, NULL-ended */
	struct arena arena;
};

/*
 * ref is "name@sha256:...". Of an index it is that of the platform; a manifest
 * has but one. Two or three questions. Codes as in registry.h; without that
 * platform, IMGCACHE_ENO. To be released in any case.
 */
int registry_config(const struct registry *r, const char *ref,
		    const char *platform, struct registry_config *out,
		    struct imgcache_error *err);
void registry_config_release(struct registry_config *c);

#endif
