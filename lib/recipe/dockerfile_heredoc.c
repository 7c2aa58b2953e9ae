/* SPDX-License-Identifier: MIT */

/*
 * A word is a heredoc if it is digits, "<<", perhaps "-", and then exactly one
 * shell word without another "<". The escape is always a backslash here, and a
 * line that does not read as shell words has no heredocs (parser.go).
 */

#include "recipe/dockerfile_heredoc.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/dfvars.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_text.h"

static size_t
count_quotes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\'' || *s == '"';
	return n;
}

/* The one word that s is, in words->v[0]. */
static bool
is_one_word(const char *s, bool raw_quotes, struct strv *words)
{
	struct dfvars vars = { .escape = '\\', .raw_quotes = raw_quotes,
			       .keep_unset = true };
	struct imgcache_error err = { 0 };

	return dfvars_split(&vars, s, strlen(s), words, &err) == 0 &&
	       words->n == 1;
}

bool
heredoc_parse(const char *word, struct arena *arena,
	      struct dockerfile_heredoc *out)
{
	struct strv plain = { 0 }, raw = { 0 };
	const char *s = word;
	bool found = false;

	while (byte_is_digit(*s))
		s++;
	if (strncmp(s, "<<", 2) != 0)
		return false;
	s += 2;
	bool chomp = *s == '-';
	s += chomp;
	while (*s == ' ' || *s == '\t')
		s++;
	if (*s == '\0' || strchr(s, '<'))
		return false;
	if (!is_one_word(s, false, &plain) || !is_one_word(s, true, &raw))
		goto out;
	found = true;
	if (out)
		*out = (struct dockerfile_heredoc){
			.name = arena_strdup(arena, plain.v[0]),
			.expand = count_quotes(plain.v[0]) ==
				  count_quotes(raw.v[0]),
			.chomp = chomp,
		};
out:
	strv_release(&plain);
	strv_release(&raw);
	return found;
}

void
heredoc_words(const char *text, struct strv *out)
{
	struct dfvars vars = { .escape = '\\', .raw_quotes = true,
			       .raw_escapes = true, .keep_unset = true };
	struct imgcache_error err = { 0 };

	if (dfvars_split(&vars, text, strlen(text), out, &err) < 0)
		strv_clear(out);
}
