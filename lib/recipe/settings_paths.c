/* SPDX-License-Identifier: MIT */
/* A relative path in an XDG variable does not count: its standard says so. */

#include "recipe/settings_paths.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/expand.h"
#include "sys/file.h"

/* The value if it is an absolute path, else NULL. */
static const char *
absolute_variable(const struct expand_env *env, const char *name)
{
	const char *value = expand_get(env, name);

	return value && value[0] == '/' ? value : NULL;
}

char *
settings_home(const struct expand_env *env)
{
	const char *home = absolute_variable(env, "HOME");
	struct passwd entry, *found = NULL;
	char text[4096];

	if (home)
		return mem_strdup(home);
	if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) ||
	    !found || found->pw_dir[0] != '/')
		return NULL;
	return mem_strdup(found->pw_dir);
}

char *
settings_shown_path(const char *path, const char *home)
{
	size_t len = home ? strlen(home) : 0;

	if (len > 1 && !strncmp(path, home, len) && path[len] == '/')
		return mem_printf("~%s", path + len);
	return mem_strdup(path);
}

void
settings_resolve_path(struct setting_value *v, const char *dir,
		      const char *home)
{
	char *path;

	if (!v->text)
		return;
	if (home && !strncmp(v->text, "~/", 2))
		path = path_absolute(home, v->text + 2);
	else
		path = path_absolute(dir, v->text);
	free(v->text);
	v->text = path;
}

/* Takes path over. */
static void
set_dir(struct settings *s, enum setting_id id, char *path,
	enum setting_rank rank, const char *origin)
{
	struct setting_value *v = &s->v[id];

	free(v->text);
	free(v->origin);
	v->text = path;
	v->origin = mem_strdup(origin);
	v->rank = rank;
}

static int
default_dir(struct settings *s, enum setting_id id,
	    const struct expand_env *env, const char *home,
	    struct imgcache_error *err)
{
	bool is_state = id == SETTING_STATE_DIR;
	const char *variable = is_state ? "XDG_STATE_HOME" : "XDG_CACHE_HOME";
	const char *base = absolute_variable(env, variable);

	if (base) {
		char *origin = mem_printf("environment %s", variable);

		set_dir(s, id, path_join(base, "imgcache"),
			SETTING_FROM_DEFAULT, origin);
		free(origin);
		return 0;
	}
	if (!home)
		return error_set(err, IMGCACHE_EFAIL, "no home directory to "
				 "keep state in; set HOME or IMGCACHE_DIR");
	set_dir(s, id, path_join(home, is_state ? ".local/state/imgcache"
						: ".cache/imgcache"),
		SETTING_FROM_DEFAULT, "default");
	return 0;
}

int
settings_default_dirs(struct settings *s, const struct expand_env *env,
		      const char *home, struct imgcache_error *err)
{
	static const enum setting_id ids[] = {
		SETTING_STATE_DIR, SETTING_CACHE_DIR
	};
	const char *all = expand_get(env, "IMGCACHE_DIR");
	int ret = 0;

	for (size_t i = 0; i < 2 && !ret; i++) {
		const struct setting_value *v = &s->v[ids[i]];
		char *path;

		if (v->text && v->rank <= SETTING_FROM_VARIABLE)
			continue;
		if (all && *all) {
			path = path_absolute(s->dir, all);
			if (ids[i] == SETTING_CACHE_DIR) {
				char *below = path_join(path, "cache");

				free(path);
				path = below;
			}
			set_dir(s, ids[i], path, SETTING_FROM_VARIABLE,
				"environment IMGCACHE_DIR");
		} else if (!v->text) {
			ret = default_dir(s, ids[i], env, home, err);
		}
	}
	return ret;
}

char *
settings_user_config(const struct expand_env *env)
{
	const char *base = absolute_variable(env, "XDG_CONFIG_HOME");
	char *home, *path;

	if (base)
		return path_join(base, "imgcache/config.yaml");
	home = settings_home(env);
	if (!home)
		return NULL;
	path = path_join(home, ".config/imgcache/config.yaml");
	free(home);
	return path;
}
