/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_RECIPE_VALUES_H
#define IMGCACHE_RECIPE_RECIPE_VALUES_H

/*
 * What may stand in the fields of a recipe that recipe/grammar.h does not
 * know: those that go to docker as arguments, and words with a fixed meaning.
 * Every check covers the whole text; IMGCACHE_EUSAGE names it and the right
 * form. None of these can be read as an option: docker gets them as
 * --flag=value.
 */

struct imgcache_error;

int recipe_check_base(const char *text, struct imgcache_error *err);
int recipe_check_registry(const char *text, struct imgcache_error *err);
int recipe_check_refresh(const char *text, struct imgcache_error *err);
int recipe_check_hash(const char *text, struct imgcache_error *err);
int recipe_check_policy(const char *text, struct imgcache_error *err);
int recipe_check_context_mode(const char *text, struct imgcache_error *err);
int recipe_check_salt(const char *text, struct imgcache_error *err);
int recipe_check_target(const char *text, struct imgcache_error *err);
int recipe_check_network(const char *text, struct imgcache_error *err);

/* HOST:IP or HOST=IP; the IP may be host-gateway. */
int recipe_check_add_host(const char *text, struct imgcache_error *err);

/* docker's own: id=ID[,src=PATH][,env=NAME][,type=file|env]. */
int recipe_check_secret(const char *text, struct imgcache_error *err);

/* docker's own: default, ID, ID=PATH[,PATH]. */
int recipe_check_ssh(const char *text, struct imgcache_error *err);

/* NAME or NAME=value; io.imgcache is ours. */
int recipe_check_label(const char *text, struct imgcache_error *err);
int recipe_check_arg(const char *text, struct imgcache_error *err);
int recipe_check_build_context(const char *text, struct imgcache_error *err);

/* Any path: not empty, one line. */
int recipe_check_path(const char *text, struct imgcache_error *err);

/* A path below the context: relative, no "..", no pattern's ! or #. */
int recipe_check_include(const char *text, struct imgcache_error *err);

#endif
