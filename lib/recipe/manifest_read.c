/* SPDX-License-Identifier: MIT */
#include "recipe/manifest_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/strv.h"

enum form {
	FORM_RAW,	/* the rest as it is */
	FORM_TEXT,	/* one quoted text */
	FORM_NAME,	/* a quoted name, nothing else */
	FORM_NAME_RAW,	/* a quoted name, then the rest as it is */
	FORM_PAIR	/* a quoted name, a quoted text */
};

static const struct { const char *word; enum form form; } forms[] = {
	{ "salt", FORM_TEXT }, { "epoch", FORM_TEXT },
	{ "frontend", FORM_TEXT }, { "target", FORM_TEXT },
	{ "network", FORM_TEXT }, { "context-reason", FORM_TEXT },
	{ "platform", FORM_NAME }, { "addhost", FORM_NAME },
	{ "secret", FORM_NAME }, { "ssh", FORM_NAME },
	{ "label", FORM_PAIR }, { "arg", FORM_NAME_RAW },
	{ "base", FORM_NAME_RAW }, { "named", FORM_NAME_RAW },
	{ "extra", FORM_NAME_RAW },
};

static enum form
form_of(const char *word)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].word, word))
			return forms[i].form;
	return FORM_RAW;
}

static bool
take_quoted(struct arena *a, const char **s, const char **out)
{
	struct buf b = BUF_INIT;
	bool good = buf_add_cunquoted(&b, s);

	if (good)
		*out = arena_strndup(a, b.data, b.len);
	buf_release(&b);
	return good;
}

static bool
skip_space(const char **s)
{
	if (**s != ' ')
		return false;
	++*s;
	return true;
}

/* What stands behind the word and its space. */
static bool
take_rest(struct arena *a, const char *s, struct manifest_line *line)
{
	enum form form = form_of(line->word);

	line->value = "";
	if (form >= FORM_NAME && !take_quoted(a, &s, &line->name))
		return false;
	if (form == FORM_NAME)
		return !*s;
	if (form > FORM_NAME && !skip_space(&s))
		return false;
	if (form == FORM_TEXT || form == FORM_PAIR)
		return take_quoted(a, &s, &line->value) && !*s;
	line->value = arena_strdup(a, s);
	return *s;
}

static bool
take_line(struct manifest_lines *m, const char *text)
{
	size_t n = strcspn(text, " ");
	struct manifest_line line = {0};

	if (!n || !text[n])
		return false;
	line.word = arena_strndup(&m->memory, text, n);
	if (!take_rest(&m->memory, text + n + 1, &line))
		return false;
	mem_grow(m->v, m->n, m->cap);
	m->v[m->n++] = line;
	return true;
}

bool
manifest_read(struct manifest_lines *m, const char *text, size_t len)
{
	static const char head[] = "imgcache-manifest 1\n";
	const char *end = text + len;

	memset(m, 0, sizeof(*m));
	if (!str_starts(text, head))
		return false;
	for (text += strlen(head); text < end;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		char *line;
		bool good;

		if (!newline)
			return false;
		line = mem_strndup(text, (size_t)(newline - text));
		good = take_line(m, line);
		free(line);
		if (!good)
			return false;
		text = newline + 1;
	}
	return true;
}

void
manifest_lines_release(struct manifest_lines *m)
{
	free(m->v);
	arena_release(&m->memory);
	memset(m, 0, sizeof(*m));
}

const struct manifest_line *
manifest_find(const struct manifest_lines *m, const char *word,
	      const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->v[i].word, word) && str_is(m->v[i].name, name))
			return &m->v[i];
	return NULL;
}

const char *
manifest_value(const struct manifest_lines *m, const char *word,
	       const char *name)
{
	const struct manifest_line *line = manifest_find(m, word, name);

	return line ? line->value : NULL;
}

const char *
manifest_last_word(const char *value)
{
	const char *space = strrchr(value, ' ');

	return space ? space + 1 : value;
}
