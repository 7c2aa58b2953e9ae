/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

#define MAX_COLUMNS 32
#define GAP 2
#define NARROWEST 8
#define SHORT_DIGEST 20	/* "sha256:" and twelve digits */

struct column {
	const char *title;
	enum cell_kind kind;
	int width;
};

struct table {
	bool single, wide;
	struct column columns[MAX_COLUMNS];
	size_t n_columns;
	size_t column;		/* the next of this row */
	size_t n_rows;
	char **cells;		/* n_columns of each row, row by row */
	size_t n_cells, cap_cells;
};

struct table *
table_new(bool single)
{
	struct table *t = memory_checked(calloc(1, sizeof(*t)));

	t->single = single;
	return t;
}

void
table_set_wide(struct table *t)
{
	t->wide = true;
}

void
table_row(struct table *t)
{
	t->n_rows++;
	t->column = 0;
}

void
table_cell(struct table *t, const char *title, const char *text,
	   enum cell_kind kind)
{
	if (t->column >= MAX_COLUMNS)
		return;
	if (t->n_rows == 1) {
		t->columns[t->column].title = title;
		t->columns[t->column].kind = kind;
		t->n_columns = t->column + 1;
	}
	if (t->n_cells == t->cap_cells) {
		t->cap_cells = t->cap_cells ? t->cap_cells * 2 : 64;
		t->cells = memory_checked(realloc(t->cells, t->cap_cells *
						  sizeof(*t->cells)));
	}
	t->cells[t->n_cells++] = memory_checked(strdup(text));
	t->column++;
}

static int
width_of(const struct table *t)
{
	int total = -GAP;
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		total += t->columns[i].width + GAP;
	return total;
}

/* The widest column of that kind that may still give way; NULL: none. */
static struct column *
widest_of(struct table *t, enum cell_kind kind, int narrowest)
{
	struct column *c, *widest = NULL;

	for (c = t->columns; c < t->columns + t->n_columns; c++)
		if (c->kind == kind && c->width > narrowest &&
		    (!widest || c->width > widest->width))
			widest = c;
	return widest;
}

static void
fit(struct table *t, int width)
{
	struct column *c;

	while (width_of(t) > width) {
		c = widest_of(t, CELL_DIGEST, SHORT_DIGEST);
		if (!c)
			c = widest_of(t, CELL_TEXT, NARROWEST);
		if (!c)
			return;
		c->width--;
	}
}

static void
put_cell(const struct column *c, const char *text, bool last)
{
	int room = c->width - text_width(text);

	if (c->kind == CELL_NUMBER && room > 0)
		printf("%*s", room, "");
	if (c->kind == CELL_TEXT || c->kind == CELL_DIGEST)
		text_put_cut(stdout, text, c->width);
	else
		fputs(text, stdout);
	if (c->kind == CELL_NUMBER || room < 0)
		room = 0;
	if (!last)
		printf("%*s", room + GAP, "");
}

/* Of a text at the end of its line nothing is cut: it goes on below itself. */
static void
put_last(const struct table *t, const char *text)
{
	const struct column *c = &t->columns[t->n_columns - 1], *other;
	int at = 0;

	for (other = t->columns; other < c; other++)
		at += other->width + GAP;
	if (c->kind == CELL_TEXT && !strchr(text, ' '))
		text_put_folded(stdout, text, at, c->width);
	else if (c->kind == CELL_TEXT)
		text_put_wrapped(stdout, text, at, at, at + c->width);
	else
		put_cell(c, text, true);
	fputc('\n', stdout);
}

static void
put_rows(struct table *t)
{
	size_t i, n = t->n_columns;

	for (i = 0; i < n; i++)
		t->columns[i].width = text_width(t->columns[i].title);
	for (i = 0; i < t->n_cells; i++)
		if (text_width(t->cells[i]) > t->columns[i % n].width)
			t->columns[i % n].width = text_width(t->cells[i]);
	if (!t->wide && page_width(stdout))
		fit(t, page_width(stdout));
	for (i = 0; i < n; i++)
		put_cell(&t->columns[i], t->columns[i].title, i + 1 == n);
	fputc('\n', stdout);
	for (i = 0; i < t->n_cells; i++) {
		if (i % n + 1 == n)
			put_last(t, t->cells[i]);
		else
			put_cell(&t->columns[i % n], t->cells[i], false);
	}
}

/* One record is easier to read as a line a field. */
static void
put_single(const struct table *t)
{
	size_t i;
	int width = 0;

	for (i = 0; i < t->n_columns; i++)
		if (text_width(t->columns[i].title) > width)
			width = text_width(t->columns[i].title);
	for (i = 0; i < t->n_cells; i++)
		printf("%-*s  %s\n", width, t->columns[i].title, t->cells[i]);
}

void
table_end(struct table *t)
{
	size_t i;

	if (t->n_rows && t->single)
		put_single(t);
	else if (t->n_rows)
		put_rows(t);
	for (i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}
