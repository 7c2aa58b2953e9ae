/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SPAWN_ENV_H
#define IMGCACHE_SPAWN_ENV_H

/* The images that env writes down and exec hands to a command. */

#include "imgcache.h"

struct lease;
struct strv;

/*
 * Look each image up, or build it; lookups are counted as the verb's. *out has
 * o->n of them. leases, one for each image, may be NULL; those held are the
 * caller's to release, whatever this returns.
 */
int env_collect(struct imgcache *ic, const struct imgcache_env_options *o,
		const char *verb, struct lease *leases,
		const struct imgcache_env_image **out,
		struct imgcache_error *err);

/*
 * The variables of an image: "IMGCACHE_TOOLS_REF" and its value, and so on,
 * pairwise onto the list.
 */
void env_variables(const struct imgcache_env_image *image, struct strv *out);

#endif
