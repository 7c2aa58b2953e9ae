/* SPDX-License-Identifier: MIT */
/*
 * libyaml's events become a tree. Nothing recurses, and the depth is counted
 * at every start event: libyaml 0.2.5 looks at most 1024 characters ahead of
 * an event, so a megabyte of brackets is refused after the first of them,
 * before its time squared in the depth counts. Its other quadratic part,
 * %TAG directives, comes before any event; so directives are refused in the
 * bytes.
 *
 * Invariant: level[depth - 1] is the open list or mapping; in a mapping, key
 * is set exactly between a key and its value.
 */

#include "recipe/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "sys/file.h"

struct level {
	struct yaml_node *node;
	struct yaml_node *key;
	struct yaml_node *last;
};

struct builder {
	struct yaml_doc *doc;
	const char *text;
	size_t len;
	struct level level[YAML_MAX_DEPTH];
	int depth;
	bool seen_document;
	struct imgcache_error *err;
};

/* A place in the file, both from 1. */
struct spot {
	int line;
	int column;
};

static struct spot
mark_spot(const yaml_mark_t *mark)
{
	struct spot s = { (int)mark->line + 1, (int)mark->column + 1 };

	return s;
}

static int __attribute__((format(printf, 3, 4)))
fail_at(const struct builder *b, struct spot at, const char *fmt, ...)
{
	const struct yaml_node node = { .line = at.line, .column = at.column };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return yaml_fail(b->doc, &node, b->err, "%s", text);
}

