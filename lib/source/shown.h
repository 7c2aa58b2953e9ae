/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_SHOWN_H
#define IMGCACHE_SOURCE_SHOWN_H

/*
 * A path for a message: control bytes as '?', the end of it if it is long, "."
 * if it is empty. Returns out.
 */

#define SHOWN_SIZE 512

const char *path_shown(const char *path, char out[SHOWN_SIZE]);

#endif
