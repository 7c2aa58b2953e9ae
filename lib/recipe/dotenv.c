/* SPDX-License-Identifier: MIT */
/*
 * One line at a time, each read into a scratch buffer; a name that nobody
 * asked for is dropped before its value is looked at, so that other programs'
 * secrets are not even copied.
 */

#include "recipe/dotenv.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "sys/file.h"

static const char *
skip_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

/* Past "export" and the blanks behind it. */
static const char *
skip_export(const char *s, const char *end)
{
	static const char word[] = "export";
	size_t len = sizeof(word) - 1;

	if ((size_t)(end - s) <= len || memcmp(s, word, len) ||
	    (s[len] != ' ' && s[len] != '\t'))
		return s;
	return skip_blanks(s + len, end);
}

/* The wanted name that s begins with, up to its "="; *value is behind it. */
static const char *
find_name(const char *s, const char *end, const char *const *names,
	  size_t n, const char **value)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);
		const char *at = s + len;

		if ((size_t)(end - s) <= len || memcmp(s, names[i], len))
			continue;
		at = skip_blanks(at, end);
		if (at == end || *at != '=')
			continue;
		*value = skip_blanks(at + 1, end);
		return names[i];
	}
	return NULL;
}

static bool
read_single(struct buf *out, const char *s, const char *end)
{
	const char *quote = memchr(s, '\'', (size_t)(end - s));

	if (quote)
		buf_add(out, s, (size_t)(quote - s));
	return quote;
}

static bool
read_double(struct buf *out, const char *s, const char *end)
{
	for (; s < end && *s != '"'; s++) {
		if (*s == '\\' && s + 1 < end && strchr("n\"\\$", s[1])) {
			s++;
			buf_addc(out, *s == 'n' ? '\n' : *s);
		} else {
			buf_addc(out, *s);
		}
	}
	return s < end;
}

static void
read_bare(struct buf *out, const char *s, const char *end)
{
	for (const char *at = s; at < end; at++)
		if (*at == '#' && (at == s || at[-1] == ' ' || at[-1] == '\t'))
			end = at;
	while (end > s && strchr(" \t\r", end[-1]))
		end--;
	buf_add(out, s, (size_t)(end - s));
}

/* False if a quote is not closed: then it is not a line that we know. */
static bool
read_value(struct buf *out, const char *s, const char *end)
{
	if (s < end && *s == '\'')
		return read_single(out, s + 1, end);
	if (s < end && *s == '"')
		return read_double(out, s + 1, end);
	read_bare(out, s, end);
	return true;
}

static void
set_value(struct dotenv *d, const char *name, const char *value,
	  int line)
{
	struct dotenv_value *at = NULL;

	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->v[i].name, name))
			at = &d->v[i];
	if (!at) {
		mem_grow(d->v, d->n, d->cap);
		at = &d->v[d->n++];
		at->name = arena_strdup(&d->arena, name);
	}
	at->value = arena_strdup(&d->arena, value);
	at->line = line;
}

static bool
has_nul(const char *s, const char *end)
{
	while (s < end && *s)
		s++;
	return s < end;
}

static void
read_line(struct dotenv *d, const char *s, const char *end,
	  int line, const char *const *names, size_t n)
{
	const char *name, *value;
	struct buf text = BUF_INIT;

	s = skip_export(skip_blanks(s, end), end);
	name = find_name(s, end, names, n, &value);
	if (name && !has_nul(value, end) &&
	    read_value(&text, value, end))
		set_value(d, name, text.data, line);
	buf_release(&text);
}

void
dotenv_parse(struct dotenv *d, const char *text, size_t len,
	     const char *const *names, size_t n)
{
	const char *end = text + len;
	int line = 1;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (!stop)
			stop = end;
		read_line(d, text, stop, line++, names, n);
		text = stop < end ? stop + 1 : end;
	}
}

int
dotenv_read(struct dotenv *d, const char *path, const char *const *names,
	    size_t n, struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	int ret;

	d->path = arena_strdup(&d->arena, path);
	ret = file_read(AT_FDCWD, path, DOTENV_MAX_BYTES, &text, err);
	if (!ret) {
		dotenv_parse(d, text.data, text.len, names, n);
	} else if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	buf_release(&text);
	return ret;
}

const struct dotenv_value *
dotenv_get(const struct dotenv *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->v[i].name, name))
			return &d->v[i];
	return NULL;
}

void
dotenv_release(struct dotenv *d)
{
	arena_release(&d->arena);
	free(d->v);
	memset(d, 0, sizeof(*d));
}
