/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_OBJECTS_H
#define IMGCACHE_STORE_OBJECTS_H

/*
 * Manifest texts and directory listings by their hash. A text is stored once,
 * whatever names it; its id is its content, so it never changes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct catalog;
struct imgcache_error;
struct strv;

/* Store it; one that is there already is left alone. hash is git or xxh3. */
int objects_put(struct catalog *cat, const char *hash, const char *id,
		const char *text, size_t len, struct imgcache_error *err);

/* Append the text to out; *found is false if it is not known. */
int objects_get(struct catalog *cat, const char *hash, const char *id,
		struct buf *out, bool *found, struct imgcache_error *err);

int objects_has(struct catalog *cat, const char *hash, const char *id,
		bool *found, struct imgcache_error *err);

/*
 * Delete what no image and no context needs any more. children() appends to
 * ids the ids that a text names (of the same hash); it is asked once per text
 * that is kept. Younger than `before` is kept, whoever needs it. *deleted may
 * be NULL. For prune.
 */
typedef void objects_children_fn(void *payload, const char *text, size_t len,
				 struct strv *ids);
int objects_sweep(struct catalog *cat, objects_children_fn *children,
		  void *payload, int64_t before, int64_t *deleted,
		  struct imgcache_error *err);

#endif
