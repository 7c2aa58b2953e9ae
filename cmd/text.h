/* SPDX-License-Identifier: MIT */
#ifndef CMD_TEXT_H
#define CMD_TEXT_H

/*
 * Foreign text (names, labels, what a build prints) on a terminal: nothing in
 * it may steer the terminal. Control characters become visible: "^[", "\x9b";
 * so do bytes that are not UTF-8 and marks that turn the direction of writing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A copy for the caller to free, without anything that steers. */
char *text_visible(const char *s);

/* The same, written to f. */
void text_put(FILE *f, const char *s);

/*
 * Data for whoever reads stdout: as it is, but visible (newlines and tabs
 * aside) where that is a terminal.
 */
void text_put_data(FILE *f, const char *s, size_t len);

/* Columns of a UTF-8 text without control characters. */
int text_width(const char *s);

/* Write s in at most width columns; what is cut ends in "~". */
void text_put_cut(FILE *f, const char *s, int width);

/*
 * Write s from a column on, broken at spaces so that lines keep within width;
 * further lines begin at indent. No newline at the end.
 */
void text_put_wrapped(FILE *f, const char *s, int column, int indent,
		      int width);

/* The same of one long word, a path say: width columns of it a line. */
void text_put_folded(FILE *f, const char *s, int indent, int width);

/*
 * One line, made visible, and its newline: where f has a width, broken at
 * spaces, what follows indented, and longer words wherever they have to.
 */
void text_line(FILE *f, int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Does the locale want UTF-8? */
bool text_is_utf8(void);

/* Columns of the terminal behind fd, 0 if it is none. */
int terminal_width(int fd);

/* The same of f, and what COLUMNS says of stdout, wherever that goes. */
int page_width(FILE *f);

enum color { COLOR_RED = 31, COLOR_GREEN = 32, COLOR_YELLOW = 33,
	     COLOR_DIM = 2, COLOR_BOLD = 1 };

/*
 * Whether f gets colours: the setting ("always", "never"), else NO_COLOR,
 * CLICOLOR_FORCE, CLICOLOR, in this order, else whether it is a terminal.
 */
bool color_wanted(FILE *f, const char *setting);

/* Write s, in colour if on. */
void color_put(FILE *f, bool on, enum color color, const char *s);

#endif
