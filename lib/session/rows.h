/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_ROWS_H
#define IMGCACHE_SESSION_ROWS_H

#include "session/session.h"
#include "store/images.h"

/* The rows of a list as imgcache.h shows them, in the handle's arena. */
struct imgcache_image *rows_to_public(struct imgcache *ic,
				      const struct image_list *list);

#endif
