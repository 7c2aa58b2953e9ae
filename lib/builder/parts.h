/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_PARTS_H
#define IMGCACHE_BUILDER_PARTS_H

/*
 * An image of several platforms where the engine cannot hold it as one: each
 * platform is built and pushed as an image of its own, REF-os-arch, and the
 * registry gets an index of them under the ref. The engine keeps that of this
 * machine.
 */

#include "lookup/lookup.h"

struct engine_image;

struct parts_options {
	const struct imgcache_build_options *build;
	int lock_fd;		/* docker inherits it */
	const char *local_id;	/* the engine's image for in->local */
};

/* Under the lock of the key. IMGCACHE_EBUILD, ECHANGED as a build. */
int parts_push(struct inputs *in, struct lookup_found *f,
	       const struct parts_options *o, struct imgcache_error *err);

#endif
