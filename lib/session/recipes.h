/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_RECIPES_H
#define IMGCACHE_SESSION_RECIPES_H

#include "session/session.h"

/* Fill in the settings' defaults and check the whole, once per recipe. */
int recipes_check(struct imgcache_recipe *r, struct imgcache_error *err);

#endif
