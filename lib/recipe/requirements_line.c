/* SPDX-License-Identifier: MIT */
/*
 * A logical line is [requirement] [options]. The requirement ends at the first
 * word that begins with a dash; only the options are split as a shell would.
 */

#include "recipe/requirements_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"

#define SPACE " \t\v\f"
#define LINE_END "\n\r\v\f\x1c\x1d\x1e"

/* Where a comment begins, with the white space before it; else the end. */
static size_t
comment_at(const char *line)
{
	for (size_t i = 0; line[i]; i++) {
		size_t gap = strspn(line + i, SPACE);

		if (line[i + gap] == '#' && (gap || !i))
			return i;
		if (gap)
			i += gap - 1;
	}
	return strlen(line);
}

static bool
is_comment(const char *line)
{
	return line[strspn(line, SPACE)] == '#';
}

/* Give the joined line to fn if anything is left of it. */
static int
flush(struct buf *line, int number,
      int (*fn)(void *ctx, const char *line, int number), void *ctx)
{
	size_t end = comment_at(line->data);
	size_t begin = strspn(line->data, SPACE);
	int rc = 0;

	while (end > begin && strchr(SPACE, line->data[end - 1]))
		end--;
	buf_truncate(line, end);
	if (end > begin)
		rc = fn(ctx, line->data + begin, number);
	buf_clear(line);
	return rc;
}

int
requirements_each_line(const char *text,
		       int (*fn)(void *ctx, const char *line, int number),
		       void *ctx)
{
	struct buf joined = BUF_INIT;
	int first = 0;
	int rc = 0;

	if (!strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (int number = 1; *text && !rc; number++) {
		size_t len = strcspn(text, LINE_END);
		char *line = mem_strndup(text, len);
		bool more = len && line[len - 1] == '\\' && !is_comment(line);

		text += len;
		text += text[0] == '\r' && text[1] == '\n' ? 2 : *text != '\0';
		if (!first)
			first = number;
		if (is_comment(line))
			buf_addc(&joined, ' ');
		while (more && len && line[len - 1] == '\\')
			line[--len] = '\0';
		buf_adds(&joined, line);
		free(line);
		if (!more) {
			rc = flush(&joined, first, fn, ctx);
			first = 0;
		}
	}
	if (joined.len && !rc)
		rc = flush(&joined, first, fn, ctx);
	buf_release(&joined);
	return rc;
}

bool
requirements_has_variable(const char *text)
{
	for (; (text = strstr(text, "${")); text += 2) {
		size_t len = strspn(text + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789_");

		if (len && text[2 + len] == '}')
			return true;
	}
	return false;
}

bool
requirements_is_url(const char *text)
{
	const char *p = text;

	if (!isalpha((unsigned char)*p))
		return false;
	while (isalnum((unsigned char)*p) || (*p && strchr("+.-", *p)))
		p++;
	return *p == ':';
}

/* The next word as a POSIX shell would cut it; NULL at the end. */
static char *
next_word(const char **text)
{
	struct buf word = BUF_INIT;
	const char *p = *text + strspn(*text, SPACE);
	char quote = 0;

	if (!*p)
		return NULL;
	for (; *p && (quote || !strchr(SPACE, *p)); p++) {
		if (quote == *p) {
			quote = 0;
		} else if (!quote && strchr("'\"", *p)) {
			quote = *p;
		} else {
			if (*p == '\\' && quote != '\'' && p[1])
				p++;
			buf_addc(&word, *p);
		}
	}
	*text = p;
	return buf_detach(&word);
}

static const struct {
	const char *name;
	char letter;
	size_t shortest;	/* optparse takes any prefix that is unique */
	int kind;
} options[] = {
	{ "--requirement", 'r', sizeof("--requirem") - 1, OPTION_REQUIREMENT },
	{ "--constraint", 'c', sizeof("--cons") - 1, OPTION_CONSTRAINT },
	{ "--editable", 'e', sizeof("--ed") - 1, OPTION_EDITABLE },
	{ "--find-links", 'f', sizeof("--f") - 1, OPTION_FIND_LINKS },
};

/*
 * If word is one of our options: its kind, and in value what stands in the
 * same word, or NULL if the next word is the value. Else -1.
 */
static int
match_option(const char *word, const char **value)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (word[1] == options[i].letter) {
			*value = word[2] ? word + 2 : NULL;
			return options[i].kind;
		}
		if (len >= options[i].shortest &&
		    len <= strlen(options[i].name) &&
		    !strncmp(word, options[i].name, len)) {
			*value = word[len] ? word + len + 1 : NULL;
			return options[i].kind;
		}
	}
	return -1;
}

