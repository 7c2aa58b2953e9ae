/* SPDX-License-Identifier: MIT */
#ifndef CMD_OPT_H
#define CMD_OPT_H

/*
 * Options. One table per verb is parser (over getopt_long), usage text and
 * completion; a test compares the manual page with it. Long names may be cut
 * short while they are unique, options may stand between and after words, and
 * "--" ends them. For spawn and exec what follows "--" is the command.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "words.h"

struct imgcache_error;
struct command;

enum opt_type {
	OPT_END,
	OPT_FLAG,	/* set to true */
	OPT_TEXT,	/* the last one given */
	OPT_LIST,	/* each one given */
	OPT_COUNT,	/* a whole number, not negative */
	OPT_SIZE,	/* "20GB", in bytes */
	OPT_AGE,	/* "30d", in seconds */
	OPT_WORD	/* index into words */
};

struct opt {
	enum opt_type type;
	char letter;			/* 0: none */
	const char *name;
	union {
		bool *flag;
		const char **text;
		struct words *list;
		int64_t *number;	/* COUNT, SIZE, AGE */
		int *word;
	} to;
	const char *argument;		/* for usage: "SIZE" */
	const char *help;		/* one line */
	const char *const *words;	/* OPT_WORD: all there are, OPT_TEXT:
					   what completion offers; NULL-ended */
};

#define FLAG_OPTION(l, n, t, h) \
	{ .type = OPT_FLAG, .letter = (l), .name = (n), .to.flag = (t), \
	  .help = (h) }
#define TEXT_OPTION(l, n, t, a, h) \
	{ .type = OPT_TEXT, .letter = (l), .name = (n), .to.text = (t), \
	  .argument = (a), .help = (h) }
#define CHOICE_OPTION(l, n, t, w, a, h) \
	{ .type = OPT_TEXT, .letter = (l), .name = (n), .to.text = (t), \
	  .words = (w), .argument = (a), .help = (h) }
#define LIST_OPTION(l, n, t, a, h) \
	{ .type = OPT_LIST, .letter = (l), .name = (n), .to.list = (t), \
	  .argument = (a), .help = (h) }
#define COUNT_OPTION(l, n, t, h) \
	{ .type = OPT_COUNT, .letter = (l), .name = (n), .to.number = (t), \
	  .argument = "N", .help = (h) }
#define SIZE_OPTION(l, n, t, h) \
	{ .type = OPT_SIZE, .letter = (l), .name = (n), .to.number = (t), \
	  .argument = "SIZE", .help = (h) }
#define AGE_OPTION(l, n, t, h) \
	{ .type = OPT_AGE, .letter = (l), .name = (n), .to.number = (t), \
	  .argument = "AGE", .help = (h) }
#define SECONDS_OPTION(l, n, t, h) \
	{ .type = OPT_AGE, .letter = (l), .name = (n), .to.number = (t), \
	  .argument = "TIME", .help = (h) }
#define WORD_OPTION(l, n, t, w, a, h) \
	{ .type = OPT_WORD, .letter = (l), .name = (n), .to.word = (t), \
	  .words = (w), .argument = (a), .help = (h) }
#define END_OPTION { .type = OPT_END }

/* One recipe flag as it was given. */
struct given_flag {
	const char *name;
	const char *value;
};

/* What a command line came to. Zero-initialised is empty. */
struct parsed {
	struct words words;
	struct words after;		/* the command: what follows "--" */
	struct words docker_run;	/* options that are docker run's */
	struct given_flag *flags;	/* recipe flags in the order given */
	size_t n_flags, cap_flags;
	bool help, usage;		/* --help, -h */
};

/*
 * Parse argv[1...]; argv[0] is the verb. Targets of the table are set.
 * IMGCACHE_EUSAGE with one line that names the option and what it wants.
 */
int opt_parse(const struct command *c, int argc, char **argv,
	      struct parsed *out, struct imgcache_error *err);
void parsed_release(struct parsed *p);

/* Usage from the table, at most 80 columns. */
void opt_usage(FILE *out, const struct command *c);

/* The overview: how to call the program, and all verbs by group. */
void opt_overview(FILE *out);

#endif
