/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_IGNORE_ANCHORS_H
#define IMGCACHE_SOURCE_IGNORE_ANCHORS_H

/*
 * Where there are many rules with wildcards, most are found by a text that all
 * their matches have: at the beginning, at the beginning of some part, or at
 * the end. So a path is compared with a few of them, not with all.
 */

#include "source/ignore_rules.h"

struct ignore_anchors;

/*
 * Those of the rules in ig->scanned that have such a text are taken out of
 * there. NULL if they are too few to be worth it.
 */
struct ignore_anchors *ignore_anchors_new(struct ignore *ig);
void ignore_anchors_free(struct ignore_anchors *a);

struct ignore_lookup {
	const struct glob_path *path;
	const int64_t *above;	/* only rules of a higher number; may rise */
	ignore_rule_fn *fn;
	void *payload;
};

/* Every such rule that matches the path, in no order, some more than once. */
void ignore_anchors_each(const struct ignore_anchors *a,
			 const struct ignore_lookup *l);

#endif
