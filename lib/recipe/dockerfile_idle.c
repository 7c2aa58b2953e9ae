/* SPDX-License-Identifier: MIT */
#include "recipe/dockerfile_idle.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool
idle_can_use(const struct dockerfile_instruction *in)
{
	if (in->keyword == DOCKERFILE_RUN || in->keyword == DOCKERFILE_UNKNOWN)
		return true;
	for (size_t i = 0; i < in->n_heredocs; i++)
		if (in->heredocs[i].expand &&
		    memchr(in->heredocs[i].body, '$', in->heredocs[i].body_len))
			return true;
	return strchr(in->text, '$') != NULL;
}

void
idle_add(struct idle_args *idle, const char *name, bool inherits)
{
	mem_grow(idle->v, idle->n, idle->cap);
	idle->v[idle->n++] = (struct idle_arg){ name, inherits };
}

void
idle_release(struct idle_args *idle)
{
	free(idle->v);
	memset(idle, 0, sizeof(*idle));
}

/* They stay where they are, so that the marks of others stay right. */
void
idle_use(struct idle_args *idle, struct plan_builder *plan,
	 struct globals *globals)
{
	for (; idle->used < idle->n; idle->used++) {
		const struct idle_arg *arg = &idle->v[idle->used];

		plan_add_arg(plan, arg->name);
		if (arg->inherits)
			globals_use_name(globals, arg->name);
	}
}

size_t
idle_mark(const struct idle_args *idle)
{
	return idle->n;
}

void
idle_undo_to(struct idle_args *idle, size_t mark)
{
	idle->n = mark;
	if (idle->used > mark)
		idle->used = mark;
}
