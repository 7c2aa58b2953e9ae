/* SPDX-License-Identifier: MIT */

/*
 * Directives count only until the first line that is none (frontend/dockerfile/
 * parser/directives.go). A line goes on if the escape is its last byte but for
 * blanks and tabs, and is not itself escaped; comment lines and empty lines
 * inside are dropped, leading white space is kept there.
 */

#include "recipe/dockerfile_lines.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_json.h"

static const char *const directive_names[DIRECTIVES] = {
	[DIRECTIVE_CHECK] = "check",
	[DIRECTIVE_ESCAPE] = "escape",
	[DIRECTIVE_SYNTAX] = "syntax",
};

void
dockerfile_lines_init(struct dockerfile_lines *l, const char *text, size_t len)
{
	*l = (struct dockerfile_lines){ .text = text, .len = len,
					.escape = '\\' };
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		l->pos = 3;
}

int
dockerfile_lines_raw(struct dockerfile_lines *l, struct span *out,
		     struct imgcache_error *err)
{
	if (l->pos >= l->len)
		return 0;
	const char *s = l->text + l->pos;
	const char *end = memchr(s, '\n', l->len - l->pos);

	*out = (struct span){ s, end ? (size_t)(end - s) + 1 :
				       l->len - l->pos };
	l->pos += out->len;
	l->line++;
	if (out->len - (end ? 1 : 0) > DOCKERFILE_LINE_MAX) {
		l->pos = l->len;
		return error_set(err, IMGCACHE_EFAIL,
				 "line is longer than %d bytes",
				 DOCKERFILE_LINE_MAX);
	}
	return 1;
}

