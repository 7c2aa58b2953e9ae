/* SPDX-License-Identifier: MIT */
/*
 * Which image is built from which: @name in base, args and contexts. The order
 * is a walk in depth, on a stack of its own since a file may chain ten
 * thousands.
 */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/project.h"
#include "recipe/project_parts.h"

enum mark { NEW, OPEN, DONE };

struct step {
	size_t image;
	size_t next;		/* which of its needs comes next */
};

struct walk {
	struct project *p;
	enum mark *marks;
	struct step *stack;
	size_t depth;
	size_t n_order;
	struct imgcache_error *err;
};

/* Where a value was written; the image if that is not known any more. */
static const struct yaml_node *
value_node(const struct project_image *image, const char *key, const char *arg)
{
	const struct yaml_node *node;
	char *name;

	if (!arg)
		return yaml_get(image->node, "base");
	node = yaml_get(image->node, key);
	if (node && node->kind == YAML_MAP) {
		name = mem_strndup(arg, strcspn(arg, "="));
		node = yaml_get(node, name);
		free(name);
	}
	return node ? node : image->node;
}

static int
add_need(struct project *p, struct project_image *image, const char *key,
	 const char *arg, struct imgcache_error *err)
{
	static const char scheme[] = "docker-image://";
	const char *value = arg ? strchr(arg, '=') : image->recipe.base;
	const struct project_image *other;
	const char *name;

	if (value && arg)
		value++;
	/* a context without it is a directory, whatever that is called */
	if (value && !strcmp(key, "build_contexts"))
		value = str_starts(value, scheme) ? value + strlen(scheme) :
			NULL;
	name = value ? recipe_reference(value) : NULL;

	if (!name)
		return 0;
	other = project_find_image(p, name);
	if (!other) {
		project_no_image(p, name, err);
		return yaml_prefix(&p->doc, value_node(image, key, arg),
				   err);
	}
	mem_grow(image->needs, image->n_needs, image->cap_needs);
	image->needs[image->n_needs++] = (size_t)(other - p->images);
	return 0;
}

static int
find_needs(struct project *p, struct project_image *image,
	   struct imgcache_error *err)
{
	const struct recipe *r = &image->recipe;
	int ret = 0;

	if (r->base)
		ret = add_need(p, image, "base", NULL, err);
	for (size_t i = 0; i < r->args.n && !ret; i++)
		ret = add_need(p, image, "args", r->args.v[i], err);
	for (size_t i = 0; i < r->build_contexts.n && !ret; i++)
		ret = add_need(p, image, "build_contexts",
			       r->build_contexts.v[i], err);
	return ret;
}

static int
fail_cycle(const struct walk *w, size_t image)
{
	const struct project *p = w->p;
	struct buf chain = BUF_INIT;
	size_t from = w->depth;

	while (from && w->stack[from - 1].image != image)
		from--;
	for (size_t i = from - 1; i < w->depth && chain.len < 600; i++)
		buf_addf(&chain, "%s -> ",
			 p->images[w->stack[i].image].recipe.name);
	yaml_fail(&p->doc, p->images[image].node->key, w->err,
		  "images are built from each other: %s%s", chain.data,
		  p->images[image].recipe.name);
	buf_release(&chain);
	return w->err->code;
}

static void
enter(struct walk *w, size_t image)
{
	w->marks[image] = OPEN;
	w->stack[w->depth++] = (struct step){ image, 0 };
}

/* Everything below the image at the bottom of the stack, then itself. */
static int
walk_from(struct walk *w, size_t image)
{
	enter(w, image);
	while (w->depth) {
		struct step *top = &w->stack[w->depth - 1];
		const struct project_image *at = &w->p->images[top->image];

		if (top->next == at->n_needs) {
			w->marks[top->image] = DONE;
			w->p->order[w->n_order++] = top->image;
			w->depth--;
			continue;
		}
		image = at->needs[top->next++];
		if (w->marks[image] == OPEN)
			return fail_cycle(w, image);
		if (w->marks[image] == NEW)
			enter(w, image);
	}
	return 0;
}

int
project_link_images(struct project *p, struct imgcache_error *err)
{
	struct walk w = { .p = p, .err = err };
	int ret = 0;

	if (!p->n_images)
		return 0;
	for (size_t i = 0; i < p->n_images && !ret; i++)
		ret = find_needs(p, &p->images[i], err);
	if (ret)
		return ret;
	p->order = mem_array(p->n_images, sizeof(*p->order));
	w.marks = mem_array(p->n_images, sizeof(*w.marks));
	w.stack = mem_array(p->n_images, sizeof(*w.stack));
	for (size_t i = 0; i < p->n_images && !ret; i++)
		if (w.marks[i] == NEW)
			ret = walk_from(&w, i);
	free(w.marks);
	free(w.stack);
	return ret;
}
