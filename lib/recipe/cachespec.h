/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_CACHESPEC_H
#define IMGCACHE_RECIPE_CACHESPEC_H

/*
 * One build cache, as docker's --cache-from and --cache-to have it: a type and
 * its attributes. BuildKit takes an attribute that it does not know for none
 * at all, so each is checked here; credentials are refused, since attributes
 * reach traces and build histories (CVE-2025-0495).
 */

#include <stdbool.h>

#include "base/strv.h"

struct imgcache_error;

/* In the order in which caches are asked: the nearest first. */
enum cache_type {
	CACHE_LOCAL,
	CACHE_GHA,
	CACHE_REGISTRY,
	CACHE_S3,
	CACHE_AZBLOB,
	CACHE_INLINE
};

enum cache_direction { CACHE_FROM, CACHE_TO };

/* Zero-initialised is empty. */
struct cachespec {
	enum cache_type type;
	struct strv attributes;		/* "name=value", without the type */
};

const char *cache_type_name(enum cache_type type);

/*
 * Read "type=local,mode=max" or a bare ref, which is a registry's. What may be
 * left out (ref, dest, src, scope, name) is left to who uses it. IMGCACHE_EFAIL
 * with one line without a place.
 */
int cachespec_parse(struct cachespec *out, const char *text,
		    enum cache_direction direction,
		    struct imgcache_error *err);
void cachespec_release(struct cachespec *c);

/* An attribute's value, or NULL; borrowed. */
const char *cachespec_get(const struct cachespec *c, const char *name);

/* Set an attribute, or with NULL take it away. */
void cachespec_set(struct cachespec *c, const char *name, const char *value);

/* Would the one that is written last be all that is left of them? */
bool cachespec_is_same_place(const struct cachespec *a,
			     const struct cachespec *b);

/* As docker wants it, the type first; the caller frees. */
char *cachespec_text(const struct cachespec *c);

#endif
