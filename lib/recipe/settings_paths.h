/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_SETTINGS_PATHS_H
#define IMGCACHE_RECIPE_SETTINGS_PATHS_H

/* Where a person's files are, by the XDG Base Directory Specification 0.8. */

#include "recipe/settings.h"

struct expand_env;
struct imgcache_error;

/* HOME if it is absolute, else the passwd entry's; NULL: neither. */
char *settings_home(const struct expand_env *env);

/* path with the home directory written "~". The caller frees. */
char *settings_shown_path(const char *path, const char *home);

/* Make a value that is a path absolute: "~/" is home, others are below dir. */
void settings_resolve_path(struct setting_value *v, const char *dir,
			   const char *home);

/* The state and cache directories, where no setting named them. */
int settings_default_dirs(struct settings *s, const struct expand_env *env,
			  const char *home, struct imgcache_error *err);

#endif
