/* SPDX-License-Identifier: MIT */
/*
 * Both files are mapped, as git maps them: it writes them under other names and
 * then never again. (To read the few bytes that an object takes by a call would
 * cost twenty times as much.) What the index says is believed no further than
 * the files reach. An object's length stands before it, and that of what a
 * delta makes at the beginning of the delta.
 */

#include "source/gitpack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "source/bigendian.h"
#include "source/deflated.h"

#define SUM_SIZE 20
#define FANOUT_AT 8
#define IDS_AT (FANOUT_AT + 256 * 4)
#define INDEX_MIN (IDS_AT + 2 * SUM_SIZE)
#define ENTRY_SIZE (GITPACK_ID_SIZE + 4 + 4)	/* id, CRC, offset */
#define FAR_SIZE 8
#define FAR 0x80000000u
#define PACK_HEAD 12

#define VARINT_MAX 8		/* 56 bits */

enum object_type { OBJECT_BLOB = 3, OBJECT_OFS_DELTA = 6, OBJECT_REF_DELTA };

static uint32_t
fanout(const struct gitpack *p, unsigned byte)
{
	return be32(p->index + FANOUT_AT + byte * 4);
}

/* Do the tables fill the file, and are there as many of each as it says? */
static bool
is_whole(struct gitpack *p)
{
	size_t room = p->index_len - INDEX_MIN;

	if (memcmp(p->index, "\377tOc\0\0\0\2", FANOUT_AT) != 0)
		return false;
	for (unsigned i = 1; i < 256; i++)
		if (fanout(p, i - 1) > fanout(p, i))
			return false;
	p->n = fanout(p, 255);
	if (p->n > room / ENTRY_SIZE)
		return false;
	room -= (size_t)p->n * ENTRY_SIZE;
	p->n_far = (uint32_t)(room / FAR_SIZE);
	return room % FAR_SIZE == 0 && room / FAR_SIZE <= p->n;
}

/* NULL if it is no file, or shorter than min. */
static const unsigned char *
map(int dirfd, const char *name, size_t min, size_t *len)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY |
			O_NONBLOCK);
	void *data = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= (off_t)min) {
		*len = (size_t)st.st_size;
		data = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	return data == MAP_FAILED ? NULL : data;
}

/* The index names its pack by the sum at the pack's end. */
static bool
is_pack(const struct gitpack *p)
{
	const unsigned char *s = p->data;

	return memcmp(s, "PACK", 4) == 0 &&
	       (be32(s + 4) == 2 || be32(s + 4) == 3) &&
	       be32(s + 8) == p->n &&
	       memcmp(s + p->len - SUM_SIZE,
		      p->index + p->index_len - 2 * SUM_SIZE, SUM_SIZE) == 0;
}

static bool
open_pack(struct gitpack *p, int dirfd, const char *name)
{
	char *pack = mem_printf("%.*s.pack", (int)(strlen(name) -
				strlen(".idx")), name);

	p->data = map(dirfd, pack, PACK_HEAD + SUM_SIZE, &p->len);
	free(pack);
	return p->data && is_pack(p);
}

bool
gitpack_open(struct gitpack *p, int dirfd, const char *name)
{
	*p = (struct gitpack){ 0 };
	if (str_ends(name, ".idx"))
		p->index = map(dirfd, name, INDEX_MIN, &p->index_len);
	if (p->index && is_whole(p) && open_pack(p, dirfd, name))
		return true;
	gitpack_close(p);
	return false;
}

void
gitpack_close(struct gitpack *p)
{
	if (p->index)
		munmap((void *)p->index, p->index_len);
	if (p->data)
		munmap((void *)p->data, p->len);
	*p = (struct gitpack){ 0 };
}

/* Number of the object in the tables; p->n if it is not there. */
static uint32_t
find(const struct gitpack *p, const unsigned char *id)
{
	uint32_t low = id[0] ? fanout(p, id[0] - 1u) : 0;
	uint32_t high = fanout(p, id[0]);

	/* They are read again: the file may be written to meanwhile. */
	if (high > p->n)
		return p->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(id, p->index + IDS_AT +
				   (size_t)middle * GITPACK_ID_SIZE,
				   GITPACK_ID_SIZE);

		if (!order)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return p->n;
}

/* Where the object begins in the pack; 0 if that cannot be. */
static uint64_t
offset_of(const struct gitpack *p, uint32_t n)
{
	const unsigned char *near = p->index + IDS_AT +
		(size_t)p->n * (ENTRY_SIZE - 4);
	const unsigned char *far = near + (size_t)p->n * 4;
	uint64_t at = be32(near + (size_t)n * 4);

	if (at & FAR) {
		at &= ~(uint64_t)FAR;
		if (at >= p->n_far)
			return 0;
		at = be64(far + at * FAR_SIZE);
	}
	return at >= PACK_HEAD && at < p->len - SUM_SIZE ? at : 0;
}

/* Length of the varint: seven bits a byte, the low ones first. 0: damaged. */
static size_t
read_varint(const unsigned char *s, size_t len, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < len && i < VARINT_MAX; i++) {
		*value |= (uint64_t)(s[i] & 0x7f) << (7 * i);
		if (!(s[i] & 0x80))
			return i + 1;
	}
	return 0;
}

/* Length of the type and the length before an object. 0: damaged. */
static size_t
read_head(const unsigned char *s, size_t len, unsigned *type, uint64_t *size)
{
	uint64_t more = 0;
	size_t n = 1;

	if (!len)
		return 0;
	*type = s[0] >> 4 & 7;
	*size = s[0] & 0x0f;
	if (s[0] & 0x80) {
		n += read_varint(s + 1, len - 1, &more);
		*size |= more << 4;
	}
	return n == 1 && s[0] & 0x80 ? 0 : n;
}

/* Length of what names a delta's base, which lies before it. 0: damaged. */
static size_t
skip_base(const unsigned char *s, size_t len, unsigned type, uint64_t at)
{
	uint64_t back = 0;

	if (type == OBJECT_REF_DELTA)
		return len > GITPACK_ID_SIZE ? GITPACK_ID_SIZE : 0;
	for (size_t i = 0; i < len && i < VARINT_MAX; i++) {
		back = (back + (i > 0)) << 7 | (s[i] & 0x7f);
		if (!(s[i] & 0x80))
			return back && back <= at - PACK_HEAD ? i + 1 : 0;
	}
	return 0;
}

/* What the deflated delta makes: the second varint in it. */
static bool
delta_size(const unsigned char *s, size_t len, uint64_t *size)
{
	unsigned char head[2 * VARINT_MAX];
	size_t n = deflated_head(s, len, head, sizeof(head));
	uint64_t base;
	size_t first = read_varint(head, n, &base);

	return first && read_varint(head + first, n - first, size);
}

bool
gitpack_size(const struct gitpack *p, const unsigned char id[GITPACK_ID_SIZE],
	     uint64_t *size)
{
	uint32_t n = find(p, id);
	uint64_t at = n < p->n ? offset_of(p, n) : 0;
	const unsigned char *s = p->data + at;
	size_t len = p->len - SUM_SIZE - at;
	size_t used, base;
	unsigned type = 0;

	used = at ? read_head(s, len, &type, size) : 0;
	if (!used || type == OBJECT_BLOB)
		return used != 0;
	if (type != OBJECT_OFS_DELTA && type != OBJECT_REF_DELTA)
		return false;
	s += used;
	len -= used;
	base = skip_base(s, len, type, at);
	return base && delta_size(s + base, len - base, size);
}
