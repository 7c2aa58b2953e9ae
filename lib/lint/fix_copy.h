/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_FIX_COPY_H
#define IMGCACHE_LINT_FIX_COPY_H

#include "lint/docker.h"

/*
 * Move the COPY of the whole context below the RUN that installs, and copy what
 * that RUN reads where it was: requirements files with what they include,
 * package.json with its lock file. Only where the RUN is known to read nothing
 * else; then the image comes out the same. Adds to the last note, or nothing.
 */
void lint_fix_copy_order(struct lint_docker *d, const struct lint_read *copy,
			 const struct lint_run *run);

#endif
