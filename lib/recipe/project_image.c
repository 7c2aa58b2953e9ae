/* SPDX-License-Identifier: MIT */
/*
 * The images of a project file. A key of an image is a flag of the command
 * line under another name: the shape of its field says which YAML fits, and
 * recipe_set() judges every value.
 */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/expand.h"
#include "recipe/project.h"
#include "recipe/project_parts.h"

struct reader {
	struct project *p;
	const struct expand_env *env;
	struct project_image *image;
	const struct recipe_flag *flag;	/* of the key at hand */
	struct imgcache_error *err;
};

static struct recipe_place
place_of(const struct reader *r, const struct yaml_node *node)
{
	struct recipe_place place = { r->image->recipe.file, node->line,
				      node->column };

	return place;
}

static int
expected(const struct reader *r, const struct yaml_node *node)
{
	static const char *const shapes[] = {
		[RECIPE_TEXT] = "text",
		[RECIPE_STRINGS] = "a list or text",
		[RECIPE_ASSIGNMENTS] = "a mapping of names to values",
		[RECIPE_PACKAGES] = "a list of packages",
		[RECIPE_COPIES] = "a list of {from, to}",
		[RECIPE_POLICY] = "text",
	};

	return yaml_expected(&r->p->doc, node, shapes[r->flag->shape], r->err);
}

/* A name without a value is kept until somebody asks for the image. */
static int
keep_unset(const struct reader *r, const struct yaml_node *node)
{
	bool is_static = !strcmp(r->flag->key, "static");
	char **kept = is_static ? &r->image->static_unset : &r->image->unset;

	yaml_prefix(&r->p->doc, node, r->err);
	if (!*kept)
		*kept = mem_strdup(r->err->text);
	error_clear(r->err);
	return 0;
}

static int
set_split(const struct reader *r, const char *text,
	  const struct yaml_node *node)
{
	struct recipe_place place = place_of(r, node);
	struct strv values = { 0 };
	int ret = 0;

	recipe_split(&values, text);
	if (!values.n)
		ret = expected(r, node);
	for (size_t i = 0; i < values.n && !ret; i++)
		ret = recipe_set(&r->image->recipe, r->flag, values.v[i],
				 &place, r->err);
	strv_release(&values);
	return ret;
}

/* One value at node; with splits it may be several. */
static int
set_text(const struct reader *r, const char *text,
	 const struct yaml_node *node, bool splits)
{
	struct recipe_place place = place_of(r, node);
	struct buf value = BUF_INIT;
	int ret = 0;

	if (r->flag->expands)
		ret = expand_text(&value, text, r->env, r->err);
	else
		buf_adds(&value, text);
	if (ret == IMGCACHE_ENO)
		ret = keep_unset(r, node);
	else if (ret)
		yaml_prefix(&r->p->doc, node, r->err);
	else if (splits)
		ret = set_split(r, value.data, node);
	else
		ret = recipe_set(&r->image->recipe, r->flag, value.data,
				 &place, r->err);
	buf_release(&value);
	return ret;
}

static int
read_text(const struct reader *r, const struct yaml_node *node)
{
	if (!yaml_text(node))
		return expected(r, node);
	if (!strcmp(r->flag->key, "claude_code") && !node->quoted &&
	    !strcmp(node->text, "false"))
		return 0;
	return set_text(r, node->text, node, r->flag->splits);
}

/* {NAME: value}; a build argument without a value is the environment's. */
static int
read_assignment(const struct reader *r, const struct yaml_node *node,
		char separator)
{
	const char *name = node->key->text;
	bool may_be_unset = !strcmp(r->flag->key, "args");
	char *text;
	int ret;

	if (strchr(name, '='))
		return yaml_fail(&r->p->doc, node->key, r->err,
				 "a name cannot hold '='");
	if (yaml_is_null(node) && may_be_unset)
		return set_text(r, name, node, false);
	if (!yaml_text(node))
		return yaml_expected(&r->p->doc, node, "text", r->err);
	text = mem_printf("%s%c%s", name, separator, node->text);
	ret = set_text(r, text, node, false);
	free(text);
	return ret;
}

static int
read_copy(const struct reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = { "from", "to" };
	const struct yaml_node *from = yaml_get(node, "from");
	const struct yaml_node *to = yaml_get(node, "to");
	struct recipe_place place = place_of(r, node);

	for (const struct yaml_node *at = node->first; at; at = at->next)
		if (at != from && at != to)
			return yaml_unknown(&r->p->doc, at, keys, 2, r->err);
	if (!yaml_text(from) || !yaml_text(to))
		return yaml_fail(&r->p->doc, node, r->err, "a copy needs text "
				 "for 'from' and 'to'");
	return recipe_add_copy(&r->image->recipe, from->text, to->text, &place,
			       r->err);
}

