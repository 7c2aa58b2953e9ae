/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_FOLDERS_H
#define IMGCACHE_BUILDER_FOLDERS_H

/*
 * Did a file come and go while docker read the sources? The trees before and
 * after do not tell, and it may be in the image all the same: the swap file of
 * an editor, what is written to be renamed. The times of the folders tell, but
 * not what it was; so it is believed only of a folder all of which counts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct inputs;

/* Zero-initialised is nothing noted. */
struct folders {
	struct folder_time {
		uint64_t ino;
		int64_t mtime_s, mtime_ns;
	} *v;			/* in the order of the contexts and trees */
	size_t n, cap;
	bool noted;
};

/* Before docker starts; the first time counts. */
void folders_note(struct folders *f, const struct inputs *in);

/*
 * The inputs are what they were. Append the name of a folder of which something
 * came and went since, quoted; true if there is one.
 */
bool folders_find(const struct folders *f, const struct inputs *in,
		  struct buf *name);

void folders_release(struct folders *f);

#endif
