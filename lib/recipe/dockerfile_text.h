/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_TEXT_H
#define IMGCACHE_RECIPE_DOCKERFILE_TEXT_H

/* Bytes, runes and white space, as Go's unicode package counts them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct span {
	const char *s;
	size_t len;
};

#define RUNE_BAD 0xfffd

/*
 * The rune at s (len > 0) and in *width its bytes. A byte that is not UTF-8 is
 * RUNE_BAD of width 1.
 */
int32_t rune_at(const char *s, size_t len, size_t *width);
void rune_add(struct buf *out, int32_t rune);

bool rune_is_space(int32_t rune);

/* \t \v \f \r and blank: where BuildKit splits arguments. No newline. */
static inline bool
byte_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static inline bool
byte_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
byte_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char
byte_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

struct span span_trim_left(struct span s);
struct span span_trim(struct span s);
bool span_is(struct span s, const char *text);
bool span_is_nocase(struct span s, const char *text);

#endif
