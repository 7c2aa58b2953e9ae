/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_ARRIVAL_H
#define IMGCACHE_LOOKUP_ARRIVAL_H

/*
 * What is done with an image that comes to the engine, whether it was built
 * there or pulled: its names, its size, its predecessor, and what the catalog
 * keeps of its inputs.
 */

#include "key/inputs.h"
#include "store/images.h"

struct engine;
struct engine_image;

/* The part of a row that follows from the inputs. */
struct image_row arrival_row(const struct inputs *in,
			     const struct image_key *key);

/*
 * The names for people beside the ref: those of aliases.h, where a failure is a
 * warning, and those that were asked for (NULL-ended, or NULL), so that its
 * predecessor has them no more; tags_put() tells of a failure with these.
 */
void arrival_names(struct inputs *in, const char *id, const char *const *tags);

/*
 * With the containerd store an inspected image has the size of its compressed
 * layers; the list, of the images with its key, is nearer to what the disk
 * holds.
 */
void arrival_size(struct engine *e, struct engine_image *image);

/*
 * The image took its tag from an older one of ours of the same key, which
 * nobody can ask for any more; where no other name and no container holds that
 * one, it goes. old_id may be NULL.
 */
void arrival_replaces(struct inputs *in, const char *old_id,
		      const char *new_id);

/*
 * The manifest and every directory's text, so that a later miss can say why,
 * and the packages as they are asked for. The row is put with their hash.
 */
int arrival_inputs(struct inputs *in, struct image_row *row, int64_t *id,
		   struct imgcache_error *err);

#endif
