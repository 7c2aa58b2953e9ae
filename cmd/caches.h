/* SPDX-License-Identifier: MIT */
#ifndef CMD_CACHES_H
#define CMD_CACHES_H

/* Build caches, for list, prune and the summary of a build. */

#include <stdbool.h>
#include <stdint.h>

struct imgcache_recipe;
struct invocation;

/* Both return a code of imgcache.h. */
int caches_print_all(struct invocation *inv, bool wide);
int caches_prune(struct invocation *inv, int64_t max_age_s, bool dry_run);

/*
 * "local 12.4 MB, registry 3 MB": what those of a recipe weigh by type, as far
 * as it is known; "" if nothing is.
 */
#define CACHES_TEXT 256
void caches_sum_up(struct imgcache_recipe *r, char out[CACHES_TEXT]);

#endif
