/* SPDX-License-Identifier: MIT */
/*
 * Matching. A program is run as a set of positions in it that moves along the
 * path rune by rune: position i means that token i is next, n_tokens means the
 * end. Tokens that consume nothing only ever lead forward, so one pass from
 * low to high closes the set. The cheap tests before it (depth, first and last
 * bytes) decide nearly all paths.
 */

#include "source/glob.h"

#include <string.h>

#include "source/glob_tokens.h"

#define WORD_BITS 64
#define MAX_WORDS ((GLOB_TOKENS + GLOB_GROUP) / WORD_BITS + 1)

struct states {
	uint64_t w[MAX_WORDS];
};

static bool
has(const struct states *s, size_t i)
{
	return s->w[i / WORD_BITS] >> i % WORD_BITS & 1;
}

static void
set(struct states *s, size_t i)
{
	s->w[i / WORD_BITS] |= UINT64_C(1) << i % WORD_BITS;
}

static bool
is_word(uint32_t r)
{
	return (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') ||
	       (r >= 'A' && r <= 'Z') || r == '_';
}

/* Where in the path the states are: what is left and right of it. */
struct place {
	bool begin, end;
	bool boundary;		/* between a word rune and another */
	bool unsure;		/* what comes is not known: may be either */
};

/* Does the token let the next one have its turn without taking a rune? */
static bool
is_passed(const struct glob_token *t, const struct place *p)
{
	switch (t->kind) {
	case TOKEN_SPLIT:
	case TOKEN_ALT:
		return true;
	case TOKEN_BEGIN:
		return p->begin || t->optional;
	case TOKEN_END:
		return p->end || p->unsure || t->optional;
	case TOKEN_WORD:
		return p->boundary || p->unsure || t->optional;
	case TOKEN_NOT_WORD:
		return !p->boundary || p->unsure || t->optional;
	case TOKEN_JUMP:
		return false;
	default:
		return t->star || t->optional;
	}
}

static void
close_states(const struct glob *g, struct states *s,
	     const struct place *p)
{
	for (size_t i = 0; i < g->n_tokens; i++) {
		const struct glob_token *t = g->tokens + i;

		if (!s->w[i / WORD_BITS]) {
			i |= WORD_BITS - 1;	/* none of this word */
			continue;
		}
		if (!has(s, i))
			continue;
		if (is_passed(t, p))
			set(s, i + 1);
		if (t->kind == TOKEN_SPLIT)
			set(s, i + GLOB_GROUP);
		if (t->kind == TOKEN_ALT && t->target)
			set(s, t->target);
		if (t->kind == TOKEN_JUMP)
			set(s, g->n_tokens);
	}
}

static bool
takes(const struct glob *g, const struct glob_token *t, uint32_t r)
{
	switch (t->kind) {
	case TOKEN_RUNE:
		return t->rune == r;
	case TOKEN_SET:
		return glob_set_has(g->sets + t->set, r);
	case TOKEN_DOT:
		return r != '\n';
	default:
		return false;
	}
}

/* Every state takes r; false if none is left. */
static bool
step(const struct glob *g, struct states *s, uint32_t r)
{
	size_t words = g->n_tokens / WORD_BITS + 1;
	uint64_t carry = 0;
	uint64_t any = 0;

	for (size_t w = 0; w < words; w++) {
		uint64_t left = s->w[w];
		uint64_t next = carry;

		for (carry = 0; left; left &= left - 1) {
			size_t bit = (size_t)__builtin_ctzll(left);
			size_t i = w * WORD_BITS + bit;

			if (i >= g->n_tokens || !takes(g, g->tokens + i, r))
				continue;
			bit += !g->tokens[i].star;
			if (bit == WORD_BITS)
				carry = 1;
			else
				next |= UINT64_C(1) << bit;
		}
		s->w[w] = next;
		any |= next;
	}
	return any != 0;
}

/*
 * Run over s from offset `from`; false if no state is left. The runes before
 * it count as having been taken by nothing: only at the very beginning is it
 * the beginning.
 */
static bool
run(const struct glob *g, struct states *st, const char *s,
	size_t from, size_t len, bool unsure)
{
	uint32_t last = 0;
	size_t size;

	for (size_t i = from;; i += size) {
		uint32_t r = i < len ? rune_decode(s + i, len - i, &size) : 0;
		struct place p = {
			.begin = i == 0,
			.end = i == len && !unsure,
			.boundary = is_word(last) != is_word(r),
			.unsure = i == len && unsure,
		};

		close_states(g, st, &p);
		if (i == len)
			return true;
		if (!step(g, st, r))
			return false;
		last = r;
	}
}

static void
start(const struct glob *g, struct states *st, size_t token)
{
	memset(st->w, 0, (g->n_tokens / WORD_BITS + 1) * sizeof(st->w[0]));
	set(st, token);
}

/*
 * Behind a leading "**" "/" comes a known number of parts: they are the last
 * ones, and the group takes whatever is before them. Their offset.
 */
static size_t
last_parts(const struct glob_path *p, size_t parts)
{
	size_t i = p->base;

	while (--parts && i > 0)
		for (i--; i > 0 && p->s[i - 1] != '/'; i--)
			;
	return i;
}

/* The last tokens against the last bytes, as far as these are ASCII. */
static bool
end_fits(const struct glob *g, const struct glob_path *p)
{
	size_t at = p->len;

	for (size_t i = g->n_tokens; i > g->end_begin; i--) {
		if (!at)
			return false;
		if ((unsigned char)p->s[--at] >= 0x80)
			return true;
		if (!takes(g, g->tokens + i - 1, (unsigned char)p->s[at]))
			return false;
	}
	return true;
}

static bool
match_program(const struct glob *g, const struct glob_path *p)
{
	struct states st;
	size_t from = 0;

	if (g->depth != GLOB_ANY_DEPTH && g->depth != p->depth)
		return false;
	if (p->len < g->lead_len ||
	    memcmp(p->s, g->lead, g->lead_len) != 0 || !end_fits(g, p))
		return false;
	if (g->rest != GLOB_ANY_DEPTH && p->depth < g->rest)
		return false;
	if (g->rest != GLOB_ANY_DEPTH && !p->newline)
		from = last_parts(p, g->rest + 1);
	start(g, &st, from ? GLOB_GROUP : 0);
	return run(g, &st, p->s, from, p->len, false) && has(&st, g->n_tokens);
}

static bool
match_affix(const struct glob *g, const struct glob_path *p)
{
	const char *name = p->s + p->base;
	size_t len = p->len - p->base;

	if (g->deep ? p->newline : p->depth != 0)
		return false;
	return len >= g->len + g->tail_len &&
	       memcmp(name, g->text, g->len) == 0 &&
	       memcmp(name + len - g->tail_len, g->tail, g->tail_len) == 0;
}

bool
glob_begins_with_group(const struct glob *g)
{
	return g->n_tokens && g->tokens[0].kind == TOKEN_SPLIT;
}

bool
glob_match(const struct glob *g, const struct glob_path *p)
{
	switch (g->kind) {
	case GLOB_EXACT:
		return p->len == g->len && memcmp(p->s, g->text, g->len) == 0;
	case GLOB_PREFIX:
		return p->len >= g->len && memcmp(p->s, g->text, g->len) == 0;
	case GLOB_SUFFIX:
		if (p->len >= g->len &&
		    memcmp(p->s + p->len - g->len, g->text, g->len) == 0)
			return true;
		return g->len && g->text[0] == '/' && p->len == g->len - 1 &&
		       memcmp(p->s, g->text + 1, p->len) == 0;
	case GLOB_AFFIX:
		return match_affix(g, p);
	case GLOB_PROGRAM:
		break;
	}
	return match_program(g, p);
}

/* Does lead agree with dir and a '/' as far as both go? */
static bool
lead_agrees(const struct glob *g, const char *dir, size_t len)
{
	if (g->lead_len <= len)
		return memcmp(g->lead, dir, g->lead_len) == 0;
	return memcmp(g->lead, dir, len) == 0 && g->lead[len] == '/';
}

bool
glob_may_reach_below(const struct glob *g, const char *dir, size_t len,
		     size_t depth)
{
	return (g->depth == GLOB_ANY_DEPTH || g->depth >= depth) &&
	       lead_agrees(g, dir, len) &&
	       (g->kind != GLOB_EXACT || g->len > len + 1);
}

bool
glob_may_match_below(const struct glob *g, const char *dir, size_t len,
		     size_t depth)
{
	struct states st;

	if (!glob_may_reach_below(g, dir, len, depth))
		return false;
	if (g->kind != GLOB_PROGRAM)
		return true;
	start(g, &st, 0);
	if (!run(g, &st, dir, 0, len, true) || !step(g, &st, '/'))
		return false;
	close_states(g, &st, &(struct place){ .unsure = true });
	for (size_t i = 0; i < g->n_tokens; i++)
		if (has(&st, i))
			return true;
	return false;
}
