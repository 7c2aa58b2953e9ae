/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_REQUIREMENTS_H
#define IMGCACHE_RECIPE_REQUIREMENTS_H

/*
 * Which files a pip requirements file needs: itself, what it includes by -r and
 * -c (relative to the including file), local packages and wheels (relative to
 * the working directory, as pip has it: that is the root), folders of
 * --find-links. The lines are read as pip reads them: continuation lines are
 * joined before comments are stripped. The file is never re-rendered; the
 * closure is copied as it is.
 */

#include "base/strv.h"

struct imgcache_error;

struct requirements {
	/*
	 * Files and folders, relative to the root, "/" separated, without "."
	 * and "..": the file itself first, the others as first mentioned,
	 * each once. A folder stands for everything in it.
	 */
	struct strv paths;

	/* One line each: ${VAR}, remote -r, and the like: not in the key. */
	struct strv warnings;
};

#define REQUIREMENTS_INIT { { NULL, 0, 0 }, { NULL, 0, 0 } }

/*
 * Read the closure of `path` (relative to the absolute root). Errors name
 * file:line: a missing file, a path that leaves the root (IMGCACHE_EUSAGE), an
 * editable install (-e: the link would point nowhere in the image), more than
 * 256 files or 1 MiB in one. Cycles are harmless.
 */
int requirements_read(const char *root, const char *path,
		      struct requirements *out, struct imgcache_error *err);
void requirements_release(struct requirements *r);

#endif
