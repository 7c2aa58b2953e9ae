/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOTENV_H
#define IMGCACHE_RECIPE_DOTENV_H

/*
 * The .env file beside a project file. It belongs to other programs, so only
 * the names that the caller asks for are taken and no line is ever an error:
 * what is not NAME=value is skipped. Forms: `export NAME=value`, 'single'
 * quotes (nothing is special inside), "double" quotes (\n \" \\ \$), bare
 * values that end at " #" or the end of the line. The last line for a name
 * counts. Values are not expanded.
 */

#include <stddef.h>

#include "base/mem.h"

struct imgcache_error;

struct dotenv_value {
	const char *name;
	const char *value;
	int line;		/* counts from 1 */
};

/* Zero-initialised is empty. */
struct dotenv {
	struct arena arena;
	const char *path;
	struct dotenv_value *v;	/* one for each name that was found */
	size_t n;
	size_t cap;
};

#define DOTENV_MAX_BYTES (1024 * 1024)

/* Take the values of the n names out of len bytes of text. */
void dotenv_parse(struct dotenv *d, const char *text, size_t len,
		  const char *const *names, size_t n);

/*
 * The same for a file. A missing one is fine, one that cannot be read or has
 * more than 1 MiB is IMGCACHE_EFAIL.
 */
int dotenv_read(struct dotenv *d, const char *path, const char *const *names,
		size_t n, struct imgcache_error *err);

/* NULL if the file did not set it. */
const struct dotenv_value *dotenv_get(const struct dotenv *d,
				      const char *name);

void dotenv_release(struct dotenv *d);

#endif
