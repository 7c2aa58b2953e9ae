/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_WEIGH_H
#define IMGCACHE_SOURCE_WEIGH_H

/*
 * Where the weight of a tree is: one pass over what a walk found; no file is
 * asked again. Weighed is what tree_counts() counts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct ignore;
struct taken;
struct tree;

struct weight {
	uint64_t files;
	uint64_t bytes;
};

struct weighed {
	const char *path;
	bool is_dir;		/* its weight is that of all in it */
	struct weight w;
};

/*
 * A mark matches this path, with all that is in it. Where it says false the
 * directory is looked into as if it were a tree of its own.
 */
typedef bool weigh_mark_fn(void *payload, size_t rule, const char *path);

struct weigh_options {
	const struct taken *reads;	/* NULL: everything is read */
	const struct ignore *marks;	/* NULL: nothing is marked */
	weigh_mark_fn *accepts;
	void *payload;
	size_t most;		/* entries of a list below, at most */
};

struct weigh {
	struct weight all;
	struct weight unread;	/* what is not in reads */
	struct weight *marks;	/* one for each rule of marks */

	/*
	 * The heaviest entries of the tree, heaviest first, without the root;
	 * a directory that holds one entry only is left out for that one.
	 */
	struct weighed *heaviest;
	size_t n_heaviest;

	/* The heaviest of those that nothing reads, each as high as it goes. */
	struct weighed *unread_heaviest;
	size_t n_unread_heaviest;

	struct arena arena;	/* owns all of it */
};

void weigh(const struct tree *t, const struct weigh_options *o,
	   struct weigh *out);
void weigh_release(struct weigh *w);

#endif
