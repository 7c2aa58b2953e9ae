/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_STATCACHE_FILE_H
#define IMGCACHE_SOURCE_STATCACHE_FILE_H

/* How the stat cache's file is laid out; for statcache*.c alone. */

#include <stdint.h>

#include "source/run.h"

#define CACHE_MAGIC "imgcache-stat 4\n"
#define CACHE_ORDER 0x01020304u
#define CACHE_SUM 16
#define CACHE_LAYOUT ((uint32_t)(sizeof(struct cache_dir) << 16 | \
				 sizeof(struct file_record) << 8 | \
				 sizeof(struct record)))

struct cache_head {
	char magic[16];
	uint32_t order;
	uint32_t layout;
	uint32_t kind;
	uint32_t n_dirs;
	uint64_t n_entries;
	uint64_t len;		/* of the whole file */
	uint64_t also_len;	/* of the paths before the sum, each with NUL */
};

/* Directory 0 is the root; the children of each stand together. */
struct cache_dir {
	uint64_t at;
	uint64_t dev;
	uint32_t len;
	uint32_t n;
	uint32_t n_dirs;
	uint32_t first_child;
	uint16_t mode;
	uint16_t hash_len;
	unsigned char digest[HASH_MAX];
};

#endif
