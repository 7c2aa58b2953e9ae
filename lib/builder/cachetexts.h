/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_CACHETEXTS_H
#define IMGCACHE_BUILDER_CACHETEXTS_H

/*
 * The build caches as they were written, on the command line or in the project
 * file, before any name is filled in.
 */

#include "recipe/cachespec.h"

struct imgcache;
struct imgcache_build_options;
struct imgcache_error;

/* Those of the command line, or without any those of the project file. */
void cachetexts_collect(const struct imgcache *ic,
			const struct imgcache_build_options *o,
			enum cache_direction d, struct strv *out);

/* IMGCACHE_EFAIL: one is malformed, or overwrites another of them. */
int cachetexts_check(const struct strv *texts, enum cache_direction d,
		     struct imgcache_error *err);

/* The same of the command line's alone: IMGCACHE_EUSAGE, with the option. */
int cachetexts_check_given(const struct imgcache_build_options *o,
			   struct imgcache_error *err);

#endif
