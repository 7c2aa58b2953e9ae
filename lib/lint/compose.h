/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_COMPOSE_H
#define IMGCACHE_LINT_COMPOSE_H

#include <stdbool.h>

#include "lint/lint.h"

bool lint_is_compose(const char *name);

/*
 * Which Dockerfile is built from which folder, as far as a compose file says
 * it in plain words; one that uses more of YAML than we read is passed over.
 */
void lint_compose(struct lint *l, const char *path, const char *top);

#endif
