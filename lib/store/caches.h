/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_CACHES_H
#define IMGCACHE_STORE_CACHES_H

/*
 * The build caches that were written or read from here: where each is, whose it
 * is, and what a stage's cache was last written for.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct catalog;
struct imgcache_error;

struct cache_row {
	const char *type;	/* docker's: registry, local, gha ... */
	const char *place;	/* a ref, a directory, a scope, a name */
	const char *project;	/* NULL: of no project */
	const char *image;	/* its label: name and platform */
	const char *stage;	/* NULL: all of the image */
	const char *trigger;	/* hash of what it was written for, or NULL */
	bool is_ours;		/* we made the place's name, nobody else */
	int64_t size_bytes;	/* -1: not known */
	int64_t exported_at;	/* 0: never from here */
	int64_t used_at;	/* last read or written */
};

struct cache_list {
	struct cache_row *v;
	size_t n, cap;
	struct arena arena;
};

void cache_list_release(struct cache_list *list);

/* Of the row only type and place are looked at. */
int caches_get(struct catalog *cat, struct arena *arena, struct cache_row *row,
	       bool *found, struct imgcache_error *err);

/*
 * It was written, or only read: then what is known of the last writing stays.
 */
int caches_exported(struct catalog *cat, const struct cache_row *row,
		    struct imgcache_error *err);
int caches_used(struct catalog *cat, const struct cache_row *row,
		struct imgcache_error *err);

/* The last used first. */
int caches_list(struct catalog *cat, struct cache_list *out,
		struct imgcache_error *err);

int caches_forget(struct catalog *cat, const struct cache_row *row,
		  struct imgcache_error *err);

#endif
