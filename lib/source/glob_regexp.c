/* SPDX-License-Identifier: MIT */
/*
 * The regular expressions that patterns become, read as Go's regexp/syntax
 * does (parser.go, flags Perl). Only a few operators can be in them: sets,
 * escapes, the group "(.*" "/)?", a star behind a set or a dot, '^', and, since
 * they are not escaped, '|' and counted repetition. "\Q", "\C" and "\p" are
 * refused.
 */

#include <string.h>

#include "base/mem.h"
#include "source/glob.h"
#include "source/glob_tokens.h"

#define REPEAT_MAX 1000

static const char too_long[] = "pattern too long";
static const char bad_repeat[] = "nothing that '{' could repeat";
static const char bad_count[] = "count in '{}' that is too large";

struct parser {
	struct glob *g;
	const char *s;		/* what is left */
	const char *end;
	size_t alt;		/* the last alt, if there are alternatives */
	size_t atom;		/* what a '{' would repeat; n_tokens: nothing */
};

static struct glob_token *
add(struct parser *p, enum glob_token_kind kind,
	uint32_t rune)
{
	struct glob_token *t = &p->g->tokens[p->g->n_tokens];

	p->atom = p->g->n_tokens++;
	*t = (struct glob_token){ .kind = kind, .rune = rune };
	return t;
}

static struct glob_set *
add_set(struct parser *p)
{
	struct glob *g = p->g;

	add(p, TOKEN_SET, (uint32_t)g->n_sets);
	g->sets = mem_resize(g->sets, g->n_sets + 1, sizeof(*g->sets));
	memset(&g->sets[g->n_sets], 0, sizeof(*g->sets));
	return &g->sets[g->n_sets++];
}

static void
no_atom(struct parser *p)
{
	p->atom = p->g->n_tokens;
}

/* Any runes at all: the set of those that are not in an empty one. */
static void
add_anything(struct parser *p)
{
	struct glob_set *set = add_set(p);

	set->negated = true;
	p->g->tokens[p->atom].star = true;
	no_atom(p);
}

/* "(.*" "/)?" twice is the same as once. */
static void
add_group(struct parser *p)
{
	const struct glob *g = p->g;

	p->s += strlen(".*/)?");
	if (g->n_tokens < GLOB_GROUP ||
	    g->tokens[g->n_tokens - GLOB_GROUP].kind != TOKEN_SPLIT) {
		add(p, TOKEN_SPLIT, 0);
		add(p, TOKEN_DOT, 0)->star = true;
		add(p, TOKEN_RUNE, '/');
	}
	no_atom(p);
}

static const char *
parse_backslash(struct parser *p)
{
	const struct glob_range *class;
	const char *why;
	bool negated;
	uint32_t rune;
	size_t n;
	char c = p->s < p->end ? *p->s : '\0';

	class = glob_perl_class(c, &n, &negated);
	if (class) {
		glob_set_add_class(add_set(p), class, n, negated);
	} else if (c == 'b' || c == 'B') {
		add(p, c == 'b' ? TOKEN_WORD : TOKEN_NOT_WORD, 0);
	} else if (c == 'A' || c == 'z') {
		add(p, c == 'A' ? TOKEN_BEGIN : TOKEN_END, 0);
	} else {
		why = glob_parse_escape(&rune, &p->s, p->end);
		if (!why)
			add(p, TOKEN_RUNE, rune);
		return why;
	}
	p->s++;
	return NULL;
}

/* A number as in a repetition: no leading zeros. -1 if there is none. */
static long
parse_count(const char **s, const char *end)
{
	const char *from = *s;
	long n = 0;

	while (*s < end && **s >= '0' && **s <= '9') {
		if (n <= REPEAT_MAX)
			n = n * 10 + (**s - '0');
		(*s)++;
	}
	return *s == from || (*from == '0' && *s - from > 1) ? -1 : n;
}

/* "N}", "N,}" or "N,M}" at s, moved behind it; false if it is anything else. */
static bool
parse_counts(const char **s, const char *end, long *min, long *max)
{
	const char *at = *s;

	*min = parse_count(&at, end);
	*max = *min;
	if (*min >= 0 && at < end && *at == ',') {
		at++;
		*max = at < end && *at == '}' ? REPEAT_MAX + 2 :
			parse_count(&at, end);
	}
	if (*min < 0 || *max < 0 || at == end || *at != '}')
		return false;
	*s = at + 1;
	return true;
}

/* The atom min times, then as often more as max allows. */
static const char *
repeat(struct parser *p, long min, long max)
{
	bool open = max == REPEAT_MAX + 2;
	struct glob *g = p->g;
	struct glob_token atom;

	if (p->atom == g->n_tokens)
		return bad_repeat;
	if (min > REPEAT_MAX || (!open && (max > REPEAT_MAX || max < min)))
		return bad_count;
	atom = g->tokens[--g->n_tokens];
	if (open)
		max = min + 1;
	if (g->n_tokens + (size_t)max > GLOB_TOKENS)
		return too_long;
	for (long i = 0; i < max; i++) {
		struct glob_token *t = &g->tokens[g->n_tokens++];

		*t = atom;
		t->star = i >= min && open;
		t->optional = i >= min;
	}
	no_atom(p);
	return NULL;
}

static const char *
parse_brace(struct parser *p)
{
	long min, max;

	if (parse_counts(&p->s, p->end, &min, &max))
		return repeat(p, min, max);
	add(p, TOKEN_RUNE, '{');
	return NULL;
}

/* One more alternative; the first learns only now that it is one. */
static void
parse_bar(struct parser *p)
{
	struct glob *g = p->g;

	if (!p->alt) {
		memmove(g->tokens + 1, g->tokens,
			g->n_tokens * sizeof(*g->tokens));
		g->tokens[0] = (struct glob_token){ .kind = TOKEN_ALT };
		g->n_tokens++;
	}
	add_anything(p);
	add(p, TOKEN_JUMP, 0);
	g->tokens[p->alt].target = (uint32_t)g->n_tokens;
	p->alt = g->n_tokens;
	add(p, TOKEN_ALT, 0);
	add_anything(p);
}

static const char *
parse_next(struct parser *p)
{
	size_t size;
	uint32_t c = rune_decode(p->s, (size_t)(p->end - p->s), &size);

	p->s += size;
	switch (c) {
	case '(':
		add_group(p);
		return NULL;
	case '[':
		return glob_parse_set(add_set(p), &p->s, p->end);
	case '*':
		p->g->tokens[p->g->n_tokens - 1].star = true;
		no_atom(p);
		return NULL;
	case '\\':
		return parse_backslash(p);
	case '.':
		add(p, TOKEN_DOT, 0);
		return NULL;
	case '^':
		add(p, TOKEN_BEGIN, 0);
		return NULL;
	case '{':
		return parse_brace(p);
	case '|':
		parse_bar(p);
		return NULL;
	default:
		add(p, TOKEN_RUNE, c);
		return NULL;
	}
}

const char *
glob_parse_regexp(struct glob *g, const char *s, size_t len)
{
	struct parser p = { .g = g, .s = s, .end = s + len };
	const char *why = NULL;

	/* One step of the parser adds at most five tokens. */
	g->tokens = mem_array(GLOB_TOKENS + 5, sizeof(*g->tokens));
	while (!why && p.s < p.end && g->n_tokens < GLOB_TOKENS)
		why = parse_next(&p);
	g->tokens = mem_resize(g->tokens, g->n_tokens + 1, sizeof(*g->tokens));
	return why ? why : p.s < p.end ? too_long : NULL;
}
