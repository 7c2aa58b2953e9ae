/* SPDX-License-Identifier: MIT */

/*
 * The instructions are copied as they are written, but for the case of the
 * keyword and of a stage's name, which have none, the comments and blank lines
 * within, which whoever reads them drops, and the end of the last line. So
 * whoever reads what comes out reads the same instructions. Only "--from=2"
 * means something else when stages before it are gone; then each stage has its
 * number above it.
 */

#include "recipe/dockerfile.h"

#include <string.h>

#include "base/buf.h"
#include "recipe/dockerfile_lines.h"
#include "recipe/dockerfile_text.h"

/* May what follows a "from=" be the number of a stage? */
static bool
names_number(const char *text)
{
	while ((text = strstr(text, "from="))) {
		text += strlen("from=");
		if (!byte_is_letter(*text))
			return true;
	}
	return false;
}

/* "--fr\om=1" is a flag, too, so it is the flag that is asked. */
static bool
names_stage_by_number(const struct dockerfile_instruction *in)
{
	const char *from = dockerfile_flag(in->trigger ? in->trigger : in,
					   "from");

	return (from && !byte_is_letter(*from)) || names_number(in->text);
}

/* A trigger of a base is only text here. */
static bool
may_name_number(const char *trigger)
{
	return strpbrk(trigger, "\\`'\"") || names_number(trigger);
}

/* Is the stage in use? *next of the plan's is the first that may be this. */
static bool
take_stage(const struct dockerfile_plan *plan, size_t stage, size_t *next)
{
	bool needed = *next < plan->n_stages &&
		plan->stages[*next].index == stage;

	*next += needed;
	return needed;
}

static bool
has_numbers(const struct dockerfile *df, const struct dockerfile_plan *plan,
	    const struct dockerfile_options *o)
{
	size_t stage = 0, next = 0;
	bool needed = true;

	for (size_t i = 0; i < df->n; i++) {
		if (df->v[i].keyword == DOCKERFILE_FROM)
			needed = take_stage(plan, stage++, &next);
		if (needed && names_stage_by_number(&df->v[i]))
			return true;
	}
	for (size_t i = 0; i < o->n_bases; i++) {
		const struct strv *v = o->bases[i].onbuild;
		for (size_t k = 0; v && k < v->n; k++)
			if (may_name_number(v->v[k]))
				return true;
	}
	return false;
}

/* Where the line after the one at s begins. */
static const char *
next_line(const char *s, const char *end)
{
	const char *newline = memchr(s, '\n', (size_t)(end - s));

	return newline ? newline + 1 : end;
}

/*
 * Lines up to where the instruction ends; bodies of heredocs come behind. What
 * stands behind the keyword is no comment, whatever it begins with.
 */
static void
add_lines(struct buf *out, const char *s, const char *end, char escape)
{
	const char *first = s;
	bool more = true;

	for (const char *next; s < end && more; s = next) {
		struct span line = { s, 0 };

		next = next_line(s, end);
		line.len = (size_t)(next - s);
		if (s != first && dockerfile_line_is_idle(line))
			continue;
		more = dockerfile_line_goes_on(line, escape);
		buf_add(out, s, line.len);
	}
	buf_add(out, s, (size_t)(end - s));
}

/* *end is moved to before the word that ends there, and the blanks before it. */
static struct span
take_last_word(const char *s, const char **end)
{
	const char *to = *end, *from;

	while (to > s && (byte_is_blank(to[-1]) || to[-1] == '\n'))
		to--;
	for (from = to; from > s && !byte_is_blank(from[-1]) &&
	     from[-1] != '\n'; from--)
		;
	*end = from;
	return (struct span){ from, (size_t)(to - from) };
}

/* FROM ... AS name in one line; false, and nothing added, if it is not that. */
static bool
add_stage_name(struct buf *out, const struct dockerfile_instruction *in,
	       const char *s, const char *end)
{
	const char *at = end;
	struct span name, as;

	if (in->keyword != DOCKERFILE_FROM || in->n_args != 3 ||
	    in->line != in->end_line)
		return false;
	name = take_last_word(s, &at);
	as = take_last_word(s, &at);
	if (!span_is(name, in->args[2]) || !span_is_nocase(as, "as"))
		return false;
	buf_add(out, s, (size_t)(as.s - s));
	buf_adds(out, "AS");
	buf_add(out, as.s + as.len, (size_t)(name.s - as.s) - as.len);
	for (size_t i = 0; i < name.len; i++)
		buf_addc(out, byte_lower(name.s[i]));
	buf_add(out, name.s + name.len, (size_t)(end - name.s) - name.len);
	return true;
}

static void
add_instruction(struct buf *out, const struct dockerfile_instruction *in,
		char escape, const char *s, const char *end)
{
	const char *keyword = s;
	size_t n = strlen(in->word);

	while (keyword < end && (*keyword == ' ' || *keyword == '\t'))
		keyword++;
	if ((size_t)(end - keyword) >= n && !memcmp(keyword, in->word, n)) {
		buf_add(out, s, (size_t)(keyword - s));
		buf_adds(out, dockerfile_keyword_name(in->keyword));
		s = keyword + n;
	}
	/* a word that goes on in the next line ends where nothing is left */
	if (add_stage_name(out, in, s, end))
		s = end;
	else if (s < end && *s != '\n' && *s != '\r')
		add_lines(out, s, end, escape);
	else
		buf_add(out, s, (size_t)(end - s));
	if (out->len && out->data[out->len - 1] != '\n')
		buf_adds(out, "\n");
}

void
dockerfile_needed(const struct dockerfile *df,
		  const struct dockerfile_plan *plan,
		  const struct dockerfile_options *options,
		  const char *text, size_t len, struct buf *out)
{
	bool numbers = has_numbers(df, plan, options), needed = true;
	bool marked = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
	const char *at = text + (marked ? 3 : 0), *end = text + len;
	size_t stage = 0, next = 0;	/* of the file, of the plan */
	int line = 1;

	if (!plan->understood) {
		buf_add(out, text, len);
		return;
	}
	if (df->escape != '\\')
		buf_addf(out, "# escape=%c\n", df->escape);
	for (size_t i = 0; i < df->n; i++) {
		const struct dockerfile_instruction *in = &df->v[i];
		const char *start;

		if (in->keyword == DOCKERFILE_FROM) {
			needed = take_stage(plan, stage, &next);
			if (needed && numbers)
				buf_addf(out, "# stage %zu\n", stage);
			stage++;
		}
		for (; line < in->line; line++)
			at = next_line(at, end);
		start = at;
		for (; line <= in->end_line; line++)
			at = next_line(at, end);
		if (needed)
			add_instruction(out, in, df->escape, start, at);
	}
}
