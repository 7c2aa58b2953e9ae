/* SPDX-License-Identifier: MIT */
/*
 * Buffers. cap counts usable bytes, the NUL aside; cap 0 means that the memory
 * is buf_empty, which everybody shares and nobody writes to.
 */

#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_BYTES 63

char buf_empty[1];

void
buf_release(struct buf *b)
{
	if (b->cap)
		free(b->data);
	*b = (struct buf)BUF_INIT;
}

void
buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	if (b->cap)
		b->data[len] = '\0';
	else
		b->data = buf_empty;
}

void
buf_clear(struct buf *b)
{
	buf_truncate(b, 0);
}

char *
buf_detach(struct buf *b)
{
	char *data;

	buf_reserve(b, 1);
	data = b->data;
	*b = (struct buf)BUF_INIT;
	return data;
}

/* Doubling, so that n single bytes cost O(n); an overflow ends in mem.c. */
void
buf_reserve(struct buf *b, size_t more)
{
	size_t want = more < SIZE_MAX - b->len ? b->len + more : SIZE_MAX - 1;
	size_t cap = b->cap < SIZE_MAX / 4 ? b->cap * 2 + 1 : want;

	if (want <= b->cap && b->cap)
		return;
	if (cap < FIRST_BYTES)
		cap = FIRST_BYTES;
	if (cap < want)
		cap = want;
	b->data = mem_resize(b->cap ? b->data : NULL, cap + 1, 1);
	b->cap = cap;
	b->data[b->len] = '\0';
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	buf_reserve(b, len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(len >= 0);
	buf_reserve(b, (size_t)len);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	b->len += (size_t)len;
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
buf_remove(struct buf *b, size_t pos, size_t len)
{
	assert(pos <= b->len && len <= b->len - pos);
	if (!len)
		return;
	memmove(b->data + pos, b->data + pos + len, b->len - pos - len);
	buf_truncate(b, b->len - len);
}

static bool
is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return false;
	return len > 0;
}

static void
add_cescaped(struct buf *b, unsigned char c)
{
	static const char from[] = "\a\b\t\n\v\f\r\"\\";
	static const char to[] = "abtnvfr\"\\";
	const char *hit = c ? strchr(from, c) : NULL;

	if (hit)
		buf_addf(b, "\\%c", to[hit - from]);
	else if (c < 0x20 || c > 0x7e)
		buf_addf(b, "\\%03o", c);
	else
		buf_addc(b, (char)c);
}

void
buf_add_cquoted(struct buf *b, const char *s, size_t len)
{
	if (is_plain(s, len)) {
		buf_add(b, s, len);
		return;
	}
	buf_addc(b, '"');
	for (size_t i = 0; i < len; i++)
		add_cescaped(b, (unsigned char)s[i]);
	buf_addc(b, '"');
}

/* What stands behind a backslash, three octal digits or one letter. */
static bool
add_unescaped(struct buf *b, const char **s)
{
	static const char from[] = "abtnvfr\"\\";
	static const char to[] = "\a\b\t\n\v\f\r\"\\";
	const char *p = *s, *hit = *p ? strchr(from, *p) : NULL;
	int c = 0;

	if (hit) {
		buf_addc(b, to[hit - from]);
		*s += 1;
		return true;
	}
	for (int i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '7')
			return false;
		c = c * 8 + p[i] - '0';
	}
	if (c > 0xff)
		return false;
	buf_addc(b, (char)c);
	*s += 3;
	return true;
}

bool
buf_add_cunquoted(struct buf *b, const char **s)
{
	size_t n;

	if (**s != '"') {
		n = strcspn(*s, " \n");
		buf_add(b, *s, n);
		*s += n;
		return n > 0;
	}
	for (++*s; **s && **s != '"';) {
		if (**s != '\\') {
			buf_addc(b, *(*s)++);
			continue;
		}
		++*s;
		if (!add_unescaped(b, s))
			return false;
	}
	if (!**s)
		return false;
	++*s;
	return !**s || **s == ' ' || **s == '\n';
}

void
buf_add_shquoted(struct buf *b, const char *s)
{
	buf_addc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *s);
	}
	buf_addc(b, '\'');
}

void
buf_add_hex(struct buf *b, const unsigned char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	char *out;

	buf_reserve(b, len * 2);
	out = b->data + b->len;
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
	b->len += len * 2;
}
