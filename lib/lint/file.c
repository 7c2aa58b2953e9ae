/* SPDX-License-Identifier: MIT */
/* Notes on a file, and places in it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lint/lint.h"
#include "recipe/dockerfile_text.h"

static const char *
formatted(struct lint_file *f, const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT;
	const char *copy;

	buf_vaddf(&text, fmt, ap);
	copy = arena_strdup(f->lint->arena, text.data);
	buf_release(&text);
	return copy;
}

void
lint_note(struct lint_file *f, enum lint_rule rule, size_t begin, size_t end,
	  const char *fmt, ...)
{
	struct lint_note *n;
	va_list ap;

	mem_grow(f->notes, f->n_notes, f->cap_notes);
	n = &f->notes[f->n_notes++];
	*n = (struct lint_note){ .rule = rule, .begin = begin, .end = end };
	va_start(ap, fmt);
	n->cause = formatted(f, fmt, ap);
	va_end(ap);
}

void
lint_cure(struct lint_file *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->notes[f->n_notes - 1].cure = formatted(f, fmt, ap);
	va_end(ap);
}

void
lint_edit(struct lint_file *f, size_t begin, size_t end, const char *text)
{
	mem_grow(f->edits, f->n_edits, f->cap_edits);
	f->edits[f->n_edits++] = (struct lint_edit){
		.begin = begin, .end = end, .note = f->n_notes - 1,
		.text = arena_strdup(f->lint->arena, text),
	};
	f->notes[f->n_notes - 1].n_edits++;
}

void
lint_unedit(struct lint_file *f)
{
	struct lint_note *n = &f->notes[f->n_notes - 1];

	f->n_edits -= n->n_edits;
	n->n_edits = 0;
}

void
lint_write_file(struct lint_file *f, const char *path, const char *text)
{
	struct lint_note *n = &f->notes[f->n_notes - 1];

	n->new_path = arena_strdup(f->lint->arena, path);
	n->new_text = arena_strdup(f->lint->arena, text);
}

void
lint_add_extent(struct lint_file *f, int from, int to)
{
	mem_grow(f->extents, f->n_extents, f->cap_extents);
	f->extents[f->n_extents++] = (struct lint_extent){ from, to };
}

void
lint_index_lines(struct lint_file *f)
{
	size_t at = 0;

	f->n_lines = 0;
	for (;;) {
		const char *end;

		mem_grow(f->lines, f->n_lines, f->cap_lines);
		f->lines[f->n_lines++] = at;
		end = memchr(f->text.data + at, '\n', f->text.len - at);
		if (!end)
			break;
		at = (size_t)(end - f->text.data) + 1;
	}
}

int
lint_line_of(const struct lint_file *f, size_t at)
{
	size_t low = 0, high = f->n_lines;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (f->lines[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return (int)low + 1;
}

size_t
lint_line_begin(const struct lint_file *f, size_t at)
{
	return f->lines[lint_line_of(f, at) - 1];
}

size_t
lint_line_end(const struct lint_file *f, size_t at)
{
	size_t line = (size_t)lint_line_of(f, at);
	size_t end = line < f->n_lines ? f->lines[line] - 1 : f->text.len;

	if (end > f->lines[line - 1] && f->text.data[end - 1] == '\r')
		end--;
	return end;
}

const char *
lint_shown(struct lint *l, const char *path)
{
	const char *dir = l->ic->dir;
	size_t len = strlen(dir);

	if (len > 1 && str_starts(path, dir) && path[len] == '/')
		return arena_strdup(l->arena, path + len + 1);
	return arena_strdup(l->arena, path);
}
