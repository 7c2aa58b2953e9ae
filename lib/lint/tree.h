/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_TREE_H
#define IMGCACHE_LINT_TREE_H

/*
 * What a folder holds, for rules that compare an ignore file with it. Folders
 * that only tools write to (.git, node_modules, a virtual environment) are one
 * entry with the size of all that is in them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct ignore;
struct lint;
struct strv;

struct lint_entry {
	const char *path;	/* relative to the folder */
	int64_t size_bytes;
	bool is_dir;
	bool is_opaque;		/* one entry for all that is in it */
};

struct lint_tree {
	const char *path;
	struct lint_entry *v;	/* a folder before what is in it */
	size_t n, cap;
	bool is_whole;		/* false: there was more than we look at */
	struct arena arena;
	struct lint_tree *next;
};

/* Listed once for each folder; lives as long as the lint. */
const struct lint_tree *lint_tree(struct lint *l, const char *path);
void lint_trees_free(struct lint_tree *trees);

/* Each entry that the ignore file (NULL: none) lets into the context. */
typedef void lint_kept_fn(void *payload, const struct lint_entry *e);
void lint_tree_kept(const struct lint_tree *t, const struct ignore *ig,
		    lint_kept_fn *fn, void *payload);

/* The names in a folder, sorted; none if it cannot be read. */
void lint_names(int dirfd, const char *path, struct strv *out);

/* Is a folder of that name nobody's own work? */
bool lint_is_opaque(const char *name);

#endif
