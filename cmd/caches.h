/* SPDX-License-Identifier: MIT */
#ifndef CMD_CACHES_H
#define CMD_CACHES_H

/* Build caches, for list and prune; each returns a code of imgcache.h. */

#include <stdbool.h>
#include <stdint.h>

struct invocation;

int caches_print_all(struct invocation *inv, bool wide);
int caches_prune(struct invocation *inv, int64_t max_age_s, bool dry_run);

#endif
