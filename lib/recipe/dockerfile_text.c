/* SPDX-License-Identifier: MIT */

/* ASCII takes the first branch everywhere; the rest is for the few. */

#include "recipe/dockerfile_text.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"

static bool
is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

static int32_t
bad(size_t *width)
{
	*width = 1;
	return RUNE_BAD;
}

static int32_t
rune_long(const unsigned char *p, size_t len, size_t *width)
{
	if (p[0] >= 0xe0 && p[0] < 0xf0 && len >= 3 && is_tail(p[1]) &&
	    is_tail(p[2])) {
		int32_t r = (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 |
			    (p[2] & 0x3f);
		if (r < 0x800 || (r >= 0xd800 && r < 0xe000))
			return bad(width);
		*width = 3;
		return r;
	}
	if (p[0] >= 0xf0 && p[0] < 0xf5 && len >= 4 && is_tail(p[1]) &&
	    is_tail(p[2]) && is_tail(p[3])) {
		int32_t r = (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 |
			    (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
		if (r < 0x10000 || r > 0x10ffff)
			return bad(width);
		*width = 4;
		return r;
	}
	return bad(width);
}

int32_t
rune_at(const char *s, size_t len, size_t *width)
{
	const unsigned char *p = (const unsigned char *)s;

	*width = 1;
	if (p[0] < 0x80)
		return p[0];
	if (p[0] >= 0xc2 && p[0] < 0xe0 && len >= 2 && is_tail(p[1])) {
		*width = 2;
		return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	return rune_long(p, len, width);
}

void
rune_add(struct buf *out, int32_t r)
{
	if (r < 0x80) {
		buf_addc(out, (char)r);
	} else if (r < 0x800) {
		buf_addc(out, (char)(0xc0 | r >> 6));
		buf_addc(out, (char)(0x80 | (r & 0x3f)));
	} else if (r < 0x10000) {
		buf_addc(out, (char)(0xe0 | r >> 12));
		buf_addc(out, (char)(0x80 | (r >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (r & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | r >> 18));
		buf_addc(out, (char)(0x80 | (r >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (r >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (r & 0x3f)));
	}
}

bool
rune_is_space(int32_t r)
{
	if (r < 0x80)
		return r == ' ' || (r >= '\t' && r <= '\r');
	return r == 0x85 || r == 0xa0 || r == 0x1680 ||
	       (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 ||
	       r == 0x202f || r == 0x205f || r == 0x3000;
}

struct span
span_trim_left(struct span s)
{
	while (s.len > 0) {
		size_t width;
		if (!rune_is_space(rune_at(s.s, s.len, &width)))
			break;
		s.s += width;
		s.len -= width;
	}
	return s;
}

/* Bytes of the last rune: back over at most three tail bytes. */
static size_t
last_width(struct span s)
{
	for (size_t back = 1; back <= 4 && back <= s.len; back++) {
		size_t width;
		const char *p = s.s + s.len - back;
		if (is_tail((unsigned char)*p))
			continue;
		rune_at(p, back, &width);
		return width == back ? back : 1;
	}
	return 1;
}

struct span
span_trim(struct span s)
{
	s = span_trim_left(s);
	while (s.len > 0) {
		size_t back = last_width(s), width;
		if (!rune_is_space(rune_at(s.s + s.len - back, back, &width)))
			break;
		s.len -= back;
	}
	return s;
}

bool
span_is(struct span s, const char *text)
{
	return strlen(text) == s.len && memcmp(s.s, text, s.len) == 0;
}

bool
span_is_nocase(struct span s, const char *text)
{
	return strlen(text) == s.len && strncasecmp(s.s, text, s.len) == 0;
}
