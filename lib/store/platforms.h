/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_PLATFORMS_H
#define IMGCACHE_STORE_PLATFORMS_H

/*
 * Which platforms of an image the engine has loaded, where the image has
 * several. One key and one row stand for all of them; an engine may have some
 * only. An image of one platform has no rows here.
 */

#include <stdint.h>

struct catalog;
struct imgcache_error;
struct strv;

/* Those and no others; an empty list forgets all. */
int platforms_set(struct catalog *cat, int64_t image,
		  const struct strv *platforms, struct imgcache_error *err);

int platforms_add(struct catalog *cat, int64_t image, const char *platform,
		  struct imgcache_error *err);

/* Added to the end of out, by name. */
int platforms_get(struct catalog *cat, int64_t image, struct strv *out,
		  struct imgcache_error *err);

#endif
