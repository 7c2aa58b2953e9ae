/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_IGNORE_RULES_H
#define IMGCACHE_SOURCE_IGNORE_RULES_H

/* What ignore_parse.c makes and ignore.c uses; private to the ignore*.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/glob.h"
#include "source/hash.h"

#define RULE_NONE UINT32_MAX

struct ignore_rule {
	struct glob glob;
	bool exception;		/* began with '!' */
	char *below;		/* exception: what BuildKit compares with a
				   directory to know whether to enter it */
	uint32_t line;		/* of the file, from 1 */
	uint64_t hash;		/* of the text, if looked up by hash */
	uint32_t next;		/* next rule of the bucket, or RULE_NONE */
};

/*
 * Rules for one exact path, or for one name at any depth, are found by hash;
 * the others are in scanned, in their order, and looked at one by one, unless
 * they are many: see ignore_anchors.h.
 */
struct ignore {
	struct hash text;	/* XXH3 of the file */
	struct ignore_rule *rules;
	size_t n;
	size_t cap;
	size_t n_exceptions;
	bool plain_exceptions;	/* no exception has wildcards that matter */
	bool enters_all;	/* no directory is passed over for its name */
	uint32_t *buckets;	/* mask + 1 of them */
	size_t mask;
	uint64_t lens;		/* which lengths (modulo 64) and which last */
	uint64_t lasts[4];	/* bytes the last parts of hashed rules have */
	uint32_t *scanned;
	size_t n_scanned;
	struct ignore_anchors *anchors;	/* or NULL */
};

typedef void ignore_rule_fn(void *payload, size_t rule);

/* FNV-1a; to hash a text in pieces, go on from the hash of what was before. */
#define IGNORE_HASH_PATH UINT64_C(0xcbf29ce484222325)
#define IGNORE_HASH_NAME UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t ignore_hash(uint64_t h, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return h;
}

static inline size_t ignore_bucket(const struct ignore *ig, uint64_t hash)
{
	return (size_t)(hash ^ hash >> 32) & ig->mask;
}

/* Can a hashed rule have this last part? */
static inline bool ignore_may_be_hashed(const struct ignore *ig,
					const char *name, size_t len)
{
	unsigned char c = (unsigned char)name[len - 1];

	return ig->lens >> len % 64 & 1 && ig->lasts[c / 64] >> c % 64 & 1;
}

/* A rule for one name at any depth: "**" "/name". */
static inline bool ignore_is_name(const struct glob *g)
{
	if (g->kind != GLOB_SUFFIX || !g->len || g->text[0] != '/')
		return false;
	for (size_t i = 1; i < g->len; i++)
		if (g->text[i] == '/')
			return false;
	return true;
}

#endif
