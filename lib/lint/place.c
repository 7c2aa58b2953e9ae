/* SPDX-License-Identifier: MIT */
#include "lint/place.h"

#include <string.h>

#include "recipe/dockerfile.h"

size_t
lint_begin(const struct dockerfile_instruction *in)
{
	return dockerfile_place(in, 0);
}

size_t
lint_end(const struct dockerfile_instruction *in)
{
	return dockerfile_place(in, strlen(in->text) - 1) + 1;
}

static bool
is_boundary(char c)
{
	return !c || strchr(" \t\r\n\v\f,[]\"'=", c);
}

bool
lint_word_place(const struct dockerfile_instruction *in, const char *word,
		size_t *begin, size_t *end)
{
	const char *at = in->text + strcspn(in->text, " \t");
	size_t len = strlen(word);

	for (; len && (at = strstr(at, word)) != NULL; at++) {
		size_t offset = (size_t)(at - in->text);

		if (!is_boundary(at[-1]) || !is_boundary(at[len]))
			continue;
		*begin = dockerfile_place(in, offset);
		*end = dockerfile_place(in, offset + len - 1) + 1;
		return true;
	}
	return false;
}
