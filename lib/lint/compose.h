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

/* Once for each path; the item that is there already if there is one. */
struct lint_item *lint_add_item(struct lint *l, enum lint_kind kind,
				const char *path, const char *top);

#endif
