/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_GITIGNORE_H
#define IMGCACHE_LINT_GITIGNORE_H

/*
 * What git ignores, near enough to pass over build output in a search: each
 * .gitignore is turned into the patterns of a .dockerignore that mean the same.
 */

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct ignore;

/* The .gitignore files from a folder up to where the search began. */
struct lint_gitignore {
	struct ignore *ignore;		/* NULL: this folder has none */
	size_t prefix;			/* bytes of the folder's path, '/' too */
	const struct lint_gitignore *up;
};

/* Read the one in the folder at path, whose name below the top is prefix. */
void lint_gitignore_open(struct lint_gitignore *g, const char *path,
			 size_t prefix, const struct lint_gitignore *up);
void lint_gitignore_close(struct lint_gitignore *g);

/* path is relative to the top of the search. */
bool lint_gitignore_has(const struct lint_gitignore *g, const char *path);

/* The text of a .gitignore as that of a .dockerignore. */
void lint_gitignore_convert(struct buf *out, const char *text, size_t len);

#endif
