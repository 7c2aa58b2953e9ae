/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_REGISTRIES_H
#define IMGCACHE_OPS_REGISTRIES_H

/*
 * Which repositories there are for an image: one where its ref stands and
 * where it is pushed, and those that are asked for it. Untrusted builds have a
 * repository of their own, if there is one: they push there and ask there
 * last; nobody else ever reads it.
 */

#include "ops/session.h"

/*
 * Where the refs of a recipe stand: its registry, or the first of registries,
 * or without any OUR_REPOSITORY; of an untrusted build registry_untrusted.
 */
const char *registries_home(const struct imgcache *ic,
			    const struct recipe *q);

/* Those to ask, in this order; none if there is no registry. */
void registries_to_read(const struct imgcache *ic, const struct recipe *q,
			struct strv *out);

/* Those of them that trusted builds read. */
void registries_trusted(const struct imgcache *ic, const struct recipe *q,
			struct strv *out);

bool registries_is_trusted(const struct imgcache *ic, const struct recipe *q,
			   const char *repository);

/* Is the name, len bytes, a repository of images of ours? */
bool registries_has(const struct imgcache *ic, const char *name, size_t len);

#endif
