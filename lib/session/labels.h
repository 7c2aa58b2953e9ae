/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_LABELS_H
#define IMGCACHE_SESSION_LABELS_H

/* What an image of ours says of itself, wherever it is. */

#include <stdint.h>

struct engine_image;

#define LABEL_KEY "io.imgcache.key"
#define LABEL_GENERATION "io.imgcache.generation"

/* The generation that its label says, 0 if it has none. */
int64_t labels_generation(const struct engine_image *image);

#endif