/* Line and column of a byte. */
static struct spot
byte_spot(const struct builder *b, size_t offset)
{
	struct spot at = { 1, 1 };

	for (size_t i = 0; i < offset && i < b->len; i++) {
		unsigned char c = (unsigned char)b->text[i];
		bool crlf = c == '\r' && i + 1 < b->len &&
			    b->text[i + 1] == '\n';

		if (c == '\n' || (c == '\r' && !crlf)) {
			at.line++;
			at.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

/* The character at a spot, '\0' beyond the end. */
static char
spot_char(const struct builder *b, struct spot at)
{
	size_t i = 0;

	for (int line = 1; line < at.line && i < b->len; i++)
		if (b->text[i] == '\n')
			line++;
	for (int column = 1; column < at.column && i < b->len; column++)
		do
			i++;
		while (i < b->len && (b->text[i] & 0xc0) == 0x80);
	return i < b->len ? b->text[i] : '\0';
}

/* What libyaml could not read, in words that say what to do. */
static int
fail_scan(const struct builder *b, const yaml_parser_t *p)
{
	struct spot at = mark_spot(&p->problem_mark);
	char c = spot_char(b, at);

	if (p->error == YAML_READER_ERROR)
		return fail_at(b, byte_spot(b, p->problem_offset),
			       "%s; the file has to be plain UTF-8 text",
			       p->problem);
	if (p->context && (strstr(p->context, "scanning an alias") ||
			   strstr(p->context, "scanning an anchor") ||
			   strstr(p->context, "scanning a tag")))
		return fail_at(b, mark_spot(&p->context_mark),
			       "a value that begins with '*', '&' or '!' "
			       "needs quotes");
	if (c == '\t')
		return fail_at(b, at, "a tab cannot indent; use spaces");
	if (c == '@' || c == '`' || c == '%')
		return fail_at(b, at, "a value that begins with '%c' needs "
			       "quotes", c);
	if (p->problem && strstr(p->problem, "mapping values are not allowed"))
		return fail_at(b, at, "a ':' is not expected here; indent the "
			       "line as the others, or quote a value that "
			       "holds ': '");
	return fail_at(b, at, "%s", p->problem ? p->problem : "not YAML");
}

static struct yaml_node *
new_node(const struct builder *b, enum yaml_kind kind,
	 const yaml_event_t *event)
{
	struct yaml_node *node = arena_alloc(&b->doc->arena, sizeof(*node));
	struct spot at = mark_spot(&event->start_mark);

	node->kind = kind;
	node->line = at.line;
	node->column = at.column;
	return node;
}

static int
take_key(const struct builder *b, struct level *top,
	 struct yaml_node *node)
{
	struct spot at = { node->line, node->column };

	if (node->kind != YAML_TEXT)
		return fail_at(b, at, "a key has to be text");
	if (!node->quoted && !strcmp(node->text, "<<"))
		return fail_at(b, at, "merge keys ('<<') are not used here; "
			       "write the keys out");
	top->key = node;
	return 0;
}

/* Put a finished or just opened node where it belongs. */
static int
place(struct builder *b, struct yaml_node *node)
{
	struct level *top;

	if (!b->depth) {
		b->doc->root = node;
		return 0;
	}
	top = &b->level[b->depth - 1];
	if (top->node->kind == YAML_MAP && !top->key)
		return take_key(b, top, node);
	node->key = top->key;
	top->key = NULL;
	if (top->last)
		top->last->next = node;
	else
		top->node->first = node;
	top->last = node;
	top->node->n++;
	return 0;
}

static int
refuse_properties(const struct builder *b,
		  const yaml_event_t *event,
		  const unsigned char *anchor,
		  const unsigned char *tag)
{
	struct spot at = mark_spot(&event->start_mark);

	if (anchor)
		return fail_at(b, at, "anchors ('&%.64s') are not used here; "
			       "write the value out", (const char *)anchor);
	if (tag)
		return fail_at(b, at, "tags ('%.64s') are not used here; quote "
			       "a value that begins with '!'",
			       (const char *)tag);
	return 0;
}

static int
open_node(struct builder *b, enum yaml_kind kind,
	  const yaml_event_t *event)
{
	struct yaml_node *node = new_node(b, kind, event);
	int ret = place(b, node);

	if (ret)
		return ret;
	if (b->depth == YAML_MAX_DEPTH)
		return fail_at(b, mark_spot(&event->start_mark),
			       "nested deeper than %d levels; no setting needs "
			       "that many", YAML_MAX_DEPTH);
	b->level[b->depth++] = (struct level){ node, NULL, NULL };
	return 0;
}

static int
add_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct yaml_node *node = new_node(b, YAML_TEXT, event);

	if (memchr(text, '\0', len))
		return fail_at(b, mark_spot(&event->start_mark),
			       "text cannot hold a NUL");
	node->text = arena_strndup(&b->doc->arena, text, len);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return place(b, node);
}

static int
by_key(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	int diff = strcmp(x->key->text, y->key->text);

	if (diff)
		return diff;
	if (x->key->line != y->key->line)
		return x->key->line < y->key->line ? -1 : 1;
	return x->key->column < y->key->column ? -1 : 1;
}

/* Sorted, since a stranger may send a hundred thousand keys. */
static int
check_duplicates(const struct builder *b,
		 const struct yaml_node *map)
{
	const struct yaml_node **v;
	size_t n = 0;
	int ret = 0;

	if (map->n < 2)
		return 0;
	v = mem_array(map->n, sizeof(*v));
	for (const struct yaml_node *at = map->first; at; at = at->next)
		v[n++] = at;
	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 1; i < n && !ret; i++) {
		struct spot at = { v[i]->key->line, v[i]->key->column };

		if (!strcmp(v[i]->key->text, v[i - 1]->key->text))
			ret = fail_at(b, at, "'%.64s' is here a second time; "
				      "the first is in line %d",
				      v[i]->key->text, v[i - 1]->key->line);
	}
	free(v);
	return ret;
}

static int
close_node(struct builder *b)
{
	const struct yaml_node *node = b->level[--b->depth].node;

	return node->kind == YAML_MAP ? check_duplicates(b, node) : 0;
}

static int
start_document(struct builder *b, const yaml_event_t *event)
{
	if (b->seen_document)
		return fail_at(b, mark_spot(&event->start_mark),
			       "a second document ('---') is not used here");
	b->seen_document = true;
	return 0;
}

static int
add_event(struct builder *b, const yaml_event_t *event)
{
	int ret = 0;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return start_document(b, event);
	case YAML_ALIAS_EVENT:
		return fail_at(b, mark_spot(&event->start_mark),
			       "aliases ('*%.64s') are not used here; quote a "
			       "value that begins with '*'",
			       (const char *)event->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		ret = refuse_properties(b, event, event->data.scalar.anchor,
					event->data.scalar.tag);
		return ret ? ret : add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		ret = refuse_properties(b, event,
					event->data.sequence_start.anchor,
					event->data.sequence_start.tag);
		return ret ? ret : open_node(b, YAML_LIST, event);
	case YAML_MAPPING_START_EVENT:
		ret = refuse_properties(b, event,
					event->data.mapping_start.anchor,
					event->data.mapping_start.tag);
		return ret ? ret : open_node(b, YAML_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_node(b);
	default:
		return 0;
	}
}

/* A line that begins with % is a directive wherever YAML allows one. */
static int
refuse_directives(const struct builder *b)
{
	const char *end = b->text + b->len;
	const char *line = b->text;

	while (line < end) {
		if (*line == '%')
			return fail_at(b,
				       byte_spot(b, (size_t)(line - b->text)),
				       "directives ('%%') are not used here");
		line = memchr(line, '\n', (size_t)(end - line));
		if (!line)
			break;
		line++;
	}
	return 0;
}

static int
read_events(struct builder *b)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;
	int ret = 0;

	if (!yaml_parser_initialize(&parser))
		return error_set(b->err, IMGCACHE_EFAIL,
				 "cannot read '%s': out of memory",
				 b->doc->name);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)b->text,
				     b->len);
	while (more && !ret) {
		if (!yaml_parser_parse(&parser, &event)) {
			ret = fail_scan(b, &parser);
			break;
		}
		more = event.type != YAML_STREAM_END_EVENT;
		ret = add_event(b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return ret;
}

int
yaml_parse(struct yaml_doc *doc, const char *name, const char *text,
	   size_t len, struct imgcache_error *err)
{
	struct builder b = { .doc = doc, .text = text, .len = len,
			     .err = err };
	int ret;

	doc->name = arena_strdup(&doc->arena, name);
	if (len > YAML_MAX_BYTES)
		return error_set(err, IMGCACHE_EFAIL,
				 "%s: larger than 1 MiB", name);
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		b.text += 3;
		b.len -= 3;
	}
	ret = refuse_directives(&b);
	if (!ret)
		ret = read_events(&b);
	if (!ret && yaml_is_null(doc->root))
		doc->root = NULL;
	return ret;
}

int
yaml_read(struct yaml_doc *doc, int dirfd, const char *path,
	  const char *name, struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	int ret;

	ret = file_read(dirfd, path, YAML_MAX_BYTES, &text, err);
	if (!ret)
		ret = yaml_parse(doc, name, text.data, text.len, err);
	buf_release(&text);
	return ret;
}