/* {id: ID, src: PATH} or {id: ID, env: NAME}, as docker writes it. */
static int
read_secret(const struct reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = { "id", "src", "env" };
	struct buf text = BUF_INIT;
	int ret = 0;

	for (const struct yaml_node *at = node->first; at && !ret;
	     at = at->next) {
		const char *key = at->key->text;

		if (strcmp(key, "id") && strcmp(key, "src") &&
		    strcmp(key, "env"))
			ret = yaml_unknown(&r->p->doc, at, keys, 3, r->err);
		else if (!yaml_text(at))
			ret = yaml_expected(&r->p->doc, at, "text", r->err);
		else
			buf_addf(&text, text.len ? ",%s=%s" : "%s=%s", key,
				 at->text);
	}
	if (!ret)
		ret = set_text(r, text.data, node, false);
	buf_release(&text);
	return ret;
}

static int
read_map(const struct reader *r, const struct yaml_node *node)
{
	bool is_hosts = !strcmp(r->flag->key, "add_hosts");
	int ret = 0;

	if (r->flag->shape == RECIPE_COPIES)
		return read_copy(r, node);
	if (!strcmp(r->flag->key, "secrets"))
		return read_secret(r, node);
	if (r->flag->shape != RECIPE_ASSIGNMENTS && !is_hosts)
		return expected(r, node);
	for (node = node->first; node && !ret; node = node->next)
		ret = read_assignment(r, node, is_hosts ? ':' : '=');
	return ret;
}

static int
read_item(const struct reader *r, const struct yaml_node *node)
{
	bool may_be_map = r->flag->shape == RECIPE_COPIES ||
			  !strcmp(r->flag->key, "secrets");

	if (node->kind == YAML_MAP && may_be_map)
		return read_map(r, node);
	if (!yaml_text(node))
		return yaml_expected(&r->p->doc, node, "text", r->err);
	return set_text(r, node->text, node, false);
}

static int
read_list(const struct reader *r, const struct yaml_node *node)
{
	int ret = 0;

	if (r->flag->shape == RECIPE_TEXT || r->flag->shape == RECIPE_POLICY)
		return expected(r, node);
	for (node = node->first; node && !ret; node = node->next)
		ret = read_item(r, node);
	return ret;
}

static int
unknown_key(const struct reader *r, const struct yaml_node *node)
{
	size_t n, n_keys = 0;
	const struct recipe_flag *flags = recipe_flags(&n);
	const char **keys = mem_array(n, sizeof(*keys));

	for (size_t i = 0; i < n; i++)
		if (flags[i].key)
			keys[n_keys++] = flags[i].key;
	yaml_unknown(&r->p->doc, node, keys, n_keys, r->err);
	free(keys);
	return r->err->code;
}

static int
read_field(struct reader *r, const struct yaml_node *node)
{
	r->flag = recipe_flag_keyed(node->key->text);
	if (!r->flag)
		return unknown_key(r, node);
	switch (node->kind) {
	case YAML_TEXT:
		return read_text(r, node);
	case YAML_LIST:
		return read_list(r, node);
	case YAML_MAP:
		return read_map(r, node);
	}
	return 0;
}

static struct project_image *
new_image(struct project *p, const struct yaml_node *node)
{
	struct project_image *image;

	mem_grow(p->images, p->n_images, p->cap_images);
	image = &p->images[p->n_images++];
	memset(image, 0, sizeof(*image));
	recipe_init(&image->recipe, p->dir);
	image->node = node;
	image->recipe.name = mem_strdup(node->key->text);
	image->recipe.file = mem_strdup(p->name);
	image->recipe.place.file = image->recipe.file;
	image->recipe.place.line = node->key->line;
	image->recipe.place.column = node->key->column;
	return image;
}

static int
read_image(struct reader *r, const struct yaml_node *node)
{
	int ret = 0;

	if (!recipe_is_name(node->key->text))
		return yaml_fail(&r->p->doc, node->key, r->err, "'%.64s' is no "
				 "name for an image; write lower-case letters, "
				 "digits, '.', '_' and '-', a letter or digit "
				 "first", node->key->text);
	if (node->kind != YAML_MAP)
		return yaml_expected(&r->p->doc, node, "a mapping", r->err);
	r->image = new_image(r->p, node);
	for (const struct yaml_node *at = node->first; at && !ret;
	     at = at->next)
		ret = read_field(r, at);
	if (!ret && !r->image->unset)
		ret = recipe_check_parts(&r->image->recipe, r->err);
	return ret;
}

static int
by_name(const void *a, const void *b)
{
	const struct project_image *const *x = a, *const *y = b;

	return strcmp((*x)->recipe.name, (*y)->recipe.name);
}

int
project_read_images(struct project *p, const struct expand_env *env,
		    struct imgcache_error *err)
{
	struct reader r = { .p = p, .env = env, .err = err };
	const struct yaml_node *images = yaml_get(p->doc.root, "images");
	int ret = 0;

	if (!images || yaml_is_null(images))
		return 0;
	if (images->kind != YAML_MAP)
		return yaml_expected(&p->doc, images, "a mapping", err);
	for (const struct yaml_node *node = images->first; node && !ret;
	     node = node->next)
		ret = read_image(&r, node);
	if (ret || !p->n_images)
		return ret;
	p->by_name = mem_array(p->n_images, sizeof(struct project_image *));
	for (size_t i = 0; i < p->n_images; i++)
		p->by_name[i] = &p->images[i];
	qsort(p->by_name, p->n_images, sizeof(struct project_image *),
	      by_name);
	return 0;
}
