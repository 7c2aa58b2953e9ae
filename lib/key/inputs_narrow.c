/* SPDX-License-Identifier: MIT */
/*
 * Of each context only what the stages in use can read counts, if all of the
 * Dockerfile was understood; else everything that would be sent. What is sent
 * stays the same: a file that no instruction reads cannot reach the image.
 */
#include <string.h>

#include "base/mem.h"
#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "source/reach.h"

static bool
is_of(const struct dockerfile_read *read, const struct input_context *c)
{
	if (read->kind == DOCKERFILE_READ_URL ||
	    read->kind == DOCKERFILE_READ_GIT)
		return false;
	return c->name ? str_is(read->context, c->name) : !read->context;
}

static struct reach
reach_of(struct arena *arena, const struct dockerfile_read *read)
{
	size_t n = dockerfile_read_excludes(read);
	const char **exclude = n ?
		arena_alloc(arena, n * sizeof(*exclude)) : NULL;
	struct reach r = {
		.path = arena_strdup(arena, read->path),
		.wildcard = read->wildcard,
		.include = arena_strdup(arena, read->include),
		.exclude = exclude,
		.n_exclude = n,
	};

	for (size_t i = 0; i < n; i++)
		exclude[i] = arena_strdup(arena, read->exclude[i]);
	return r;
}

static void
take_reads(struct inputs *in, struct input_context *c,
	   const struct dockerfile_plan *plan)
{
	struct reach *v = arena_alloc(&in->ic->arena,
				      (plan->n_reads + 1) * sizeof(*v));
	size_t i;

	c->reads = v;
	for (i = 0; i < plan->n_reads; i++)
		if (is_of(&plan->reads[i], c))
			v[c->n_reads++] = reach_of(&in->ic->arena,
						   &plan->reads[i]);
	c->is_empty = !c->n_reads;
}

void
inputs_narrow(struct inputs *in, const struct dockerfile_plan *plan)
{
	const char *asked = in->r->recipe->context_mode;
	size_t i;

	if (asked && !strcmp(asked, "full") && !in->only_sources)
		return;
	if (!plan->understood) {
		in->context_reason = plan->reason_line ?
			arena_printf(&in->ic->arena, "line %d: %s",
				     plan->reason_line, plan->reason) :
			arena_strdup(&in->ic->arena, plan->reason);
		return;
	}
	for (i = 0; i < in->n_contexts; i++)
		take_reads(in, &in->contexts[i], plan);
	in->context_mode = in->contexts[0].is_empty ? CONTEXT_NONE :
		CONTEXT_SOURCES;
}
