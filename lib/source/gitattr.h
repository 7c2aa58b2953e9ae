/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GITATTR_H
#define IMGCACHE_SOURCE_GITATTR_H

/*
 * May git have changed a file between the work tree and its objects? This is
 * not gitattributes(5) in full: it errs on the safe side. Any pattern that is
 * more than a name or "*SUFFIX" is taken to match all below its folder, and an
 * attribute that a later line takes back is still there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gitattr;

/*
 * What holds in a folder: the file .gitattributes in it, and all that holds in
 * its parent, which must live longer. Those freed by gitattr_free() do not
 * include parents.
 */
struct gitattr *gitattr_parse(const struct gitattr *parent, const char *text,
			      size_t len);

/* A file that cannot be read stands for one that changes everything. */
struct gitattr *gitattr_read(const struct gitattr *parent, int dirfd,
			     const char *path);

void gitattr_free(struct gitattr *a);

/*
 * For a file of that name in the folder that was last changed at ctime_ns. A
 * rule that is younger than the file may have been another when git saw it.
 */
bool gitattr_may_filter(const struct gitattr *a, const char *name,
			int64_t ctime_ns);

#endif
