/* SPDX-License-Identifier: MIT */
/*
 * Taking out a command or a word so that lists stay lists, continued lines go
 * on or end, and comments between them stay.
 */
#include <string.h>

#include "lint/fix_mount.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t
back_over_blanks(const struct lint_file *f, size_t at)
{
	while (at > 0 && is_blank(f->text.data[at - 1]))
		at--;
	return at;
}

/* A line of the file that is a comment, or has nothing in it. */
static bool
is_comment(const struct lint_file *f, size_t line_begin)
{
	size_t at = line_begin;

	while (at < f->text.len && is_blank(f->text.data[at]))
		at++;
	return at >= f->text.len || f->text.data[at] == '#' ||
		f->text.data[at] == '\n';
}

/* Does a comment begin in a line between the two places? */
static bool
has_comment(const struct lint_file *f, size_t begin, size_t end)
{
	for (size_t at = begin; at < end; at++)
		if (f->text.data[at] == '\n' && at + 1 < end &&
		    is_comment(f, at + 1))
			return true;
	return false;
}

/*
 * Back from a place over blanks and continued lines to the end of what stands
 * before; not over comments. *stopped: at the beginning of a line.
 */
static size_t
back_over_gap(const struct lint_file *f, size_t at, bool *stopped)
{
	*stopped = false;
	for (;;) {
		size_t before, line;

		at = back_over_blanks(f, at);
		if (!at || f->text.data[at - 1] != '\n')
			return at;
		line = lint_line_begin(f, at - 1);
		before = back_over_blanks(f, at - 1);
		if (is_comment(f, line) || before <= line ||
		    f->text.data[before - 1] != f->escape) {
			*stopped = true;
			return at;
		}
		at = before - 1;
	}
}

/* The command of the same list that stands next behind c, or NULL. */
static const struct shell_command *
next_command(const struct lint_run *run, const struct shell_command *c)
{
	const struct shell_command *next = NULL;

	for (size_t i = 0; i < run->n; i++) {
		const struct shell_command *at = &run->v[i];

		if (at->begin >= c->end && (!next || at->begin < next->begin))
			next = at;
	}
	return next;
}

static bool
can_drop(const struct lint_run *run, const struct shell_command *c,
	 const struct shell_command *next)
{
	if (run->form == LINT_FORM_JSON || run->is_odd || !c->exact ||
	    c->conditional || c->substituted || c->depth ||
	    c->join == SHELL_PIPE || c->join == SHELL_OR)
		return false;
	if (next && (next->join == SHELL_PIPE || next->join == SHELL_OR))
		return false;
	/* something else than a simple command would follow or lead */
	if (next && (next->depth || next->conditional))
		return false;
	return c->join != SHELL_FIRST || (next && next->join != SHELL_FIRST);
}

/* A command that has its lines for itself, in a heredoc. */
static bool
drop_lines(struct lint_file *f, const struct shell_command *c)
{
	size_t begin = lint_line_begin(f, c->begin);
	size_t end = lint_line_end(f, c->end);

	if (back_over_blanks(f, c->begin) != begin || c->end != end)
		return false;
	while (end < f->text.len && f->text.data[end] != '\n')
		end++;
	lint_edit(f, begin, end + (end < f->text.len), "");
	return true;
}

/*
 * The last command, with comments between it and what it hangs on: the comments
 * stay, the line that went on ends.
 */
static bool
drop_last(struct lint_file *f, const struct shell_command *c)
{
	size_t join_line = lint_line_begin(f, c->join_begin);
	size_t line = lint_line_begin(f, c->begin), from;
	bool stopped;

	from = back_over_gap(f, c->join_begin, &stopped);
	if (stopped) {
		/* the operator leads its line: go up to the last code line */
		size_t at = join_line;

		while (at > 0 && is_comment(f, lint_line_begin(f, at - 1)))
			at = lint_line_begin(f, at - 1);
		if (!at)
			return false;
		from = back_over_blanks(f, at - 1);
		if (!from || f->text.data[from - 1] != f->escape)
			return false;
		lint_edit(f, back_over_blanks(f, from - 1), from, "");
		lint_edit(f, join_line - 1, c->end, "");
		return true;
	}
	if (line <= join_line)
		return false;
	lint_edit(f, from, lint_line_end(f, join_line), "");
	lint_edit(f, line - 1, c->end, "");
	return true;
}

bool
lint_fix_drop_command(struct lint_docker *d, const struct lint_run *run,
		      const struct shell_command *c)
{
	const struct shell_command *next = next_command(run, c);
	struct lint_file *f = d->f;
	bool stopped = false;
	size_t from;

	if (!can_drop(run, c, next))
		return false;
	if (run->form == LINT_FORM_HEREDOC && c->join == SHELL_NEXT &&
	    f->text.data[c->join_begin] == '\n')
		return (!next || next->join != SHELL_AND) && drop_lines(f, c);
	from = c->join == SHELL_FIRST ? c->begin :
		back_over_gap(f, c->join_begin, &stopped);
	if (c->join != SHELL_FIRST && !stopped &&
	    !has_comment(f, from, c->begin)) {
		lint_edit(f, from, c->end, "");
		return true;
	}
	if (!next)
		return drop_last(f, c);
	if (has_comment(f, c->join == SHELL_FIRST ? c->begin : c->end,
			next->begin))
		return false;
	lint_edit(f, c->begin, next->begin, "");
	return true;
}

bool
lint_fix_drop_word(struct lint_docker *d, const struct lint_run *run,
		   const struct shell_command *c, const struct shell_word *w)
{
	bool stopped;
	size_t from;

	if (run->form == LINT_FORM_JSON || !c->exact || run->is_odd)
		return false;
	from = back_over_gap(d->f, w->begin, &stopped);
	if (!stopped)
		lint_edit(d->f, from, w->end, "");
	return !stopped;
}
