/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_SETTINGS_FILE_H
#define IMGCACHE_RECIPE_SETTINGS_FILE_H

/*
 * Settings in the two files that may hold them: imgcache.yaml and the user's
 * config.yaml. Both are trees of at most two levels, "max_images" in "policy".
 */

#include "recipe/settings.h"

struct expand_env;
struct imgcache_error;
struct yaml_doc;
struct yaml_node;

/*
 * Check every key and every value; which is SETTING_FROM_PROJECT (where
 * version, images, cache and lint are left to others) or SETTING_FROM_USER.
 * A ${NAME} that is not set is no error yet.
 */
int settings_file_check(const struct yaml_doc *doc, enum setting_rank which,
			const struct expand_env *env,
			struct imgcache_error *err);

/* The value of a setting, or NULL. */
const struct yaml_node *settings_file_node(const struct yaml_doc *doc,
					   enum setting_rank which,
					   enum setting_id id);

#endif
