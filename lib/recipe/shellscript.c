/* SPDX-License-Identifier: MIT */
/*
 * Commands. Reserved words are looked for where a command begins; each opens
 * or closes a block, and the blocks say whether what stands in them is sure to
 * run. A command is added when it ends, those inside it before it.
 */
#include "recipe/shellwords.h"

#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "recipe/shellwords_parts.h"

#define MAX_BLOCKS 64
#define BUDGET_MIN (1 << 20)

enum block { BLOCK_IF, BLOCK_LOOP, BLOCK_CASE, BLOCK_BRACE };

/* The command being read, and the blocks around it in its list. */
struct list {
	struct shell_parser *p;
	struct shell_command c;
	size_t cap_assigns, cap_words, cap_redirects;
	enum shell_join join;
	size_t join_begin;
	bool seen;		/* a command of this list has ended */
	bool is_function;	/* the block that follows is a body */
	struct {
		enum block kind;
		bool conditional;	/* as it was outside */
	} blocks[MAX_BLOCKS];
	size_t n_blocks;
};

static bool
is_empty(const struct list *l)
{
	return !l->c.n_words && !l->c.n_assigns && !l->c.n_redirects;
}

static void *
keep(struct arena *arena, void *v, size_t n, size_t size)
{
	void *copy = n ? memcpy(arena_alloc(arena, n * size), v, n * size) :
			 NULL;

	free(v);
	return copy;
}

