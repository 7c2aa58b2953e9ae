/* SPDX-License-Identifier: MIT */

/*
 * One scanner without recursion: a stack of bits says which brackets are open.
 * It walks the whole text, as Go does, before anything is believed.
 */

#include "recipe/dockerfile_json.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define DEPTH_MAX 10000		/* of Go's encoding/json */

struct json_scan {
	const char *s, *end;
	struct buf text;	/* of the string read last */
	unsigned char open[DEPTH_MAX / 8 + 1];	/* a bit is 1 for { */
	int depth;
};

static void
skip_space(struct json_scan *j)
{
	while (j->s < j->end && (*j->s == ' ' || *j->s == '\t' ||
				 *j->s == '\r' || *j->s == '\n'))
		j->s++;
}

static bool
take(struct json_scan *j, char c)
{
	if (j->s >= j->end || *j->s != c)
		return false;
	j->s++;
	return true;
}

static int
hex_value(char c)
{
	if (byte_is_digit(c))
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

static int32_t
scan_hex4(struct json_scan *j)
{
	int32_t r = 0;

	if (j->end - j->s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int v = hex_value(j->s[i]);
		if (v < 0)
			return -1;
		r = r << 4 | v;
	}
	j->s += 4;
	return r;
}

static bool
scan_unicode(struct json_scan *j)
{
	int32_t r = scan_hex4(j);

	if (r < 0)
		return false;
	if (r >= 0xd800 && r < 0xdc00 && j->end - j->s >= 6 &&
	    j->s[0] == '\\' && j->s[1] == 'u') {
		const char *back = j->s;
		j->s += 2;
		int32_t low = scan_hex4(j);
		if (low >= 0xdc00 && low < 0xe000)
			r = 0x10000 + ((r - 0xd800) << 10) + (low - 0xdc00);
		else
			j->s = back;
	}
	rune_add(&j->text, r >= 0xd800 && r < 0xe000 ? RUNE_BAD : r);
	return true;
}

static bool
scan_escape(struct json_scan *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (j->s >= j->end)
		return false;
	char c = *j->s++;
	if (c == 'u')
		return scan_unicode(j);
	const char *p = c ? strchr(from, c) : NULL;
	if (p)
		buf_addc(&j->text, to[p - from]);
	return p != NULL;
}

static bool
scan_string(struct json_scan *j)
{
	buf_clear(&j->text);
	if (!take(j, '"'))
		return false;
	while (j->s < j->end && *j->s != '"') {
		size_t width;
		if ((unsigned char)*j->s < 0x20)
			return false;
		if (take(j, '\\')) {
			if (!scan_escape(j))
				return false;
			continue;
		}
		rune_add(&j->text,
			 rune_at(j->s, (size_t)(j->end - j->s), &width));
		j->s += width;
	}
	return take(j, '"');
}

static bool
scan_digits(struct json_scan *j)
{
	const char *from = j->s;

	while (j->s < j->end && byte_is_digit(*j->s))
		j->s++;
	return j->s > from;
}

static bool
scan_number(struct json_scan *j)
{
	take(j, '-');
	if (!take(j, '0') && !scan_digits(j))
		return false;
	if (take(j, '.') && !scan_digits(j))
		return false;
	if (take(j, 'e') || take(j, 'E')) {
		if (!take(j, '+'))
			take(j, '-');
		return scan_digits(j);
	}
	return true;
}

static bool
scan_literal(struct json_scan *j, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(j->end - j->s) < n || memcmp(j->s, word, n) != 0)
		return false;
	j->s += n;
	return true;
}

static bool
scan_scalar(struct json_scan *j)
{
	if (j->s >= j->end)
		return false;
	switch (*j->s) {
	case '"': return scan_string(j);
	case 't': return scan_literal(j, "true");
	case 'f': return scan_literal(j, "false");
	case 'n': return scan_literal(j, "null");
	default: return scan_number(j);
	}
}

static bool
open_bracket(struct json_scan *j, bool object)
{
	unsigned char bit = (unsigned char)(1 << (j->depth & 7));

	if (j->depth >= DEPTH_MAX)
		return false;
	if (object)
		j->open[j->depth >> 3] |= bit;
	else
		j->open[j->depth >> 3] &= (unsigned char)~bit;
	j->depth++;
	return true;
}

