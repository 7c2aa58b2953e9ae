/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_BUF_H
#define IMGCACHE_BASE_BUF_H

/*
 * A growing run of bytes. Invariants: data is never NULL after the first call,
 * data[len] is always NUL, len counts bytes before it (which may include NULs).
 * `struct buf b = BUF_INIT;` is an empty, valid buffer that owns nothing; a
 * zeroed one may be added to, cleared and released as well.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

extern char buf_empty[1];
#define BUF_INIT { buf_empty, 0, 0 }

void buf_release(struct buf *b);		/* empty again, owns nothing */
void buf_clear(struct buf *b);			/* len 0, keeps the memory */
char *buf_detach(struct buf *b);	/* yours, not NULL; b is empty */
void buf_reserve(struct buf *b, size_t more);	/* room for that many more */

void buf_add(struct buf *b, const void *data, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void buf_truncate(struct buf *b, size_t len);
void buf_remove(struct buf *b, size_t pos, size_t len);

/*
 * Append s as git quotes a path (core.quotePath=true), with one difference: a
 * space brings the quotes, too. So it stands bare only if it is not empty and
 * every byte is in 0x21..0x7e and neither a double quote nor a backslash;
 * otherwise "..." with \a \b \t \n \v \f \r \" \\ and three octal digits for
 * every other byte outside 0x20..0x7e. Two different strings never give the
 * same bytes, and a line stays a line. An empty string is "".
 */
void buf_add_cquoted(struct buf *b, const char *s, size_t len);

/*
 * The other way: append what the word at *s stands for, quoted or bare, up to
 * a space, a newline or the end, and move *s behind it. False, *s at the place,
 * if it is nothing that buf_add_cquoted() writes.
 */
bool buf_add_cunquoted(struct buf *b, const char **s);

/* Append s in single quotes for a POSIX shell: ' becomes '\''. */
void buf_add_shquoted(struct buf *b, const char *s);

/* Append lower-case hex of len bytes. */
void buf_add_hex(struct buf *b, const unsigned char *bytes, size_t len);

#endif
