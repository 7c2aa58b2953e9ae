/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_SHELLWORDS_H
#define IMGCACHE_RECIPE_SHELLWORDS_H

/*
 * What a POSIX shell would run: the simple commands of a script, with the
 * place of each word. Made for looking and editing, not for running: nothing
 * is expanded, and of the grammar only as much is known as it takes to tell
 * commands from each other (lists, pipes, groups, if, for, while, case,
 * functions, [[ ]], substitutions, heredocs, sh -c). Bash's extensions that
 * are often seen are read, too.
 *
 * Any bytes may be given. What does not read as a script is no failure: the
 * commands are as many as could be told, and trouble says what was odd. Time
 * is linear in the length, but for a factor of the nesting, which is bounded.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Places are bytes of the script, end is exclusive. */
struct shell_word {
	const char *text;	/* quotes and escapes off, expansions kept */
	size_t begin, end;
	bool quoted;		/* some of it was in quotes or escaped */
	bool expands;		/* it has a $x, $(x) or `x` that counts */
};

struct shell_redirect {
	const char *op;		/* ">" ">>" "<" "<<" "<<-" "<<<" ">&" ... */
	struct shell_word target;
	size_t begin, end;	/* with a descriptor's number */
	bool attached;		/* a word ends where it begins: a>b */
};

/* How a command hangs on what stands before it. */
enum shell_join {
	SHELL_FIRST,
	SHELL_AND,		/* && */
	SHELL_OR,		/* || */
	SHELL_PIPE,		/* | */
	SHELL_NEXT		/* ; & and the end of a line */
};

struct shell_command {
	struct shell_word *assigns;	/* NAME=value before the words */
	size_t n_assigns;
	struct shell_word *words;	/* may be none */
	size_t n_words;
	struct shell_redirect *redirects;
	size_t n_redirects;
	size_t begin, end;		/* redirects included */
	enum shell_join join;
	size_t join_begin;		/* of that operator */
	int depth;			/* groups, subshells, quotes around it */
	bool conditional;		/* in a branch, a loop, a function */
	bool substituted;		/* in $() or ``: its output is a word */
	bool exact;			/* false: all places are those of the
					 * word that it stands in */
};

struct shell_script {
	struct shell_command *v;	/* in the order of their ends */
	size_t n;
	const char *trouble;		/* NULL, or one clause */
};

/* Everything lives in the arena; the text is not kept. */
void shell_parse(struct arena *arena, const char *text, size_t len,
		 struct shell_script *out);

/* One command of words that need no shell: the JSON form of a RUN. */
void shell_parse_words(struct arena *arena, const char *const *words, size_t n,
		       struct shell_script *out);

/*
 * Index of the word that names the program, past `sudo`, `env`, `exec` and the
 * like with their options; n_words if there is none.
 */
size_t shell_program(const struct shell_command *c);

/* Its last path component, "" if there is none. */
const char *shell_program_name(const struct shell_command *c);

/* Is one of the words behind the program this one? */
bool shell_has_word(const struct shell_command *c, const char *word);

#endif
