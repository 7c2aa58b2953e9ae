/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_PRUNE_CACHES_H
#define IMGCACHE_KEEP_PRUNE_CACHES_H

#include <stdint.h>

struct imgcache;
struct imgcache_error;
struct imgcache_prune_options;
struct imgcache_prune_result;

/*
 * The build caches that are kept in directories under cache_dir: those that
 * nobody used for too long go, then of all together the longest unused, but
 * for those that a build uses now. What killed builds left in the others goes
 * too. Fills the caches of *out.
 */
int prune_caches(struct imgcache *ic, const struct imgcache_prune_options *o,
		 int64_t now, struct imgcache_prune_result *out,
		 struct imgcache_error *err);

#endif
