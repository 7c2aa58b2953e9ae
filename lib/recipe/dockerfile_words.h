/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_WORDS_H
#define IMGCACHE_RECIPE_DOCKERFILE_WORDS_H

/*
 * How the text after a keyword falls apart; nothing is expanded here. See
 * frontend/dockerfile/parser/{split_command,line_parsers}.go.
 */

#include <stddef.h>

#include "recipe/dockerfile_text.h"

struct arena;

/* A growing list; its strings live in the arena, v is malloc'ed. */
struct word_list {
	struct arena *arena;
	const char **v;
	size_t n, cap;
};

void word_list_add(struct word_list *list, const char *s, size_t len);
void word_list_release(struct word_list *list);

/* Copy v into the arena, empty the list. NULL if there is nothing. */
const char *const *word_list_move(struct word_list *list, size_t *n);

/* Leading "--flags", quotes and escapes off; *rest is what follows them. */
void words_flags(struct word_list *list, struct span *rest, char escape);

/* Split at runs of blanks. text has none at its ends. */
void words_blank(struct word_list *list, struct span text);

/* Split at white space outside quotes; quotes and escapes stay in. */
void words_quoted(struct word_list *list, struct span text, char escape);

/* Cut s at its first run of blanks; false if it has none. */
bool words_cut(struct span s, struct span *head, struct span *tail);

#endif
