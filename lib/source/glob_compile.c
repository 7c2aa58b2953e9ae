/* SPDX-License-Identifier: MIT */
/*
 * From the pattern to its class, in the steps of the original. First Go's
 * filepath.Match() says whether it is well formed. Then it is turned into a
 * regular expression character by character, without regard for '[': "[*]"
 * becomes "[[^/]*]" and means what that means. The regular expression is used
 * only where the class is not one of the simple three; it is then parsed here,
 * since it can hold no more than a few of Go's operators.
 */

#include "source/glob.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "source/glob_tokens.h"

static const char bad_pattern[] = "not a well formed pattern";

uint32_t
rune_decode(const char *s, size_t len, size_t *size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s[0];
	size_t n = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 :
		c < 0xf8 ? 4 : 0;
	uint32_t r = n == 1 ? c : c & (0x7fu >> n);

	*size = 1;
	if (n == 0 || n > len)
		return RUNE_ERROR;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return RUNE_ERROR;
		r = r << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (r < least[n] || r > RUNE_MAX || (r >= 0xd800 && r < 0xe000))
		return RUNE_ERROR;
	*size = n;
	return r;
}

static void
add_rune(struct buf *b, uint32_t r)
{
	if (r < 0x80) {
		buf_addc(b, (char)r);
		return;
	}
	if (r < 0x800) {
		buf_addc(b, (char)(0xc0 | r >> 6));
	} else {
		if (r < 0x10000) {
			buf_addc(b, (char)(0xe0 | r >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | r >> 18));
			buf_addc(b, (char)(0x80 | (r >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (r >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (r & 0x3f)));
}

/*
 * The regular expression, appended to out without its "^" and "$"; the result
 * is the class. The tests on i and kind are the original's. It means to escape
 * '|', '{' and '}' too, but its bitmap has no room for them (64 bits), so they
 * keep their meaning in the regular expression.
 */
static enum glob_kind
translate(const char *s, const char *end, struct buf *out)
{
	enum glob_kind kind = GLOB_EXACT;

	for (size_t i = 0; s < end; i++) {
		char c = *s++;

		if (c == '*' && s < end && *s == '*') {
			s++;
			s += s < end && *s == '/';
			if (s < end) {
				buf_adds(out, "(.*/)?");
				kind = GLOB_PROGRAM;
			} else if (kind == GLOB_EXACT) {
				kind = GLOB_PREFIX;
			} else {
				buf_adds(out, ".*");
				kind = GLOB_PROGRAM;
			}
			if (i == 0)
				kind = GLOB_SUFFIX;
		} else if (c == '*' || c == '?') {
			buf_adds(out, c == '*' ? "[^/]*" : "[^/]");
			kind = GLOB_PROGRAM;
		} else if (c && strchr(".+()$", c)) {
			buf_addc(out, '\\');
			buf_addc(out, c);
		} else if (c == '\\' && s < end) {
			size_t size;

			rune_decode(s, (size_t)(end - s), &size);
			buf_addc(out, c);
			buf_add(out, s, size);
			s += size;
			kind = GLOB_PROGRAM;
		} else {
			buf_addc(out, c);
			if (c == '[' || c == ']')
				kind = GLOB_PROGRAM;
		}
	}
	return kind;
}

/* One rune that only its own bytes match. */
static bool
is_plain(const struct glob_token *t)
{
	return t->kind == TOKEN_RUNE && t->rune != RUNE_ERROR && !t->star &&
	       !t->optional;
}

static bool
is_any_star(const struct glob *g, const struct glob_token *t)
{
	const struct glob_set *set;

	if (t->kind != TOKEN_SET || !t->star)
		return false;
	set = g->sets + t->set;
	return set->negated && set->n == 1 && set->ranges[0].lo == '/' &&
	       set->ranges[0].hi == '/';
}

/* The plain runes from token number from on, as text; returns the next. */
static size_t
take_text(const struct glob *g, size_t from, char **text,
	  size_t *len)
{
	struct buf b = BUF_INIT;

	while (from < g->n_tokens && is_plain(g->tokens + from))
		add_rune(&b, g->tokens[from++].rune);
	*len = b.len;
	*text = buf_detach(&b);
	return from;
}

/* Number of '/' that the tokens from number i on take. */
static size_t
depth_from(const struct glob *g, size_t i)
{
	size_t depth = 0;

	for (; i < g->n_tokens; i++) {
		const struct glob_token *t = g->tokens + i;
		bool slash = t->kind == TOKEN_RUNE && t->rune == '/';

		if (t->kind == TOKEN_SPLIT || t->kind == TOKEN_DOT ||
		    t->kind == TOKEN_ALT || t->kind == TOKEN_JUMP ||
		    (slash && !is_plain(t)) ||
		    (t->kind == TOKEN_SET &&
		     glob_set_has(g->sets + t->set, '/')))
			return GLOB_ANY_DEPTH;
		depth += slash;
	}
	return depth;
}

/* Takes exactly one rune. */
static bool
is_single(const struct glob_token *t)
{
	return (t->kind == TOKEN_RUNE || t->kind == TOKEN_SET ||
		t->kind == TOKEN_DOT) && !t->star && !t->optional;
}

/* Where the tokens that every match goes through at its end begin. */
static size_t
end_begin(const struct glob *g,
	  bool (*wanted)(const struct glob_token *t))
{
	size_t i = g->n_tokens;

	if (i && g->tokens[0].kind == TOKEN_ALT)
		return i;
	while (i && wanted(g->tokens + i - 1) &&
	       !(i >= GLOB_GROUP &&
		 g->tokens[i - GLOB_GROUP].kind == TOKEN_SPLIT))
		i--;
	return i;
}

static void
find_affix(struct glob *g)
{
	bool deep = g->n_tokens && g->tokens[0].kind == TOKEN_SPLIT;
	size_t i = take_text(g, deep ? GLOB_GROUP : 0, &g->text, &g->len);

	take_text(g, end_begin(g, is_plain), &g->tail, &g->tail_len);
	if (i < g->n_tokens && is_any_star(g, g->tokens + i) &&
	    i + 1 == end_begin(g, is_plain) && !memchr(g->text, '/', g->len) &&
	    !memchr(g->tail, '/', g->tail_len)) {
		g->kind = GLOB_AFFIX;
		g->deep = deep;
	}
}

static const char *
compile_program(struct glob *g, const struct buf *regexp)
{
	const char *s = regexp->data;
	size_t len = regexp->len;
	const char *why;

	/* Go's text/scanner, which reads the pattern, drops a leading BOM. */
	if (len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		len -= 3;
	}
	why = glob_parse_regexp(g, s, len);
	if (why)
		return why;
	take_text(g, 0, &g->lead, &g->lead_len);
	g->end_begin = end_begin(g, is_single);
	g->depth = depth_from(g, 0);
	g->rest = g->tokens[0].kind == TOKEN_SPLIT ?
		depth_from(g, GLOB_GROUP) : GLOB_ANY_DEPTH;
	find_affix(g);
	return NULL;
}

static void
compile_text(struct glob *g, const char *s, size_t len)
{
	g->depth = GLOB_ANY_DEPTH;
	if (g->kind == GLOB_PREFIX)
		len -= 2;
	if (g->kind == GLOB_SUFFIX) {
		s += 2;
		len -= 2;
	}
	g->text = mem_alloc(len + 1);
	memcpy(g->text, s, len);	/* there may be a NUL in it */
	g->len = len;
	g->lead = g->text;
	g->lead_len = g->kind == GLOB_SUFFIX ? 0 : len;
	if (g->kind == GLOB_EXACT) {
		g->depth = 0;
		for (size_t i = 0; i < len; i++)
			g->depth += s[i] == '/';
	}
}

const char *
glob_compile(struct glob *g, const char *pattern, size_t len)
{
	struct buf regexp = BUF_INIT;
	const char *why = NULL;

	memset(g, 0, sizeof(*g));
	if (!glob_is_well_formed(pattern, len))
		return bad_pattern;
	g->kind = translate(pattern, pattern + len, &regexp);
	if (g->kind == GLOB_PROGRAM)
		why = compile_program(g, &regexp);
	else
		compile_text(g, pattern, len);
	if (why)
		glob_release(g);
	buf_release(&regexp);
	return why;
}

void
glob_release(struct glob *g)
{
	for (size_t i = 0; i < g->n_sets; i++)
		free(g->sets[i].ranges);
	free(g->sets);
	free(g->tokens);
	if (g->lead != g->text)
		free(g->lead);
	free(g->text);
	free(g->tail);
	memset(g, 0, sizeof(*g));
}
