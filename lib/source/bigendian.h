/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_BIGENDIAN_H
#define IMGCACHE_SOURCE_BIGENDIAN_H

/* Numbers in git's files: the highest byte first, at any address. */

#include <stdint.h>

static inline uint32_t
be16(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t
be32(const unsigned char *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static inline uint64_t
be64(const unsigned char *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

#endif
