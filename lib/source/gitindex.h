/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GITINDEX_H
#define IMGCACHE_SOURCE_GITINDEX_H

/*
 * Ids that git knows already: of every tracked file that is as it was when git
 * last looked, and whose content git does not change on the way. gitformat-
 * index(5) says what is in the file. It is read here and not by libgit2, which
 * takes 80 ms for 100 000 entries where this takes 10. A damaged file gives a
 * false id or none; a false id is the hash of nothing else, so that it can
 * cost a build and never give a wrong image.
 *
 * Compared are device, inode, type, size, mtime and ctime, with their
 * fractions. What the index says of itself (assume-unchanged, skip-worktree,
 * fsmonitor) is not believed, and a file as young as the index is not either.
 *
 * Git takes a file for clean, too, that it changed on the way in or out under
 * rules that are gone (core.autocrlf unset, a .gitattributes that left with its
 * branch): the id is of other bytes. So an id is believed only of a file whose
 * object is as long as the file, which anything about line ends or $Id$ keywords
 * prevents, however it was asked for; that is younger than the configuration
 * and the rules outside the work tree; and in a work tree that has seen but one
 * commit (a fresh clone) and where no object stands for another (git replace).
 * All others are read, once, and then remembered.
 *
 * What is left cannot be known without reading: a filter that keeps the length,
 * and that was given for one command (git -c), or by a file of rules that was
 * removed by hand and never committed, or by one outside the repository that is
 * removed.
 */

#include <stdbool.h>

#include "source/digest.h"
#include "source/hash.h"

struct gitattr;
struct gitindex;

/*
 * The index of the work tree that holds the directory. NULL where there is
 * none, or git would not use it (someone else's, SHA-256, a newer format), or
 * git may convert any file (core.autocrlf): then all is read.
 */
struct gitindex *gitindex_open(const char *dir);
void gitindex_close(struct gitindex *g);

/* What holds in dir itself. */
const struct gitattr *gitindex_attributes(const struct gitindex *g);

/*
 * What holds in a directory below, whose parent's is given; dirfd and path are
 * its .gitattributes. Lives as long as g. May be called by several threads.
 */
const struct gitattr *gitindex_enter(struct gitindex *g,
				     const struct gitattr *parent, int dirfd,
				     const char *path);

/* The id of a file or link by its path in dir; false if it is not known. */
bool gitindex_find(const struct gitindex *g, const char *path,
		   const struct stat_id *id, struct hash *out);

#endif
