/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_TREE_PARTS_H
#define IMGCACHE_SOURCE_TREE_PARTS_H

/* What the walk makes and tree*.c and the stat cache read. */

#include <stdatomic.h>

#include "base/mem.h"
#include "source/allow.h"
#include "source/run.h"
#include "source/statcache.h"
#include "source/stattrust.h"
#include "source/tree.h"

struct filter_dir;
struct gitattr;
struct ignore_dir;

/*
 * One directory. What is in it is its run: the stat cache's own, if nothing has
 * changed since, else one made by the walk. The k-th directory in the run is
 * children[k].
 */
struct node {
	struct node *parent;	/* NULL: the root */
	struct node *children;	/* run.n_dirs of them */
	const char *name;	/* in the parent's run; "" for the root */
	struct run run;
	uint64_t dev;
	uint32_t number;
	uint32_t kept;		/* entries that are in the tree */
	uint16_t mode;
	bool structure;
	bool ignored;
	bool gone;		/* nothing was kept in it: not in the tree */
	bool same;		/* mode and digest are the stat cache's */
	struct hash digest;

	/* Only while the tree is read; see walk_parts.h. */
	enum allow allow;
	enum allow own;		/* the same, without what links lead to */
	enum stat_trust trust;
	struct ignore_dir *ignore;	/* NULL: no rules */
	struct filter_dir *filter;	/* takes what allow does not, or NULL */
	struct stat_dir was;	/* run.data NULL: nothing remembered */
	bool has_was;
	bool is_met;		/* ino and dev are what the parent saw */
	bool no_rules;		/* it has no .gitattributes */
	_Atomic(const struct gitattr *) rules;	/* NULL: not looked at yet */
	uint64_t ino;
	int fd;			/* -1: children open it by its path */
	atomic_uint users;	/* children that have not opened it yet */
	atomic_uint pending;	/* children without a digest */
};


struct tree {
	enum hash_kind hash;
	struct node *root;
	struct node **dirs;	/* by number; children stand together */
	uint32_t n;
	struct arena *memory;	/* of nodes and runs, one a thread */
	size_t n_memory;
	struct statcache *cache;	/* whose runs are in use */
	struct tree_dir *views;	/* by number, filled in by tree_dir() */
	struct tree_left_out left_out;
	bool has_left_out;
	uint64_t unread;
};

/* Number every directory: each level after the one above it. */
void tree_number(struct tree *t);

/*
 * The entries of a directory whose children are done, sorted; *entries grows.
 * Returns how many.
 */
size_t tree_entries(const struct node *n, enum hash_kind kind,
		    struct tree_entry **entries, size_t *cap);

/* The path of a directory, "" for the root. */
void node_path(const struct node *n, struct buf *out);

#endif
