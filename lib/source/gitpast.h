/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GITPAST_H
#define IMGCACHE_SOURCE_GITPAST_H

/*
 * Rules by which git changes content leave traces when they go: a file that was
 * edited since, a folder that lost one, a branch that was switched. Objects that
 * stand for others do, too.
 */

#include <stdbool.h>
#include <stdint.h>

struct gitlib_facts;
struct repo_paths;

/*
 * Files that were not changed before *since_ns met no other rules than those
 * there are now. False if that cannot be said of any.
 */
bool gitpast_read(const struct repo_paths *repo,
		  const struct gitlib_facts *facts, int64_t *since_ns);

#endif
