/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_BASES_H
#define IMGCACHE_STORE_BASES_H

/*
 * What a base's name was last resolved to. A memo: losing it costs a question
 * to the registry. How old an answer may be is the caller's business.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/strv.h"

struct catalog;
struct imgcache_error;

struct base_row {
	const char *scope;	/* an engine for local ids, else "registry" */
	const char *ref;	/* as the recipe writes it */
	const char *platform;	/* "": an index, for every platform */
	const char *digest;	/* sha256:... */
	const char *source;	/* registry, engine, lock: who said so */
	const char *user;	/* USER of the image, NULL: not known */
	int64_t resolved_at;	/* 0: now */
};

/*
 * *found is false if nothing is known. scope NULL: the newest answer of all.
 * Text lives in the arena.
 */
int bases_get(struct catalog *cat, const char *scope, const char *ref,
	      const char *platform, struct arena *arena, struct base_row *out,
	      bool *found, struct imgcache_error *err);

/* Remember the newest answer. */
int bases_put(struct catalog *cat, const struct base_row *row,
	      struct imgcache_error *err);

/* The refs of which something is remembered. */
int bases_refs(struct catalog *cat, struct strv *out,
	       struct imgcache_error *err);

/* Forget a ref in every scope; NULL forgets all. */
int bases_forget(struct catalog *cat, const char *ref,
		 struct imgcache_error *err);

#endif
