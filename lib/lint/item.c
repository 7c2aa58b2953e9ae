/* SPDX-License-Identifier: MIT */
#include "lint/lint.h"

#include <string.h>

struct lint_item *
lint_add_item(struct lint *l, enum lint_kind kind, const char *path,
	      const char *top)
{
	struct lint_item *item;
	size_t i;

	for (i = 0; i < l->n_items; i++)
		if (!strcmp(l->items[i].path, path))
			return &l->items[i];
	mem_grow(l->items, l->n_items, l->cap_items);
	item = &l->items[l->n_items++];
	*item = (struct lint_item){
		.kind = kind, .path = arena_strdup(l->arena, path),
		.name = lint_shown(l, path), .top = top,
	};
	return item;
}
