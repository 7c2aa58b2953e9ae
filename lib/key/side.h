/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_SIDE_H
#define IMGCACHE_KEY_SIDE_H

/*
 * One side of a comparison: inputs as they are now, or those of an image as
 * the catalog kept them. Both have a manifest; the Dockerfile and directories
 * of a kept one may be lost.
 */

#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "recipe/manifest_read.h"
#include "source/tree.h"
#include "store/images.h"

struct side {
	struct imgcache *ic;
	const struct inputs *in;	/* NULL: kept */
	const char *tag;
	const char *hash;		/* "git" or "xxh3" */
	struct manifest_lines manifest;
	struct buf text;		/* of a kept Dockerfile: what counted */
	struct dockerfile *df;		/* NULL: not known, or no Dockerfile */
	bool is_generated;
};

/* Inputs that were taken; they must outlive the side. Release in any case. */
int side_now(struct side *s, const struct inputs *in,
	     struct imgcache_error *err);

/*
 * An image of the catalog. IMGCACHE_ENO if its manifest is not known (any
 * more). Release in any case.
 */
int side_kept(struct side *s, struct imgcache *ic, const struct image_row *row,
	      struct imgcache_error *err);
void side_release(struct side *s);

/* The Dockerfile was lost, but the other side has the same: take that. */
void side_share_dockerfile(struct side *s, const struct side *other);

/* The text of the Dockerfile as far as it counts. */
const struct buf *side_file(const struct side *s);

/* Is that stage of df, from 0, in use? Others are none of the key's business. */
bool side_uses_stage(const struct side *s, size_t stage);

/* A value of the manifest, NULL if it has no such line. */
const char *side_value(const struct side *s, const char *word,
		       const char *name);

/* What a build argument is; NULL where only its hash is known, or it counts not. */
const char *side_arg(const struct side *s, const char *name);

/*
 * Go through what differs in a context (NULL: the main one) between two sides
 * of one hash, as tree_diff_sides() does; nothing if a side has none of it.
 */
void side_diff_context(const struct side *a, const struct side *b,
		       const char *context, tree_change_fn *fn, void *payload);

/* The digest of a context's tree as the manifest has it, or NULL. */
const char *side_tree(const struct side *s, const char *context);

#endif
