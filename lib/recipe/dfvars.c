/* SPDX-License-Identifier: MIT */

/*
 * A recursive reader over runes: text runs to its end or to a stop rune, a
 * dollar may open text again. What comes out goes straight into one buffer;
 * whoever needs a part of it (the words of a split) remembers where it began.
 * Invalid UTF-8 comes out as U+FFFD and a leading byte order mark is dropped,
 * because Go's text/scanner, which BuildKit reads with, does so.
 */

#include "recipe/dfvars.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/dockerfile_glob.h"
#include "recipe/dockerfile_text.h"

#define DEPTH_MAX 128
#define END (-1)

struct reader {
	const struct dfvars *vars;
	const char *s;
	size_t len, pos;
	int depth;
	bool unknown;
	size_t *budget;
	struct imgcache_error *err;
};

/* The words of a split; NULL wherever only one word is wanted. */
struct words {
	struct strv *out;
	struct buf word;
	bool in_word;
};

static int32_t
peek(const struct reader *r)
{
	size_t width;

	return r->pos < r->len ?
	       rune_at(r->s + r->pos, r->len - r->pos, &width) : END;
}

static int32_t
next(struct reader *r)
{
	size_t width;
	int32_t rune = END;

	if (r->pos < r->len) {
		rune = rune_at(r->s + r->pos, r->len - r->pos, &width);
		r->pos += width;
	}
	return rune;
}

static int
fail(struct reader *r, const char *what)
{
	return error_set(r->err, IMGCACHE_EFAIL, "%s", what);
}

static int
spend(struct reader *r, size_t bytes)
{
	if (*r->budget < bytes)
		return fail(r, "variables expand to more than 64 MiB");
	*r->budget -= bytes;
	return 0;
}

static void
words_add_rune(struct words *w, int32_t rune, bool raw)
{
	if (!w)
		return;
	if (raw || !rune_is_space(rune)) {
		rune_add(&w->word, rune);
		w->in_word = true;
	} else if (w->in_word && w->word.len > 0) {
		strv_push(w->out, w->word.data);
		buf_clear(&w->word);
		w->in_word = false;
	}
}

static void
words_add(struct words *w, const char *s, size_t len, bool raw)
{
	size_t width;

	if (!w)
		return;
	if (raw) {
		buf_add(&w->word, s, len);
		w->in_word = true;
		return;
	}
	for (size_t i = 0; i < len; i += width)
		words_add_rune(w, rune_at(s + i, len - i, &width), false);
}

/*
 * The name after "$" or "${". Go also takes letters beyond ASCII; such a name
 * is not modelled, so the answer is unknown.
 */
static struct span
read_name(struct reader *r)
{
	struct span name = { r->s + r->pos, 0 };
	const char *end = r->s + r->len, *p = name.s;

	if (p < end && byte_is_digit(*p)) {
		while (p < end && byte_is_digit(*p))
			p++;
	} else if (p < end && *p != '\0' && strchr("@*#?-$!", *p)) {
		p++;
	} else {
		while (p < end && (byte_is_letter(*p) || byte_is_digit(*p) ||
				   *p == '_'))
			p++;
		if (p < end && (unsigned char)*p >= 0x80)
			r->unknown = true;
	}
	name.len = (size_t)(p - name.s);
	r->pos += name.len;
	return name;
}

static struct dfvar
get(struct reader *r, struct span name)
{
	struct dfvar none = { DFVAR_UNSET, "", 0 };

	return r->vars->get ?
	       r->vars->get(r->vars->payload, name.s, name.len) : none;
}

static int read_text(struct reader *r, int32_t stop, bool raw_escapes,
		     struct buf *out, struct words *w);

/* A nested text into its own buffer; unknown tells of this text alone. */
static int
read_nested(struct reader *r, int32_t stop, bool raw_escapes, struct buf *out,
	    bool *unknown)
{
	bool before = r->unknown;

	if (++r->depth > DEPTH_MAX)
		return fail(r, "${} nested more than 128 deep");
	r->unknown = false;
	int ret = read_text(r, stop, raw_escapes, out, NULL);
	*unknown = r->unknown;
	r->unknown = before;
	r->depth--;
	return ret;
}

/* What ${x op word} is made of, once read. */
struct substitution {
	struct span name;
	bool colon;
	int32_t op;
	struct buf word;
	bool word_unknown;
	struct dfvar var;
};

static int
required(struct reader *r, const struct substitution *s)
{
	const char *word = s->word.len ? s->word.data :
			   s->var.state == DFVAR_UNSET ?
			   "is not allowed to be unset" :
			   "is not allowed to be empty";

	return error_set(r->err, IMGCACHE_EFAIL, "%.*s: %.200s",
			 (int)s->name.len, s->name.s, word);
}

static void
use_word(struct reader *r, const struct substitution *s, struct buf *out)
{
	r->unknown |= s->word_unknown;
	buf_add(out, s->word.data, s->word.len);
}