static struct span
trim_newline(struct span s)
{
	while (s.len > 0 && (s.s[s.len - 1] == '\n' || s.s[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static bool
is_comment(struct span s)
{
	s = span_trim_left(s);
	return s.len > 0 && s.s[0] == '#';
}

/* \s of Go's regexp, which knows no \v. */
static bool
is_regexp_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static struct span
regexp_trim_left(struct span s)
{
	while (s.len > 0 && is_regexp_space(s.s[0])) {
		s.s++;
		s.len--;
	}
	return s;
}

/*
 * "name = value" after the comment sign. A value of white space alone is its
 * last byte, as the regular expression has it.
 */
static bool
match_directive(struct span s, struct span *name, struct span *value)
{
	size_t n = 0;

	s = span_trim_left(s);
	while (n < s.len && (byte_is_letter(s.s[n]) ||
			     (n > 0 && byte_is_digit(s.s[n]))))
		n++;
	*name = (struct span){ s.s, n };
	s = regexp_trim_left((struct span){ s.s + n, s.len - n });
	if (n == 0 || s.len < 2 || s.s[0] != '=')
		return false;
	s = (struct span){ s.s + 1, s.len - 1 };
	struct span v = regexp_trim_left(s);
	while (v.len > 0 && is_regexp_space(v.s[v.len - 1]))
		v.len--;
	*value = v.len ? v : (struct span){ s.s + s.len - 1, 1 };
	return true;
}

static int
directive_of(struct span line, const char *sign, struct span *value)
{
	size_t n = strlen(sign);
	struct span name;

	if (line.len < n || memcmp(line.s, sign, n) != 0)
		return -1;
	line = (struct span){ line.s + n, line.len - n };
	if (!match_directive(line, &name, value))
		return -1;
	for (int i = 0; i < DIRECTIVES; i++)
		if (span_is_nocase(name, directive_names[i]))
			return i;
	return -1;
}

static void
set_doubt(struct dockerfile_lines *l, const char *what)
{
	if (!l->doubt) {
		l->doubt = what;
		l->doubt_line = l->line;
	}
}

static int
take_directive(struct dockerfile_lines *l, struct span line,
	       struct imgcache_error *err)
{
	struct span value;

	if (l->directives_over)
		return 0;
	int d = directive_of(line, "#", &value);
	if (d < 0) {
		l->directives_over = true;
		return 0;
	}
	if (l->seen[d])
		return error_set(err, IMGCACHE_EFAIL,
				 "only one '%s' directive is allowed",
				 directive_names[d]);
	l->seen[d] = true;
	if (d != DIRECTIVE_ESCAPE)
		return 0;
	if (!span_is(value, "\\") && !span_is(value, "`"))
		return error_set(err, IMGCACHE_EFAIL,
				 "escape '%.*s' is neither \\ nor `",
				 (int)(value.len < 20 ? value.len : 20),
				 value.s);
	l->escape = value.s[0];
	if (l->seen[DIRECTIVE_CHECK] && l->escape != '\\')
		set_doubt(l, "older engines do not see an escape directive "
			  "below a check directive");
	return 0;
}

bool
dockerfile_line_is_idle(struct span line)
{
	line = trim_newline(line);
	return is_comment(line) || span_trim_left(line).len == 0;
}

/* Length up to the last byte that is no blank. */
static size_t
text_length(struct span s)
{
	size_t n = s.len;

	while (n > 0 && (s.s[n - 1] == ' ' || s.s[n - 1] == '\t'))
		n--;
	return n;
}

bool
dockerfile_line_goes_on(struct span line, char escape)
{
	struct span s = trim_newline(line);
	size_t n = text_length(s);

	return n > 0 && s.s[n - 1] == escape &&
		!(n > 1 && s.s[n - 2] == escape);
}

/* Take the escape off the end of a line that goes on. */
static bool
trim_continuation(struct dockerfile_lines *l, struct span *s)
{
	size_t n = text_length(*s);

	if (dockerfile_line_goes_on(*s, l->escape)) {
		s->len = n - 1;
		return true;
	}
	if (n > 1 && s->s[n - 1] == l->escape)
		set_doubt(l, "older engines continue a line that ends in two "
			  "escapes");
	return false;
}

static void
add_text(struct dockerfile_lines *l, struct buf *out, struct span s)
{
	struct dockerfile_pieces *p = l->pieces;

	if (p) {
		mem_grow(p->v, p->n, p->cap);
		p->v[p->n++] = (struct dockerfile_piece){
			.text = out->len, .file = (size_t)(s.s - l->text),
		};
	}
	buf_add(out, s.s, s.len);
}

static int
read_continuations(struct dockerfile_lines *l, struct buf *out,
		   struct imgcache_error *err)
{
	struct span s;
	int ret;

	while ((ret = dockerfile_lines_raw(l, &s, err)) > 0) {
		s = trim_newline(s);
		if (dockerfile_line_is_idle(s))
			continue;
		bool more = trim_continuation(l, &s);
		add_text(l, out, s);
		if (!more)
			break;
	}
	return ret < 0 ? ret : 0;
}

int
dockerfile_lines_next(struct dockerfile_lines *l, struct buf *out, int *first,
		      struct imgcache_error *err)
{
	struct span s;
	int ret;

	while ((ret = dockerfile_lines_raw(l, &s, err)) > 0) {
		s = span_trim_left(trim_newline(s));
		ret = take_directive(l, s, err);
		if (ret < 0)
			break;
		if (s.len == 0 || s.s[0] == '#')
			continue;
		*first = l->line;
		bool more = trim_continuation(l, &s);
		buf_clear(out);
		if (l->pieces)
			l->pieces->n = 0;
		add_text(l, out, s);
		if (more)
			ret = read_continuations(l, out, err);
		return ret < 0 ? ret : 1;
	}
	return ret;
}

static bool
find_in_comments(struct span text, const char *sign, struct span *value,
		 int *line)
{
	bool seen[DIRECTIVES] = { false };

	for (int n = 1; text.len > 0; n++) {
		const char *end = memchr(text.s, '\n', text.len);
		size_t len = end ? (size_t)(end - text.s) : text.len;
		size_t whole = end ? len + 1 : len;
		if (len > DOCKERFILE_LINE_MAX)
			return false;
		if (len > 0 && text.s[len - 1] == '\r')
			len--;
		int d = directive_of((struct span){ text.s, len }, sign, value);
		if (d < 0 || seen[d])
			return false;
		seen[d] = true;
		*line = n;
		if (d == DIRECTIVE_SYNTAX)
			return true;
		text = (struct span){ text.s + whole, text.len - whole };
	}
	return false;
}

bool
dockerfile_find_frontend(const char *text, size_t len, struct buf *out,
			 int *line)
{
	struct dockerfile_lines l;
	struct span s, value;
	struct imgcache_error err = { 0 };
	int skipped = 0;

	dockerfile_lines_init(&l, text, len);
	if (len - l.pos >= 2 && memcmp(text + l.pos, "#!", 2) == 0) {
		if (dockerfile_lines_raw(&l, &s, &err) < 0)
			return false;
		skipped = 1;
	}
	s = (struct span){ text + l.pos, len - l.pos };
	if (find_in_comments(s, "#", &value, line) ||
	    find_in_comments(s, "//", &value, line)) {
		const char *blank = memchr(value.s, ' ', value.len);
		buf_add(out, value.s,
			blank ? (size_t)(blank - value.s) : value.len);
		*line += skipped;
		return true;
	}
	*line = 1 + skipped;
	return dockerfile_json_member(s, directive_names[DIRECTIVE_SYNTAX],
				      out);
}
