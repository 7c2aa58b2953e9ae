/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GITPACK_H
#define IMGCACHE_SOURCE_GITPACK_H

/*
 * A pack of git objects, as far as their lengths go; gitformat-pack(5) says
 * what is in it. Only SHA-1 ids and the second version of its index are known.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GITPACK_ID_SIZE 20

struct gitpack {
	const unsigned char *index;	/* mapped */
	size_t index_len;
	uint32_t n;		/* objects */
	uint32_t n_far;		/* offsets of 64 bits */
	const unsigned char *data;	/* the pack, mapped */
	size_t len;
};

/*
 * The pack whose index is name, "x.idx", in dirfd. False if there is no such
 * pair, or one that does not fit together.
 */
bool gitpack_open(struct gitpack *p, int dirfd, const char *name);
void gitpack_close(struct gitpack *p);

/*
 * The length of the object with that id, whole and inflated. False if it is not
 * here, is seen to be no file's content, or cannot be told: what a delta makes
 * is not looked at. Several threads may ask.
 */
bool gitpack_size(const struct gitpack *p,
		  const unsigned char id[GITPACK_ID_SIZE], uint64_t *size);

#endif