static int
trim(struct reader *r, struct substitution *s, struct buf *out)
{
	char *value = mem_strndup(s->var.value, s->var.len);
	const char *p = s->word.data;
	struct glob_trim how = { s->op == '%', false, r->budget };
	int ret = spend(r, s->var.len + s->word.len);

	if (s->word.len > 0 && p[0] == (char)s->op) {
		how.longest = true;
		p++;
	}
	if (s->word_unknown || glob_is_odd(p, value))
		r->unknown = true;
	else if (ret == 0)
		ret = glob_trim(how, p, value, out, r->err);
	free(value);
	return ret;
}

static int
apply(struct reader *r, struct substitution *s, struct buf *out)
{
	bool unset = s->var.state == DFVAR_UNSET ||
		     (s->colon && s->var.state == DFVAR_SET &&
		      s->var.len == 0);

	if (s->op != '-' && s->op != '+' && s->op != '?' && s->op != '#' &&
	    s->op != '%')
		return fail(r, "unsupported modifier in ${}");
	if (s->var.state == DFVAR_UNKNOWN) {
		r->unknown = true;
		return 0;
	}
	if (s->op == '?' && unset)
		return required(r, s);
	if (s->op == '#' || s->op == '%')
		return trim(r, s, out);
	if (unset == (s->op == '-') && s->op != '?')
		use_word(r, s, out);
	else if (s->op != '+')
		buf_add(out, s->var.value, s->var.len);
	return 0;
}

/* After the name: an operator and a word up to "}". */
static int
read_modifier(struct reader *r, struct span name, int32_t op, struct buf *out)
{
	struct substitution s = { .name = name, .op = op, .word = BUF_INIT };
	const char *from = r->s + r->pos;

	if (op == ':') {
		s.colon = true;
		s.op = next(r);
	}
	size_t op_len = (size_t)(r->s + r->pos - from);
	bool raw = s.op == '#' || s.op == '%';
	int ret = read_nested(r, '}', raw, &s.word, &s.word_unknown);
	if (ret < 0)
		goto out;
	s.var = get(r, name);
	if (r->vars->keep_unset && s.var.state == DFVAR_UNSET) {
		buf_addf(out, "${%.*s%c%.*s", (int)name.len, name.s, (char)op,
			 (int)op_len, from);
		buf_add(out, s.word.data, s.word.len);
		buf_addc(out, '}');
		r->unknown |= s.word_unknown;
	} else {
		ret = apply(r, &s, out);
	}
out:
	buf_release(&s.word);
	return ret;
}

/* What ${x/p/w} is made of. */
struct replacement {
	struct span name;
	struct buf pattern, with;
	bool all, unknown;
};

static int
replace(struct reader *r, const struct replacement *s, struct buf *out)
{
	struct dfvar var = get(r, s->name);
	struct glob_replace how = { s->all, s->with.data, r->budget };
	int ret = spend(r, var.len + s->pattern.len);

	if (r->vars->keep_unset && var.state == DFVAR_UNSET) {
		buf_addf(out, "${%.*s/", (int)s->name.len, s->name.s);
		buf_add(out, s->pattern.data, s->pattern.len);
		buf_addc(out, '/');
		buf_add(out, s->with.data, s->with.len);
		buf_addc(out, '}');
		return 0;
	}
	char *value = mem_strndup(var.state == DFVAR_SET ? var.value : "",
				  var.state == DFVAR_SET ? var.len : 0);
	if (var.state == DFVAR_UNKNOWN || s->unknown ||
	    glob_is_odd(s->pattern.data, value) ||
	    glob_replace_is_odd(how, s->pattern.data))
		r->unknown = true;
	else if (ret == 0)
		ret = glob_replace(how, s->pattern.data, value, out, r->err);
	free(value);
	return ret;
}

static int
read_replacement(struct reader *r, struct span name, struct buf *out)
{
	struct replacement s = { name, BUF_INIT, BUF_INIT, false, false };
	bool unknown;

	if (peek(r) == '/') {
		s.all = true;
		next(r);
	}
	int ret = read_nested(r, '/', true, &s.pattern, &s.unknown);
	if (ret == 0)
		ret = read_nested(r, '}', true, &s.with, &unknown);
	if (ret == 0) {
		s.unknown |= unknown;
		ret = replace(r, &s, out);
	}
	buf_release(&s.pattern);
	buf_release(&s.with);
	return ret;
}

static void
use_var(struct reader *r, struct span name, bool braces, struct buf *out)
{
	struct dfvar var = get(r, name);

	if (var.state == DFVAR_UNKNOWN) {
		r->unknown = true;
	} else if (var.state == DFVAR_SET) {
		buf_add(out, var.value, var.len);
	} else if (r->vars->keep_unset) {
		buf_adds(out, braces ? "${" : "$");
		buf_add(out, name.s, name.len);
		buf_adds(out, braces ? "}" : "");
	}
}

