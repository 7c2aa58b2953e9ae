/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_SWEEP_H
#define IMGCACHE_KEEP_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct imgcache;
struct imgcache_error;

/*
 * Remove what dead processes and time left in the state and cache directories
 * and in the catalog. *files is how many files went; in a dry run how many
 * would, and nothing does.
 */
int sweep(struct imgcache *ic, int64_t now, bool dry_run, int64_t *files,
	  struct imgcache_error *err);

#endif
