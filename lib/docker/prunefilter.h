/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_PRUNEFILTER_H
#define IMGCACHE_DOCKER_PRUNEFILTER_H

struct imgcache_error;

/*
 * Would "docker buildx prune" take these filters, NULL-ended, and mean what
 * they say? It skips an empty one, so that all goes; BuildKit asks for no name
 * that it does not know, so that nothing goes, or all with a "!". IMGCACHE_EUSAGE
 * if not.
 */
int prunefilter_check(const char *const *filters, struct imgcache_error *err);

#endif
