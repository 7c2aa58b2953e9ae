/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_VERIFY_H
#define IMGCACHE_LOOKUP_VERIFY_H

struct engine_container;
struct imgcache_error;
struct verifying;

/* Is what runs what the recipe of that name says now? One verdict more. */
int verify_container(struct verifying *v, const struct engine_container *c,
		     struct imgcache_error *err);

#endif
