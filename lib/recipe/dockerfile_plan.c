/* SPDX-License-Identifier: MIT */

/*
 * A key is the fields, each with the NUL at its end, which none can hold. What
 * was added is sorted at the end, because stages are walked along FROM and not
 * down the file.
 */

#include "recipe/dockerfile_plan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void
key_add(struct buf *key, const char *field)
{
	buf_add(key, field ? "+" : "-", 1);
	if (field)
		buf_add(key, field, strlen(field) + 1);
}

/* The index kept under the key; n is kept, and *is_new, if there is none. */
static size_t
index_of(struct plan_builder *b, struct buf *key, size_t n, bool *is_new)
{
	size_t i = strmap_get(&b->seen, key->data, key->len);

	*is_new = i == STRMAP_NONE;
	if (*is_new) {
		char *copy = arena_alloc(&b->plan->arena, key->len + 1);
		memcpy(copy, key->data, key->len);
		*strmap_at(&b->seen, copy, key->len) = n;
		i = n;
	}
	buf_release(key);
	return i;
}

void
plan_add_stage(struct plan_builder *b, const struct dockerfile_stage *stage)
{
	struct dockerfile_plan *plan = b->plan;
	struct buf key = BUF_INIT;
	bool is_new;

	buf_addf(&key, "s%zu", stage->index);
	index_of(b, &key, 0, &is_new);
	if (!is_new)
		return;
	mem_grow(plan->stages, plan->n_stages, plan->cap_stages);
	plan->stages[plan->n_stages++] = (struct dockerfile_stage){
		.index = stage->index,
		.name = arena_strdup(&plan->arena, stage->name),
		.line = stage->line,
		.context = arena_strdup(&plan->arena, stage->context),
	};
}

void
plan_add_image(struct plan_builder *b, const struct dockerfile_image *image)
{
	struct dockerfile_plan *plan = b->plan;
	struct buf key = BUF_INIT;
	bool is_new;

	buf_addc(&key, 'i');
	key_add(&key, image->ref);
	key_add(&key, image->platform);
	size_t i = index_of(b, &key, plan->n_images, &is_new);
	if (!is_new) {
		struct dockerfile_image *old = &plan->images[i];
		old->is_base |= image->is_base;
		if (image->line < old->line)
			old->line = image->line;
		return;
	}
	mem_grow(plan->images, plan->n_images, plan->cap_images);
	plan->images[plan->n_images++] = (struct dockerfile_image){
		.ref = arena_strdup(&plan->arena, image->ref),
		.platform = arena_strdup(&plan->arena, image->platform),
		.line = image->line,
		.is_base = image->is_base,
		.context = arena_strdup(&plan->arena, image->context),
	};
}

void
plan_add_from(struct plan_builder *b, const struct dockerfile_from *from)
{
	struct dockerfile_plan *plan = b->plan;
	struct buf key = BUF_INIT;
	bool is_new;

	buf_addc(&key, 'b');
	key_add(&key, from->ref);
	key_add(&key, from->context);
	key_add(&key, from->platform);
	size_t i = index_of(b, &key, plan->n_bases, &is_new);
	if (!is_new) {
		if (from->line < plan->bases[i].line)
			plan->bases[i].line = from->line;
		return;
	}
	mem_grow(plan->bases, plan->n_bases, plan->cap_bases);
	plan->bases[plan->n_bases++] = (struct dockerfile_from){
		.ref = arena_strdup(&plan->arena, from->ref),
		.context = arena_strdup(&plan->arena, from->context),
		.platform = arena_strdup(&plan->arena, from->platform),
		.line = from->line,
	};
}

