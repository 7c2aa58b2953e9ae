/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_REQUIREMENTS_LINE_H
#define IMGCACHE_RECIPE_REQUIREMENTS_LINE_H

/*
 * The lines of a requirements file as pip joins and splits them (pip's
 * req_file.py; docs: "Requirements File Format").
 */

#include <stdbool.h>
#include <stddef.h>

enum requirement_kind {
	REQUIREMENT_NONE,	/* options only */
	REQUIREMENT_NAMED,	/* of an index */
	REQUIREMENT_LOCAL,	/* a path */
	REQUIREMENT_REMOTE	/* a URL */
};

struct requirements_option {
	enum {
		OPTION_REQUIREMENT,
		OPTION_CONSTRAINT,
		OPTION_EDITABLE,
		OPTION_FIND_LINKS
	} kind;
	char *value;
};

/* Options that name no file are left out. */
struct requirements_line {
	enum requirement_kind kind;
	char *path;		/* of LOCAL, or the URL of REMOTE; else NULL */
	struct requirements_option *options;
	size_t n_options, cap_options;
};

/*
 * Call fn for every logical line of text that is not empty, with the number
 * of its first physical line; stop at the first result that is not 0 and
 * return it. Continuation lines are joined before comments are cut off.
 */
int requirements_each_line(const char *text,
			   int (*fn)(void *ctx, const char *line, int number),
			   void *ctx);

void requirements_line_parse(const char *text, struct requirements_line *out);
void requirements_line_release(struct requirements_line *line);

bool requirements_has_variable(const char *text);	/* ${NAME} */
bool requirements_is_url(const char *text);		/* scheme: */

#endif