static bool
is_shell(const char *name)
{
	static const char *const names[] = {
		"sh", "bash", "dash", "ash", "zsh", "ksh", "su", "runuser"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* A quoted word without escapes: its inside is the script, in place. */
static bool
is_verbatim(const struct shell_parser *p, const struct shell_word *w)
{
	char quote = p->s[w->begin];
	size_t n = w->end - w->begin;

	return n >= 2 && (quote == '\'' || quote == '"') &&
	       p->s[w->end - 1] == quote && strlen(w->text) == n - 2 &&
	       !memcmp(w->text, p->s + w->begin + 1, n - 2);
}

/*
 * Substitutions in the script are read twice, and those in them four times:
 * the budget keeps this linear.
 */
static bool
pay(struct shell_parser *p, size_t bytes)
{
	if (p->budget < bytes) {
		shell_trouble(p, "nested too deep");
		return false;
	}
	p->budget -= bytes;
	return true;
}

static void
read_inside(struct shell_parser *p, const struct shell_word *w)
{
	size_t pos = p->pos, len = p->len;

	if (p->fixed || !is_verbatim(p, w)) {
		shell_read_copy(p, w->text, strlen(w->text), w->begin, w->end);
		return;
	}
	if (!pay(p, w->end - w->begin))
		return;
	p->pos = w->begin + 1;
	p->len = w->end - 1;
	p->depth++;
	shell_read_list(p, UNTIL_END);
	p->depth--;
	p->pos = pos;
	p->len = len;
}

/* sh -ec 'script': what the script runs is run, too. */
static void
read_argument(struct shell_parser *p, const struct shell_command *c)
{
	size_t i = shell_program(c);

	if (i == c->n_words || !is_shell(shell_program_name(c)) ||
	    p->nesting >= SHELL_MAX_NESTING)
		return;
	while (++i < c->n_words) {
		const char *w = c->words[i].text;
		if (w[0] != '-' && w[0] != '+')
			continue;	/* su's user */
		if (w[1] == '-' || !strchr(w, 'c'))
			continue;
		if (i + 1 < c->n_words)
			read_inside(p, &c->words[i + 1]);
		return;
	}
}

static void
end_command(struct list *l)
{
	struct shell_parser *p = l->p;
	struct shell_command *c = &l->c;

	if (is_empty(l))
		return;
	c->assigns = keep(p->arena, c->assigns, c->n_assigns,
			  sizeof(*c->assigns));
	c->words = keep(p->arena, c->words, c->n_words, sizeof(*c->words));
	c->redirects = keep(p->arena, c->redirects, c->n_redirects,
			    sizeof(*c->redirects));
	c->join = l->seen ? l->join : SHELL_FIRST;
	c->join_begin = l->join_begin;
	c->depth = p->depth + (int)l->n_blocks;
	c->conditional = p->conditional;
	c->substituted = p->substituted;
	c->exact = !p->fixed;
	mem_grow(p->v, p->n, p->cap);
	p->v[p->n++] = *c;
	l->seen = true;
	struct shell_command copy = *c;
	*c = (struct shell_command){ NULL };
	l->cap_assigns = l->cap_words = l->cap_redirects = 0;
	read_argument(p, &copy);
}

static void
touch(struct list *l, size_t begin, size_t end)
{
	if (is_empty(l))
		l->c.begin = begin;
	l->c.end = end;
}

/* NAME=..., NAME+=...; the array's NAME[1]= is left a word. */
static bool
is_assignment(const struct shell_word *w)
{
	const char *s = w->text;
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	if (!n || (*s >= '0' && *s <= '9'))
		return false;
	return s[n] == '=' || (s[n] == '+' && s[n + 1] == '=');
}

static void
add_word(struct list *l, const struct shell_word *w)
{
	struct shell_command *c = &l->c;

	touch(l, w->begin, w->end);
	if (!c->n_words && is_assignment(w)) {
		mem_grow(c->assigns, c->n_assigns, l->cap_assigns);
		c->assigns[c->n_assigns++] = *w;
	} else {
		mem_grow(c->words, c->n_words, l->cap_words);
		c->words[c->n_words++] = *w;
	}
}

static void
add_redirect(struct list *l, const struct shell_redirect *r)
{
	struct shell_command *c = &l->c;

	touch(l, r->begin, r->end);
	mem_grow(c->redirects, c->n_redirects, l->cap_redirects);
	c->redirects[c->n_redirects++] = *r;
}

static void
open_block(struct list *l, enum block kind)
{
	if (l->n_blocks == MAX_BLOCKS) {
		shell_trouble(l->p, "nested too deep");
		return;
	}
	l->blocks[l->n_blocks].kind = kind;
	l->blocks[l->n_blocks++].conditional = l->p->conditional;
	if (kind == BLOCK_CASE || l->is_function)
		l->p->conditional = true;
	l->is_function = false;
}

static void
close_block(struct list *l)
{
	if (l->n_blocks)
		l->p->conditional = l->blocks[--l->n_blocks].conditional;
	else
		shell_trouble(l->p, "the end of a block that none began");
}

static const char *
read_redirect_operator(struct shell_parser *p)
{
	static const char *const ops[] = {
		"<<-", "<<<", "&>>", "<<", "<&", "<>", ">>", ">&", ">|", "&>",
		"<", ">"
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		size_t n = strlen(ops[i]);
		if (p->len - p->pos >= n && !memcmp(p->s + p->pos, ops[i], n)) {
			p->pos += n;
			return ops[i];
		}
	}
	return NULL;
}

/* <(...) and >(...): a word whose commands are run. */
static void
read_process(struct list *l)
{
	struct shell_parser *p = l->p;
	struct shell_word w = { .begin = p->pos, .expands = true };
	bool was = p->substituted;

	p->pos += 2;
	p->substituted = true;
	shell_read_list(p, UNTIL_PAREN);
	p->substituted = was;
	w.end = p->pos;
	w.text = arena_strndup(p->arena, p->s + w.begin, w.end - w.begin);
	if (p->fixed) {
		w.begin = p->fixed_begin;
		w.end = p->fixed_end;
	}
	add_word(l, &w);
}

static void
read_redirect(struct list *l, size_t begin)
{
	struct shell_parser *p = l->p;
	struct shell_redirect r = { .begin = begin };

	r.attached = begin > 0 && begin == p->pos && !is_empty(l) &&
		!strchr(" \t\n\r;|&()", p->s[begin - 1]);
	r.op = read_redirect_operator(p);
	shell_skip_blanks(p);
	r.target = shell_read_word(p);
	r.end = p->pos;
	if (p->fixed) {
		r.begin = p->fixed_begin;
		r.end = p->fixed_end;
	}
	if (!strcmp(r.op, "<<") || !strcmp(r.op, "<<-"))
		shell_note_heredoc(p, &r);
	add_redirect(l, &r);
}

/* Digits and then an angle: the number of a descriptor. */
static bool
at_descriptor(const struct shell_parser *p, size_t *digits)
{
	size_t i = p->pos;

	while (i < p->len && p->s[i] >= '0' && p->s[i] <= '9')
		i++;
	*digits = i - p->pos;
	return *digits && i < p->len && (p->s[i] == '<' || p->s[i] == '>');
}

/* [[ ... ]]: && || < > ( ) in it are no operators. */
static void
read_test(struct list *l)
{
	struct shell_parser *p = l->p;

	while (p->pos < p->len) {
		shell_skip_blanks(p);
		if (p->pos == p->len)
			break;
		if (shell_is_operator(p->s[p->pos])) {
			p->pos++;
			continue;
		}
		struct shell_word w = shell_read_word(p);
		add_word(l, &w);
		if (!w.quoted && !strcmp(w.text, "]]"))
			return;
	}
	shell_trouble(p, "'[[' is not closed");
}

static void
take_reserved(struct list *l, enum shell_reserved kind)
{
	struct shell_parser *p = l->p;

	switch (kind) {
	case RESERVED_BEGIN_IF:
		open_block(l, BLOCK_IF);
		break;
	case RESERVED_BEGIN_LOOP:
		open_block(l, BLOCK_LOOP);
		break;
	case RESERVED_BRANCH:
		p->conditional |= l->n_blocks > 0;
		break;
	case RESERVED_END:
		close_block(l);
		break;
	case RESERVED_FOR:
		open_block(l, BLOCK_LOOP);
		shell_skip_words(p, false);
		break;
	case RESERVED_CASE:
		open_block(l, BLOCK_CASE);
		shell_skip_words(p, true);
		shell_skip_pattern(p);
		break;
	case RESERVED_BRACE:
		open_block(l, BLOCK_BRACE);
		break;
	case RESERVED_FUNCTION:
		shell_skip_blanks(p);
		shell_read_word(p);
		l->is_function = true;
		break;
	case RESERVED_NOT:
	case RESERVED_NONE:
		break;
	}
}

static void
read_plain_word(struct list *l)
{
	struct shell_parser *p = l->p;
	size_t before = p->pos;
	struct shell_word w = shell_read_word(p);
	enum shell_reserved kind = is_empty(l) ? shell_reserved_word(&w) : RESERVED_NONE;

	if (p->pos == before) {
		p->pos++;
	} else if (kind != RESERVED_NONE) {
		take_reserved(l, kind);
	} else {
		bool is_test = is_empty(l) && !strcmp(w.text, "[[");
		add_word(l, &w);
		if (is_test)
			read_test(l);
	}
}

/* A '(': a subshell, "((", or behind the name of a function. */
static void
read_open(struct list *l)
{
	struct shell_parser *p = l->p;
	bool was = p->conditional;

	p->pos++;
	if (l->c.n_words == 1 && !l->c.n_assigns) {
		shell_skip_blanks(p);
		if (p->pos < p->len && p->s[p->pos] == ')') {
			p->pos++;
			l->is_function = true;
			free(l->c.words);
			free(l->c.redirects);
			l->c = (struct shell_command){ NULL };
			l->cap_words = l->cap_redirects = 0;
			return;
		}
	}
	if (p->pos < p->len && p->s[p->pos] == '(' && is_empty(l)) {
		int open = 1;
		for (; p->pos < p->len && open > 0; p->pos++)
			open += p->s[p->pos] == '(' ? 1 :
				p->s[p->pos] == ')' ? -1 : 0;
		l->seen = true;
		return;
	}
	end_command(l);
	if (p->nesting >= SHELL_MAX_NESTING) {
		shell_trouble(p, "nested too deep");
		p->pos = p->len;
		return;
	}
	p->conditional |= l->is_function;
	l->is_function = false;
	p->depth++;
	shell_read_list(p, UNTIL_PAREN);
	p->depth--;
	p->conditional = was;
	l->seen = true;
}

static void
join(struct list *l, enum shell_join how, size_t n)
{
	end_command(l);
	l->join = how;
	l->join_begin = l->p->fixed ? l->p->fixed_begin : l->p->pos;
	l->p->pos += n;
}

static void
read_operator(struct list *l)
{
	struct shell_parser *p = l->p;
	char c = p->s[p->pos];
	char next = p->pos + 1 < p->len ? p->s[p->pos + 1] : '\0';

	if (c == '&' && next == '>') {
		read_redirect(l, p->pos);
	} else if (c == '&') {
		join(l, next == '&' ? SHELL_AND : SHELL_NEXT,
		     next == '&' ? 2 : 1);
	} else if (c == '|' && next == '|') {
		join(l, SHELL_OR, 2);
	} else if (c == '|') {
		join(l, SHELL_PIPE, next == '&' ? 2 : 1);
	} else if (c == '\n') {
		join(l, SHELL_NEXT, 1);
		shell_read_heredocs(p);
	} else {
		bool is_case = l->n_blocks &&
			l->blocks[l->n_blocks - 1].kind == BLOCK_CASE;
		join(l, SHELL_NEXT, 1);
		if (next == ';' || (next == '&' && is_case)) {
			p->pos++;
			if (is_case)
				shell_skip_pattern(p);
		}
	}
}

/* One step forward; false behind the ')' that ends the list. */
static bool
read_step(struct list *l, enum shell_until until)
{
	struct shell_parser *p = l->p;
	char c = p->s[p->pos];
	size_t digits;

	if (c == '#') {
		shell_skip_line(p);
	} else if (c == ')') {
		end_command(l);
		p->pos++;
		if (until == UNTIL_PAREN)
			return false;
		shell_trouble(p, "a ')' that closes nothing");
	} else if (c == '(') {
		read_open(l);
	} else if ((c == '<' || c == '>') && p->pos + 1 < p->len &&
		   p->s[p->pos + 1] == '(' && p->nesting < SHELL_MAX_NESTING) {
		read_process(l);
	} else if (c == '<' || c == '>') {
		read_redirect(l, p->pos);
	} else if (at_descriptor(p, &digits)) {
		p->pos += digits;
		read_redirect(l, p->pos - digits);
	} else if (shell_is_operator(c)) {
		read_operator(l);
	} else {
		read_plain_word(l);
	}
	return true;
}

void
shell_read_list(struct shell_parser *p, enum shell_until until)
{
	struct list *l = mem_alloc(sizeof(*l));
	bool was = p->conditional, open = true;

	l->p = p;
	p->nesting++;
	for (;;) {
		shell_skip_blanks(p);
		if (p->pos >= p->len || !open)
			break;
		open = read_step(l, until);
		if (!open)
			break;
	}
	end_command(l);
	if (open && until == UNTIL_PAREN)
		shell_trouble(p, "'(' is not closed");
	if (l->n_blocks)
		shell_trouble(p, "a block is not closed");
	p->conditional = was;
	p->nesting--;
	free(l);
}

void
shell_read_copy(struct shell_parser *p, const char *text, size_t len,
		size_t begin, size_t end)
{
	struct shell_parser outer = *p;

	if (p->nesting >= SHELL_MAX_NESTING || !pay(p, len)) {
		shell_trouble(p, "nested too deep");
		return;
	}
	p->s = text;
	p->len = len;
	p->pos = 0;
	p->depth++;
	p->heredocs = NULL;
	p->n_heredocs = p->cap_heredocs = 0;
	if (!p->fixed) {
		p->fixed = true;
		p->fixed_begin = begin;
		p->fixed_end = end;
	}
	shell_read_list(p, UNTIL_END);
	free(p->heredocs);
	outer.v = p->v;
	outer.n = p->n;
	outer.cap = p->cap;
	outer.trouble = p->trouble;
	outer.budget = p->budget;
	*p = outer;
}

static void
finish(struct shell_parser *p, struct shell_script *out)
{
	out->n = p->n;
	out->v = keep(p->arena, p->v, p->n, sizeof(*p->v));
	out->trouble = p->trouble;
	free(p->heredocs);
}

void
shell_parse(struct arena *arena, const char *text, size_t len,
	    struct shell_script *out)
{
	struct shell_parser p = { .s = text, .len = len, .arena = arena,
				  .budget = 8 * len + BUDGET_MIN };

	shell_read_list(&p, UNTIL_END);
	finish(&p, out);
}

void
shell_parse_words(struct arena *arena, const char *const *words, size_t n,
		  struct shell_script *out)
{
	struct shell_parser p = { .s = "", .arena = arena, .fixed = true,
				  .budget = BUDGET_MIN };
	struct list *l = mem_alloc(sizeof(*l));

	l->p = &p;
	for (size_t i = 0; i < n; i++) {
		struct shell_word w = { .text = arena_strdup(arena, words[i]),
					.quoted = true };
		mem_grow(l->c.words, l->c.n_words, l->cap_words);
		l->c.words[l->c.n_words++] = w;
	}
	end_command(l);
	free(l);
	finish(&p, out);
}
