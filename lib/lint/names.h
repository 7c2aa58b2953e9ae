/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_NAMES_H
#define IMGCACHE_LINT_NAMES_H

/* What the name of a variable gives away. */

#include <stdbool.h>

/* CACHE_BUST and the like: its only use is to be another one each time. */
bool lint_is_cache_bust(const char *name);

/* BUILD_DATE, GIT_SHA: another value at every build or commit. */
bool lint_is_volatile(const char *name);

/* NPM_TOKEN, but not TOKEN_URL. */
bool lint_is_secret(const char *name);

/* A value that cannot be one: a path, an address, a number, yes or no. */
bool lint_is_harmless(const char *value);

#endif
