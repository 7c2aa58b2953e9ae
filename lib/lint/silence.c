/* SPDX-License-Identifier: MIT */
/*
 *	# imgcache lint ignore=IC003: the reason
 *	# imgcache lint ignore-file=IC013,IC017: the reason
 *
 * The first is for the line that follows, other comments and blank lines
 * aside, and for the whole of what begins there: an instruction, a continued
 * command. The second may stand anywhere.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lint/lint.h"

#define MARK "imgcache lint "

struct comment {
	size_t begin, end;
	struct strv ids;
	bool has_reason;
	bool is_whole_file;
	int from, to;		/* lines it is for */
};

static size_t
skip_blanks(const struct lint_file *f, size_t at, size_t end)
{
	while (at < end && (f->text.data[at] == ' ' || f->text.data[at] == '\t'))
		at++;
	return at;
}

static bool
starts_at(const struct lint_file *f, size_t at, size_t end, const char *word)
{
	size_t len = strlen(word);

	return end - at >= len && !memcmp(f->text.data + at, word, len);
}

/* Is the line from begin to end such a comment? */
static bool
read_comment(const struct lint_file *f, size_t begin, size_t end,
	     struct comment *c)
{
	size_t at = skip_blanks(f, begin, end);
	const char *colon;
	char *ids;

	if (at == end || f->text.data[at] != '#')
		return false;
	c->begin = at;
	c->end = end;
	at = skip_blanks(f, at + 1, end);
	if (!starts_at(f, at, end, MARK))
		return false;
	at = skip_blanks(f, at + strlen(MARK), end);
	c->is_whole_file = starts_at(f, at, end, "ignore-file");
	if (!c->is_whole_file && !starts_at(f, at, end, "ignore"))
		return false;
	at += strlen(c->is_whole_file ? "ignore-file" : "ignore");
	at = skip_blanks(f, at, end);
	if (at == end || f->text.data[at++] != '=')
		return false;
	colon = memchr(f->text.data + at, ':', end - at);
	ids = mem_strndup(f->text.data + at, colon ?
			  (size_t)(colon - f->text.data) - at : end - at);
	strv_split(&c->ids, ids, ", \t");
	free(ids);
	if (colon)
		at = skip_blanks(f, (size_t)(colon - f->text.data) + 1, end);
	c->has_reason = colon && at < end;
	return true;
}

/* The first line behind this one that is neither blank nor a comment. */
static int
next_line(const struct lint_file *f, size_t line)
{
	for (; line < f->n_lines; line++) {
		size_t end = lint_line_end(f, f->lines[line]);
		size_t at = skip_blanks(f, f->lines[line], end);

		if (at < end && f->text.data[at] != '#')
			break;
	}
	return (int)line + 1;
}

static void
find_extent(const struct lint_file *f, struct comment *c)
{
	c->from = c->to = next_line(f, (size_t)lint_line_of(f, c->begin));
	for (size_t i = 0; i < f->n_extents; i++)
		if (f->extents[i].from == c->from)
			c->to = f->extents[i].to;
}

/* Names that are not ours are BuildKit's, "StageNameCasing". */
static bool
is_foreign(const char *id)
{
	return isupper((unsigned char)*id) && islower((unsigned char)id[1]);
}

static bool
fits(const struct lint_note *n, const char *id)
{
	if (n->rule == LINT_FOREIGN)
		return !strcmp(n->foreign, id);
	return n->rule != LINT_IGNORE_COMMENT && n->rule == lint_rule_find(id);
}

/* Mark what the comment silences by this id; false if that is nothing. */
static bool
silence(struct lint_file *f, const struct comment *c, const char *id)
{
	bool found = false;

	for (size_t i = 0; i < f->n_notes; i++) {
		struct lint_note *n = &f->notes[i];
		int line;

		if (!fits(n, id))
			continue;
		line = lint_line_of(f, n->begin);
		if (!c->is_whole_file && (line < c->from || line > c->to))
			continue;
		n->is_silenced = true;
		found = true;
	}
	return found;
}

static void
note_bad(struct lint_file *f, const struct comment *c, const char *what)
{
	lint_note(f, LINT_IGNORE_COMMENT, c->begin, c->end,
		  "this comment silences nothing: %s", what);
	lint_cure(f, "write it as: # imgcache lint ignore=IC003: the reason");
}

/* In a script it may stand in a text that is to become a Dockerfile. */
static bool
is_for(enum lint_kind kind, enum lint_rule rule)
{
	return kind != LINT_SCRIPT_FILE || rule == LINT_CACHE_BUST ||
		rule == LINT_SCRIPT || rule == LINT_CACHE_EXPORT;
}

static void
use_comment(struct lint_file *f, const struct comment *c)
{
	struct imgcache_error err = {0};

	if (!c->ids.n)
		note_bad(f, c, "it names no rule");
	else if (!c->has_reason)
		note_bad(f, c, "it gives no reason");
	for (size_t i = 0; i < c->ids.n && c->has_reason; i++) {
		const char *id = c->ids.v[i];
		enum lint_rule rule = lint_rule_find(id);

		if (rule == LINT_RULES && !is_foreign(id)) {
			lint_rule_unknown(id, IMGCACHE_EFAIL, &err);
			note_bad(f, c, err.text);
			error_clear(&err);
		} else if (!silence(f, c, id) && rule != LINT_RULES &&
			   is_for(f->kind, rule) &&
			   f->lint->config.severity[rule]) {
			lint_note(f, LINT_IGNORE_UNUSED, c->begin, c->end,
				  "%s finds nothing here", id);
			lint_cure(f, "remove the comment");
		}
	}
}

void
lint_silence(struct lint_file *f)
{
	for (size_t i = 0; i < f->n_lines; i++) {
		struct comment c = { .ids = { NULL, 0, 0 } };

		if (read_comment(f, f->lines[i], lint_line_end(f, f->lines[i]),
				 &c)) {
			find_extent(f, &c);
			use_comment(f, &c);
		}
		strv_release(&c.ids);
	}
}
