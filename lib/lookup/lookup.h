/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_LOOKUP_H
#define IMGCACHE_LOOKUP_LOOKUP_H

/*
 * Is there an image for these inputs? The engine is the truth: it must have
 * our tag, the image's label must be the key, its id the one we know, and its
 * generation not older than the last invalidation. What the catalog says in
 * addition only explains a no.
 */

#include "key/inputs.h"
#include "store/images.h"

struct engine_image;

struct lookup_found {
	const char *engine;		/* name in the catalog; NULL: unknown */
	struct image_key key;
	bool has_row;
	struct image_row row;		/* text in the handle's arena */
	int64_t generation;		/* that the image must have at least */
	bool is_stale;			/* the engine has one that is too old */
	int64_t stale;			/* its generation */
	bool is_partly_here;		/* the image is, but not its in->local */
	const char *dirty_tag;		/* without a row: of what was built while
					   its sources moved */
	const char *last_tag;		/* of the image that a miss compares with */
};

/*
 * 0 with a->state hit or miss, or unknown when the engine gives no answer
 * (err is not set then, a->detail says why). Lost rows are adopted, wrong ones
 * put right. Nothing is counted.
 */
int lookup_image(struct inputs *in, struct lookup_found *f,
		 struct imgcache_answer *a, struct imgcache_error *err);

/*
 * The same, but where there is no row the reason is that it was never built,
 * without a look at what changed since the last image.
 */
int lookup_only(struct inputs *in, struct lookup_found *f,
		struct imgcache_answer *a, struct imgcache_error *err);

/*
 * Of an image of several platforms in->local is here now, beside those that
 * were here of that very image.
 */
int lookup_loaded(struct inputs *in, const struct lookup_found *f,
		  const char *image_id, struct imgcache_error *err);

/*
 * Count it for the verb, once for each tag and handle: what others are built
 * from is looked up for each of them. Nothing where counting is switched off.
 * Never fails.
 */
void lookup_count(struct inputs *in, const struct lookup_found *f,
		  const char *verb, const struct imgcache_answer *a);

/* The verb that a build is counted for: LOOKUP_AHEAD where nobody asked. */
const char *lookup_verb(const struct imgcache_build_options *o);

/* Fill in what a lookup knows from the inputs alone. */
void lookup_begin(const struct inputs *in, struct imgcache_answer *a);

#endif
