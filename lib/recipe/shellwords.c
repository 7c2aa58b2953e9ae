/* SPDX-License-Identifier: MIT */
/*
 * Words: quotes, escapes, expansions. An expansion is kept as it is written;
 * a command substitution is read for the commands in it, in place.
 */
#include "recipe/shellwords.h"

#include <string.h>

#include "recipe/shellwords_parts.h"

void
shell_trouble(struct shell_parser *p, const char *what)
{
	if (!p->trouble)
		p->trouble = what;
}

bool
shell_is_operator(char c)
{
	return c == ';' || c == '&' || c == '|' || c == '<' || c == '>' ||
		c == '(' || c == ')' || c == '\n';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

void
shell_skip_blanks(struct shell_parser *p)
{
	while (p->pos < p->len) {
		if (is_blank(p->s[p->pos]))
			p->pos++;
		else if (p->s[p->pos] == '\\' && p->pos + 1 < p->len &&
			 p->s[p->pos + 1] == '\n')
			p->pos += 2;
		else
			break;
	}
}

static char
peek(const struct shell_parser *p, size_t ahead)
{
	return p->pos + ahead < p->len ? p->s[p->pos + ahead] : '\0';
}

/* What is open when a word or an expansion in it is read. */
struct reading {
	struct shell_parser *p;
	struct buf text;
	bool quoted, expands;
};

static void read_dollar(struct reading *r);

/* Copy up to and including the next c; all of the rest if there is none. */
static void
copy_until(struct reading *r, char c, const char *what)
{
	struct shell_parser *p = r->p;
	const char *end = memchr(p->s + p->pos, c, p->len - p->pos);

	if (!end)
		shell_trouble(p, what);
	size_t n = end ? (size_t)(end - p->s) - p->pos : p->len - p->pos;
	buf_add(&r->text, p->s + p->pos, n);
	p->pos += n + (end ? 1 : 0);
}

/* `...`, behind the first one: the text is kept with both of them. */
static void
read_backquoted(struct reading *r)
{
	struct shell_parser *p = r->p;
	struct buf script = BUF_INIT;
	size_t begin = p->pos - 1, inner = p->pos;
	bool escaped = false, closed = false;

	while (p->pos < p->len && !closed) {
		char c = p->s[p->pos++];
		if (c == '\\' && p->pos < p->len) {
			escaped = true;
			c = p->s[p->pos++];
		} else if (c == '`') {
			closed = true;
			break;
		}
		buf_addc(&script, c);
	}
	if (!closed)
		shell_trouble(p, "a backquote is not closed");
	size_t end = p->pos;
	buf_add(&r->text, p->s + begin, end - begin);
	r->expands = true;
	bool was = p->substituted;
	p->substituted = true;
	if (escaped) {
		shell_read_copy(p, script.data, script.len, begin, end);
	} else if (p->nesting < SHELL_MAX_NESTING) {
		size_t len = p->len;
		p->pos = inner;
		p->len = end - closed;
		shell_read_list(p, UNTIL_END);
		p->pos = end;
		p->len = len;
	}
	p->substituted = was;
	buf_release(&script);
}

/* $((...)), behind the parentheses: up to the "))" that closes it. */
static void
read_arithmetic(struct reading *r)
{
	struct shell_parser *p = r->p;
	size_t begin = p->pos;
	int open = 2;

	while (p->pos < p->len && open > 0) {
		char c = p->s[p->pos++];
		open += c == '(' ? 1 : c == ')' ? -1 : 0;
	}
	if (open > 0)
		shell_trouble(p, "'((' is not closed");
	buf_add(&r->text, p->s + begin, p->pos - begin);
}

static void
read_substitution(struct reading *r)
{
	struct shell_parser *p = r->p;
	bool was = p->substituted;
	size_t begin = p->pos;

	if (p->nesting >= SHELL_MAX_NESTING) {
		shell_trouble(p, "nested too deep");
		p->pos = p->len;
	} else {
		p->substituted = true;
		shell_read_list(p, UNTIL_PAREN);
		p->substituted = was;
	}
	buf_add(&r->text, p->s + begin, p->pos - begin);
}

/* "...", behind the first quote. */
static void
read_double_quoted(struct reading *r)
{
	struct shell_parser *p = r->p;

	while (p->pos < p->len) {
		char c = p->s[p->pos];
		if (c == '"') {
			p->pos++;
			return;
		}
		if (c == '$') {
			read_dollar(r);
		} else if (c == '`') {
			p->pos++;
			read_backquoted(r);
		} else if (c == '\\' && p->pos + 1 < p->len) {
			char next = p->s[p->pos + 1];
			if (!strchr("$`\"\\\n", next) || !next)
				buf_addc(&r->text, c);
			if (next != '\n')
				buf_addc(&r->text, next);
			p->pos += 2;
		} else {
			buf_addc(&r->text, c);
			p->pos++;
		}
	}
	shell_trouble(p, "a double quote is not closed");
}

/* ${...}, behind the brace, as written; what is in it may nest. */
static void
read_braces(struct reading *r)
{
	struct shell_parser *p = r->p;

	p->nesting++;
	while (p->pos < p->len) {
		char c = p->s[p->pos];
		if (c == '$' && p->nesting < SHELL_MAX_NESTING) {
			read_dollar(r);
			continue;
		}
		p->pos++;
		buf_addc(&r->text, c);
		if (c == '}')
			goto out;
		if (c == '\\' && p->pos < p->len) {
			buf_addc(&r->text, p->s[p->pos++]);
		} else if (c == '\'') {
			copy_until(r, '\'', "a quote is not closed");
			buf_addc(&r->text, '\'');
		}
	}
	shell_trouble(p, "'${' is not closed");
out:
	p->nesting--;
}

/* At a '$'. */
static void
read_dollar(struct reading *r)
{
	struct shell_parser *p = r->p;
	char next = peek(p, 1);

	buf_addc(&r->text, '$');
	p->pos++;
	if (next == '(') {
		r->expands = true;
		p->pos++;
		buf_addc(&r->text, '(');
		if (peek(p, 0) == '(') {
			p->pos++;
			buf_addc(&r->text, '(');
			read_arithmetic(r);
		} else {
			read_substitution(r);
		}
	} else if (next == '{') {
		r->expands = true;
		p->pos++;
		buf_addc(&r->text, '{');
		read_braces(r);
	} else if (next == '_' || (next >= '0' && next <= '9') ||
		   (next >= 'a' && next <= 'z') ||
		   (next >= 'A' && next <= 'Z') ||
		   (next && strchr("@*#?$!-", next))) {
		r->expands = true;
	}
}

/* $'...' and $"..." of bash, at the '$'. */
static bool
read_bash_quote(struct reading *r)
{
	struct shell_parser *p = r->p;
	char next = peek(p, 1);

	if (next != '\'' && next != '"')
		return false;
	p->pos += 2;
	r->quoted = true;
	if (next == '"') {
		read_double_quoted(r);
		return true;
	}
	while (p->pos < p->len) {
		char c = p->s[p->pos++];
		if (c == '\'')
			return true;
		if (c == '\\' && p->pos < p->len)
			c = p->s[p->pos++];
		buf_addc(&r->text, c);
	}
	shell_trouble(p, "a quote is not closed");
	return true;
}

/* !(a|b) and the like, and the list of an array: NAME=(a b). */
static bool
read_parenthesis(struct reading *r)
{
	struct shell_parser *p = r->p;
	char before = r->text.len ? r->text.data[r->text.len - 1] : '\0';
	int open = 0;

	if (!before || !strchr("?*+@!=", before))
		return false;
	do {
		char c = p->s[p->pos++];
		open += c == '(' ? 1 : c == ')' ? -1 : 0;
		buf_addc(&r->text, c);
	} while (p->pos < p->len && open > 0);
	if (open > 0)
		shell_trouble(p, "'(' is not closed");
	return true;
}

/* One piece of a word; false where the word ends. */
static bool
read_piece(struct reading *r)
{
	struct shell_parser *p = r->p;
	char c = p->s[p->pos];

	if (is_blank(c) || (shell_is_operator(c) && c != '('))
		return false;
	if (c == '(')
		return read_parenthesis(r);
	if (c == '$') {
		if (!read_bash_quote(r))
			read_dollar(r);
		return true;
	}
	p->pos++;
	switch (c) {
	case '\\':
		if (p->pos < p->len && p->s[p->pos] != '\n') {
			buf_addc(&r->text, p->s[p->pos]);
			r->quoted = true;
		}
		p->pos += p->pos < p->len;
		break;
	case '\'':
		r->quoted = true;
		copy_until(r, '\'', "a quote is not closed");
		break;
	case '"':
		r->quoted = true;
		read_double_quoted(r);
		break;
	case '`':
		read_backquoted(r);
		break;
	default:
		buf_addc(&r->text, c);
	}
	return true;
}

struct shell_word
shell_read_word(struct shell_parser *p)
{
	struct reading r = { .p = p, .text = BUF_INIT };
	struct shell_word w = { .begin = p->pos };

	while (p->pos < p->len && read_piece(&r))
		;
	w.end = p->pos;
	if (p->fixed) {
		w.begin = p->fixed_begin;
		w.end = p->fixed_end;
	}
	w.text = arena_strndup(p->arena, r.text.data, r.text.len);
	w.quoted = r.quoted;
	w.expands = r.expands;
	buf_release(&r.text);
	return w;
}
