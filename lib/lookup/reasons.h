/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_REASONS_H
#define IMGCACHE_LOOKUP_REASONS_H

#include "imgcache.h"

struct buf;
struct changes;
struct side;

/*
 * Why two sides differ, in a word and in words: "debian:bookworm-slim", of a
 * base that moved; "Dockerfile:3 RUN edited, src/main.c edited, 2 more files".
 * Never the value of an arg.
 */
enum imgcache_reason reasons_of_change(const struct side *before,
				       const struct side *after,
				       struct buf *detail);

/* The reason alone, of changes that were found already. */
enum imgcache_reason reasons_word(const struct changes *c);

#endif
