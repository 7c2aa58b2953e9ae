/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_REGISTRIES_H
#define IMGCACHE_SESSION_REGISTRIES_H

/*
 * Which repositories there are for an image: one where its ref stands and
 * where it is pushed, and those that are asked for it. Untrusted builds have a
 * repository of their own, if there is one: they push there and ask there
 * last; nobody else ever reads it.
 */

#include "session/session.h"

struct engine_image;

/*
 * Where images stand without a registry. What is built from an image of ours
 * names it here in any case: the registry is in no key, so it can be in no
 * Dockerfile either.
 */
#define OUR_REPOSITORY "localhost/imgcache"

/*
 * What has no key, for good or not yet: never looked up. Behind it stands the
 * key it is, or was, to have, and of who builds it
 * "-<seconds since the epoch>-<pid>.<random>".
 */
#define UNKEYED OUR_REPOSITORY "-unkeyed:"

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

/* Is it one of those, by whatever name? A tag or digest does not matter. */
bool registries_is_trusted(const struct imgcache *ic, const struct recipe *q,
			   const char *repository);

/*
 * The same for who is to be believed what stands there: it must be written the
 * same way. One host may be another one at another port.
 */
bool registries_is_believed(const struct imgcache *ic, const struct recipe *q,
			    const char *repository);

/* Is the name, len bytes, a repository of images of ours, however spelled? */
bool registries_has(const struct imgcache *ic, const char *name, size_t len);

/*
 * Does the name, in whatever repository, end in the KEY-os-arch of the image?
 * What is pushed platform by platform has that while it is pushed, and keeps it
 * if the process is killed then.
 */
bool registries_is_part(const struct engine_image *image, const char *name,
			const char *key);

#endif
