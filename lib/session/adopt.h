/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_ADOPT_H
#define IMGCACHE_SESSION_ADOPT_H

#include <stdbool.h>

struct engine_images;
struct image_row;
struct imgcache;
struct imgcache_error;

/*
 * Bring the rows in line with all the engine's images that carry a key: rows
 * whose image is gone are marked so, and an image that has its own tag but no
 * row gets one.
 */
int adopt(struct imgcache *ic, const struct engine_images *all,
	  struct imgcache_error *err);

/* Has the engine the row's image, under the row's ref? */
bool adopt_is_there(const struct engine_images *all,
		    const struct image_row *row);

/* The engine is asked first: for a new catalog after a damaged one. */
int adopt_all(struct imgcache *ic, struct imgcache_error *err);

#endif
