/* SPDX-License-Identifier: MIT */
/*
 * A number without a unit where people think in days or gigabytes is refused:
 * `max_age: 30` would prune what is half a minute old.
 */

#include "recipe/settings_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "recipe/expand.h"
#include "recipe/grammar.h"
#include "recipe/recipe.h"
#include "recipe/yaml.h"

static bool
read_bool(const char *text, int64_t *number)
{
	static const char *const words[][2] = {
		{ "true", "false" }, { "yes", "no" }, { "on", "off" },
		{ "1", "0" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int no = 0; no < 2; no++)
			if (!strcasecmp(text, words[i][no])) {
				*number = !no;
				return true;
			}
	return false;
}

static bool
is_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

static bool
read_int(const char *text, int64_t *number)
{
	if (!is_digits(text) || strlen(text) > 9)
		return false;
	*number = strtol(text, NULL, 10);
	return true;
}

/* 0 needs no unit, everything else does. */
static bool
read_unit(const char *text, int64_t *number,
	  bool (*parse)(const char *, int64_t *))
{
	return parse(text, number) && (!is_digits(text) || !*number);
}

static bool
is_choice(const char *choices, const char *text)
{
	struct strv words = { 0 };
	bool found;

	strv_split(&words, choices, " ");
	found = strv_has(&words, text);
	strv_release(&words);
	return found;
}

static bool
read_number(const struct setting_row *row, const char *text, int64_t *number)
{
	switch (row->type) {
	case SETTING_TYPE_BOOL:
		return read_bool(text, number);
	case SETTING_TYPE_INT:
		return read_int(text, number);
	case SETTING_TYPE_SIZE:
		return read_unit(text, number, units_parse_size);
	case SETTING_TYPE_AGE:
		return read_unit(text, number, units_parse_age);
	case SETTING_TYPE_ENUM:
		return is_choice(row->choices, text);
	case SETTING_TYPE_TEXT:
	case SETTING_TYPE_PATH:
	case SETTING_TYPE_LIST:
		return true;
	}
	return false;
}

/* "git or xxh3", "auto, always or never" */
static void
add_choices(struct buf *out, const char *choices)
{
	struct strv words = { 0 };

	strv_split(&words, choices, " ");
	for (size_t i = 0; i < words.n; i++) {
		if (i)
			buf_adds(out, i + 1 < words.n ? ", " : " or ");
		buf_adds(out, words.v[i]);
	}
	strv_release(&words);
}

static int
fail_form(const struct setting_row *row, const char *text,
	  struct imgcache_error *err)
{
	static const char *const forms[] = {
		[SETTING_TYPE_BOOL] = "true or false",
		[SETTING_TYPE_INT] = "a whole number, such as 50",
		[SETTING_TYPE_SIZE] = "a size with its unit, such as 20GB, "
				      "or 0",
		[SETTING_TYPE_AGE] = "a time with its unit, such as 30d, 12h "
				     "or 15m, or 0",
		[SETTING_TYPE_ENUM] = NULL,
		[SETTING_TYPE_TEXT] = "text",
		[SETTING_TYPE_PATH] = "a path",
		[SETTING_TYPE_LIST] = "a list",
	};
	char shown[GRAMMAR_SHOWN];
	struct buf form = BUF_INIT;

	if (row->type == SETTING_TYPE_ENUM)
		add_choices(&form, row->choices);
	else
		buf_adds(&form, forms[row->type]);
	error_set(err, IMGCACHE_EFAIL, "'%s' needs %s, not '%s'", row->name,
		  form.data, grammar_shown(shown, text));
	buf_release(&form);
	return err->code;
}

static int
check_items(const struct setting_row *row, const struct strv *items,
	    struct imgcache_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < items->n && row->check && !ret; i++)
		ret = row->check(items->v[i], err);
	if (ret)
		err->code = IMGCACHE_EFAIL;
	return ret ? IMGCACHE_EFAIL : 0;
}

static char *
joined(const struct strv *list)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < list->n; i++)
		buf_addf(&b, i ? ", %s" : "%s", list->v[i]);
	return buf_detach(&b);
}

/* Takes the list over. */
static int
set_list(struct setting_value *v, const struct setting_row *row,
	 struct strv *list, struct imgcache_error *err)
{
	int ret = check_items(row, list, err);

	if (ret) {
		strv_release(list);
		return ret;
	}
	strv_release(&v->list);
	free(v->text);
	v->list = *list;
	v->text = joined(list);
	return 0;
}

int
setting_value_text(struct setting_value *v, const struct setting_row *row,
		   const char *text, struct imgcache_error *err)
{
	char *only[] = { (char *)(uintptr_t)text, NULL };
	struct strv one = { only, 1, 0 }, list = { 0 };
	int64_t number = 0;
	int ret;

	if (row->type == SETTING_TYPE_LIST) {
		recipe_split(&list, text);
		return set_list(v, row, &list, err);
	}
	if (!read_number(row, text, &number))
		return fail_form(row, text, err);
	ret = *text ? check_items(row, &one, err) : 0;
	if (ret)
		return ret;
	free(v->text);
	v->text = *text ? mem_strdup(text) : NULL;
	v->number = number;
	return 0;
}

/* One entry of a list, its ${NAME} replaced and checked, to the end of list. */
static int
add_item(struct strv *list, const struct setting_row *row, const char *text,
	 const struct expand_env *env, struct imgcache_error *err)
{
	struct buf expanded = BUF_INIT;
	struct strv one = { 0 };
	int ret = 0;

	if (row->expands)
		ret = expand_text(&expanded, text, env, err);
	else
		buf_adds(&expanded, text);
	strv_push(&one, expanded.data);
	if (!ret)
		ret = check_items(row, &one, err);
	strv_push_all(list, &one);
	strv_release(&one);
	buf_release(&expanded);
	return ret;
}

static int
set_items(struct setting_value *v, const struct setting_row *row,
	  const struct yaml_doc *doc, const struct yaml_node *node,
	  const struct expand_env *env, struct imgcache_error *err)
{
	struct strv list = { 0 };
	int ret = 0;

	for (node = node->first; node && !ret; node = node->next) {
		if (!yaml_text(node)) {
			ret = yaml_expected(doc, node, "text", err);
		} else {
			ret = add_item(&list, row, node->text, env, err);
			if (ret)
				yaml_prefix(doc, node, err);
		}
	}
	if (!ret)
		return set_list(v, row, &list, err);
	strv_release(&list);
	return ret;
}

int
setting_value_node(struct setting_value *v, const struct setting_row *row,
		   const struct yaml_doc *doc, const struct yaml_node *node,
		   const struct expand_env *env, struct imgcache_error *err)
{
	bool is_list = row->type == SETTING_TYPE_LIST;
	struct buf text = BUF_INIT;
	int ret = 0;

	if (is_list && node->kind == YAML_LIST)
		return set_items(v, row, doc, node, env, err);
	if (!yaml_text(node))
		return yaml_expected(doc, node,
				     is_list ? "a list or text" : "text", err);
	if (row->expands)
		ret = expand_text(&text, node->text, env, err);
	else
		buf_adds(&text, node->text);
	if (!ret && !text.len)
		ret = error_set(err, IMGCACHE_EFAIL, "'%s' is empty",
				row->name);
	if (!ret)
		ret = setting_value_text(v, row, text.data, err);
	if (ret)
		yaml_prefix(doc, node, err);
	buf_release(&text);
	return ret;
}

void
setting_value_release(struct setting_value *v)
{
	free(v->text);
	free(v->origin);
	strv_release(&v->list);
	strv_release(&v->under);
	memset(v, 0, sizeof(*v));
}
