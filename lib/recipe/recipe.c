/* SPDX-License-Identifier: MIT */
/* The recipe as a whole; how its fields are set is in recipe_flags.c. */

#include "recipe/recipe.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"

void
recipe_init(struct recipe *r, const char *root)
{
	memset(r, 0, sizeof(*r));
	r->root = mem_strdup(root);
}

static void
packages_release(struct recipe_packages *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].text);
	free(list->v);
}

void
recipe_release(struct recipe *r)
{
	char *texts[] = { r->name, r->root, r->file, r->base,
			  r->pip_requirements, r->npm_lock, r->claude_code,
			  r->user, r->refresh, r->ca_bundle, r->dockerfile,
			  r->context, r->context_mode, r->target, r->network,
			  r->registry, r->source, r->static_ref, r->hash, r->salt };
	struct strv *lists[] = { &r->env, &r->include, &r->args,
				 &r->build_contexts, &r->add_hosts,
				 &r->secrets, &r->ssh, &r->platforms,
				 &r->labels, &r->key_files };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		strv_release(lists[i]);
	packages_release(&r->apt);
	packages_release(&r->npm);
	packages_release(&r->pip);
	for (size_t i = 0; i < r->n_copies; i++) {
		free(r->copies[i].from);
		free(r->copies[i].to);
	}
	free(r->copies);
	memset(r, 0, sizeof(*r));
}

void
recipe_add_package(struct recipe_packages *list, const char *text,
		   const struct recipe_place *place)
{
	static const struct recipe_place nowhere;
	struct recipe_package *package;
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	mem_grow(list->v, list->n, list->cap);
	package = &list->v[list->n++];
	package->text = mem_strndup(text, len);
	package->place = place ? *place : nowhere;
}

bool
recipe_is_name(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(text);

	return len && len <= 100 && strchr(first, *text) &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

const char *
recipe_reference(const char *value)
{
	return *value == '@' && recipe_is_name(value + 1) ? value + 1 : NULL;
}

static bool
is_separator(char c)
{
	return c == ',' || isspace((unsigned char)c);
}

static bool
is_operator(char c)
{
	return c && strchr("<>=!~;", c);
}

/*
 * The length of the first package of text. A separator ends it, but not
 * inside [], and not beside an operator.
 */
static size_t
first_length(const char *text)
{
	size_t n = 0;
	bool extras = false;

	while (text[n]) {
		size_t gap = 0;

		while (!extras && is_separator(text[n + gap]))
			gap++;
		if (gap && !is_operator(text[n + gap]) &&
		    !(n && is_operator(text[n - 1])))
			return n;
		if (text[n] == '[' || text[n] == ']')
			extras = text[n] == '[';
		n += gap ? gap : 1;
	}
	return n;
}

void
recipe_split(struct strv *out, const char *text)
{
	for (;;) {
		size_t len;

		while (is_separator(*text))
			text++;
		len = first_length(text);
		if (!len)
			return;
		strv_take(out, mem_strndup(text, len));
		text += len;
	}
}

static bool
is_set(const struct recipe *r, const struct recipe_flag *flag)
{
	const char *field = (const char *)r + flag->offset;

	switch (flag->shape) {
	case RECIPE_TEXT:
		return *(char *const *)(const void *)field;
	case RECIPE_STRINGS:
	case RECIPE_ASSIGNMENTS:
		return ((const struct strv *)(const void *)field)->n;
	case RECIPE_PACKAGES:
		return ((const struct recipe_packages *)
			(const void *)field)->n;
	case RECIPE_COPIES:
		return r->n_copies;
	case RECIPE_POLICY:
		return r->has_base_policy;
	}
	return false;
}

/* The first flag of that use that the recipe has, or NULL. */
static const struct recipe_flag *
first_set(const struct recipe *r, enum recipe_use use)
{
	size_t n;
	const struct recipe_flag *flags = recipe_flags(&n);

	for (size_t i = 0; i < n; i++)
		if (flags[i].use == use && is_set(r, &flags[i]))
			return &flags[i];
	return NULL;
}

static int
place_prefix(const struct recipe *r, int ret, struct imgcache_error *err)
{
	if (ret && r->place.file)
		error_prefix(err, "%s:%d:%d", r->place.file, r->place.line,
			     r->place.column);
	return ret;
}

static int
decide_kind(struct recipe *r, struct imgcache_error *err)
{
	const struct recipe_flag *made = first_set(r, RECIPE_FOR_GENERATED);
	const struct recipe_flag *own = first_set(r, RECIPE_FOR_DOCKERFILE);
	const char *dashes = r->file ? "" : "--";

	r->kind = own ? RECIPE_DOCKERFILE : RECIPE_GENERATED;
	if (!made || !own)
		return 0;
	return place_prefix(r, error_set(err, IMGCACHE_EUSAGE,
		"'%s%s' is for images that imgcache writes the Dockerfile of, "
		"'%s%s' for those that have one; use one kind", dashes,
		r->file ? made->key : made->name, dashes,
		r->file ? own->key : own->name), err);
}

static int
check_packages(const struct recipe *r, struct imgcache_error *err)
{
	const struct recipe_packages *lists[] = { &r->apt, &r->npm, &r->pip };
	static const enum grammar_manager managers[] = {
		GRAMMAR_APT, GRAMMAR_NPM, GRAMMAR_PIP
	};

	for (size_t i = 0; i < 3; i++) {
		struct grammar_packages out = { 0 };
		int ret = grammar_packages(managers[i], lists[i], &out, err);

		grammar_packages_release(&out);
		if (ret)
			return ret;
	}
	return 0;
}

int
recipe_check_parts(struct recipe *r, struct imgcache_error *err)
{
	int ret = decide_kind(r, err);

	if (!ret)
		ret = check_packages(r, err);
	if (!ret && r->kind == RECIPE_DOCKERFILE && !r->context)
		r->context = mem_strdup(".");
	return ret;
}

int
recipe_check(struct recipe *r, struct imgcache_error *err)
{
	int ret = recipe_check_parts(r, err);

	if (!ret && r->kind == RECIPE_GENERATED && !r->base)
		ret = place_prefix(r, error_set(err, IMGCACHE_EUSAGE,
			"no base image; name one with %s, or set "
			"DEFAULT_BASE_IMAGE", r->file ? "'base:'" : "--base"),
			err);
	return ret;
}
