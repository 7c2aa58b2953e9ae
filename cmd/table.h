/* SPDX-License-Identifier: MIT */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

/*
 * The table behind a printer. A column is as wide as its widest cell; when all
 * are more than a terminal has (or COLUMNS says), first digests give way, then
 * the widest texts: what is cut ends in "~", and a text in the last column goes
 * on below itself.
 */

#include <stdbool.h>

enum cell_kind {
	CELL_TEXT,
	CELL_WHOLE,	/* never cut */
	CELL_DIGEST,	/* cut before any other, what is left still tells */
	CELL_NUMBER	/* never cut, to the right */
};

struct table;

/* single: one row, written as a line a cell. */
struct table *table_new(bool single);
void table_set_wide(struct table *t);
void table_row(struct table *t);

/* The next cell of the row; text holds no control characters. */
void table_cell(struct table *t, const char *title, const char *text,
		enum cell_kind kind);

/* Write it to stdout, nothing at all if there is no row, and free it. */
void table_end(struct table *t);

#endif