static void
parse_options(const char *text, struct requirements_line *out)
{
	char *word;

	while ((word = next_word(&text))) {
		const char *value = NULL;
		int kind = word[0] == '-' ? match_option(word, &value) : -1;
		char *copy = NULL;

		if (kind >= 0)
			copy = value ? mem_strdup(value) : next_word(&text);
		if (copy) {
			mem_grow(out->options, out->n_options,
				 out->cap_options);
			out->options[out->n_options].kind = kind;
			out->options[out->n_options++].value = copy;
		}
		free(word);
	}
}

/* The requirement without extras, marker and white space at its end. */
static char *
bare(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (text[i] == ';' || (text[i] == ' ' && text[i + 1] == ';'))
			len = i;
	while (len && strchr(SPACE, text[len - 1]))
		len--;
	if (len && text[len - 1] == ']') {
		size_t open = len;

		while (open && text[open - 1] != '[')
			open--;
		if (open)
			len = open - 1;
	}
	return mem_strndup(text, len);
}

/* Names that pip takes for a file even without a slash. */
static bool
is_wheel_or_archive(const char *text)
{
	static const char *const ends[] = {
		".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2",
		".tar.xz",
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (str_ends(text, ends[i]))
			return true;
	return false;
}

static void
parse_requirement(const char *text, size_t len, struct requirements_line *out)
{
	char *whole = bare(text, len);
	const char *at = strchr(whole, '@');
	const char *target = whole;

	/* name @ URL; an @ inside a URL has a colon before it. */
	if (at && !memchr(whole, ':', (size_t)(at - whole)) &&
	    requirements_is_url(at + 1 + strspn(at + 1, SPACE)))
		target = at + 1 + strspn(at + 1, SPACE);
	if (!strncasecmp(target, "file:", 5)) {
		out->kind = REQUIREMENT_LOCAL;
		target += 5;
		if (!strncmp(target, "//localhost/", 12))
			target += 11;
		else if (!strncmp(target, "///", 3))
			target += 2;
	} else if (requirements_is_url(target)) {
		out->kind = REQUIREMENT_REMOTE;
	} else if (strchr(target, '/') || target[0] == '.' ||
		   is_wheel_or_archive(target)) {
		out->kind = REQUIREMENT_LOCAL;
	} else {
		out->kind = REQUIREMENT_NAMED;
		goto out;
	}
	out->path = mem_strndup(target, out->kind == REQUIREMENT_LOCAL
					? strcspn(target, "#")
					: strlen(target));
out:
	free(whole);
}

void
requirements_line_parse(const char *text, struct requirements_line *out)
{
	size_t len = 0;

	memset(out, 0, sizeof(*out));
	while (text[len] && !(text[len] == '-' &&
			      (!len || strchr(SPACE, text[len - 1]))))
		len++;
	if (len)
		parse_requirement(text, len, out);
	parse_options(text + len, out);
}

void
requirements_line_release(struct requirements_line *line)
{
	for (size_t i = 0; i < line->n_options; i++)
		free(line->options[i].value);
	free(line->options);
	free(line->path);
	memset(line, 0, sizeof(*line));
}
