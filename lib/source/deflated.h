/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_DEFLATED_H
#define IMGCACHE_SOURCE_DEFLATED_H

/* zlib's streams, as git stores objects. */

#include <stddef.h>

/*
 * How the text begins whose stream begins with these bytes: a few bytes of it,
 * at most max, fewer if they are not all there. Returns their number, 0 if the
 * stream is damaged.
 */
size_t deflated_head(const void *in, size_t len, void *out, size_t max);

#endif
