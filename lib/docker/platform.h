/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_PLATFORM_H
#define IMGCACHE_DOCKER_PLATFORM_H

/* Platforms as docker writes them: "linux/arm64", "linux/arm/v7". */

#include <stdbool.h>

struct arena;

/* v8 is what arm64 means without a variant, v7 what arm means. */
bool platform_is_same(const char *a, const char *b);

/*
 * Does an image of these parts do for a platform: as platforms.Only() of
 * containerd says, by which the classic store takes an image of its own. An
 * older variant does, and of 64 bits the 32.
 */
bool platform_takes(const char *platform, const char *os, const char *arch,
		    const char *variant);

/* "os/arch[/variant]"; "" if the first two are not known. */
const char *platform_join(struct arena *a, const char *os, const char *arch,
			  const char *variant);

#endif
