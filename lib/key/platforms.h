/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_PLATFORMS_H
#define IMGCACHE_KEY_PLATFORMS_H

/*
 * Images of several platforms. The containerd image store holds an index, so
 * docker's own builder makes and loads all of them at once; the classic store
 * holds the image of one platform, and so do builders of other drivers when
 * they load: there the one of this machine is built for use, and the others
 * when the image is pushed.
 */

#include "key/inputs.h"

/* Does one build load all platforms of the recipe? */
int platforms_together(struct inputs *in, const char *builder, bool *out,
		       struct imgcache_error *err);

/*
 * Can the RUN steps of the recipe be run for all of these, natively or
 * emulated? IMGCACHE_EFAIL names the one that cannot; a builder that does not
 * say is no obstacle.
 */
int platforms_check(struct inputs *in, const char *const *platforms,
		    const char *builder, struct imgcache_error *err);

/* Is it among those that a builder says it can run, and not switched off? */
bool platforms_can_run(struct imgcache *ic, const struct strv *known,
		       const char *platform);

/* What to do about one that cannot be run, as the end of a message. */
#define PLATFORMS_CURE "install qemu-user-static and binfmt-support on the " \
	"engine's machine, or use a builder of that kind"

#endif
