/* SPDX-License-Identifier: MIT */
/* The form of "cache" and "lint" (see project_section()). */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/cachespec.h"
#include "recipe/grammar.h"
#include "recipe/project.h"
#include "recipe/project_parts.h"
#include "recipe/recipe_values.h"

struct checker {
	const struct yaml_doc *doc;
	struct imgcache_error *err;
};

typedef int check_fn(const struct checker *c, const struct yaml_node *node);

static bool
is_word(const char *text, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && !strncmp(*words, text, len))
			return true;
	return false;
}

/* One text, or a list of them: fn for each. */
static int
each_item(const struct checker *c, const struct yaml_node *node, check_fn *fn)
{
	int ret = 0;

	if (node->kind != YAML_LIST)
		return fn(c, node);
	for (node = node->first; node && !ret; node = node->next)
		ret = fn(c, node);
	return ret;
}

static int
each_value(const struct checker *c, const struct yaml_node *map, check_fn *fn)
{
	int ret = 0;

	if (map->kind != YAML_MAP)
		return yaml_expected(c->doc, map, "a mapping", c->err);
	for (const struct yaml_node *at = map->first; at && !ret; at = at->next)
		ret = fn(c, at);
	return ret;
}

/* A mapping as docker's text; a credential is found where it stands. */
static int
entry_text(const struct checker *c, const struct yaml_node *map,
	   enum cache_direction direction, struct buf *out)
{
	const struct yaml_node *type = yaml_get(map, "type"), *at;
	struct cachespec spec;
	char *one;
	int ret = 0;

	if (map->kind != YAML_MAP)
		return yaml_expected(c->doc, map, "text or a mapping", c->err);
	if (!type)
		return yaml_fail(c->doc, map, c->err, "a cache needs 'type'");
	if (!yaml_text(type))
		return yaml_expected(c->doc, type, "text", c->err);
	buf_addf(out, "type=%s", type->text);
	if (cachespec_parse(&spec, out->data, direction, c->err))
		return yaml_prefix(c->doc, type, c->err);
	cachespec_release(&spec);
	for (at = map->first; at && !ret; at = at->next) {
		if (!yaml_text(at))
			return yaml_expected(c->doc, at, "text", c->err);
		if (strpbrk(at->text, ",\"\n"))
			return yaml_fail(c->doc, at, c->err, "docker's "
					 "attributes cannot hold commas, "
					 "quotes or lines");
		if (at == type)
			continue;
		one = mem_printf("type=%s,%s=%s", type->text, at->key->text,
				 at->text);
		if (strcmp(at->key->text, "compression-level") &&
		    cachespec_parse(&spec, one, direction, c->err))
			ret = yaml_prefix(c->doc, at->key, c->err);
		else if (strcmp(at->key->text, "compression-level"))
			cachespec_release(&spec);
		free(one);
		buf_addf(out, ",%s=%s", at->key->text, at->text);
	}
	return ret;
}

static int
check_cache(const struct checker *c, const struct yaml_node *node,
	    enum cache_direction direction)
{
	struct buf text = BUF_INIT;
	struct cachespec spec;
	int ret = 0;

	if (yaml_text(node))
		buf_adds(&text, node->text);
	else
		ret = entry_text(c, node, direction, &text);
	if (!ret && cachespec_parse(&spec, text.data, direction, c->err))
		ret = yaml_prefix(c->doc, node, c->err);
	else if (!ret)
		cachespec_release(&spec);
	buf_release(&text);
	return ret;
}

static int
check_cache_from(const struct checker *c, const struct yaml_node *node)
{
	return check_cache(c, node, CACHE_FROM);
}

static int
check_cache_to(const struct checker *c, const struct yaml_node *node)
{
	return check_cache(c, node, CACHE_TO);
}

void
project_caches(const struct project *p, enum cache_direction direction,
	       struct strv *out)
{
	struct imgcache_error never = {0};
	const struct checker c = { &p->doc, &never };
	const struct yaml_node *at =
		yaml_get(project_section(p, "cache"),
			 direction == CACHE_TO ? "to" : "from");
	struct buf text;

