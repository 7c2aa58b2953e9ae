/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_TAGS_H
#define IMGCACHE_KEY_TAGS_H

/*
 * The names of -t, as docker has them: whoever has built the image, it gets
 * them, and with --push they are pushed too. Nobody looks an image up by them,
 * so what protects the shared cache does not hold for them; what is set to be
 * final does, and that an untrusted build writes to no repository that trusted
 * ones read.
 */

#include "key/inputs.h"

/* Is there nothing to push to but the names? */
bool tags_are_all(const struct inputs *in,
		  const struct imgcache_build_options *o);

/*
 * What the engine was asked for an image that it had: that it has it no more is
 * no "no", but IMGCACHE_EBUSY, in these words; any other ret is returned as it
 * is.
 */
__attribute__((format(printf, 3, 4)))
int tags_removed(int ret, struct imgcache_error *err, const char *fmt, ...);

/*
 * Are they names that docker takes, and none by which another image is looked
 * up? IMGCACHE_EUSAGE if not: who asks for that image would build it again.
 */
int tags_may_be_given(const struct inputs *in,
		      const struct imgcache_build_options *o,
		      struct imgcache_error *err);

/*
 * Give them to the image of the answer, if it is on the engine. IMGCACHE_EBUSY:
 * it went meanwhile.
 */
int tags_put(struct inputs *in, const struct imgcache_build_options *o,
	     const struct imgcache_answer *a, struct imgcache_error *err);

/*
 * Is the name still this image's? docker pushes and saves by name, and somebody
 * else may have given it to another one, so this is asked before and afterwards.
 * IMGCACHE_EBUSY if not.
 */
int tags_check(struct imgcache *ic, const char *name, const char *image_id,
	       struct imgcache_error *err);

/*
 * Nothing without push and tags. A name without a slash is one of Docker Hub's
 * official images; where there is somewhere else to push to, it is taken for
 * one for this machine. a->digest is set if nothing else knew one. What cannot
 * be pushed is IMGCACHE_EUNKNOWN, what may not be IMGCACHE_EFAIL.
 */
int tags_push(struct inputs *in, const struct imgcache_build_options *o,
	      struct imgcache_answer *a, struct imgcache_error *err);

#endif
