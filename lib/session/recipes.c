/* SPDX-License-Identifier: MIT */
/*
 * Recipes as the front door hands them out: the project's by name, and those
 * made of flags, which begin with the settings' defaults where the recipe says
 * nothing itself.
 */
#include "session/recipes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/settings.h"
#include "session/bake.h"

#define MAX_FLAGS 64

static struct imgcache_recipe *
handed_out(struct imgcache *ic)
{
	struct imgcache_recipe *r = mem_alloc(sizeof(*r));

	r->ic = ic;
	mem_grow(ic->recipes, ic->n_recipes, ic->cap_recipes);
	ic->recipes[ic->n_recipes++] = r;
	return r;
}

int
imgcache_recipe_new(struct imgcache *ic, struct imgcache_recipe **out,
		    struct imgcache_error *err)
{
	struct imgcache_recipe *r = handed_out(ic);

	(void)err;
	recipe_init(&r->own, ic->dir);
	r->recipe = &r->own;
	*out = r;
	return 0;
}

int
imgcache_recipe_set(struct imgcache_recipe *r, const char *flag,
		    const char *value, struct imgcache_error *err)
{
	if (r->recipe != &r->own)
		return error_set(err, IMGCACHE_EUSAGE, "--%s: '%s' is in the "
				 "project file already; change it there", flag,
				 r->recipe->name);
	r->is_checked = false;
	if (recipe_set_flag(r->recipe, flag, value, err))
		return err->code;
	if (!strcmp(flag, "bake") || !strcmp(flag, "compose"))
		return bake_fill(r, value, *flag == 'c', err);
	return 0;
}

static struct imgcache_recipe *
of_project(struct imgcache *ic, const struct project_image *image)
{
	struct imgcache_recipe *r;
	size_t i;

	for (i = 0; i < ic->n_recipes; i++)
		if (ic->recipes[i]->image == image)
			return ic->recipes[i];
	r = handed_out(ic);
	r->image = image;
	r->recipe = &ic->project.images[image - ic->project.images].recipe;
	return r;
}

static int
need_project(struct imgcache *ic, struct imgcache_error *err)
{
	if (ic->has_project)
		return 0;
	return error_set(err, IMGCACHE_EFAIL, "no imgcache.yaml in '%s' or "
			 "above it; write one (imgcache init), name the folder "
			 "of a Dockerfile ('.'), or give recipe flags such as "
			 "--base and --apt", ic->dir);
}

int
imgcache_recipe_named(struct imgcache *ic, const char *name,
		      struct imgcache_recipe **out, struct imgcache_error *err)
{
	const struct project_image *image;
	int ret = need_project(ic, err);

	if (ret)	/* a name that there is not, as any other */
		return err->code = IMGCACHE_EUSAGE;
	ret = project_image(&ic->project, name, &image, err);
	if (!ret)
		*out = of_project(ic, image);
	return ret;
}

int
imgcache_recipe_all(struct imgcache *ic, struct imgcache_recipe ***out,
		    size_t *n, struct imgcache_error *err)
{
	const size_t *order;
	size_t i;
	int ret = need_project(ic, err);

	if (ret)
		return ret;
	*n = ic->project.n_images;
	*out = arena_alloc(&ic->arena, (*n + 1) * sizeof(**out));
	order = project_order(&ic->project);
	for (i = 0; i < *n; i++)
		(*out)[i] = of_project(ic, &ic->project.images[order[i]]);
	return 0;
}

static void
add_packages(struct recipe_packages *to, const struct strv *names,
	     const char *origin)
{
	struct recipe_place place = { .file = origin };
	size_t i;

	for (i = 0; names && i < names->n; i++)
		recipe_add_package(to, names->v[i], &place);
}

int
imgcache_recipe_common(struct imgcache *ic, struct imgcache_recipe **out,
		       struct imgcache_error *err)
{
	const struct settings *s = &ic->settings;
	struct imgcache_recipe *r;
	struct recipe *q;

	if (!settings_bool(s, SETTING_PREBUILD_COMMON))
		return error_set(err, IMGCACHE_ENO, "building common images "
				 "is switched off; set "
				 "PREBUILD_COMMON_IMAGES=true");
	if (!settings_list(s, SETTING_COMMON_APT)->n &&
	    !settings_list(s, SETTING_COMMON_NPM)->n &&
	    !settings_list(s, SETTING_COMMON_PIP)->n)
		return error_set(err, IMGCACHE_ENO, "no common packages are "
				 "set; see COMMON_APT_PACKAGES in "
				 "imgcache(1)");
	if (imgcache_recipe_new(ic, &r, err))
		return err->code;
	r->is_common = true;
	q = r->recipe;
	q->kind = RECIPE_GENERATED;
	q->name = mem_strdup("common");
	add_packages(&q->apt, settings_list(s, SETTING_COMMON_APT),
		     settings_origin(s, SETTING_COMMON_APT));
	add_packages(&q->npm, settings_list(s, SETTING_COMMON_NPM),
		     settings_origin(s, SETTING_COMMON_NPM));
	add_packages(&q->pip, settings_list(s, SETTING_COMMON_PIP),
		     settings_origin(s, SETTING_COMMON_PIP));
	*out = r;
	return 0;
}

const char *
imgcache_recipe_name(const struct imgcache_recipe *r)
{
	return r->recipe->name;
}

int
recipes_check(struct imgcache_recipe *r, struct imgcache_error *err)
{
	int ret;

	if (r->is_checked)
		return 0;
	if (r->image && project_image_usable(r->image, err))
		return err->code;
	ret = recipe_apply_settings(r->recipe, &r->ic->settings, err);
	if (!ret && !r->recipe->platforms.n)
		strv_push(&r->recipe->platforms, session_platform(r->ic));
	if (!ret)
		ret = recipe_check(r->recipe, err);
	r->is_checked = !ret;
	if (ret == IMGCACHE_EUSAGE && r->is_common)
		ret = err->code = IMGCACHE_EFAIL;
	return ret;
}

/* The flags of the table, without the rows that only the file has. */
const struct imgcache_flag *
imgcache_recipe_flags(size_t *n)
{
	static struct imgcache_flag flags[MAX_FLAGS];
	const struct recipe_flag *rows;
	size_t i, rows_n;

	rows = recipe_flags(&rows_n);
	for (i = 0, *n = 0; i < rows_n; i++) {
		if (!rows[i].name)
			continue;
		assert(*n < MAX_FLAGS);
		flags[*n].name = rows[i].name;
		flags[*n].letter = rows[i].letter;
		flags[*n].argument = rows[i].argument;
		flags[(*n)++].help = rows[i].help;
	}
	return flags;
}
