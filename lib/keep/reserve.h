/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_RESERVE_H
#define IMGCACHE_KEEP_RESERVE_H

/*
 * Room that is kept for prune: on a full disk nothing can be written down, so
 * nothing could be removed either. A file of the state directory holds some
 * megabytes, which prune gives back before it opens the catalog and takes again
 * afterwards.
 */

struct imgcache;

/* Made if it is not there and the disk has room to spare; never fails. */
void reserve_keep(struct imgcache *ic);

/* Given back if there is less room than it holds. */
void reserve_give(struct imgcache *ic);

#endif
