/* SPDX-License-Identifier: MIT */
/*
 * The file: magic, 16 random bytes (the key), records, and the XXH3 of all
 * before it. A record is a fixed head and its payload: the text, or for a
 * value the XXH3 of key and value. Records are few (a Dockerfile, a manifest,
 * some args), so looking one up is a walk.
 */
#include "source/textmemo.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "sys/file.h"

#define MAGIC "imgcache-memo 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define KEY_LEN 16
#define SUM_LEN 16
#define MAX_FILE (16 << 20)

enum record_type { RECORD_TEXT = 't', RECORD_VALUE = 'v' };

struct record_head {
	uint8_t type;
	uint8_t kind;
	uint8_t hash_len;
	uint8_t unused;
	uint32_t text_len;
	uint32_t payload_len;
	unsigned char hash[sizeof(((struct hash *)0)->bytes)];
};

struct textmemo {
	char *path;
	struct buf old;		/* the file as read, checked */
	struct buf fresh;	/* records asked for in this run */
	unsigned char key[KEY_LEN];
	bool changed;
};

static bool
sum_of(const char *data, size_t len, unsigned char sum[SUM_LEN])
{
	struct imgcache_error ignored = {0};
	struct hash h;

	if (hash_bytes(HASH_XXH3, data, len, &h, &ignored))
		return false;
	memcpy(sum, h.bytes, SUM_LEN);
	return true;
}

static bool
is_sound(const struct buf *b)
{
	unsigned char sum[SUM_LEN];

	return b->len >= MAGIC_LEN + KEY_LEN + SUM_LEN &&
		!memcmp(b->data, MAGIC, MAGIC_LEN) &&
		sum_of(b->data, b->len - SUM_LEN, sum) &&
		!memcmp(b->data + b->len - SUM_LEN, sum, SUM_LEN);
}

struct textmemo *
textmemo_open(const char *path)
{
	struct textmemo *m = mem_alloc(sizeof(*m));
	struct imgcache_error ignored = {0};

	m->old = (struct buf)BUF_INIT;
	m->fresh = (struct buf)BUF_INIT;
	if (!path)
		return m;
	m->path = mem_strdup(path);
	if (file_read(AT_FDCWD, path, MAX_FILE, &m->old, &ignored) ||
	    !is_sound(&m->old)) {
		buf_clear(&m->old);
		m->changed = true;
		if (getrandom(m->key, KEY_LEN, GRND_NONBLOCK) != KEY_LEN) {
			free(m->path);
			m->path = NULL;
		}
		return m;
	}
	memcpy(m->key, m->old.data + MAGIC_LEN, KEY_LEN);
	return m;
}

static bool
record_fits(const struct record_head *h, const struct record_head *want,
	    const char *payload, const void *wanted)
{
	return h->type == want->type && h->kind == want->kind &&
		h->text_len == want->text_len &&
		h->payload_len == want->payload_len &&
		h->hash_len <= sizeof(h->hash) &&
		!memcmp(payload, wanted, want->payload_len);
}

/* Look for a record; true with its hash in want. */
static bool
find_record(const char *data, size_t len, struct record_head *want,
	    const void *payload)
{
	struct record_head h;
	size_t at = 0;

	while (len - at >= sizeof(h)) {
		memcpy(&h, data + at, sizeof(h));
		at += sizeof(h);
		if (h.payload_len > len - at)
			return false;
		if (record_fits(&h, want, data + at, payload)) {
			*want = h;
			return true;
		}
		at += h.payload_len;
	}
	return false;
}

static bool
find_old(struct textmemo *m, struct record_head *want, const void *payload)
{
	size_t skip = MAGIC_LEN + KEY_LEN;

	return m->old.len > skip + SUM_LEN &&
		find_record(m->old.data + skip, m->old.len - skip - SUM_LEN,
			    want, payload);
}

static void
keep(struct textmemo *m, const struct record_head *h, const void *payload)
{
	buf_add(&m->fresh, h, sizeof(*h));
	buf_add(&m->fresh, payload, h->payload_len);
}

static void
take_hash(const struct record_head *h, struct hash *out)
{
	memset(out, 0, sizeof(*out));
	out->len = h->hash_len;
	memcpy(out->bytes, h->hash, h->hash_len);
}

static int
lookup(struct textmemo *m, struct record_head *want, const void *payload,
       const void *text, struct hash *out, struct imgcache_error *err)
{
	int ret;

	if (find_record(m->fresh.data, m->fresh.len, want, payload)) {
		take_hash(want, out);
		return 0;
	}
	if (find_old(m, want, payload)) {
		take_hash(want, out);
		keep(m, want, payload);
		return 0;
	}
	ret = hash_bytes((enum hash_kind)want->kind, text, want->text_len, out,
			 err);
	if (ret)
		return ret;
	want->hash_len = out->len;
	memcpy(want->hash, out->bytes, out->len);
	keep(m, want, payload);
	m->changed = true;
	return 0;
}

int
textmemo_hash(struct textmemo *m, enum hash_kind kind, const void *data,
	      size_t len, struct hash *out, struct imgcache_error *err)
{
	struct record_head want = {
		.type = RECORD_TEXT,
		.kind = (uint8_t)kind,
		.text_len = (uint32_t)len,
		.payload_len = (uint32_t)len,
	};

	if (!m->path || kind == HASH_XXH3 || len > MAX_FILE / 4)
		return hash_bytes(kind, data, len, out, err);
	return lookup(m, &want, data, data, out, err);
}

int
textmemo_value(struct textmemo *m, enum hash_kind kind, const void *data,
	       size_t len, struct hash *out, struct imgcache_error *err)
{
	struct record_head want = {
		.type = RECORD_VALUE,
		.kind = (uint8_t)kind,
		.text_len = (uint32_t)len,
		.payload_len = SUM_LEN,
	};
	struct buf keyed = BUF_INIT;
	unsigned char sum[SUM_LEN];
	int ret;

	if (!m->path || kind == HASH_XXH3 || len > MAX_FILE / 4)
		return hash_bytes(kind, data, len, out, err);
	buf_add(&keyed, m->key, KEY_LEN);
	buf_add(&keyed, data, len);
	if (sum_of(keyed.data, keyed.len, sum))
		ret = lookup(m, &want, sum, data, out, err);
	else
		ret = hash_bytes(kind, data, len, out, err);
	buf_release(&keyed);
	return ret;
}

static void
save(struct textmemo *m)
{
	struct imgcache_error ignored = {0};
	struct buf file = BUF_INIT;
	unsigned char sum[SUM_LEN];

	buf_add(&file, MAGIC, MAGIC_LEN);
	buf_add(&file, m->key, KEY_LEN);
	buf_add(&file, m->fresh.data, m->fresh.len);
	if (sum_of(file.data, file.len, sum)) {
		buf_add(&file, sum, SUM_LEN);
		(void)file_replace(AT_FDCWD, m->path, file.data, file.len,
				   0600, false, &ignored);
	}
	buf_release(&file);
}

void
textmemo_close(struct textmemo *m)
{
	if (!m)
		return;
	if (m->path && m->changed && m->fresh.len)
		save(m);
	buf_release(&m->old);
	buf_release(&m->fresh);
	free(m->path);
	free(m);
}
