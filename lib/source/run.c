/* SPDX-License-Identifier: MIT */
#include "source/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define SHORT_RUN 32		/* records; below, looking through is as fast */

_Static_assert(sizeof(struct record) == 8, "it is a file format");
_Static_assert(sizeof(struct file_record) == 56, "it is a file format");

const struct record *
run_next(const struct run *r, size_t *at)
{
	const struct record *e;
	size_t left = r->len - *at;
	size_t bytes;

	if (*at > r->len || left < sizeof(*e))
		return NULL;
	e = (const void *)(r->data + *at);
	bytes = record_bytes(e);
	if (bytes > left || record_name(e)[e->name_len])
		return NULL;
	*at += bytes;
	return e;
}

bool
record_has_name(const struct record *r, const char *name, size_t len)
{
	return r->name_len == len && memcmp(record_name(r), name, len) == 0;
}

static void
add(struct buf *out, const void *head, size_t head_len,
    const char *name, size_t len)
{
	static const char zeros[8];

	buf_add(out, head, head_len);
	buf_add(out, name, len);
	buf_add(out, zeros, 8 - (head_len + len) % 8);
}

void
run_add_dir(struct buf *out, struct record r, const char *name, size_t len)
{
	r.name_len = len & RECORD_NAME_MAX;
	add(out, &r, sizeof(r), name, len);
}

void
run_add_file(struct buf *out, struct file_record r, const char *name,
	     size_t len)
{
	r.name_len = len & RECORD_NAME_MAX;
	add(out, &r, sizeof(r), name, len);
}

static size_t
slot_of(const char *name, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

static void
make_names(const struct run *r, struct run_names *names)
{
	const struct record *e;
	size_t size = 64;
	size_t at = 0;
	size_t begin = 0;

	while (size < (size_t)r->n * 2)
		size *= 2;
	names->slots = mem_array(size, sizeof(*names->slots));
	names->mask = size - 1;
	for (uint32_t n = 0; n < r->n && (e = run_next(r, &at)); n++) {
		size_t i = slot_of(record_name(e), e->name_len);

		while (names->slots[i & names->mask])
			i++;
		names->slots[i & names->mask] = (uint32_t)(begin / 8 + 1);
		begin = at;
	}
}

static size_t
look_through(const struct run *r, const char *name, size_t len)
{
	const struct record *e;
	size_t at = 0;
	size_t begin = 0;

	while ((e = run_next(r, &at))) {
		if (record_has_name(e, name, len))
			return begin;
		begin = at;
	}
	return SIZE_MAX;
}

size_t
run_find(const struct run *r, struct run_names *names, const char *name,
	 size_t len)
{
	uint32_t slot;

	if (r->n <= SHORT_RUN)
		return look_through(r, name, len);
	if (!names->slots)
		make_names(r, names);
	for (size_t i = slot_of(name, len); ; i++) {
		slot = names->slots[i & names->mask];
		if (!slot)
			return SIZE_MAX;
		slot--;
		if (record_has_name((const void *)(r->data + (size_t)slot * 8),
				    name, len))
			return (size_t)slot * 8;
	}
}

void
run_names_release(struct run_names *names)
{
	free(names->slots);
	names->slots = NULL;
}
