/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_LEASES_H
#define IMGCACHE_STORE_LEASES_H

/*
 * A lease says: an image is about to be used, do not prune it. Two kinds:
 *
 *  - held by a process, for as long as it (or a child that inherits the
 *    descriptor) lives: a shared flock on <dir>/leases/<tag>. Nothing is left
 *    stale by a kill. Prune takes the same file exclusively for the moment of
 *    removal, so that a spawn either comes before (and prune leaves the image)
 *    or after (and its lookup finds the image gone).
 *  - promised until a moment, in the database, by a process that will not be
 *    there when the image is used.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sys/lock.h"

struct catalog;
struct imgcache_error;

struct lease {
	struct lock lock;
};

#define LEASE_INIT { LOCK_INIT }

/*
 * Hold the image of a tag. Waits for a prune that is just removing it, at most
 * wait_ms (below 0: for ever), then IMGCACHE_EBUSY. So look the image up after
 * this, not before. If the catalog cannot be written nothing is held, 0.
 */
int lease_hold(struct catalog *cat, const char *tag, const char *what,
	       int wait_ms, struct lease *out, struct imgcache_error *err);

/*
 * For prune and delete: *taken is false if somebody holds or was promised the
 * tag on that engine at `now`. With *taken, nobody can until lease_release().
 */
int lease_exclude(struct catalog *cat, const char *engine, const char *tag,
		  int64_t now, bool *taken, struct lease *out,
		  struct imgcache_error *err);

void lease_release(struct lease *l);	/* an empty one is fine */

/* As lease_release() of an excluded tag, and its file goes too. */
void lease_remove(struct lease *l);

/* Is the tag held or promised at `now`? For dry runs. */
int lease_is_held(struct catalog *cat, const char *engine, const char *tag,
		  int64_t now, bool *held, struct imgcache_error *err);

/* Promise until a moment; a later one replaces an earlier one. */
int lease_promise(struct catalog *cat, const char *engine, const char *tag,
		  const char *what, int64_t until, struct imgcache_error *err);

/* Forget promises that ended before `now`. */
int leases_sweep(struct catalog *cat, int64_t now, struct imgcache_error *err);

#endif