	if (at && at->kind == YAML_LIST)
		at = at->first;
	for (; at; at = at->key ? NULL : at->next) {
		text = (struct buf)BUF_INIT;
		if (yaml_text(at))
			buf_adds(&text, at->text);
		else
			entry_text(&c, at, direction, &text);
		strv_take(out, buf_detach(&text));
	}
}

static int
check_trigger(const struct checker *c, const struct yaml_node *node)
{
	if (!yaml_text(node))
		return yaml_expected(c->doc, node, "a list of files", c->err);
	if (grammar_path(node->text, c->err))
		return yaml_prefix(c->doc, node, c->err);
	return 0;
}

static int
check_stage(const struct checker *c, const struct yaml_node *node)
{
	if (recipe_check_target(node->key->text, c->err))
		return yaml_prefix(c->doc, node->key, c->err);
	return each_item(c, node, check_trigger);
}

static int
check_cache_key(const struct checker *c, const struct yaml_node *node)
{
	static const char *const keys[] = { "from", "stages", "to" };
	const char *key = node->key->text;

	if (!strcmp(key, "to"))
		return each_item(c, node, check_cache_to);
	if (!strcmp(key, "from"))
		return each_item(c, node, check_cache_from);
	if (!strcmp(key, "stages"))
		return each_value(c, node, check_stage);
	return yaml_unknown(c->doc, node, keys, 3, c->err);
}

static int
check_rule_id(const struct checker *c, const struct yaml_node *node,
	      const char *id)
{
	if (*id && strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
			      "VWXYZ0123456789-") == strlen(id))
		return 0;
	return yaml_fail(c->doc, node, c->err, "'%.32s' is no lint rule; "
			 "write an id such as IC001", id);
}

static int
check_ignored(const struct checker *c, const struct yaml_node *node)
{
	if (!yaml_text(node))
		return yaml_expected(c->doc, node, "a list of rules", c->err);
	return check_rule_id(c, node, node->text);
}

static int
check_excluded(const struct checker *c, const struct yaml_node *node)
{
	if (!yaml_text(node) || strpbrk(node->text, "\n\r"))
		return yaml_expected(c->doc, node, "a list of patterns",
				     c->err);
	return 0;
}

static int
check_rule(const struct checker *c, const struct yaml_node *node)
{
	static const char *const words[] = {
		"off", "info", "warning", "error", NULL
	};
	const char *text = yaml_text(node);
	int ret = check_rule_id(c, node->key, node->key->text);

	if (ret)
		return ret;
	if (text && is_word(text, strlen(text), words))
		return 0;
	return yaml_expected(c->doc, node, "off, info, warning or error",
			     c->err);
}

static int
check_lint_key(const struct checker *c, const struct yaml_node *node)
{
	static const char *const keys[] = {
		"exclude", "ignore", "rules", "severity"
	};
	static const char *const words[] = {
		"info", "warning", "error", NULL
	};
	const char *key = node->key->text, *text = yaml_text(node);

	if (!strcmp(key, "ignore"))
		return each_item(c, node, check_ignored);
	if (!strcmp(key, "exclude"))
		return each_item(c, node, check_excluded);
	if (!strcmp(key, "rules"))
		return each_value(c, node, check_rule);
	if (strcmp(key, "severity"))
		return yaml_unknown(c->doc, node, keys, 4, c->err);
	if (text && is_word(text, strlen(text), words))
		return 0;
	return yaml_expected(c->doc, node, "info, warning or error", c->err);
}

int
project_check_sections(const struct project *p, struct imgcache_error *err)
{
	const struct checker c = { &p->doc, err };
	const struct yaml_node *cache = project_section(p, "cache");
	const struct yaml_node *lint = project_section(p, "lint");
	int ret = 0;

	if (cache)
		ret = each_value(&c, cache, check_cache_key);
	if (!ret && lint)
		ret = each_value(&c, lint, check_lint_key);
	return ret;
}
