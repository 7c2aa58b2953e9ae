/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_VERSION_H
#define IMGCACHE_DOCKER_VERSION_H

/* "26.1.5" against 26, 1: -1, 0, 1; 0 of what is no version. */
int version_compare(const char *version, int major, int minor);

#endif
