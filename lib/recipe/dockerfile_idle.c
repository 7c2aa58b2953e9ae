/* SPDX-License-Identifier: MIT */
#include "recipe/dockerfile_idle.h"

#include <stdlib.h>
#include <string.h>

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
idle_add(struct idle_args *idle, const char *name)
{
	strv_push(&idle->names, name);
}

void
idle_use(struct idle_args *idle, struct plan_builder *plan)
{
	for (size_t i = 0; i < idle->names.n; i++)
		plan_add_arg(plan, idle->names.v[i]);
	strv_clear(&idle->names);
}

size_t
idle_mark(const struct idle_args *idle)
{
	return idle->names.n;
}

void
idle_undo_to(struct idle_args *idle, size_t mark)
{
	struct strv *s = &idle->names;

	while (s->n > mark) {
		free(s->v[--s->n]);
		s->v[s->n] = NULL;
	}
}