const char *const *
plan_list(struct plan_builder *b, const char *const *v, size_t n)
{
	struct arena *a = &b->plan->arena;
	struct buf key = BUF_INIT;
	bool is_new;

	if (n == 0)
		return NULL;
	buf_addc(&key, 'l');
	for (size_t i = 0; i < n; i++)
		key_add(&key, v[i]);
	size_t id = index_of(b, &key, b->n_lists, &is_new);
	if (!is_new)
		return b->lists[id];
	const char **copy = arena_alloc(a, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(a, v[i]);
	mem_grow(b->lists, b->n_lists, b->cap_lists);
	b->lists[b->n_lists++] = copy;
	return copy;
}

void
plan_add_read(struct plan_builder *b, const struct dockerfile_read *read)
{
	struct dockerfile_plan *plan = b->plan;
	struct buf key = BUF_INIT;
	bool is_new;

	buf_addf(&key, "r%d", (int)read->kind);
	key_add(&key, read->context);
	key_add(&key, read->path);
	key_add(&key, read->include);
	key_add(&key, read->checksum);
	buf_addf(&key, "%p%d", (const void *)read->exclude,
		 read->exclude_differs);
	size_t i = index_of(b, &key, plan->n_reads, &is_new);
	if (!is_new) {
		if (read->line < plan->reads[i].line)
			plan->reads[i].line = read->line;
		return;
	}
	mem_grow(plan->reads, plan->n_reads, plan->cap_reads);
	plan->reads[plan->n_reads++] = (struct dockerfile_read){
		.kind = read->kind,
		.context = arena_strdup(&plan->arena, read->context),
		.path = arena_strdup(&plan->arena, read->path),
		.wildcard = read->wildcard,
		.include = arena_strdup(&plan->arena, read->include),
		.exclude = read->exclude,
		.n_exclude = read->n_exclude,
		.exclude_differs = read->exclude_differs,
		.checksum = arena_strdup(&plan->arena, read->checksum),
		.line = read->line,
	};
}

size_t
dockerfile_read_excludes(const struct dockerfile_read *read)
{
	return read->exclude_differs ? 0 : read->n_exclude;
}

void
plan_add_arg(struct plan_builder *b, const char *name)
{
	struct buf key = BUF_INIT;
	bool is_new;

	buf_addc(&key, 'a');
	key_add(&key, name);
	index_of(b, &key, 0, &is_new);
	if (is_new)
		strv_push(&b->plan->args, name);
}

void
plan_doubt(struct plan_builder *b, int line, const char *fmt, ...)
{
	struct dockerfile_plan *plan = b->plan;
	struct buf text = BUF_INIT;
	va_list ap;

	if (!plan->understood)
		return;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	plan->understood = false;
	plan->reason = arena_strdup(&plan->arena, text.data);
	plan->reason_line = line;
	buf_release(&text);
}

static int
by_index(const void *a, const void *b)
{
	const struct dockerfile_stage *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static int
by_line_then_ref(const void *a, const void *b)
{
	const struct dockerfile_image *x = a, *y = b;
	int order = (x->line > y->line) - (x->line < y->line);

	return order ? order : strcmp(x->ref, y->ref);
}

static int
by_line_then_platform(const void *a, const void *b)
{
	const struct dockerfile_from *x = a, *y = b;
	int order = (x->line > y->line) - (x->line < y->line);

	return order ? order : strcmp(x->platform, y->platform);
}

static int
by_line_then_path(const void *a, const void *b)
{
	const struct dockerfile_read *x = a, *y = b;
	int order = (x->line > y->line) - (x->line < y->line);

	return order ? order : strcmp(x->path, y->path);
}

void
plan_finish(struct plan_builder *b)
{
	struct dockerfile_plan *plan = b->plan;

	if (plan->n_stages)
		qsort(plan->stages, plan->n_stages, sizeof(*plan->stages),
		      by_index);
	if (plan->n_images)
		qsort(plan->images, plan->n_images, sizeof(*plan->images),
		      by_line_then_ref);
	if (plan->n_bases)
		qsort(plan->bases, plan->n_bases, sizeof(*plan->bases),
		      by_line_then_platform);
	if (plan->n_reads)
		qsort(plan->reads, plan->n_reads, sizeof(*plan->reads),
		      by_line_then_path);
	strv_sort(&plan->args);
}

void
plan_builder_release(struct plan_builder *b)
{
	strmap_release(&b->seen);
	free(b->lists);
}
