/* SPDX-License-Identifier: MIT */
/* The form of "cache" and "lint" (see project_section()). */

#include <string.h>

#include "base/error.h"
#include "base/strv.h"
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

/* docker's cache back ends; their other attributes are docker's business. */
static int
check_type(const struct checker *c, const struct yaml_node *node,
	   const char *type, size_t len)
{
	static const char *const types[] = {
		"registry", "local", "gha", "inline", "s3", "azblob", NULL
	};

	if (is_word(type, len, types))
		return 0;
	return yaml_fail(c->doc, node, c->err, "no cache type '%.*s'; write "
			 "registry, local, gha, inline, s3 or azblob",
			 len < 32 ? (int)len : 32, type);
}

/* Attributes reach traces and histories (CVE-2025-0495). */
static int
check_attribute(const struct checker *c, const struct yaml_node *node,
		const char *name, size_t len)
{
	static const char *const credentials[] = {
		"access_key_id", "secret_access_key", "session_token",
		"token", "ghtoken", "account_key", NULL
	};

	if (!is_word(name, len, credentials))
		return 0;
	return yaml_fail(c->doc, node, c->err, "'%.*s' is a credential; leave "
			 "it to docker's own configuration", (int)len, name);
}

static int
check_cache_text(const struct checker *c, const struct yaml_node *node)
{
	const char *at = node->text;
	int ret = recipe_check_path(at, c->err);

	if (ret) {
		error_clear(c->err);
		return yaml_fail(c->doc, node, c->err, "expected a cache such "
				 "as type=registry,ref=REF");
	}
	while (*at && !ret) {
		size_t len = strcspn(at, ","), name = strcspn(at, "=");

		if (name < len)
			ret = check_attribute(c, node, at, name);
		if (!ret && len > 5 && !strncmp(at, "type=", 5))
			ret = check_type(c, node, at + 5, len - 5);
		at += len + (at[len] == ',');
	}
	return ret;
}

static int
check_cache_value(const struct checker *c, const struct yaml_node *node)
{
	const char *key = node->key->text;
	int ret = check_attribute(c, node->key, key, strlen(key));

	if (ret)
		return ret;
	if (!yaml_text(node))
		return yaml_expected(c->doc, node, "text", c->err);
	if (strpbrk(node->text, ",\"\n"))
		return yaml_fail(c->doc, node, c->err, "docker's attributes "
				 "cannot hold commas, quotes or lines");
	return strcmp(key, "type") ? 0 : check_type(c, node, node->text,
						    strlen(node->text));
}

static int
check_cache_entry(const struct checker *c, const struct yaml_node *node)
{
	if (yaml_text(node))
		return check_cache_text(c, node);
	if (node->kind != YAML_MAP)
		return yaml_expected(c->doc, node, "text or a mapping", c->err);
	if (!yaml_get(node, "type"))
		return yaml_fail(c->doc, node, c->err, "a cache needs 'type'");
	return each_value(c, node, check_cache_value);
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

	if (!strcmp(key, "to") || !strcmp(key, "from"))
		return each_item(c, node, check_cache_entry);
	if (!strcmp(key, "stages"))
		return each_value(c, node, check_stage);
	return yaml_unknown(c->doc, node, keys, 3, c->err);
}

static int
check_rule_id(const struct checker *c, const struct yaml_node *node,
	      const char *id)
{
	if (*id && strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
			      "VWXYZ0123456789") == strlen(id))
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
	static const char *const keys[] = { "ignore", "rules", "severity" };
	static const char *const words[] = {
		"info", "warning", "error", NULL
	};
	const char *key = node->key->text, *text = yaml_text(node);

	if (!strcmp(key, "ignore"))
		return each_item(c, node, check_ignored);
	if (!strcmp(key, "rules"))
		return each_value(c, node, check_rule);
	if (strcmp(key, "severity"))
		return yaml_unknown(c->doc, node, keys, 3, c->err);
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
