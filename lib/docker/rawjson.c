/* SPDX-License-Identifier: MIT */
/*
 * Between items the state is: depth 0, item empty. In a line: depth 0, item
 * not empty. In an object: depth above 0, item begins with '{'.
 */

#include "docker/rawjson.h"

#include <string.h>

#define MAX_OBJECT (8u << 20)
#define MAX_LINE (64u << 10)

void
rawjson_release(struct rawjson *r)
{
	buf_release(&r->item);
}

static void
give_line(struct rawjson *r, char *text, size_t len)
{
	char kept;

	if (len && text[len - 1] == '\r')
		len--;
	kept = text[len];
	text[len] = '\0';
	r->on_line(r->payload, text, len);
	text[len] = kept;
}

static void
give_lines(struct rawjson *r)
{
	char *text = r->item.data;
	char *last = text + r->item.len;

	while (text < last) {
		size_t left = (size_t)(last - text);
		char *end = memchr(text, '\n', left);
		size_t len = end ? (size_t)(end - text) : left;

		if (len > MAX_LINE) {
			len = MAX_LINE;
			end = NULL;
		}
		give_line(r, text, len);
		text += len + (end != NULL);
	}
	buf_clear(&r->item);
	r->depth = 0;
	r->in_string = r->escaped = r->line_start = false;
}

/* Can an object go on with c, at the beginning of a line? */
static bool
may_begin_line(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '}' ||
		c == ']';
}

static bool
is_broken(const struct rawjson *r, char c)
{
	return r->item.len >= MAX_OBJECT || (r->in_string && c == '\n') ||
		(r->line_start && !may_begin_line(c));
}

static void
object_byte(struct rawjson *r, char c)
{
	buf_addc(&r->item, c);
	r->line_start = c == '\n';
	if (r->escaped) {
		r->escaped = false;
	} else if (r->in_string) {
		r->escaped = c == '\\';
		r->in_string = c != '"';
	} else if (c == '"') {
		r->in_string = true;
	} else if (c == '{' || c == '[') {
		r->depth++;
	} else if (c == '}' || c == ']') {
		r->depth--;
	}
	if (!r->depth) {
		r->on_object(r->payload, r->item.data, r->item.len);
		buf_clear(&r->item);
		r->line_start = false;
	}
}

static void
outside_byte(struct rawjson *r, char c)
{
	if (!r->item.len && (c == '\n' || c == '\r'))
		return;
	if (!r->item.len && c == '{') {
		object_byte(r, c);
		return;
	}
	if (c != '\n')
		buf_addc(&r->item, c);
	if (c == '\n' || r->item.len >= MAX_LINE)
		give_lines(r);
}

void
rawjson_feed(struct rawjson *r, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (r->depth && is_broken(r, data[i]))
			give_lines(r);
		if (r->depth)
			object_byte(r, data[i]);
		else
			outside_byte(r, data[i]);
	}
}

void
rawjson_end(struct rawjson *r)
{
	give_lines(r);
}