static int
read_dollar(struct reader *r, struct buf *out)
{
	struct span name;

	next(r);
	if (peek(r) != '{') {
		name = read_name(r);
		if (name.len == 0)
			buf_addc(out, '$');
		else
			use_var(r, name, false, out);
		return 0;
	}
	next(r);
	if (peek(r) == END)
		return fail(r, "missing '}'");
	if (peek(r) == '{' || peek(r) == '}' || peek(r) == ':')
		return fail(r, "bad substitution");
	name = read_name(r);
	int32_t op = next(r);
	switch (op) {
	case '}':
		use_var(r, name, true, out);
		return 0;
	case ':': case '+': case '-': case '?': case '#': case '%':
		return read_modifier(r, name, op, out);
	case '/':
		return read_replacement(r, name, out);
	default:
		return fail(r, "unsupported modifier in ${}");
	}
}

static int
read_single_quoted(struct reader *r, struct buf *out)
{
	bool raw = r->vars->raw_quotes;
	int32_t rune = next(r);

	if (raw)
		rune_add(out, rune);
	while ((rune = next(r)) != '\'') {
		if (rune == END)
			return fail(r, "missing single quote");
		rune_add(out, rune);
	}
	if (raw)
		rune_add(out, rune);
	return 0;
}

static int
read_double_quoted(struct reader *r, bool raw_escapes, struct buf *out)
{
	int32_t rune = next(r);

	if (r->vars->raw_quotes)
		rune_add(out, rune);
	while ((rune = peek(r)) != '"') {
		if (rune == END)
			return fail(r, "missing double quote");
		if (rune == '$') {
			int ret = read_dollar(r, out);
			if (ret < 0)
				return ret;
			continue;
		}
		next(r);
		if (rune == r->vars->escape) {
			if (raw_escapes)
				rune_add(out, rune);
			int32_t after = peek(r);
			if (after == END)
				continue;
			if (after == '"' || after == '$' ||
			    after == r->vars->escape)
				rune = next(r);
		}
		rune_add(out, rune);
	}
	next(r);
	if (r->vars->raw_quotes)
		rune_add(out, rune);
	return 0;
}

static int
read_special(struct reader *r, int32_t rune, bool raw_escapes, struct buf *out)
{
	if (rune == '$')
		return read_dollar(r, out);
	if (rune == '\'')
		return read_single_quoted(r, out);
	return read_double_quoted(r, raw_escapes, out);
}

/* A rune that is neither a dollar nor a quote; an escape takes the next. */
static void
read_plain(struct reader *r, bool raw_escapes, struct buf *out,
	   struct words *w)
{
	int32_t rune = next(r);
	bool escaped = rune == r->vars->escape;

	if (escaped) {
		if (raw_escapes) {
			words_add_rune(w, rune, true);
			rune_add(out, rune);
		}
		rune = next(r);
		if (rune == END)
			return;
	}
	words_add_rune(w, rune, escaped);
	rune_add(out, rune);
}

static int
read_text(struct reader *r, int32_t stop, bool raw_escapes, struct buf *out,
	  struct words *w)
{
	int32_t rune;

	while ((rune = peek(r)) != END) {
		size_t mark = out->len;
		int ret = 0;
		if (rune == stop) {
			next(r);
			return 0;
		}
		if (rune == '$' || rune == '\'' || rune == '"') {
			ret = read_special(r, rune, raw_escapes, out);
			words_add(w, out->data + mark, out->len - mark,
				  rune != '$');
		} else {
			read_plain(r, raw_escapes, out, w);
		}
		if (ret == 0)
			ret = spend(r, out->len - mark);
		if (ret < 0)
			return ret;
	}
	return stop == END ? 0 : fail(r, stop == '}' ? "missing '}'" :
				      "missing '/' in ${}");
}

/* budget is used where the caller of dfvars.h gave none. */
static void
reader_init(struct reader *r, const struct dfvars *vars, const char *s,
	    size_t len, size_t *budget)
{
	*budget = DFVARS_BUDGET;
	*r = (struct reader){ .vars = vars, .s = s, .len = len,
		.budget = vars->budget ? vars->budget : budget };
	if (len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		r->pos = 3;
}

int
dfvars_expand(const struct dfvars *vars, const char *word, size_t len,
	      struct buf *out, bool *unknown, struct imgcache_error *err)
{
	size_t budget;
	struct reader r;

	reader_init(&r, vars, word, len, &budget);
	r.err = err;
	int ret = read_text(&r, END, vars->raw_escapes, out, NULL);
	if (r.unknown)
		*unknown = true;
	return ret;
}

int
dfvars_split(const struct dfvars *vars, const char *text, size_t len,
	     struct strv *out, struct imgcache_error *err)
{
	struct words w = { out, BUF_INIT, false };
	struct buf all = BUF_INIT;
	size_t budget;
	struct reader r;

	reader_init(&r, vars, text, len, &budget);
	r.err = err;
	int ret = read_text(&r, END, vars->raw_escapes, &all, &w);
	if (ret == 0 && w.word.len > 0)
		strv_push(out, w.word.data);
	buf_release(&w.word);
	buf_release(&all);
	return ret;
}
