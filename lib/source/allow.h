/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_ALLOW_H
#define IMGCACHE_SOURCE_ALLOW_H

/*
 * The list of paths that count, for a walk: a path is inside the list (it or a
 * parent is named), leads to something named, or neither.
 */

#include "base/strv.h"

enum allow { ALLOW_NONE, ALLOW_LEADS, ALLOW_ALL };

/* Sorted and cleaned copies; ".", "" or "/" stand for the whole tree. */
struct allow_list {
	struct strv paths;
	struct strv led_to;	/* named, but not in the list themselves */
	bool everything;
};

/* from NULL: everything. */
void allow_init(struct allow_list *a, const struct strv *from);
void allow_release(struct allow_list *a);

/* What is above it, and it, leads to something. */
void allow_lead_to(struct allow_list *a, const char *path);
void allow_sort(struct allow_list *a);	/* after the last of those */

/* What the root is. */
enum allow allow_root(const struct allow_list *a);

/* Is the path in the list, or a directory above it? */
bool allow_covers(const struct allow_list *a, const char *path);

/* For a path whose parent directory leads to something. */
enum allow allow_path(const struct allow_list *a, const char *path);

#endif
