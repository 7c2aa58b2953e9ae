/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_MAP_H
#define IMGCACHE_RECIPE_DOCKERFILE_MAP_H

/* From byte strings to numbers. Keys are borrowed, nothing is ever removed. */

#include <stddef.h>
#include <stdint.h>

#define STRMAP_NONE SIZE_MAX

struct strmap_slot {
	const char *key;
	size_t len;
	uint64_t hash;
	size_t value;
};

struct strmap {		/* zero-initialised is empty */
	struct strmap_slot *v;
	size_t n, cap;
};

/* STRMAP_NONE if the key is not there. */
size_t strmap_get(const struct strmap *m, const char *key, size_t len);

/* Where the value of the key is; STRMAP_NONE if it was added just now. */
size_t *strmap_at(struct strmap *m, const char *key, size_t len);

void strmap_release(struct strmap *m);

#endif