static bool
in_object(const struct json_scan *j)
{
	int top = j->depth - 1;

	return j->open[top >> 3] >> (top & 7) & 1;
}

static bool
scan_key(struct json_scan *j)
{
	skip_space(j);
	if (!scan_string(j))
		return false;
	skip_space(j);
	return take(j, ':');
}

/* After a value: commas and closing brackets, up to where the next one is. */
static bool
scan_after(struct json_scan *j, int floor)
{
	while (j->depth > floor) {
		skip_space(j);
		if (take(j, ','))
			return !in_object(j) || scan_key(j);
		if (!take(j, in_object(j) ? '}' : ']'))
			return false;
		j->depth--;
	}
	return true;
}

/* One whole value of any depth. */
static bool
scan_value(struct json_scan *j)
{
	int floor = j->depth;

	do {
		skip_space(j);
		bool object = j->s < j->end && *j->s == '{';
		if (object || (j->s < j->end && *j->s == '[')) {
			j->s++;
			if (!open_bracket(j, object))
				return false;
			skip_space(j);
			if (j->s < j->end && *j->s == (object ? '}' : ']')) {
				if (!scan_after(j, floor))
					return false;
			} else if (object && !scan_key(j)) {
				return false;
			}
			continue;
		}
		if (!scan_scalar(j) || !scan_after(j, floor))
			return false;
	} while (j->depth > floor);
	return true;
}

static bool
at_end(struct json_scan *j)
{
	skip_space(j);
	return j->s == j->end;
}

struct list_result {
	dockerfile_json_fn *add;
	void *payload;
	bool mixed;
};

static bool
scan_list(struct json_scan *j, struct list_result *r)
{
	skip_space(j);
	if (!take(j, '['))
		return false;
	skip_space(j);
	if (take(j, ']'))
		return at_end(j);
	do {
		skip_space(j);
		bool string = j->s < j->end && *j->s == '"';
		if (string ? !scan_string(j) : !scan_value(j))
			return false;
		if (string && r->add)
			r->add(r->payload, j->text.data, j->text.len);
		r->mixed |= !string;
		skip_space(j);
	} while (take(j, ','));
	return take(j, ']') && at_end(j);
}

enum dockerfile_json_list
dockerfile_json_list(struct span text, dockerfile_json_fn *add, void *payload)
{
	struct json_scan j = { .s = text.s, .end = text.s + text.len,
			       .text = BUF_INIT };
	struct list_result r = { NULL, payload, false };
	bool ok = scan_list(&j, &r);

	if (ok && !r.mixed) {
		j.s = text.s;
		r.add = add;
		scan_list(&j, &r);
	}
	buf_release(&j.text);
	if (!ok)
		return JSON_LIST_NONE;
	return r.mixed ? JSON_LIST_MIXED : JSON_LIST_STRINGS;
}

static bool
scan_members(struct json_scan *j, const char *name, struct buf *out,
	     bool *found)
{
	skip_space(j);
	if (!take(j, '{'))
		return false;
	skip_space(j);
	if (take(j, '}'))
		return at_end(j);
	do {
		if (!scan_key(j))
			return false;
		bool wanted = span_is((struct span){ j->text.data,
						     j->text.len }, name);
		skip_space(j);
		bool string = j->s < j->end && *j->s == '"';
		if (string ? !scan_string(j) : !scan_value(j))
			return false;
		if (wanted) {
			*found = string;
			buf_clear(out);
			buf_add(out, j->text.data, string ? j->text.len : 0);
		}
		skip_space(j);
	} while (take(j, ','));
	return take(j, '}') && at_end(j);
}

bool
dockerfile_json_member(struct span text, const char *name, struct buf *out)
{
	struct json_scan j = { .s = text.s, .end = text.s + text.len,
			       .text = BUF_INIT };
	bool found = false;
	bool ok = scan_members(&j, name, out, &found);

	buf_release(&j.text);
	if (!ok || !found)
		buf_clear(out);
	return ok && found;
}
