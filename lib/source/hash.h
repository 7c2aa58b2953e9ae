/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_HASH_H
#define IMGCACHE_SOURCE_HASH_H

/*
 * The two content hashes. Each gives what a stock tool prints for the same
 * bytes, so that anybody can check a line of a manifest by hand:
 *
 *	HASH_GIT	git hash-object --no-filters FILE	20 bytes
 *	HASH_XXH3	xxh128sum FILE				16 bytes
 *
 * A git hash is SHA-1 with collision detection over "blob SIZE\0" and the
 * content. It comes from libgit2, which is loaded when the first one is wanted
 * and not before; hashing can therefore fail although the bytes are at hand.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;
struct imgcache_error;

enum hash_kind { HASH_GIT, HASH_XXH3 };

#define HASH_MAX 20
#define HASH_HEX_SIZE (2 * HASH_MAX + 1)

/* len 0 is "no hash"; bytes beyond len are zero. */
struct hash {
	unsigned char len;
	unsigned char bytes[HASH_MAX];
};

/* Number of bytes, and "git" or "xxh3". */
size_t hash_size(enum hash_kind kind);
const char *hash_name(enum hash_kind kind);

/* The other way; false if the word is neither. */
bool hash_kind_parse(const char *word, enum hash_kind *out);

/* IMGCACHE_EFAIL if libgit2 is wanted and missing. */
int hash_bytes(enum hash_kind kind, const void *data, size_t len,
	       struct hash *out, struct imgcache_error *err);

/*
 * The content of a regular file open for reading at offset 0, which has size
 * bytes by the caller's fstat(). Reads in pieces, any size. If it has more or
 * fewer bytes by now: IMGCACHE_ECHANGED, naming it; name is for messages only.
 */
int hash_fd(enum hash_kind kind, int fd, off_t size, const char *name,
	    struct hash *out, struct imgcache_error *err);

/* The XXH3 of a long text that comes in pieces. The end frees the sum. */
struct hash_sum;
struct hash_sum *hash_sum_new(void);
void hash_sum_add(struct hash_sum *s, const void *data, size_t len);
void hash_sum_end(struct hash_sum *s, struct hash *out);

bool hash_equal(const struct hash *a, const struct hash *b);

/* Lower-case hex; returns out. */
const char *hash_hex(const struct hash *h, char out[HASH_HEX_SIZE]);
void hash_add_hex(const struct hash *h, struct buf *out);

/* Hex of either kind's length; false if the text is anything else. */
bool hash_parse(const char *hex, struct hash *out);

#endif
