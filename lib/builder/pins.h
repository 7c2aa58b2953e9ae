/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_PINS_H
#define IMGCACHE_BUILDER_PINS_H

#include "key/inputs.h"

/*
 * The named contexts of a build ("NAME=value") as this engine can take them.
 * BuildKit before engine 23 knows none: there a base stays as it is written.
 */
int pins_for_engine(struct inputs *in, struct strv *contexts,
		    struct imgcache_error *err);

/*
 * What docker would take now for the bases that it is not told to pin must be
 * what is in the key, else IMGCACHE_EFAIL says what to do. For before a build
 * of these platforms and after it.
 */
int pins_check(const struct inputs *in, const char *const *platforms,
	       const char *builder, struct imgcache_error *err);

/*
 * For a recipe of several platforms, of which these are built: where images of
 * ours that it is built from can be had for those that the engine has not got.
 * IMGCACHE_EFAIL if that is nowhere.
 */
int pins_for_parts(struct inputs *in, const char *const *platforms,
		   struct strv *contexts, struct imgcache_error *err);

#endif
