/* SPDX-License-Identifier: MIT */
/* One pass over the text (toml.io, version 1.0), lists and tables in depth. */
#include "init/toml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define DEEPEST 32

struct reader {
	const char *from, *at;
	struct strv path;	/* keys from the root */
	toml_fn *fn;
	void *payload;
	int depth;
};

static bool read_value(struct reader *r);

static void
shorten(struct strv *path, size_t n)
{
	while (path->n > n)
		free(path->v[--path->n]);
}

static void
skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t");
}

/* With line ends and comments, as between the elements of a list. */
static void
skip_lines(struct reader *r)
{
	for (;;) {
		r->at += strspn(r->at, " \t\r\n");
		if (*r->at != '#')
			return;
		r->at += strcspn(r->at, "\n");
	}
}

static bool
take(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static void
add_rune(uint32_t rune, struct buf *out)
{
	if (rune < 0x80) {
		buf_addc(out, (char)rune);
		return;
	}
	if (rune < 0x800) {
		buf_addc(out, (char)(0xc0 | rune >> 6));
	} else {
		if (rune < 0x10000) {
			buf_addc(out, (char)(0xe0 | rune >> 12));
		} else {
			buf_addc(out, (char)(0xf0 | rune >> 18));
			buf_addc(out, (char)(0x80 | (rune >> 12 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (rune >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (rune & 0x3f)));
}

/* The digits behind \u and \U. */
static bool
read_rune(struct reader *r, int digits, struct buf *out)
{
	static const char hex[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t rune = 0;

	for (; digits; digits--, r->at++) {
		const char *digit = *r->at ? strchr(hex, *r->at) : NULL;

		if (!digit)
			return false;
		rune = rune << 4 | (uint32_t)((digit - hex) & 15);
	}
	if (!rune || rune > 0x10ffff || (rune & ~0x7ffu) == 0xd800)
		return false;
	add_rune(rune, out);
	return true;
}

/* A backslash at the end of a line takes white space up to the next text. */
static bool
skip_continued(struct reader *r)
{
	const char *end = r->at + strspn(r->at, " \t\r");

	if (*end != '\n')
		return false;
	r->at = end + strspn(end, " \t\r\n");
	return true;
}

static bool
read_escape(struct reader *r, bool is_long, struct buf *out)
{
	static const char letters[] = "btnfre\"\\";
	static const char values[] = "\b\t\n\f\r\033\"\\";
	const char *letter;

	if (is_long && skip_continued(r))
		return true;
	letter = *r->at ? strchr(letters, *r->at) : NULL;
	if (letter) {
		buf_addc(out, values[letter - letters]);
		r->at++;
		return true;
	}
	if (take(r, 'u'))
		return read_rune(r, 4, out);
	return take(r, 'U') && read_rune(r, 8, out);
}

/* Up to two more quotes before the three that end it are part of it. */
static bool
ends_long(struct reader *r, char quote, struct buf *out)
{
	const char three[] = { quote, quote, quote, '\0' };

	if (!str_starts(r->at, three))
		return false;
	r->at += 3;
	for (int i = 0; i < 2 && take(r, quote); i++)
		buf_addc(out, quote);
	return true;
}

/* "..." or '...', three quotes or one; at is on the first. */
static bool
read_string(struct reader *r, struct buf *out)
{
	char quote = *r->at++;
	bool is_long = r->at[0] == quote && r->at[1] == quote;

	if (is_long) {
		r->at += 2;
		r->at += *r->at == '\r' && r->at[1] == '\n';
		r->at += *r->at == '\n';
	}
	while (*r->at) {
		if (is_long ? ends_long(r, quote, out) : take(r, quote))
			return true;
		if (!is_long && *r->at == '\n')
			return false;
		if (quote == '"' && take(r, '\\')) {
			if (!read_escape(r, is_long, out))
				return false;
		} else {
			buf_addc(out, *r->at++);
		}
	}
	return false;
}

/* Keys with dots between them, added to the path. */
static bool
read_keys(struct reader *r)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	do {
		struct buf key = BUF_INIT;
		size_t len;
		bool ok = true;

		skip_blanks(r);
		len = strspn(r->at, bare);
		buf_add(&key, r->at, len);
		r->at += len;
		if (!len)
			ok = (*r->at == '"' || *r->at == '\'') &&
				read_string(r, &key);
		if (ok)
			strv_push(&r->path, key.data ? key.data : "");
		buf_release(&key);
		if (!ok)
			return false;
		skip_blanks(r);
	} while (take(r, '.'));
	return true;
}

static bool
read_pair(struct reader *r)
{
	size_t n = r->path.n;
	bool ok = read_keys(r) && take(r, '=');

	skip_blanks(r);
	ok = ok && read_value(r);
	shorten(&r->path, n);
	return ok;
}

/* A list or a table in one line; at is behind its first bracket. */
static bool
read_many(struct reader *r, char end)
{
	for (;;) {
		skip_lines(r);
		if (take(r, end))
			return true;
		if (!(end == ']' ? read_value(r) : read_pair(r)))
			return false;
		skip_lines(r);
		if (!take(r, ',') && *r->at != end)
			return false;
	}
}

static bool
read_value(struct reader *r)
{
	struct buf text = BUF_INIT;
	size_t len;
	bool ok;

	if (*r->at == '"' || *r->at == '\'') {
		ok = read_string(r, &text);
		if (ok)
			r->fn(r->payload, &r->path, text.data ? text.data : "");
		buf_release(&text);
		return ok;
	}
	if (*r->at == '[' || *r->at == '{') {
		char end = *r->at++ == '[' ? ']' : '}';

		ok = ++r->depth <= DEEPEST && read_many(r, end);
		r->depth--;
		return ok;
	}
	len = strcspn(r->at, ",]}#\r\n");
	r->at += len;
	return len > 0;
}

/* [a.b] or [[a.b]]; at is behind the first bracket. */
static bool
read_header(struct reader *r)
{
	bool is_list = take(r, '['), ok;

	shorten(&r->path, 0);
	ok = read_keys(r) && take(r, ']') && (!is_list || take(r, ']'));
	if (ok)
		r->fn(r->payload, &r->path, NULL);
	return ok;
}

static int
line_of(const struct reader *r)
{
	int line = 1;

	for (const char *p = r->from; p < r->at; p++)
		line += *p == '\n';
	return line;
}

int
toml_read(const char *text, toml_fn *fn, void *payload)
{
	struct reader r = {
		.from = text, .at = text, .fn = fn, .payload = payload,
	};
	bool ok = true;

	if (str_starts(text, "\xef\xbb\xbf"))
		r.at += 3;
	for (skip_lines(&r); ok && *r.at; skip_lines(&r)) {
		ok = take(&r, '[') ? read_header(&r) : read_pair(&r);
		skip_blanks(&r);
		ok = ok && (!*r.at || strchr("#\r\n", *r.at));
		if (!ok)
			break;
	}
	strv_release(&r.path);
	return ok ? 0 : line_of(&r);
}
