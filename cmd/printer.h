/* SPDX-License-Identifier: MIT */
#ifndef CMD_PRINTER_H
#define CMD_PRINTER_H

/*
 * Output as records of named fields; a verb does not know which form it drives.
 *
 *	table	for people: columns as wide as what they hold, in all at most
 *		the terminal's width ($COLUMNS, 80 without one); free to change
 *	JSON	one array of objects, or one object; a contract, see
 *		imgcache-formats(5)
 *	NUL	the same values as "name=value" lines, each record ends with
 *		NUL; what lies inside an object or a list is left out
 *
 * A number carries how a person reads it, so the forms may differ.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum print_form { PRINT_TABLE, PRINT_JSON, PRINT_NUL };

/* What is negative, and a moment that is 0, is unknown: null, "-", nothing. */
enum print_as {
	AS_NUMBER,	/* any */
	AS_SIZE,	/* bytes */
	AS_AGO,		/* a moment; JSON: RFC 3339, table: age */
	AS_DURATION,	/* microseconds; JSON: seconds */
	AS_PERCENT,	/* of 1000; JSON: 0 to 1 */
	AS_THOUSANDTHS	/* JSON and table: a decimal fraction */
};

struct printer;

/* The form that the options ask for. */
enum print_form print_form_given(void);

/* single: one record; JSON without an array, table with a line a field. */
struct printer *printer_new(enum print_form form, bool single);

/* The one record of a JSON document is one line: for who reads line by line. */
void printer_set_line(struct printer *p);

/* A table is not fitted into the terminal's width. */
void printer_set_wide(struct printer *p);

enum print_form printer_form(const struct printer *p);

void print_record(struct printer *p);		/* the next record begins */

/*
 * A field of the record. title is the column's head in a table; NULL leaves
 * the field out of the table, and all records have the same titles. value NULL
 * is null, in a table "-". An id is never cut, a digest before anything else.
 */
void print_text(struct printer *p, const char *name, const char *title,
		const char *value);
void print_id(struct printer *p, const char *name, const char *title,
	      const char *value);
void print_digest(struct printer *p, const char *name, const char *title,
		  const char *value);
void print_number(struct printer *p, const char *name, const char *title,
		  int64_t value, enum print_as as);
/* In tables only: a figure that is written already, to the right. */
void print_figure(struct printer *p, const char *title, const char *text);

void print_bool(struct printer *p, const char *name, bool value);
void print_null(struct printer *p, const char *name);

/* A value that is JSON already; in JSON only. */
void print_json(struct printer *p, const char *name, const char *json);

/* An object or a list inside the record, in JSON only. In a list, names are
 * not written: they are for the reader of the code. */
void print_object(struct printer *p, const char *name);
void print_object_end(struct printer *p);
void print_list(struct printer *p, const char *name);
void print_list_end(struct printer *p);

/* How many records were begun. */
size_t printer_count(const struct printer *p);

/* Write what is left, and free. */
void printer_end(struct printer *p);

#endif
