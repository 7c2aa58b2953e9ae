/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_PRUNE_H
#define IMGCACHE_OPS_PRUNE_H

struct imgcache;

/* What the settings want pruned after each build; failures are warnings. */
void prune_after_build(struct imgcache *ic);

#endif
