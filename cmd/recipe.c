/* SPDX-License-Identifier: MIT */
#include "recipe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Recipe flags that are settings as well, and their names as such. */
static const char *const flag_settings[][2] = {
	{ "platform", "platform" }, { "registry", "registry" },
	{ "hash", "hash" }, { "refresh", "refresh" },
	{ "ca-bundle", "ca_bundle" }, { "base-policy", "base_policy" },
};

#define N_SETTINGS (sizeof(flag_settings) / sizeof(flag_settings[0]))

/* "name=a,b" of all values given for a flag, or NULL. It lives on. */
static char *
joined(const struct parsed *p, const char *const setting[2])
{
	char *text = NULL, *more;
	size_t i;

	for (i = 0; i < p->n_flags; i++) {
		if (strcmp(p->flags[i].name, setting[0]))
			continue;
		if (asprintf(&more, "%s%s%s", text ? text : setting[1],
			     text ? "," : "=", p->flags[i].value) < 0)
			more = memory_checked(NULL);
		free(text);
		text = more;
	}
	return text;
}

bool
recipe_flag_is_setting(const char *flag)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++)
		if (!strcmp(flag_settings[i][0], flag))
			return true;
	return false;
}

int
recipe_flags_to_settings(struct parsed *p, struct imgcache_error *err)
{
	static char *kept[N_SETTINGS];	/* given.settings borrows them */
	size_t i, n = 0;

	for (i = 0; i < p->n_flags; i++)
		if (recipe_flag_is_setting(p->flags[i].name) &&
		    !*p->flags[i].value)
			return fail(err, IMGCACHE_EUSAGE, "--%s wants a value",
				    p->flags[i].name);
	for (i = 0; i < N_SETTINGS; i++) {
		kept[i] = joined(p, flag_settings[i]);
		if (kept[i])
			words_add(&given.settings, kept[i]);
	}
	for (i = 0; i < p->n_flags; i++)
		if (!recipe_flag_is_setting(p->flags[i].name))
			p->flags[n++] = p->flags[i];
	p->n_flags = n;
	return 0;
}

bool
recipe_is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Names of images hold no slash and do not begin with a point. */
static bool
cannot_be_name(const char *word)
{
	return strchr(word, '/') || !strcmp(word, ".") || !strcmp(word, "..");
}

static bool
has_project(struct imgcache *ic)
{
	struct imgcache_error ignored = {0};
	struct imgcache_recipe **all;
	size_t n;

	return !imgcache_recipe_all(ic, &all, &n, &ignored);
}

/*
 * The image of that name. *is_directory instead when there is none and it is
 * the path of a directory. A mistyped name is wrong usage: status 1 would pass
 * for a miss.
 */
static int
find_named(struct invocation *inv, const char *word,
	   struct imgcache_recipe **out, bool *is_directory)
{
	int ret;

	*is_directory = false;
	if (!strcmp(word, "-") || strstr(word, "://") ||
	    !strncmp(word, "git@", 4))
		return fail(&inv->err, IMGCACHE_EUSAGE, "context '%s': what is "
			    "in it is not known before it is built, so it has "
			    "no key; fetch it and give the directory", word);
	if (cannot_be_name(word)) {
		*is_directory = recipe_is_directory(word);
		if (*is_directory)
			return 0;
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "'%s' is not a directory", word);
	}
	if (recipe_is_directory(word) && !has_project(inv->ic)) {
		*is_directory = true;
		return 0;
	}
	ret = imgcache_recipe_named(inv->ic, word, out, &inv->err);
	if (ret != IMGCACHE_ENO)
		return ret;
	*is_directory = recipe_is_directory(word);
	if (*is_directory)
		inv->err = (struct imgcache_error){0};
	else
		inv->err.code = IMGCACHE_EUSAGE;
	return *is_directory ? 0 : IMGCACHE_EUSAGE;
}

static int
from_flags(struct invocation *inv, const struct parsed *p, const char *context,
	   struct imgcache_recipe **out)
{
	size_t i;
	int ret;

	ret = imgcache_recipe_new(inv->ic, out, &inv->err);
	if (!ret && context)
		ret = imgcache_recipe_set(*out, "context", context, &inv->err);
	for (i = 0; !ret && i < p->n_flags; i++)
		ret = imgcache_recipe_set(*out, p->flags[i].name,
					  p->flags[i].value, &inv->err);
	return ret;
}

/* The project's only image, or an error that lists the names. */
static int
only_one(struct invocation *inv, struct imgcache_recipe **out)
{
	struct imgcache_recipe **all;
	char names[512] = "";
	size_t i, n, len = 0;
	int ret;

	ret = imgcache_recipe_all(inv->ic, &all, &n, &inv->err);
	if (ret)
		return ret;
	if (n == 1) {
		*out = all[0];
		return 0;
	}
	if (!n)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "the project has no images; give recipe flags");
	for (i = 0; i < n && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
					"%s%s", i ? ", " : "",
					imgcache_recipe_name(all[i]));
	return fail(&inv->err, IMGCACHE_EUSAGE, "which image? the project "
		    "has %s", names);
}

static int
from_word(struct invocation *inv, const struct parsed *p, const char *word,
	  struct imgcache_recipe **out)
{
	bool is_directory;
	int ret;

	ret = find_named(inv, word, out, &is_directory);
	if (ret)
		return ret;
	if (is_directory)
		return from_flags(inv, p, word, out);
	if (p->n_flags)
		return fail(&inv->err, IMGCACHE_EUSAGE, "--%s: '%s' is in the "
			    "project file; change it there, or give only "
			    "recipe flags", p->flags[0].name, word);
	return 0;
}

int
recipes_choose(struct invocation *inv, const struct parsed *p,
	       struct chosen *out)
{
	size_t i, n = p->words.n ? p->words.n : 1;
	int ret = 0;

	out->v = memory_checked(calloc(n, sizeof(*out->v)));
	out->n = 0;
	if (!p->words.n && p->n_flags)
		ret = from_flags(inv, p, NULL, &out->v[out->n++]);
	else if (!p->words.n)
		ret = only_one(inv, &out->v[out->n++]);
	for (i = 0; !ret && i < p->words.n; i++)
		ret = from_word(inv, p, p->words.v[i], &out->v[out->n++]);
	return ret;
}

int
recipes_all(struct invocation *inv, struct chosen *out)
{
	struct imgcache_recipe **v;
	size_t n;
	int ret = imgcache_recipe_all(inv->ic, &v, &n, &inv->err);

	if (ret)
		return ret;
	out->v = memory_checked(calloc(n + 1, sizeof(*v)));
	memcpy(out->v, v, n * sizeof(*v));
	out->n = n;
	return 0;
}

int
recipes_choose_or_all(struct invocation *inv, const struct parsed *p,
		      struct chosen *out)
{
	if (p->words.n || p->n_flags)
		return recipes_choose(inv, p, out);
	return recipes_all(inv, out);
}

void
chosen_release(struct chosen *c)
{
	free(c->v);
	c->v = NULL;
	c->n = 0;
}

int
recipe_choose(struct invocation *inv, const struct parsed *p,
	      struct imgcache_recipe **out)
{
	struct chosen chosen = {0};
	int ret;

	if (p->words.n > 1)
		return fail(&inv->err, IMGCACHE_EUSAGE, "one image at a time, "
			    "'%s' is one too many", p->words.v[1]);
	ret = recipes_choose(inv, p, &chosen);
	if (!ret)
		*out = chosen.v[0];
	chosen_release(&chosen);
	return ret;
}
