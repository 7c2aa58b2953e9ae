/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_WHYSTEPS_H
#define IMGCACHE_LOOKUP_WHYSTEPS_H

#include "lookup/changes.h"
#include "recipe/dockerfile_steps.h"

struct image_row;

/*
 * Which steps of the build run again, because of which change, and what they
 * took the last time: fills in the steps of *out and of each change. What is
 * not known is left out; fails only as the catalog does. last is the image that
 * was compared with.
 */
int whysteps_find(struct changes *c, const struct image_row *last,
		  struct imgcache_why *out, struct imgcache_error *err);

/* For whysteps.c: the times, from the newest builds that ran such a step. */
int whysteps_times(struct changes *c, const struct dockerfile_steps *now,
		   const struct image_row *last, struct imgcache_step *steps,
		   struct imgcache_error *err);

#endif
