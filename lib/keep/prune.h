/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_PRUNE_H
#define IMGCACHE_KEEP_PRUNE_H

struct imgcache;

/*
 * What the settings want pruned after each build and each pull, if that can be
 * recorded; failures are warnings.
 */
void prune_after_arrival(struct imgcache *ic);

#endif
