/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_FOLDERS_H
#define IMGCACHE_BUILDER_FOLDERS_H

/*
 * Did a file come and go while docker read the sources? The trees before and
 * after do not tell, and it may be in the image all the same: the swap file of
 * an editor, what is written to be renamed. The times of the folders tell, but
 * not the name; so they are believed only of a folder in which all names count:
 * what is in it is in the tree, and no ignore rule, no --exclude and no pattern
 * of a COPY could leave out a name there. In any other it is not seen.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct inputs;

/* In the order of the contexts and trees. */
struct folder_times {
	struct folder_time {
		uint64_t ino;
		int64_t mtime_s, mtime_ns;
	} *v;
	size_t n, cap;
};

/* Zero-initialised is nothing noted. */
struct folders {
	struct folder_times before, read;
	bool is_noted, is_read;
};

/* Before docker starts; the first time counts. */
void folders_note(struct folders *f, const struct inputs *in);

/* Docker has all of a context; the last time counts. */
void folders_note_read(struct folders *f, const struct inputs *in);

/*
 * The inputs are what they were. Append the name of a folder of which something
 * came and went until docker had read it, or until now if it did not say when;
 * quoted. True if there is one.
 */
bool folders_find(const struct folders *f, const struct inputs *in,
		  struct buf *name);

void folders_release(struct folders *f);

#endif
