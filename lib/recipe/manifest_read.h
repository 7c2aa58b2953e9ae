/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_MANIFEST_READ_H
#define IMGCACHE_RECIPE_MANIFEST_READ_H

/*
 * A manifest read back, for saying how two of them differ. Lines stay in their
 * order. What a line is about is its word and, where several lines begin with
 * one word, the name behind it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct manifest_line {
	const char *word;	/* "base", "arg", "context" ... */
	const char *name;	/* unquoted; NULL: there is only one */
	const char *value;	/* the rest; unquoted if it is one free text */
};

struct manifest_lines {		/* zero-initialised is empty */
	struct manifest_line *v;
	size_t n, cap;
	struct arena memory;
};

/* False if it is no manifest of this version. Release it in any case. */
bool manifest_read(struct manifest_lines *m, const char *text, size_t len);
void manifest_lines_release(struct manifest_lines *m);

/* The line, or NULL; name NULL for a word that has none. */
const struct manifest_line *manifest_find(const struct manifest_lines *m,
					  const char *word, const char *name);

/* Its value, or NULL. */
const char *manifest_value(const struct manifest_lines *m, const char *word,
			   const char *name);

/* The last word of a value: of "context sources H" and others the hash. */
const char *manifest_last_word(const char *value);

#endif
