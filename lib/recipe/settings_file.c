/* SPDX-License-Identifier: MIT */
/* Which keys there may be is read from the table of settings alone. */

#include "recipe/settings_file.h"

#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "recipe/settings_value.h"
#include "recipe/yaml.h"

static const char *const project_sections[] = {
	"version", "images", "cache", "lint"
};

#define N_SECTIONS (sizeof(project_sections) / sizeof(project_sections[0]))

struct checker {
	const struct yaml_doc *doc;
	enum setting_rank which;
	const struct expand_env *env;
	struct imgcache_error *err;
};

static const char *
row_key(enum setting_rank which, int id)
{
	const struct setting_row *row = setting_row((enum setting_id)id);

	return which == SETTING_FROM_PROJECT ? row->project : row->user;
}

/* What follows "section." in key; key itself if section is NULL. */
static const char *
key_within(const char *key, const char *section)
{
	size_t len;

	if (!key || !section)
		return key;
	len = strlen(section);
	return !strncmp(key, section, len) && key[len] == '.' ? key + len + 1
							      : NULL;
}

static int
find_row(const struct checker *c, const char *section, const char *name)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *key = key_within(row_key(c->which, i), section);

		if (key && !strcmp(key, name))
			return i;
	}
	return -1;
}

static bool
is_section(const struct checker *c, const char *name)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (key_within(row_key(c->which, i), name))
			return true;
	return false;
}

static bool
is_left_to_others(const struct checker *c, const char *name)
{
	for (size_t i = 0; i < N_SECTIONS; i++)
		if (c->which == SETTING_FROM_PROJECT &&
		    !strcmp(name, project_sections[i]))
			return true;
	return false;
}

/* The words that may stand in a section (NULL: at the top). */
static void
collect_words(const struct checker *c, const char *section, struct strv *out)
{
	for (size_t i = 0; i < N_SECTIONS && !section; i++)
		if (is_left_to_others(c, project_sections[i]))
			strv_push(out, project_sections[i]);
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *key = key_within(row_key(c->which, i), section);

		if (key)
			strv_pushf(out, "%.*s", (int)strcspn(key, "."), key);
	}
	strv_sort(out);
	strv_uniq(out);
}

static int
fail_unknown(const struct checker *c, const char *section,
	     const struct yaml_node *node)
{
	const struct checker other = { c->doc, SETTING_FROM_USER, NULL, NULL };
	const char *name = node->key->text;
	struct strv words = { 0 };

	if (c->which == SETTING_FROM_PROJECT && !section &&
	    !strchr(name, '.') && find_row(&other, NULL, name) >= 0)
		return yaml_fail(c->doc, node->key, c->err,
				 "'%s' is a matter of each user; it belongs "
				 "into ~/.config/imgcache/config.yaml", name);
	collect_words(c, section, &words);
	yaml_unknown(c->doc, node, (const char *const *)words.v, words.n,
		     c->err);
	strv_release(&words);
	return c->err->code;
}

static int
check_value(const struct checker *c, int id, const struct yaml_node *node)
{
	struct setting_value v = { 0 };
	int ret = setting_value_node(&v, setting_row((enum setting_id)id),
				     c->doc, node, c->env, c->err);

	if (ret == IMGCACHE_ENO) {
		error_clear(c->err);
		ret = 0;
	}
	setting_value_release(&v);
	return ret;
}

static int
check_section(const struct checker *c, const struct yaml_node *section)
{
	const char *name = section->key->text;
	int ret = 0;

	if (section->kind != YAML_MAP)
		return yaml_expected(c->doc, section, "a mapping", c->err);
	for (const struct yaml_node *node = section->first; node && !ret;
	     node = node->next) {
		int id = find_row(c, name, node->key->text);

		ret = id < 0 ? fail_unknown(c, name, node)
			     : check_value(c, id, node);
	}
	return ret;
}

static int
check_top(const struct checker *c, const struct yaml_node *node)
{
	const char *name = node->key->text;
	int id = find_row(c, NULL, name);

	if (strchr(name, '.'))
		return fail_unknown(c, NULL, node);
	if (id >= 0)
		return check_value(c, id, node);
	if (is_left_to_others(c, name))
		return 0;
	if (is_section(c, name))
		return check_section(c, node);
	return fail_unknown(c, NULL, node);
}

int
settings_file_check(const struct yaml_doc *doc, enum setting_rank which,
		    const struct expand_env *env, struct imgcache_error *err)
{
	const struct checker c = { doc, which, env, err };
	int ret = 0;

	if (!doc->root)
		return 0;
	if (doc->root->kind != YAML_MAP)
		return yaml_expected(doc, doc->root, "a mapping", err);
	for (const struct yaml_node *node = doc->root->first; node && !ret;
	     node = node->next)
		ret = check_top(&c, node);
	return ret;
}

const struct yaml_node *
settings_file_node(const struct yaml_doc *doc, enum setting_rank which,
		   enum setting_id id)
{
	const char *key = row_key(which, (int)id);
	const struct yaml_node *node = doc->root;
	char section[32];
	size_t len;

	if (!key || !node)
		return NULL;
	len = strcspn(key, ".");
	if (!key[len])
		return yaml_get(node, key);
	if (len >= sizeof(section))
		return NULL;
	memcpy(section, key, len);
	section[len] = '\0';
	return yaml_get(yaml_get(node, section), key + len + 1);
}
