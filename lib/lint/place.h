/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_PLACE_H
#define IMGCACHE_LINT_PLACE_H

/* Where an instruction, or a word of it, stands in its file. */

#include <stdbool.h>
#include <stddef.h>

struct dockerfile_instruction;

/* Bytes of an instruction without heredocs. */
size_t lint_begin(const struct dockerfile_instruction *in);
size_t lint_end(const struct dockerfile_instruction *in);

/* Those of a word in its text; false if it is not there as one. */
bool lint_word_place(const struct dockerfile_instruction *in, const char *word,
		     size_t *begin, size_t *end);

#endif
