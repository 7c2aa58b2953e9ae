/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_READS_H
#define IMGCACHE_KEY_READS_H

/*
 * Does an instruction read this path? Links on the way and wildcards are
 * followed as they are now, where the context is still there; of what is gone
 * the words of the instruction decide.
 */

#include <stdbool.h>
#include <stddef.h>

struct dockerfile_read;
struct inputs;
struct read_entry;

struct reads {			/* zero-initialised is empty */
	const struct inputs *in;	/* NULL: no context is at hand */
	struct read_entry *v;
	size_t n, cap;
};

/* The path is relative to the context that the read is of. */
bool reads_cover(struct reads *r, const struct dockerfile_read *read,
		 const char *path);
void reads_release(struct reads *r);

#endif
