/* SPDX-License-Identifier: MIT */
/*
 * What -h prints: the synopsis, then a line an option, wrapped at 80 columns.
 */
#include "cmd.h"
#include "text.h"

#define INDENT 4
#define HELP_COLUMN 30
#define WIDTH 79

static void
wrapped(FILE *out, const char *text, int column)
{
	text_put_wrapped(out, text, column, column, WIDTH);
	fputc('\n', out);
}

static void
option_line(FILE *out, char letter, const char *name, const char *argument,
	    const char *help)
{
	int n = 0;

	n += fprintf(out, "%*s", INDENT, "");
	if (letter)
		n += fprintf(out, "-%c, ", letter);
	n += fprintf(out, "--%s", name);
	if (argument)
		n += fprintf(out, " %s", argument);
	if (n >= HELP_COLUMN - 1) {
		fputc('\n', out);
		n = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - n, "");
	wrapped(out, help, HELP_COLUMN);
}

static void
recipe_lines(FILE *out)
{
	const struct imgcache_flag *flags;
	size_t i, n;

	flags = imgcache_recipe_flags(&n);
	fputs("\nRecipe flags\n", out);
	for (i = 0; i < n; i++)
		option_line(out, flags[i].letter, flags[i].name,
			    flags[i].argument, flags[i].help);
}

static void
option_lines(FILE *out, const struct command *c)
{
	const struct opt *o;

	if (c->options->type != OPT_END)
		fputs("\nOptions\n", out);
	for (o = c->options; o->type != OPT_END; o++)
		option_line(out, o->letter, o->name, o->argument, o->help);
}

void
opt_usage(FILE *out, const struct command *c)
{
	int n = fprintf(out, "usage: imgcache %s%s", c->name,
			c->options->type != OPT_END ? " [OPTION...]" : "");

	if (*c->arguments)
		fputc(' ', out);
	wrapped(out, c->arguments, n + 1);
	fputc('\n', out);
	wrapped(out, c->summary, 0);
	option_lines(out, c);
	if (c->takes_recipe)
		recipe_lines(out);
}

void
opt_overview(FILE *out)
{
	static const char *const titles[GROUPS] = {
		"Images", "Catalog", "Care", "Help"
	};
	const struct command *const *c;
	int g;

	fprintf(out, "usage: imgcache %s\n\n", imgcache_itself.arguments);
	wrapped(out, imgcache_itself.summary, 0);
	for (g = 0; g < GROUPS; g++) {
		fprintf(out, "\n%s\n", titles[g]);
		for (c = commands; *c; c++) {
			if ((*c)->group != (enum group)g || (*c)->hidden)
				continue;
			fprintf(out, "%*s%-12s ", INDENT, "", (*c)->name);
			wrapped(out, (*c)->summary, INDENT + 13);
		}
	}
	option_lines(out, &imgcache_itself);
}
