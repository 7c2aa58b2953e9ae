/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_SETTINGS_VALUE_H
#define IMGCACHE_RECIPE_SETTINGS_VALUE_H

/*
 * One value of one setting, from text or from a node of a file. Used by
 * settings.c only; the forms of each type are those of enum setting_type.
 */

#include "recipe/settings.h"

struct expand_env;
struct imgcache_error;
struct yaml_doc;
struct yaml_node;

/*
 * Set text, number and list; rank and origin are the caller's. IMGCACHE_EFAIL
 * with "it needs <form>, not '<text>'" leaves the value as it was.
 */
int setting_value_text(struct setting_value *v, const struct setting_row *row,
		       const char *text, struct imgcache_error *err);

/*
 * The same from a file; a list may be a list or one text. ${NAME} is expanded
 * where the row says so. Fails with "<file>:<line>:<column>: ", IMGCACHE_ENO
 * if only a ${NAME} is not set.
 */
int setting_value_node(struct setting_value *v, const struct setting_row *row,
		       const struct yaml_doc *doc,
		       const struct yaml_node *node,
		       const struct expand_env *env,
		       struct imgcache_error *err);

void setting_value_release(struct setting_value *v);

#endif
