/* SPDX-License-Identifier: MIT */
/*
 * Whether Go's filepath.Match(pattern, ".") calls the pattern malformed, which
 * is how moby/patternmatcher checks it. Match reads a pattern chunk by chunk,
 * a chunk being what stands between stars, and (Go 1.24, tried out) stops at
 * the first chunk that does not match the name: what is behind it is never
 * looked at. So "[a-]" is malformed and "x*[a-]" is not.
 */

#include <string.h>

#include "source/glob_tokens.h"

/* A chunk as far as a name of one byte is concerned. */
struct chunk {
	size_t n;		/* elements: bytes, '?' and sets */
	bool takes_dot;		/* the last of them matches '.' */
};

/* A possibly escaped character of a set; it may not be the chunk's last. */
static bool
set_item(const char **s, const char *end, uint32_t *rune)
{
	size_t size;

	if (*s == end || **s == '-' || **s == ']')
		return false;
	if (**s == '\\' && ++*s == end)
		return false;
	*rune = rune_decode(*s, (size_t)(end - *s), &size);
	*s += size;
	return !(*rune == RUNE_ERROR && size == 1) && *s < end;
}

/* *s stands behind '['; false if the set is malformed. */
static bool
read_set(const char **s, const char *end, bool *takes_dot)
{
	bool negated = *s < end && **s == '^';
	bool found = false;
	uint32_t lo, hi;

	*s += negated;
	for (bool any = false; !any || **s != ']'; any = true) {
		if (!set_item(s, end, &lo))
			return false;
		hi = lo;
		if (**s == '-' && (++*s, !set_item(s, end, &hi)))
			return false;
		found |= lo <= '.' && '.' <= hi;
	}
	++*s;
	*takes_dot = found != negated;
	return true;
}

static bool
read_chunk(const char *s, const char *end, struct chunk *out)
{
	for (out->n = 0; s < end; out->n++) {
		char c = *s++;

		if (c == '\\' && s == end)
			return false;
		if (c == '\\')
			c = *s++;
		else if (c == '?')
			c = '.';
		else if (c == '[') {
			if (!read_set(&s, end, &out->takes_dot))
				return false;
			continue;
		}
		out->takes_dot = c == '.';
	}
	return true;
}

/* Where the chunk at s ends: at a star that is in no set. */
static const char *
chunk_end(const char *s, const char *end)
{
	bool in_set = false;

	for (; s < end && (*s != '*' || in_set); s++) {
		if (*s == '\\' && s + 1 < end)
			s++;
		else if (*s == '[' || *s == ']')
			in_set = *s == '[';
	}
	return s;
}

bool
glob_is_well_formed(const char *s, size_t len)
{
	const char *end = s + len;
	size_t name_len = 1;	/* of what is left of "." */

	while (s < end) {
		struct chunk chunk = { 0, false };
		const char *from = s;

		while (from < end && *from == '*')
			from++;
		s = chunk_end(from, end);
		if (!read_chunk(from, s, &chunk))
			return false;
		if (chunk.n > name_len || (chunk.n && !chunk.takes_dot))
			return true;
		name_len -= chunk.n;
		if (name_len && s == end)
			return true;
	}
	return true;
}
