/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_TEXTMEMO_H
#define IMGCACHE_SOURCE_TEXTMEMO_H

/*
 * Hashes of small texts, remembered from the last run: equal bytes, equal
 * hash. A warm run therefore needs no SHA-1, and so no libgit2, which alone
 * costs more than the whole answer. One file holds the texts of one recipe;
 * it is safe to delete, ignored when damaged, replaced whole, and loses what
 * the last run did not ask for.
 */

#include <stddef.h>

#include "source/hash.h"

struct imgcache_error;
struct textmemo;

/* path NULL: nothing is remembered. Never fails; an unreadable file is empty. */
struct textmemo *textmemo_open(const char *path);

/* The text itself is kept for the comparison. */
int textmemo_hash(struct textmemo *m, enum hash_kind kind, const void *data,
		  size_t len, struct hash *out, struct imgcache_error *err);

/*
 * For values that must not lie about in clear (build args): what is kept is a
 * 128-bit digest under a random key of this file, and the length.
 */
int textmemo_value(struct textmemo *m, enum hash_kind kind, const void *data,
		   size_t len, struct hash *out, struct imgcache_error *err);

/* Save if anything was new, then free. A save that fails is a slower next run. */
void textmemo_close(struct textmemo *m);

#endif
