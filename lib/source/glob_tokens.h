/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GLOB_TOKENS_H
#define IMGCACHE_SOURCE_GLOB_TOKENS_H

/*
 * What a GLOB_PROGRAM is made of; private to glob*.c. The tokens stand for a
 * regular expression anchored at both ends, one after the other. A consuming
 * token (rune, set, dot) takes one rune; any number with star, none or one
 * with optional.
 *
 * The group "(.*" "/)?" is three tokens: split, dot with star, rune '/'. Split
 * goes on with the next token or behind the group. Alternatives stand one after
 * the other, each behind an alt that goes on with it or with the next alt, each
 * but the last with a jump to the end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLOB_GROUP 3
#define RUNE_MAX 0x10ffffu
#define RUNE_ERROR 0xfffdu

enum glob_token_kind {
	TOKEN_RUNE,
	TOKEN_SET,
	TOKEN_DOT,		/* any rune but '\n' */
	TOKEN_SPLIT,
	TOKEN_ALT,		/* target: the next alternative, or 0 */
	TOKEN_JUMP,		/* to the end of the program */
	TOKEN_BEGIN,
	TOKEN_END,
	TOKEN_WORD,		/* \b */
	TOKEN_NOT_WORD		/* \B */
};

struct glob_token {
	enum glob_token_kind kind;
	bool star;
	bool optional;
	union {
		uint32_t rune;
		uint32_t set;
		uint32_t target;
	};
};

struct glob_range {
	uint32_t lo, hi;
};

struct glob_set {
	struct glob_range *ranges;
	size_t n;
	size_t cap;
	bool negated;
};

struct glob;
struct buf;

/*
 * The rune at s (len > 0) and its length in bytes; a byte that is not UTF-8 is
 * RUNE_ERROR of length 1, as in Go.
 */
uint32_t rune_decode(const char *s, size_t len, size_t *size);

/* See glob_syntax.c. */
bool glob_is_well_formed(const char *s, size_t len);

bool glob_set_has(const struct glob_set *set, uint32_t rune);

/* Put the range into the set, or what is outside of all n of them. */
void glob_set_add(struct glob_set *set, uint32_t lo, uint32_t hi);
void glob_set_add_class(struct glob_set *set, const struct glob_range *r,
			size_t n, bool negated);

/*
 * Parse a set; *s stands behind its '[' and is moved behind its ']'. NULL or
 * what is wrong, as glob_compile().
 */
const char *glob_parse_set(struct glob_set *set, const char **s,
			   const char *end);

/*
 * A named class (\d \S [:alpha:] ...), NULL if there is none of that name;
 * *negated says that its outside is meant.
 */
const struct glob_range *glob_perl_class(char letter, size_t *n, bool *negated);

/*
 * The rune that an escape stands for; *s stands behind the backslash and is
 * moved behind the escape.
 */
const char *glob_parse_escape(uint32_t *rune, const char **s, const char *end);

/*
 * The tokens of a regular expression that stands between "^" and "$": with
 * alternatives these belong to the first and to the last one only, and a match
 * may begin or end anywhere else.
 */
const char *glob_parse_regexp(struct glob *g, const char *s, size_t len);

#endif
