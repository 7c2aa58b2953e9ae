/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_TREE_PARTS_H
#define IMGCACHE_SOURCE_TREE_PARTS_H

/* What tree*.c share with walk.c and nobody else. */

#include "base/mem.h"
#include "source/tree.h"

struct tree {
	enum hash_kind hash;
	struct tree_dir *dirs;	/* a child's number is above its parent's */
	uint32_t n;
	uint32_t cap;
	struct arena names;
};

/* A new directory; 0 is made by the first call. Returns its number. */
uint32_t tree_add_dir(struct tree *t, uint32_t parent, const char *name);

/* The path of a directory, "" for the root. */
void tree_dir_path(const struct tree *t, uint32_t number, struct buf *out);

/*
 * Entries are all there and sorted: drop directories that were there only for
 * something below them which is not there, and give each directory its digest.
 */
int tree_seal(struct tree *t, struct imgcache_error *err);

#endif
