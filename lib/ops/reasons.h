/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_REASONS_H
#define IMGCACHE_OPS_REASONS_H

#include "imgcache.h"

struct buf;

/*
 * Why two manifests differ, in a word and in words: "base debian:bookworm-slim
 * moved", "dockerfile, arg VERSION". Never a value.
 */
enum imgcache_reason reasons_of_change(const char *before, const char *after,
				       struct buf *detail);

#endif
