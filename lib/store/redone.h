/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_REDONE_H
#define IMGCACHE_STORE_REDONE_H

/*
 * A stage that was invalidated by itself is built anew once on each engine,
 * whichever image of that name is built next, and so is all of an image for a
 * platform that is only pushed; this is up to where that was done.
 */

#include <stdint.h>

struct catalog;
struct imgcache_error;

struct redone_stage {
	const char *engine;
	const char *project;
	const char *image;	/* NULL: made of flags */
	const char *stage;	/* "": all of them */
};

/* *moment is 0 where it never was. */
int redone_get(struct catalog *cat, const struct redone_stage *s,
	       int64_t *moment, struct imgcache_error *err);
int redone_set(struct catalog *cat, const struct redone_stage *s,
	       int64_t moment, struct imgcache_error *err);

#endif
