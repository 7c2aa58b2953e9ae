/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_NAMES_H
#define IMGCACHE_OPS_NAMES_H

/*
 * --push with -t NAME, as docker has it: those names are pushed too, whoever
 * has built the image. Nobody looks an image up by them, so what protects the
 * shared cache does not hold for them; what is set to be final does, and that
 * an untrusted build writes to no repository that trusted ones read.
 */

#include "ops/inputs.h"

/* Is there nothing to push to but the names? */
bool names_are_all(const struct inputs *in,
		   const struct imgcache_build_options *o);

/*
 * Nothing without push and tags. A name without a slash is one of Docker Hub's
 * official images; where there is somewhere else to push to, it is taken for
 * one for this machine. a->digest is set if nothing else knew one. What cannot
 * be pushed is IMGCACHE_EUNKNOWN, what may not be IMGCACHE_EFAIL.
 */
int names_push(struct inputs *in, const struct imgcache_build_options *o,
	       struct imgcache_answer *a, struct imgcache_error *err);

#endif
