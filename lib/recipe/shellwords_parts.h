/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_SHELLWORDS_PARTS_H
#define IMGCACHE_RECIPE_SHELLWORDS_PARTS_H

/*
 * What shellwords.c (words), shellscript.c (commands) and shellskip.c (what is
 * between them) share.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "recipe/shellwords.h"

#define SHELL_MAX_NESTING 40

struct shell_heredoc {
	const char *end;	/* the line that ends it */
	bool chomp;
};

struct shell_parser {
	const char *s;
	size_t len, pos;
	struct arena *arena;
	struct shell_command *v;	/* malloc'ed while it grows */
	size_t n, cap;
	struct shell_heredoc *heredocs;	/* opened, bodies not yet seen */
	size_t n_heredocs, cap_heredocs;
	size_t budget;			/* bytes that may be read again */
	int nesting;			/* of the recursion */
	int depth;
	bool conditional;
	bool substituted;
	bool fixed;			/* places are all those of ... */
	size_t fixed_begin, fixed_end;	/* ... this word */
	const char *trouble;
};

enum shell_until { UNTIL_END, UNTIL_PAREN };

/* Read commands up to the end, or behind the ')' that closes them. */
void shell_read_list(struct shell_parser *p, enum shell_until until);

/* Read all of text as a script in which every place is that of a word. */
void shell_read_copy(struct shell_parser *p, const char *text, size_t len,
		     size_t begin, size_t end);

/*
 * The word at p->pos, which is neither a blank nor an operator. Commands of
 * substitutions in it are added to the list.
 */
struct shell_word shell_read_word(struct shell_parser *p);

/* " (" and "&" and the like: what ends a word. */
bool shell_is_operator(char c);

/* Past blanks, and past a backslash at the end of a line. */
void shell_skip_blanks(struct shell_parser *p);

void shell_trouble(struct shell_parser *p, const char *what);

/* shellskip.c */

/* Words that open, part and close blocks where a command begins. */
enum shell_reserved {
	RESERVED_NONE, RESERVED_BEGIN_IF, RESERVED_BEGIN_LOOP, RESERVED_BRANCH,
	RESERVED_END, RESERVED_FOR, RESERVED_CASE, RESERVED_BRACE,
	RESERVED_FUNCTION, RESERVED_NOT
};

enum shell_reserved shell_reserved_word(const struct shell_word *w);

/* To the end of the line, not past it. */
void shell_skip_line(struct shell_parser *p);

/* The words of "for x in a b" and "case x in", up to `in` or the end. */
void shell_skip_words(struct shell_parser *p, bool to_in);

/* The pattern of a case, past its ')'; nothing before esac. */
void shell_skip_pattern(struct shell_parser *p);

/* A heredoc was opened; its body comes with the next line. */
void shell_note_heredoc(struct shell_parser *p, const struct shell_redirect *r);
void shell_read_heredocs(struct shell_parser *p);

#endif
