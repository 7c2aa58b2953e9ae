/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_KEPT_H
#define IMGCACHE_KEY_KEPT_H

/*
 * What the catalog keeps of inputs, so that a later miss can say what changed:
 * the manifest, the Dockerfile and every directory's text, each under its own
 * hash. A build stores all of it. A hit stores nothing; only an image that is
 * adopted, once in its life, gets what is small.
 */

#include "key/inputs.h"
#include "store/images.h"

struct strv;

enum kept_part {
	KEPT_HEAD,	/* the manifest and the Dockerfile */
	KEPT_ALL	/* and the directories */
};

/* Store it under in->tag. Inside the caller's transaction, if there is one. */
int kept_put(const struct inputs *in, enum kept_part part,
	     struct imgcache_error *err);

/* An objects_children_fn: what a manifest or a listing names. */
void kept_children(void *payload, const char *text, size_t len,
		   struct strv *ids);

/*
 * A recipe without a name is noted by its files, when it was built.
 */
int kept_note_name(const struct inputs *in, struct imgcache_error *err);

/*
 * The image of this recipe that was built or handed out last and whose manifest
 * is known, on the engine or (NULL) any. At most one row is added to list.
 */
int kept_last(const struct inputs *in, const char *engine,
	      struct image_list *list, struct imgcache_error *err);

#endif
