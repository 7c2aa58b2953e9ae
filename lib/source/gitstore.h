/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GITSTORE_H
#define IMGCACHE_SOURCE_GITSTORE_H

/*
 * Where a repository has its objects, as far as the lengths of files go: packs,
 * loose objects and those of other repositories that it borrows. libgit2 takes
 * seven microseconds to tell a length, which for all the files of a work tree
 * is half of what git status costs; this takes one. What is not understood here
 * (or damaged, or elsewhere) is not known, and libgit2 may be asked.
 */

#include <stdbool.h>
#include <stdint.h>

#include "source/gitpack.h"

struct gitstore;

/* Of the folder of objects; one that cannot be read has none. Never NULL. */
struct gitstore *gitstore_open(const char *objects);
void gitstore_close(struct gitstore *s);

/*
 * The length of the file's content with that id, which is not read. False if
 * it is not known. Several threads may ask.
 */
bool gitstore_size(const struct gitstore *s,
		   const unsigned char id[GITPACK_ID_SIZE], uint64_t *size);

#endif
