/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_CONTEXTS_H
#define IMGCACHE_STORE_CONTEXTS_H

/*
 * What is remembered of a build context between two runs: the generation under
 * which BuildKit last saw it, what of it BuildKit cannot see changing (see
 * DESIGN.md 3, blind spot), and the last manifest head with its key.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct catalog;
struct imgcache_error;

struct context_row {
	const char *id;		/* H of its path (and of the builder) */
	const char *path;	/* absolute, for people */
	int64_t generation;	/* part of the link's name handed to docker */
	const char *tree_hash;	/* git or xxh3 */
	const char *tree;	/* id in objects.h, last handed over */
	const char *fingerprint;	/* free text of the stale-bytes rule */
	const char *head_digest;	/* of the last manifest head */
	const char *key;		/* the tag that it gave */
	int64_t updated_at;		/* 0: now */
};

/* *found is false if nothing is known of it. Text lives in the arena. */
int contexts_get(struct catalog *cat, const char *id, struct arena *arena,
		 struct context_row *out, bool *found,
		 struct imgcache_error *err);

/* Make or replace the whole row. */
int contexts_put(struct catalog *cat, const struct context_row *row,
		 struct imgcache_error *err);

/*
 * Give the context a generation that it never had, making the row if there is
 * none: for when in doubt. Two processes never get the same. Where nothing can
 * be recorded it is new all the same.
 */
int contexts_next_generation(struct catalog *cat, const char *id,
			     const char *path, int64_t *generation,
			     struct imgcache_error *err);

/* Forget contexts not updated since that moment. */
int contexts_sweep(struct catalog *cat, int64_t before,
		   struct imgcache_error *err);

#endif
