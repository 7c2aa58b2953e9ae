/* SPDX-License-Identifier: MIT */
/*
 * The lines of a pip requirements file that lead pip to no other file than the
 * lists that they name (pip's req_file.py, constructors.py; PEP 508).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/strv.h"
#include "lint/known.h"
#include "recipe/requirements_line.h"

#define BLANKS " \t"
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define NAME ALNUM "._-"

static void
skip_blanks(const char **at)
{
	*at += strspn(*at, BLANKS);
}

bool
lint_is_url(const char *text)
{
	size_t len = str_starts(text, "https://") ? 8 :
		str_starts(text, "http://") ? 7 : 0;

	return len && text[len] && text[len] != '/' &&
		strcspn(text, " \t\r\n\v\f'\"\\$`") == strlen(text);
}

/* The ends by which a package manager takes a word for a file. */
bool
lint_is_archive(const char *text)
{
	static const char *const ends[] = {
		".deb", ".apk", ".whl", ".zip", ".gz", ".tgz", ".bz2", ".tbz",
		".xz", ".txz", ".lz", ".tlz", ".lzma", ".tar", ".txt", ".egg"
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		for (const char *at = text;
		     (at = strcasestr(at, ends[i])) != NULL; at++)
			if (strchr("[; \t", at[strlen(ends[i])]))
				return true;
	return false;
}

/* The value of an option that stands alone in its line; NULL: another one. */
static const char *
value_of(const char *line, const char *option)
{
	size_t len = strlen(option);
	bool is_long = option[1] == '-';

	if (strncmp(line, option, len) ||
	    !strchr(is_long ? BLANKS "=" : BLANKS, line[len]) || !line[len])
		return NULL;
	line += len + (line[len] == '=');
	skip_blanks(&line);
	return line;
}

static bool
knows_option(const char *line)
{
	static const char *const lists[] = {
		"-r", "--requirement", "-c", "--constraint"
	};
	static const char *const urls[] = {
		"-i", "--index-url", "--extra-index-url"
	};
	const char *value;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if ((value = value_of(line, lists[i])) != NULL)
			return *value && *value != '-' &&
				strspn(value, NAME "/+") == strlen(value);
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++)
		if ((value = value_of(line, urls[i])) != NULL)
			return lint_is_url(value);
	return false;
}

/* ">=1.0, != 1.5.*", in nothing. */
static bool
skip_versions(const char **at)
{
	while (*at += strspn(*at, BLANKS), strchr("<>=!~", **at) && **at) {
		size_t op = strspn(*at, "<>=!~"), len;

		*at += op;
		skip_blanks(at);
		len = strspn(*at, NAME "*+!");
		if (op > 3 || !len || **at == '-')
			return false;
		*at += len;
		skip_blanks(at);
		if (**at != ',')
			break;
		++*at;
	}
	return true;
}

/* Up to the first word that pip takes for an option. */
static bool
skip_marker(const char **at)
{
	char last = ' ';

	if (**at != ';')
		return true;
	for (++*at; **at; last = *(*at)++) {
		if (**at == '-' && strchr(BLANKS, last))
			return true;
		if (!strchr(NAME BLANKS "'\"<>=!~(),*+", **at))
			return false;
	}
	return true;
}

static bool
are_hashes(const char *at)
{
	static const char hash[] = "--hash=sha256:";

	while (skip_blanks(&at), *at) {
		size_t len;

		if (!str_starts(at, hash))
			return false;
		at += strlen(hash);
		len = strspn(at, "0123456789abcdefABCDEF");
		if (len != 64 || !strchr(BLANKS, at[len]))
			return false;
		at += len;
	}
	return true;
}

static bool
knows_requirement(const char *line)
{
	const char *at = line;

	at += strspn(at, NAME);
	if (!isalnum((unsigned char)*line) || lint_is_archive(line))
		return false;
	skip_blanks(&at);
	if (*at == '[') {
		at++;
		at += strspn(at, NAME BLANKS ",");
		if (*at++ != ']')
			return false;
	}
	return skip_versions(&at) && skip_marker(&at) && are_hashes(at);
}

static int
refuse_unknown(void *ctx, const char *line, int number)
{
	(void)ctx;
	(void)number;
	return *line == '-' ? !knows_option(line) : !knows_requirement(line);
}

/* What Python takes for the end of a line, and we do not. */
bool
lint_knows_list(const char *text)
{
	return !strstr(text, "\xc2\x85") && !strstr(text, "\xe2\x80\xa8") &&
		!strstr(text, "\xe2\x80\xa9") &&
		!requirements_each_line(text, refuse_unknown, NULL);
}
