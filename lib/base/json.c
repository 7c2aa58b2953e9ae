/* SPDX-License-Identifier: MIT */
/*
 * The JSON writer. need_comma: a value stands before this place in the same
 * object or array; after_key: the value of a key comes next.
 */

#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void
begin_value(struct json *j)
{
	if (j->need_comma && !j->after_key)
		buf_addc(j->out, ',');
	j->need_comma = true;
	j->after_key = false;
}

static void
begin_nest(struct json *j, char bracket)
{
	begin_value(j);
	buf_addc(j->out, bracket);
	j->depth++;
	j->need_comma = false;
}

static void
end_nest(struct json *j, char bracket)
{
	assert(j->depth > 0 && !j->after_key);
	buf_addc(j->out, bracket);
	j->depth--;
	j->need_comma = true;
}

void
json_object(struct json *j)
{
	begin_nest(j, '{');
}

void
json_array(struct json *j)
{
	begin_nest(j, '[');
}

void
json_end_object(struct json *j)
{
	end_nest(j, '}');
}

void
json_end_array(struct json *j)
{
	end_nest(j, ']');
}

/* Table 3-7 of the Unicode standard: range of the first byte and the second. */
static const struct {
	unsigned char first_lo, first_hi, second_lo, second_hi, len;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Length of the well-formed character at s, beyond ASCII; 0 if it is none. */
static size_t
utf8_length(const unsigned char *s, size_t len)
{
	size_t row = 0, n = sizeof(utf8_rows) / sizeof(utf8_rows[0]);

	while (row < n && (s[0] < utf8_rows[row].first_lo ||
			   s[0] > utf8_rows[row].first_hi))
		row++;
	if (row == n || len < utf8_rows[row].len ||
	    s[1] < utf8_rows[row].second_lo || s[1] > utf8_rows[row].second_hi)
		return 0;
	for (size_t i = 2; i < utf8_rows[row].len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return utf8_rows[row].len;
}

static void
add_ascii(struct buf *b, unsigned char c)
{
	static const char from[] = "\b\t\n\f\r\"\\";
	static const char to[] = "btnfr\"\\";
	const char *hit = c ? strchr(from, c) : NULL;

	if (hit)
		buf_addf(b, "\\%c", to[hit - from]);
	else if (c < 0x20)
		buf_addf(b, "\\u%04x", c);
	else
		buf_addc(b, (char)c);
}

static void
add_string(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_addc(b, '"');
	for (size_t i = 0, n; i < len; i += n) {
		n = p[i] < 0x80 ? 1 : utf8_length(p + i, len - i);
		if (p[i] < 0x80) {
			add_ascii(b, p[i]);
		} else if (n) {
			buf_add(b, p + i, n);
		} else {
			buf_adds(b, "\xef\xbf\xbd");	/* U+FFFD */
			n = 1;
		}
	}
	buf_addc(b, '"');
}

void
json_key(struct json *j, const char *key)
{
	assert(j->depth > 0 && !j->after_key);
	begin_value(j);
	add_string(j->out, key, strlen(key));
	buf_addc(j->out, ':');
	j->after_key = true;
}

void
json_stringn(struct json *j, const char *s, size_t len)
{
	begin_value(j);
	add_string(j->out, s, len);
}

void
json_string(struct json *j, const char *s)
{
	if (s)
		json_stringn(j, s, strlen(s));
	else
		json_null(j);
}

void
json_int(struct json *j, int64_t n)
{
	begin_value(j);
	buf_addf(j->out, "%" PRId64, n);
}

/* The point is the locale's, often a comma: our caller may have set one. */
void
json_real(struct json *j, double d)
{
	char text[32];
	char *comma;

	if (!isfinite(d)) {
		json_null(j);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", d);
	if (strtod(text, NULL) != d)
		snprintf(text, sizeof(text), "%.17g", d);
	comma = strchr(text, ',');
	if (comma)
		*comma = '.';
	begin_value(j);
	buf_adds(j->out, text);
}

void
json_bool(struct json *j, bool b)
{
	begin_value(j);
	buf_adds(j->out, b ? "true" : "false");
}

void
json_null(struct json *j)
{
	begin_value(j);
	buf_adds(j->out, "null");
}
