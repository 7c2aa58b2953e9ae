/* SPDX-License-Identifier: MIT */
/* What a recipe leaves open comes from the settings (see recipe.h). */

#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "recipe/recipe.h"
#include "recipe/settings.h"

/* A person who says it now is heard before the file, a default is not. */
static bool
overrides(const struct recipe *r, const struct settings *s,
	  enum setting_id id)
{
	return r->file && s->v[id].rank <= SETTING_FROM_VARIABLE;
}

static void
fill(const struct recipe *r, char **field, const struct settings *s,
     enum setting_id id)
{
	const char *text = settings_text(s, id);

	if (!text || (*field && !overrides(r, s, id)))
		return;
	free(*field);
	*field = mem_strdup(text);
}

static void
fill_generated(struct recipe *r, const struct settings *s)
{
	const char *base = settings_text(s, SETTING_DEFAULT_BASE);
	const char *version = settings_text(s, SETTING_CLAUDE_CODE_VERSION);

	if (!r->base)
		r->base = mem_strdup(base);
	if (str_is(r->claude_code, "true")) {
		free(r->claude_code);
		r->claude_code = mem_strdup(version);
	}
	fill(r, &r->refresh, s, SETTING_REFRESH);
	fill(r, &r->ca_bundle, s, SETTING_CA_BUNDLE);
}

int
recipe_apply_settings(struct recipe *r, const struct settings *s,
		      struct imgcache_error *err)
{
	const struct strv *platforms = settings_list(s, SETTING_PLATFORM);
	int ret = recipe_check_parts(r, err);

	if (ret)
		return ret;
	if (r->kind == RECIPE_GENERATED)
		fill_generated(r, s);
	if (platforms->n &&
	    (!r->platforms.n || overrides(r, s, SETTING_PLATFORM))) {
		strv_clear(&r->platforms);
		strv_push_all(&r->platforms, platforms);
	}
	fill(r, &r->registry, s, SETTING_REGISTRY);
	fill(r, &r->hash, s, SETTING_HASH);
	if (!r->has_base_policy || overrides(r, s, SETTING_BASE_POLICY))
		r->base_policy = str_is(settings_text(s, SETTING_BASE_POLICY),
					"name") ? BASE_BY_NAME
						: BASE_BY_DIGEST;
	return 0;
}
