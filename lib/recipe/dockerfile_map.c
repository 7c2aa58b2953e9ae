/* SPDX-License-Identifier: MIT */

/* Open addressing, a power of two of slots, at most half of them used. */

#include "recipe/dockerfile_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* FNV-1a, then mixed so that the low bits depend on all. */
static uint64_t
hash_of(const char *key, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* The slot of the key or the free one where it would go; cap is not 0. */
static struct strmap_slot *
find(const struct strmap *m, const char *key, size_t len, uint64_t hash)
{
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct strmap_slot *s = &m->v[i];
		if (!s->key || (s->hash == hash && s->len == len &&
				memcmp(s->key, key, len) == 0))
			return s;
	}
}

static void
grow(struct strmap *m)
{
	struct strmap old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->v = mem_array(m->cap, sizeof(*m->v));
	for (size_t i = 0; i < old.cap; i++) {
		struct strmap_slot *s = &old.v[i];
		if (s->key)
			*find(m, s->key, s->len, s->hash) = *s;
	}
	free(old.v);
}

size_t
strmap_get(const struct strmap *m, const char *key, size_t len)
{
	if (m->n == 0)
		return STRMAP_NONE;
	struct strmap_slot *s = find(m, key, len, hash_of(key, len));

	return s->key ? s->value : STRMAP_NONE;
}

size_t *
strmap_at(struct strmap *m, const char *key, size_t len)
{
	uint64_t hash = hash_of(key, len);

	if (m->n * 2 >= m->cap)
		grow(m);
	struct strmap_slot *s = find(m, key, len, hash);
	if (!s->key) {
		*s = (struct strmap_slot){ key, len, hash, STRMAP_NONE };
		m->n++;
	}
	return &s->value;
}

void
strmap_release(struct strmap *m)
{
	free(m->v);
	*m = (struct strmap){ 0 };
}
