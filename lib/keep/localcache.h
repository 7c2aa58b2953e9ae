/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_LOCALCACHE_H
#define IMGCACHE_KEEP_LOCALCACHE_H

/*
 * A build cache in a directory of this machine, which never grows: docker only
 * adds to the directory that it is given, so each build writes a new one (a
 * generation), and a link says which one counts. The link is replaced by a
 * rename, so that whatever ends us there is the old cache or the new one; an
 * export that is not complete, or that wrote nothing since every step was a
 * hit, is thrown away. Where the client itself drops what is old (reset=true),
 * the generation is written again in place, if nobody else reads it.
 *
 *	DIR/current -> g<n>	DIR/g<n>/{index.json,blobs}	DIR/lock
 *
 * Who reads or writes a generation holds the lock shared; who removes others
 * holds it alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sys/lock.h"

struct imgcache_error;

struct localcache {
	char *dir;
	struct lock lock;
	char *current;		/* the generation to read, NULL: none yet */
	char *dest;		/* the one to write, NULL: none */
	bool resets;		/* write it with reset=true */
};

#define LOCALCACHE_INIT { .lock = LOCK_INIT }

/*
 * Open the cache in dir, which is made. With writes there is a place to write
 * as well; can_reset: the client has reset=true.
 */
int localcache_open(struct localcache *l, const char *dir, bool writes,
		    bool can_reset, struct imgcache_error *err);

/*
 * What was written counts from now on, and what counted before is removed
 * unless others read it. IMGCACHE_ENO without err: it is not complete, what
 * counted before stays.
 */
int localcache_commit(struct localcache *l, struct imgcache_error *err);

/* What was written and not committed is removed. */
void localcache_release(struct localcache *l);

/* Is it the directory of such a cache? */
bool localcache_is(const char *dir);

/*
 * Remove what killed builds left there; with all the cache itself and dir too.
 * IMGCACHE_EBUSY: a build reads or writes it now.
 */
int localcache_sweep(const char *dir, bool all, struct imgcache_error *err);

/* An OCI layout in which everything that it names is there in its size. */
bool localcache_is_complete(const char *dir);

/* Is there nothing in it but the lock, and perhaps a link that leads nowhere? */
bool localcache_is_left(const char *dir);

#endif
