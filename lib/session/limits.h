/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_LIMITS_H
#define IMGCACHE_SESSION_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct imgcache;
struct imgcache_error;
struct imgcache_prune_options;

/* 0 is no limit. */
struct limits {
	int64_t max_images, max_age_s, max_size, low_size, keep_last, grace_s;
};

/*
 * What is given, else what is set. While the project file is not right, what
 * it may say otherwise is not known: such a limit is none, and all are none
 * unless what they must keep is known, which is a warning. IMGCACHE_EFAIL if
 * one was given then.
 */
int limits_take(struct imgcache *ic, const struct imgcache_prune_options *o,
		struct limits *out, struct imgcache_error *err);

/* The age of caches, likewise. */
int64_t limits_cache_age(struct imgcache *ic, int64_t given);

#endif
