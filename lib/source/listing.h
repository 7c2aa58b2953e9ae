/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_LISTING_H
#define IMGCACHE_SOURCE_LISTING_H

/*
 * A directory's text (see tree.h) read back: for comparing a tree with one that
 * is no longer there, of which only the texts were kept.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "source/tree.h"

struct listing {
	struct tree_dir dir;
	struct arena memory;	/* of the names */
};

/*
 * Entries have what the text says: name, type, mode, size, digest, the numbers
 * of a device. False if it is no such text. Release it in any case.
 */
bool listing_parse(struct listing *l, const char *text, size_t len);
void listing_release(struct listing *l);

#endif
