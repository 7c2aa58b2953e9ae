/* SPDX-License-Identifier: MIT */
/*
 * A file is read once, in pieces of READ_BYTES. One byte more than its size is
 * asked for, so that a file that grew is noticed without another call. Git's
 * hash begins with the size, and libgit2 hashes either a whole text in memory
 * or a whole file by name: small files go the first way, big ones the second.
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

/* Takes what was read, piece by piece. */
struct sink {
	XXH3_state_t *xxh3;
	char *whole;		/* git: all of it */
	size_t len;
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

static void
sink_take(struct sink *s, const char *piece, size_t len)
{
	if (s->xxh3)
		XXH3_128bits_update(s->xxh3, piece, len);
	else
		memcpy(s->whole + s->len, piece, len);
	s->len += len;
}

/* Exactly size bytes, no more and no fewer. */
static int
drain(int fd, size_t size, const char *name, struct sink *s,
	struct imgcache_error *err)
{
	size_t room = size < READ_BYTES ? size + 1 : READ_BYTES;
	char *piece = mem_alloc(room);
	char shown[SHOWN_SIZE];
	bool more = true;
	int rc = 0;

	while (!rc && more) {
		size_t left = size - s->len;
		size_t want = left < room ? left + 1 : room;
		ssize_t n = read(fd, piece, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = error_errno(err, IMGCACHE_EFAIL,
					 "cannot read '%s'",
					 path_shown(name, shown));
		else if ((size_t)n > left || (n == 0 && left > 0))
			rc = changed(name, err);
		else
			sink_take(s, piece, (size_t)n);
		more = s->len < size || (n > 0 && (size_t)n == want);
	}
	free(piece);
	return rc;
}

static int
xxh3_fd(int fd, size_t size, const char *name, struct hash *out,
	struct imgcache_error *err)
{
	XXH3_state_t *state;
	struct sink s = { NULL, NULL, 0 };
	char small[4096];
	int rc;

	if (size < sizeof(small)) {
		s.whole = small;
		rc = drain(fd, size, name, &s, err);
		if (!rc)
			set_xxh3(out, XXH3_128bits(small, size));
		return rc;
	}
	state = XXH3_createState();
	if (!state)
		return error_set(err, IMGCACHE_EFAIL, "out of memory");
	XXH3_128bits_reset(state);
	s.xxh3 = state;
	rc = drain(fd, size, name, &s, err);
	if (!rc)
		set_xxh3(out, XXH3_128bits_digest(state));
	XXH3_freeState(state);
	return rc;
}

static int
git_big_fd(int fd, off_t size, const char *name, struct hash *out,
	   struct imgcache_error *err)
{
	struct stat st;
	int rc;

	memset(out, 0, sizeof(*out));
	out->len = GITLIB_ID_SIZE;
	rc = gitlib_hash_fd(fd, name, out->bytes, err);
	if (fstat(fd, &st) == 0 && st.st_size != size) {
		error_clear(err);
		rc = changed(name, err);
	}
	return rc;
}

static int
git_fd(int fd, off_t size, const char *name, struct hash *out,
	struct imgcache_error *err)
{
	struct sink s = { NULL, NULL, 0 };
	int rc;

	if (size > READ_BYTES)
		return git_big_fd(fd, size, name, out, err);
	s.whole = mem_alloc((size_t)size + 1);
	rc = drain(fd, (size_t)size, name, &s, err);
	if (!rc)
		rc = set_git(out, s.whole, (size_t)size, err);
	free(s.whole);
	return rc;
}

int
hash_fd(enum hash_kind kind, int fd, off_t size, const char *name,
	struct hash *out, struct imgcache_error *err)
{
	if (kind == HASH_GIT)
		return git_fd(fd, size, name, out, err);
	return xxh3_fd(fd, (size_t)size, name, out, err);
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
