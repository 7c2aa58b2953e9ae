/* SPDX-License-Identifier: MIT */

/* Go's path/filepath.Match, for one part of a path and for whole ones. */

#include <stdint.h>
#include <string.h>

#include "source/glob_tokens.h"
#include "source/reach.h"

static uint32_t
next_rune(const char **s)
{
	size_t size;
	uint32_t rune = rune_decode(*s, strlen(*s), &size);

	*s += size;
	return rune;
}

static void
note(enum reach_kind *kind, enum reach_kind other)
{
	if (*kind < other)
		*kind = other;
}

/* A class at *p, which stands behind its '['. */
static bool
match_class(const char **p, const char *end, uint32_t rune,
	    enum reach_kind *kind)
{
	bool found = false, any = false, negated = *p < end && **p == '^';

	if (negated) {
		note(kind, REACH_SLASH);
		(*p)++;
	}
	while (*p < end && (**p != ']' || !any)) {
		uint32_t low, high;

		if (**p == ']' || **p == '-' || **p == '\\')
			break;
		low = high = next_rune(p);
		if (*p < end && **p == '-') {
			(*p)++;
			if (*p >= end || **p == ']' || **p == '-' ||
			    **p == '\\')
				break;
			high = next_rune(p);
		}
		if (low <= '/' && '/' <= high)
			note(kind, REACH_SLASH);
		found |= low <= rune && rune <= high;
		any = true;
	}
	if (*p >= end || **p != ']' || !any) {
		note(kind, REACH_MALFORMED);
		return false;
	}
	(*p)++;
	return found != negated;
}

/* What is no '*'; moves both behind it. */
static bool
match_one(const char **p, const char *end, const char **s,
	  enum reach_kind *kind)
{
	char c = *(*p)++;
	uint32_t rune;

	if (c == '\\') {
		note(kind, REACH_MALFORMED);
		return false;
	}
	if (c != '?' && c != '[')
		return *(*s)++ == c;
	rune = next_rune(s);
	return c == '?' || match_class(p, end, rune, kind);
}

enum reach_kind
reach_kind(const char *pattern, size_t len)
{
	static const char any[] = "x";
	const char *p = pattern, *end = pattern + len;
	enum reach_kind kind = REACH_PLAIN;

	while (p < end && kind != REACH_MALFORMED) {
		const char *s = any;

		if (*p == '*')
			p++;
		else
			match_one(&p, end, &s, &kind);
	}
	return kind;
}

bool
reach_match_part(const char *pattern, size_t len, const char *name)
{
	const char *p = pattern, *end = pattern + len, *s = name;
	const char *star = NULL, *star_s = NULL;
	enum reach_kind ignored = REACH_PLAIN;

	while (*s || p < end) {
		if (p < end && *p == '*') {
			star = ++p;
			star_s = s;
			continue;
		}
		if (p < end && *s && match_one(&p, end, &s, &ignored))
			continue;
		if (!star || !*star_s)
			return false;
		next_rune(&star_s);
		s = star_s;
		p = star;
	}
	return true;
}

/* Where the next '*' is that stands in no class, or the end. */
static const char *
chunk_end(const char *p)
{
	bool in_class = false;

	for (; *p && (in_class || *p != '*'); p++) {
		if (*p == '[')
			in_class = true;
		else if (*p == ']')
			in_class = false;
	}
	return p;
}

/* What is left of s behind the chunk, or NULL. */
static const char *
match_chunk(const char *p, const char *end, const char *s)
{
	enum reach_kind ignored = REACH_PLAIN;

	while (p < end)
		if (!*s || (*p == '?' && *s == '/') ||
		    !match_one(&p, end, &s, &ignored))
			return NULL;
	return s;
}

/* Like Go: a chunk stays where it fits first, whatever comes of it. */
bool
reach_match_path(const char *pattern, const char *path)
{
	const char *p = pattern, *s = path;

	while (*p) {
		bool star = *p == '*';
		const char *chunk = p + strspn(p, "*"), *rest;

		p = chunk_end(chunk);
		if (star && p == chunk)
			return !strchr(s, '/');
		rest = match_chunk(chunk, p, s);
		while (star && !(rest && (!*rest || *p))) {
			if (!*s || *s++ == '/')
				return false;
			rest = match_chunk(chunk, p, s);
		}
		if (!rest)
			return false;
		s = rest;
	}
	return !*s;
}
