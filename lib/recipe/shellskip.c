/* SPDX-License-Identifier: MIT */
/*
 * What is between commands: comments, the words of for and case, the bodies of
 * heredocs, reserved words.
 */
#include "recipe/shellwords.h"

#include <string.h>

#include "recipe/shellwords_parts.h"

void
shell_skip_line(struct shell_parser *p)
{
	const char *end = memchr(p->s + p->pos, '\n', p->len - p->pos);

	p->pos = end ? (size_t)(end - p->s) : p->len;
}

/* Blanks, ends of lines, comments. */
static void
skip_space(struct shell_parser *p)
{
	for (;;) {
		shell_skip_blanks(p);
		if (p->pos < p->len && p->s[p->pos] == '\n')
			p->pos++;
		else if (p->pos < p->len && p->s[p->pos] == '#')
			shell_skip_line(p);
		else
			break;
	}
}

/* The words of "for x in a b" and "case x in" up to `in` or the end. */
void
shell_skip_words(struct shell_parser *p, bool to_in)
{
	for (;;) {
		shell_skip_blanks(p);
		if (p->pos == p->len || shell_is_operator(p->s[p->pos]))
			return;
		struct shell_word w = shell_read_word(p);
		if (to_in && !w.quoted && !strcmp(w.text, "in"))
			return;
	}
}

/* The pattern of a case, behind its ')'; nothing before esac. */
void
shell_skip_pattern(struct shell_parser *p)
{
	skip_space(p);
	if (p->len - p->pos >= 4 && !memcmp(p->s + p->pos, "esac", 4))
		return;
	if (p->pos < p->len && p->s[p->pos] == '(')
		p->pos++;
	while (p->pos < p->len && p->s[p->pos] != ')') {
		size_t before = p->pos;
		shell_skip_blanks(p);
		shell_read_word(p);
		p->pos += p->pos == before;
	}
	p->pos += p->pos < p->len;
}

void
shell_read_heredocs(struct shell_parser *p)
{
	for (size_t i = 0; i < p->n_heredocs; i++) {
		const struct shell_heredoc *doc = &p->heredocs[i];
		bool found = false;
		while (p->pos < p->len && !found) {
			size_t begin = p->pos;
			shell_skip_line(p);
			size_t n = p->pos - begin;
			const char *line = p->s + begin;
			p->pos += p->pos < p->len;
			for (; doc->chomp && n && *line == '\t'; n--)
				line++;
			if (n && line[n - 1] == '\r')
				n--;
			found = n == strlen(doc->end) &&
				!memcmp(line, doc->end, n);
		}
		if (!found)
			shell_trouble(p, "a heredoc is not closed");
	}
	p->n_heredocs = 0;
}

void
shell_note_heredoc(struct shell_parser *p, const struct shell_redirect *r)
{
	if (p->nesting >= SHELL_MAX_NESTING)
		return;
	mem_grow(p->heredocs, p->n_heredocs, p->cap_heredocs);
	p->heredocs[p->n_heredocs++] = (struct shell_heredoc){
		.end = r->target.text, .chomp = !strcmp(r->op, "<<-"),
	};
}

enum shell_reserved
shell_reserved_word(const struct shell_word *w)
{
	static const struct {
		const char *word;
		enum shell_reserved kind;
	} table[] = {
		{ "if", RESERVED_BEGIN_IF }, { "while", RESERVED_BEGIN_LOOP },
		{ "until", RESERVED_BEGIN_LOOP }, { "then", RESERVED_BRANCH },
		{ "elif", RESERVED_BRANCH }, { "else", RESERVED_BRANCH },
		{ "do", RESERVED_BRANCH }, { "fi", RESERVED_END },
		{ "done", RESERVED_END }, { "esac", RESERVED_END },
		{ "}", RESERVED_END }, { "for", RESERVED_FOR },
		{ "select", RESERVED_FOR }, { "case", RESERVED_CASE },
		{ "{", RESERVED_BRACE }, { "function", RESERVED_FUNCTION },
		{ "!", RESERVED_NOT },
	};

	if (w->quoted || w->expands)
		return RESERVED_NONE;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(w->text, table[i].word))
			return table[i].kind;
	return RESERVED_NONE;
}
