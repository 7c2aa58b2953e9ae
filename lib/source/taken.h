/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_TAKEN_H
#define IMGCACHE_SOURCE_TAKEN_H

/* What reads take of a context as it is now: paths, and parts of folders. */

#include "source/allow.h"
#include "source/filter.h"

struct reach;

struct taken {
	struct allow_list allow;	/* leads to the roots, too */
	struct filter_roots roots;
	struct filter **filters;
	size_t n_filters;
};

/* In the directory that is open at root_fd. */
void taken_find(struct taken *t, int root_fd, const struct reach *reads,
		size_t n);
void taken_release(struct taken *t);

/* The same, with more paths. */
void taken_allow(const struct taken *t, const struct strv *more,
		 struct allow_list *out);

#endif
