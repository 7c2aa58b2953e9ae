/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_REMOTE_H
#define IMGCACHE_LOOKUP_REMOTE_H

/*
 * The registries as the shared catalog: what one machine pushed, another
 * finds here. An image is looked at before it is pulled, pulled by the digest
 * that was looked at, and looked at again; a tag is believed at no time.
 */

#include "lookup/lookup.h"

struct registry_image;

/* What an image of the key must be to be taken for one. */
struct remote_demand {
	int64_t generation;	/* at least */
	bool all_platforms;	/* of the recipe; else that of local use */
};

/*
 * IMGCACHE_REASON_NONE: it is what the key stands for. Else foreign or
 * invalidated, and *wrong is the end of a sentence: "which ...".
 */
enum imgcache_reason remote_judge(const struct inputs *in,
				  const struct remote_demand *d,
				  const struct registry_image *image,
				  const char **wrong);

/* An image of the key in a registry; text lives in the handle's arena. */
struct remote_image {
	const char *repository;	/* NULL: there is none */
	const char *digest;
	const char *ref;	/* repository@digest */
};

void remote_found(struct inputs *in, const char *repository,
		  const char *digest, struct remote_image *out);

/*
 * Ask for a miss, one registry after the other. 0 with out->repository set; or
 * not set, and then a->reason may be a better one (invalidated, foreign) or
 * a->state unknown. Only IMGCACHE_EINTR is an error.
 */
int remote_look(struct inputs *in, const struct lookup_found *f,
		struct remote_image *out, struct imgcache_answer *a,
		struct imgcache_error *err);

/*
 * Pull what was found, for the platform of this machine, under the lock of the
 * key. 0 with a->state hit; unknown if it did not come; miss if it was not what
 * the registry said.
 */
int remote_pull(struct inputs *in, struct lookup_found *f,
		const struct remote_image *r, struct imgcache_answer *a,
		struct imgcache_error *err);

#endif
