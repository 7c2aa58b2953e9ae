/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_PATHS_H
#define IMGCACHE_LINT_PATHS_H

/* Paths of the image, as far as the Dockerfile says them. */

#include "lint/docker.h"

/* A folder of the project's own: nothing of the system reads it by itself. */
bool lint_is_own_folder(const char *path);

/* b as seen from a, without "."; NULL if only a build knows. */
char *lint_resolve(const char *a, const char *b);

/*
 * The working directory at an instruction, as far as WORKDIRs say: without a
 * slash at its begin it stands on the base's. NULL if only a build knows.
 */
char *lint_workdir(const struct lint_docker *d, size_t index);

/* Is one the other, or inside it? Both are absolute. */
bool lint_paths_meet(const char *a, const char *b);

#endif
