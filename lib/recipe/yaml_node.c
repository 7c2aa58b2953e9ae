/* SPDX-License-Identifier: MIT */
/* Questions about the nodes of a document (declared in yaml.h). */

#include "recipe/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

void
yaml_release(struct yaml_doc *doc)
{
	arena_release(&doc->arena);
	memset(doc, 0, sizeof(*doc));
}

const struct yaml_node *
yaml_get(const struct yaml_node *node,
	 const char *key)
{
	const struct yaml_node *at;

	if (!node || node->kind != YAML_MAP)
		return NULL;
	for (at = node->first; at; at = at->next)
		if (!strcmp(at->key->text, key))
			break;
	return at;
}

bool
yaml_is_null(const struct yaml_node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (!node)
		return true;
	if (node->kind != YAML_TEXT || node->quoted)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(node->text, words[i]))
			return true;
	return false;
}

const char *
yaml_text(const struct yaml_node *node)
{
	if (!node || node->kind != YAML_TEXT || yaml_is_null(node))
		return NULL;
	return node->text;
}

const char *
yaml_describe(const struct yaml_node *node, char out[64])
{
	if (yaml_is_null(node))
		snprintf(out, 64, "nothing");
	else if (node->kind == YAML_LIST)
		snprintf(out, 64, "a list");
	else if (node->kind == YAML_MAP)
		snprintf(out, 64, "a mapping");
	else
		snprintf(out, 64, "'%.40s'", node->text);
	return out;
}

/* A message is one line whatever a stranger put between quotes. */
static void
make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int
yaml_prefix(const struct yaml_doc *doc, const struct yaml_node *node,
	    struct imgcache_error *err)
{
	make_printable(err->text);
	if (!node)
		return error_prefix(err, "%s", doc->name);
	return error_prefix(err, "%s:%d:%d", doc->name, node->line,
			    node->column);
}

int
yaml_fail(const struct yaml_doc *doc, const struct yaml_node *node,
	  struct imgcache_error *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(err, IMGCACHE_EFAIL, "%s", text);
	return yaml_prefix(doc, node, err);
}

int
yaml_unknown(const struct yaml_doc *doc, const struct yaml_node *node,
	     const char *const *words, size_t n, struct imgcache_error *err)
{
	const char *near = str_nearest(node->key->text, words, n);
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < n && !near; i++)
		buf_addf(&list, i ? ", %s" : "%s", words[i]);
	if (near)
		yaml_fail(doc, node->key, err,
			  "unknown key '%.64s'; did you mean '%s'?",
			  node->key->text, near);
	else
		yaml_fail(doc, node->key, err,
			  "unknown key '%.64s'; known here: %s",
			  node->key->text, list.data);
	buf_release(&list);
	return err->code;
}

int
yaml_expected(const struct yaml_doc *doc, const struct yaml_node *node,
	      const char *what, struct imgcache_error *err)
{
	char found[64];

	return yaml_fail(doc, node, err, "expected %s, found %s", what,
			 yaml_describe(node, found));
}
