/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_SWEEP_H
#define IMGCACHE_KEEP_SWEEP_H

#include <stdint.h>

struct imgcache;
struct imgcache_error;

/*
 * Remove what dead processes and time left in the state and cache directories
 * and in the catalog. *files is how many files went.
 */
int sweep(struct imgcache *ic, int64_t now, int64_t *files,
	  struct imgcache_error *err);

#endif
