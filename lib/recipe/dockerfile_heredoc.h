/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_HEREDOC_H
#define IMGCACHE_RECIPE_DOCKERFILE_HEREDOC_H

/* Words like <<EOF, <<-EOF, 3<<"EOF": where they stand and what they name. */

#include <stdbool.h>

struct arena;
struct dockerfile_heredoc;
struct strv;

/*
 * True if the word opens a heredoc; then *out (may be NULL) gets all but the
 * body, its name in the arena.
 */
bool heredoc_parse(const char *word, struct arena *arena,
		   struct dockerfile_heredoc *out);

/* The words of an instruction, as a shell would see them, quotes kept. */
void heredoc_words(const char *text, struct strv *out);

#endif
