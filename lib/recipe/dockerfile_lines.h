/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_LINES_H
#define IMGCACHE_RECIPE_DOCKERFILE_LINES_H

/*
 * From bytes to logical lines: byte order mark, parser directives, comments,
 * continuations. After an error the reader is at its end.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/dockerfile_text.h"

struct buf;
struct dockerfile_piece;
struct imgcache_error;

/* A longer line, its end not counted, is an error (bufio.MaxScanTokenSize). */
#define DOCKERFILE_LINE_MAX 65535

enum dockerfile_directive {
	DIRECTIVE_CHECK,
	DIRECTIVE_ESCAPE,
	DIRECTIVE_SYNTAX,
	DIRECTIVES
};

/* Where the text of an instruction comes from; v is malloc'ed. */
struct dockerfile_pieces {
	struct dockerfile_piece *v;
	size_t n, cap;
};

struct dockerfile_lines {
	const char *text;
	size_t len, pos;
	int line;		/* number of the line read last */
	char escape;
	bool directives_over;
	bool seen[DIRECTIVES];
	struct dockerfile_pieces *pieces;	/* of the last text; or NULL */
	const char *doubt;	/* engines read something differently: what */
	int doubt_line;
};

void dockerfile_lines_init(struct dockerfile_lines *l, const char *text,
			   size_t len);

/*
 * The next instruction's text replaces *out, its first line's number goes to
 * *first. 1, or 0 at the end; EFAIL with l->line as the place.
 */
int dockerfile_lines_next(struct dockerfile_lines *l, struct buf *out,
			  int *first, struct imgcache_error *err);

/*
 * Of a physical line inside an instruction, with or without its end: is it
 * nothing, a comment or blank? Else, does the instruction go on behind it?
 */
bool dockerfile_line_is_idle(struct span line);
bool dockerfile_line_goes_on(struct span line, char escape);

/* The next physical line with its end, for heredocs. 1, 0 or EFAIL as above. */
int dockerfile_lines_raw(struct dockerfile_lines *l, struct span *out,
			 struct imgcache_error *err);

/*
 * The frontend that the text asks for, wherever BuildKit looks for it: "#
 * syntax=" at the top, also below a "#!" line, "// syntax=", or a JSON object
 * with a member "syntax". Up to the first blank. False if there is none.
 */
bool dockerfile_find_frontend(const char *text, size_t len, struct buf *out,
			      int *line);

#endif
