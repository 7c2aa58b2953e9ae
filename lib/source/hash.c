/* SPDX-License-Identifier: MIT */
/*
 * A small file is read by one call that asks for a byte more than its size, so
 * that one that grew is noticed. Git's hash begins with the size, and libgit2
 * hashes either a whole text in memory or a whole file by name: small files go
 * the first way, big ones the second.
 */

#include "source/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/gitlib.h"
#include "source/shown.h"

#define READ_BYTES (128 * 1024)
#define XXH3_SIZE 16

_Static_assert(GITLIB_ID_SIZE == HASH_MAX, "a git id is the longest hash");
_Static_assert(XXH3_SIZE == sizeof(XXH128_canonical_t), "as xxh128sum has it");

struct hash_sum {
	XXH3_state_t *state;
};

size_t
hash_size(enum hash_kind kind)
{
	return kind == HASH_GIT ? GITLIB_ID_SIZE : XXH3_SIZE;
}

const char *
hash_name(enum hash_kind kind)
{
	return kind == HASH_GIT ? "git" : "xxh3";
}

bool
hash_kind_parse(const char *word, enum hash_kind *out)
{
	if (!str_is(word, "git") && !str_is(word, "xxh3"))
		return false;
	*out = str_is(word, "git") ? HASH_GIT : HASH_XXH3;
	return true;
}

static void
set_xxh3(struct hash *out, XXH128_hash_t h)
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, h);
	memset(out, 0, sizeof(*out));
	out->len = XXH3_SIZE;
	memcpy(out->bytes, canonical.digest, XXH3_SIZE);
}

static int
set_git(struct hash *out, const void *data, size_t len,
	struct imgcache_error *err)
{
	memset(out, 0, sizeof(*out));
	out->len = GITLIB_ID_SIZE;
	return gitlib_hash(data, len, out->bytes, err);
}

int
hash_bytes(enum hash_kind kind, const void *data, size_t len,
	   struct hash *out, struct imgcache_error *err)
{
	if (kind == HASH_GIT)
		return set_git(out, len ? data : "", len, err);
	set_xxh3(out, XXH3_128bits(len ? data : "", len));
	return 0;
}

static int
changed(const char *name, struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];

	return error_set(err, IMGCACHE_ECHANGED,
			 "'%s' changed its size while it was read; try again "
			 "when nothing writes to it", path_shown(name, shown));
}

struct hash_sum *
hash_sum_new(void)
{
	struct hash_sum *s = mem_alloc(sizeof(*s));

	s->state = XXH3_createState();
	if (!s->state)
		s->state = mem_alloc(SIZE_MAX);	/* ends the program */
	XXH3_128bits_reset(s->state);
	return s;
}

void
hash_sum_add(struct hash_sum *s, const void *data, size_t len)
{
	XXH3_128bits_update(s->state, data, len);
}

void
hash_sum_end(struct hash_sum *s, struct hash *out)
{
	set_xxh3(out, XXH3_128bits_digest(s->state));
	XXH3_freeState(s->state);
	free(s);
}

static int
cannot_read(const char *name, struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];

	return error_errno(err, IMGCACHE_EFAIL, "cannot read '%s'",
			   path_shown(name, shown));
}

/* Exactly size bytes; piece has room for one more. */
static int
read_small(int fd, char *piece, size_t size, const char *name,
	   struct imgcache_error *err)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, piece + len, size + 1 - len);
		if (n < 0 && errno != EINTR)
			return cannot_read(name, err);
		len += n > 0 ? (size_t)n : 0;
	} while (n < 0 || (n > 0 && len < size));
	return len == size ? 0 : changed(name, err);
}

static int
xxh3_pieces(int fd, size_t size, const char *name, char *piece,
	    XXH3_state_t *state, struct imgcache_error *err)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, piece, READ_BYTES);
		if (n < 0 && errno != EINTR)
			return cannot_read(name, err);
		if (n > 0 && (size_t)n > size - len)
			return changed(name, err);
		if (n > 0) {
			XXH3_128bits_update(state, piece, (size_t)n);
			len += (size_t)n;
		}
	} while (n);
	return len == size ? 0 : changed(name, err);
}

static int
xxh3_big_fd(int fd, size_t size, const char *name, char *piece,
	    struct hash *out, struct imgcache_error *err)
{
	struct hash_sum *s = hash_sum_new();
	int rc = xxh3_pieces(fd, size, name, piece, s->state, err);

	hash_sum_end(s, out);
	return rc;
}

static int
git_big_fd(int fd, size_t size, const char *name, struct hash *out,
	   struct imgcache_error *err)
{
	struct stat st;
	int rc;

	memset(out, 0, sizeof(*out));
	out->len = GITLIB_ID_SIZE;
	rc = gitlib_hash_fd(fd, name, out->bytes, err);
	if (fstat(fd, &st) == 0 && (size_t)st.st_size != size) {
		error_clear(err);
		rc = changed(name, err);
	}
	return rc;
}

int
hash_fd(enum hash_kind kind, int fd, off_t size, const char *name,
	struct hash *out, struct imgcache_error *err)
{
	char piece[READ_BYTES];
	size_t len = (size_t)size;
	int rc;

	if (len >= READ_BYTES && kind == HASH_GIT)
		return git_big_fd(fd, len, name, out, err);
	if (len >= READ_BYTES)
		return xxh3_big_fd(fd, len, name, piece, out, err);
	rc = read_small(fd, piece, len, name, err);
	return rc ? rc : hash_bytes(kind, piece, len, out, err);
}

bool
hash_equal(const struct hash *a, const struct hash *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

const char *
hash_hex(const struct hash *h, char out[HASH_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < h->len; i++) {
		out[2 * i] = digits[h->bytes[i] >> 4];
		out[2 * i + 1] = digits[h->bytes[i] & 15];
	}
	out[2 * i] = '\0';
	return out;
}

void
hash_add_hex(const struct hash *h, struct buf *out)
{
	buf_add_hex(out, h->bytes, h->len);
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hash_parse(const char *hex, struct hash *out)
{
	size_t len = strlen(hex);
	size_t i;

	if (len != 2 * GITLIB_ID_SIZE && len != 2 * XXH3_SIZE)
		return false;
	memset(out, 0, sizeof(*out));
	for (i = 0; i < len; i++) {
		int n = nibble(hex[i]);

		if (n < 0)
			return false;
		out->bytes[i / 2] = (unsigned char)
			(out->bytes[i / 2] << 4 | n);
	}
	out->len = (unsigned char)(len / 2);
	return true;
}
