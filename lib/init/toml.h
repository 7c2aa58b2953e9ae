/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_INIT_TOML_H
#define IMGCACHE_INIT_TOML_H

/*
 * The texts of a TOML file, each with the path of keys that leads to it. All
 * four kinds of strings are read, and dates and numbers passed over.
 */

#include "base/strv.h"

/*
 * A text, an element of a list under the path of the list; or NULL: a table
 * begins. Both live for the call.
 */
typedef void toml_fn(void *payload, const struct strv *path,
		     const char *text);

/* 0, or the line from which on it was not understood. */
int toml_read(const char *text, toml_fn *fn, void *payload);

#endif
