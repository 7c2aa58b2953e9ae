/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_UDIFF_H
#define IMGCACHE_BASE_UDIFF_H

/*
 * The difference of two texts as `diff -u` writes it, with three lines of
 * context: what patch(1) and `git apply` take.
 */

#include <stddef.h>

struct buf;

struct udiff_text {
	const char *data;	/* NULL: there is no such file */
	size_t len;
};

/*
 * Append the difference; nothing if there is none. name is shown with "a/" and
 * "b/" before it, "/dev/null" stands for a file that is not there. Texts that
 * have little in common may come out as one big change.
 */
void udiff(struct buf *out, const char *name, struct udiff_text old,
	   struct udiff_text new);

#endif
