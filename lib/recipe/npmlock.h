/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_NPMLOCK_H
#define IMGCACHE_RECIPE_NPMLOCK_H

/*
 * The files of a folder that `npm ci` reads: package.json, npm-shrinkwrap.json
 * or else package-lock.json, .npmrc if there is one. Packages that the lock
 * file takes from folders or tarballs of the project (workspaces, file:) are
 * refused: they would need files this list does not name.
 */

#include <stdbool.h>

#include "base/strv.h"

struct imgcache_error;

struct npmlock {
	struct strv paths;	/* relative to the root, in byte order */
	char *folder;		/* relative to the root, "." for itself */
	bool has_npmrc;
};

#define NPMLOCK_INIT { { NULL, 0, 0 }, NULL, false }

/* Find them under the absolute root; IMGCACHE_EUSAGE says what to do. */
int npmlock_read(const char *root, const char *folder, struct npmlock *out,
		 struct imgcache_error *err);
void npmlock_release(struct npmlock *lock);

#endif
