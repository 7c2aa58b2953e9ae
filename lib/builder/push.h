/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_PUSH_H
#define IMGCACHE_BUILDER_PUSH_H

/*
 * Sharing an image. Two builds of one key need not be the same bytes, so the
 * first that is pushed is the image of the key for everybody: whoever comes
 * later takes that one instead of replacing it.
 */

#include "lookup/lookup.h"

struct push_options {
	const struct imgcache_build_options *build;
	int lock_fd;		/* of the key's lock, which is held */
};

/*
 * The image of a hit (*a, f), or of a build just done, into the repository
 * where its ref stands, with all its platforms: those that are not here are
 * built. 0: it is there, and *a and the catalog know its digest; what the
 * engine has is then that image too. IMGCACHE_EUNKNOWN if it cannot be pushed,
 * IMGCACHE_EFAIL if something else is under its ref; or what a build says.
 */
int push_image(struct inputs *in, struct lookup_found *f,
	       const struct push_options *o, struct imgcache_answer *a,
	       struct imgcache_error *err);

#endif
