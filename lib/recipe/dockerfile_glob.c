/* SPDX-License-Identifier: MIT */

/*
 * A pattern is literal pieces with stars between them. Earliest placement of
 * every piece gives the shortest match; the longest one differs only in its
 * last piece, which goes to its last place. A suffix is a prefix of the text
 * reversed. All steps are counted, so a costly pattern is an error and never a
 * hang.
 */

#include "recipe/dockerfile_glob.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/dockerfile_text.h"

#define TOKEN_STAR (-1)
#define TOKEN_ANY (-2)

struct runes {
	int32_t *v;
	size_t n;
};

struct match {
	size_t start, end;
	size_t *budget;
	bool broke;	/* the budget is used up; the match is void */
};

static struct runes
runes_of(const char *s)
{
	size_t len = strlen(s), width;
	struct runes r = { mem_array(len + 1, sizeof(*r.v)), 0 };

	for (size_t i = 0; i < len; i += width)
		r.v[r.n++] = rune_at(s + i, len - i, &width);
	return r;
}

static void
runes_reverse(struct runes *r)
{
	for (size_t i = 0; i < r->n / 2; i++) {
		int32_t t = r->v[i];
		r->v[i] = r->v[r->n - 1 - i];
		r->v[r->n - 1 - i] = t;
	}
}

static void
runes_add(const struct runes *r, size_t from, size_t to, struct buf *out)
{
	for (size_t i = from; i < to; i++)
		rune_add(out, r->v[i]);
}

/* Runes to tokens in place; the pattern only shrinks. */
static int
compile(struct runes *p, struct imgcache_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		int32_t r = p->v[i], next = i + 1 < p->n ? p->v[i + 1] : 0;
		if (r == '*')
			r = TOKEN_STAR;
		else if (r == '?')
			r = TOKEN_ANY;
		else if (r == '\\' && (next == '}' || next == '/'))
			continue;
		else if (r == '\\' &&
			 (next == '*' || next == '?' || next == '\\'))
			r = p->v[++i];
		else if (r == '\\')
			return error_set(err, IMGCACHE_EFAIL,
					 "bad escape in a pattern of ${}");
		p->v[n++] = r;
	}
	p->n = n;
	return 0;
}

static bool
spend(struct match *m, size_t steps)
{
	if (*m->budget < steps) {
		m->broke = true;
		return false;
	}
	*m->budget -= steps;
	return true;
}

static bool
piece_is_at(const struct runes *p, size_t from, size_t to,
	    const struct runes *text, size_t at)
{
	for (size_t i = from; i < to; i++)
		if (p->v[i] != TOKEN_ANY && p->v[i] != text->v[at + i - from])
			return false;
	return true;
}

static size_t
piece_end(const struct runes *p, size_t from)
{
	while (from < p->n && p->v[from] != TOKEN_STAR)
		from++;
	return from;
}

/* First place >= at of the piece [from, to), or SIZE_MAX. */
static size_t
find_first(const struct runes *p, size_t from, size_t to,
	   const struct runes *text, struct match *m)
{
	size_t len = to - from;

	for (size_t at = m->end; at + len <= text->n; at++) {
		if (!spend(m, len + 1))
			break;
		if (piece_is_at(p, from, to, text, at))
			return at;
	}
	return SIZE_MAX;
}

static size_t
find_last(const struct runes *p, size_t from, size_t to,
	  const struct runes *text, struct match *m)
{
	size_t len = to - from;

	for (size_t at = text->n - len; at + 1 > m->end; at--) {
		if (!spend(m, len + 1) || piece_is_at(p, from, to, text, at))
			return at;
		if (at == 0)
			break;
	}
	return m->end;
}

/*
 * Match p at m->end or, if not anchored, at the first place after it. The
 * range is in *m. Pieces that are empty cost one step, so stars count too.
 */
static bool
match_from(const struct runes *p, const struct runes *text, bool anchored,
	   bool longest, struct match *m)
{
	size_t from = 0, to = piece_end(p, 0), at;

	if (anchored || to == 0) {
		at = m->end;
		if (!spend(m, to + 1) || text->n - at < to ||
		    !piece_is_at(p, 0, to, text, at))
			return false;
	} else {
		at = find_first(p, 0, to, text, m);
		if (at == SIZE_MAX)
			return false;
	}
	m->start = at;
	m->end = at + to;
	while (to < p->n) {
		from = to + 1;
		to = piece_end(p, from);
		at = find_first(p, from, to, text, m);
		if (at == SIZE_MAX)
			return false;
		if (longest && to == p->n) {
			m->end = at;
			at = find_last(p, from, to, text, m);
		}
		m->end = at + to - from;
	}
	return true;
}

static int
too_costly(struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_EFAIL,
			 "a pattern of ${} is too costly to match");
}

int
glob_trim(struct glob_trim how, const char *pattern, const char *value,
	  struct buf *out, struct imgcache_error *err)
{
	struct runes p = runes_of(pattern), text = runes_of(value);
	struct match m = { 0, 0, how.budget, false };
	int ret = compile(&p, err);

	if (ret < 0)
		goto out;
	if (how.suffix) {
		runes_reverse(&p);
		runes_reverse(&text);
	}
	bool found = match_from(&p, &text, true, how.longest, &m);
	if (m.broke) {
		ret = too_costly(err);
		goto out;
	}
	if (!found) {
		buf_adds(out, value);
		goto out;
	}
	text.n -= m.end;
	memmove(text.v, text.v + m.end, text.n * sizeof(*text.v));
	if (how.suffix)
		runes_reverse(&text);
	runes_add(&text, 0, text.n, out);
out:
	free(p.v);
	free(text.v);
	return ret;
}

int
glob_replace(struct glob_replace how, const char *pattern, const char *value,
	     struct buf *out, struct imgcache_error *err)
{
	struct runes p = runes_of(pattern), text = runes_of(value);
	struct match m = { 0, 0, how.budget, false };
	size_t done = 0;
	int ret = compile(&p, err);

	if (ret < 0)
		goto out;
	while (match_from(&p, &text, false, true, &m)) {
		runes_add(&text, done, m.start, out);
		buf_adds(out, how.with);
		done = m.end;
		if (!how.all || m.start == m.end)
			break;
	}
	if (m.broke)
		ret = too_costly(err);
	runes_add(&text, done, text.n, out);
out:
	free(p.v);
	free(text.v);
	return ret;
}

bool
glob_is_odd(const char *p, const char *value)
{
	return strchr(p, '\n') || strchr(value, '\n');
}

bool
glob_replace_is_odd(struct glob_replace how, const char *p)
{
	return how.all && (strchr(how.with, '$') || p[strspn(p, "*")] == '\0');
}
