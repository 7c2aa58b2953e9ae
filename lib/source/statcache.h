/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_STATCACHE_H
#define IMGCACHE_SOURCE_STATCACHE_H

/*
 * What was read of one context the last time: for every file its digest at
 * which stat data, for every directory the digest of its listing. One file per
 * context, hash and rules, mapped into memory, safe to delete at any time. It
 * is replaced whole by rename, without a lock: of two processes the last one
 * wins, and both were right. A file that is damaged, cut short, or of another
 * machine's making is taken for no file.
 *
 * Only local file systems that keep change times are trusted, and only files
 * that were at rest when they were read; see stattrust.h. One change is
 * seen by nobody who looks at times, git and make included: a store through a
 * shared writable mapping to a page that was dirty already.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/hash.h"
#include "source/run.h"

struct buf;
struct node;
struct strv;
struct statcache;

/*
 * The file for a context. root is the directory as the user named it, links in
 * it are followed; what else decides the tree (ignore rules, allowed paths) is
 * in rules. NULL if it cannot be named; the caller frees.
 */
char *statcache_path(const char *dir, const char *root, enum hash_kind kind,
		     const struct buf *rules);

/* NULL if there is nothing to believe; the map lives until close. */
struct statcache *statcache_open(const char *path, enum hash_kind kind);
void statcache_close(struct statcache *c);

/* A directory as it was. */
struct stat_dir {
	struct run run;
	uint32_t number;
	uint32_t first_child;	/* of its run.n_dirs directories */
	uint16_t mode;
	struct hash digest;
};

/* Numbers run from 0, the root. False if there is none, or it is damaged. */
bool statcache_dir(const struct statcache *c, uint32_t number,
		   struct stat_dir *out);

/* How many entries there are in all. */
uint64_t statcache_entries(const struct statcache *c);

/* Append the paths that counted for the sake of links; see walk_links.c. */
void statcache_also(const struct statcache *c, struct strv *out);

/* What a walk has read. */
struct stat_read {
	enum hash_kind kind;
	struct node *const *dirs;	/* in the order of their numbers; the
					   children of each stand together */
	uint32_t n;
	const struct strv *also;
};

/* Keep it. A failure is a slower next run. */
void statcache_save(const char *path, const struct stat_read *read);

/* It was of use: a file that nobody needs for long may be swept by its age. */
void statcache_keep(const struct statcache *c);

#endif
