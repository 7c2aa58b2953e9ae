/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_SETTINGS_H
#define IMGCACHE_RECIPE_SETTINGS_H

/*
 * Settings: one table of names, one value each, and for each value where it
 * comes from. What is nearer to the person wins:
 *
 *	flag > IMGCACHE_* > the service's names (environment, then .env)
 *	     > imgcache.yaml > the user's config.yaml > default
 *
 * A variable that is set but empty counts as not set. A bad value is an error
 * that names its origin and the valid form; one that a stronger origin hides
 * is not looked at, but for the files, which are checked as a whole.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strv.h"

struct expand_env;
struct imgcache_error;
struct project;

/* In the order of the table and of `imgcache config`. */
enum setting_id {
	SETTING_ENABLED,
	SETTING_REGISTRY,
	SETTING_REGISTRIES,
	SETTING_REGISTRY_UNTRUSTED,
	SETTING_UNTRUSTED,
	SETTING_PUSH,
	SETTING_ON_UNKNOWN,
	SETTING_REGISTRY_TIMEOUT,
	SETTING_TRANSFER_TIMEOUT,
	SETTING_DEFAULT_BASE,
	SETTING_PLATFORM,
	SETTING_REFRESH,
	SETTING_CLAUDE_CODE_VERSION,
	SETTING_HASH,
	SETTING_BASE_TTL,
	SETTING_BASE_POLICY,
	SETTING_CA_BUNDLE,
	SETTING_USE_STATIC_BASE,
	SETTING_NO_CACHE,
	SETTING_MAX_IMAGES,
	SETTING_MAX_AGE,
	SETTING_MAX_SIZE,
	SETTING_KEEP_LAST,
	SETTING_GRACE,
	SETTING_CACHE_MAX_AGE,
	SETTING_CACHE_MAX_SIZE,
	SETTING_PREBUILD_COMMON,
	SETTING_COMMON_APT,
	SETTING_COMMON_NPM,
	SETTING_COMMON_PIP,
	SETTING_BUILD_TIMEOUT,
	SETTING_IDLE_TIMEOUT,
	SETTING_LOG_KEEP,
	SETTING_COLOR,
	SETTING_STATE_DIR,
	SETTING_CACHE_DIR,
	SETTING_STAT_CACHE,
	SETTING_THREADS,
	SETTING_COUNT
};

enum setting_type {
	SETTING_TYPE_BOOL,	/* true yes on 1, false no off 0 */
	SETTING_TYPE_INT,	/* 0 ... */
	SETTING_TYPE_SIZE,	/* bytes */
	SETTING_TYPE_AGE,	/* seconds */
	SETTING_TYPE_ENUM,	/* one of choices */
	SETTING_TYPE_TEXT,
	SETTING_TYPE_PATH,	/* made absolute: see settings_load() */
	SETTING_TYPE_LIST	/* split at commas and white space */
};

struct setting_row {
	const char *name;	/* "max_images" */
	const char *variable;	/* "IMGCACHE_MAX_IMAGES" */
	const char *service;	/* "MAX_CACHED_IMAGES", or NULL */
	const char *project;	/* key in imgcache.yaml: "policy.max_images" */
	const char *user;	/* key in the user's config.yaml */
	const char *standard;	/* default as text, NULL: unset */
	enum setting_type type;
	bool expands;		/* ${NAME} in the project file */
	const char *choices;	/* "git xxh3"; of an enum */
	const char *service_unit;	/* put after digits: "d" for days */
	const char *veto;	/* final, where the user's own file has it */
	int (*check)(const char *text, struct imgcache_error *err);
	const char *help;	/* one sentence */
};

/* Strongest first. */
enum setting_rank {
	SETTING_FROM_FLAG,
	SETTING_FROM_VARIABLE,
	SETTING_FROM_SERVICE,
	SETTING_FROM_PROJECT,
	SETTING_FROM_USER,
	SETTING_FROM_DEFAULT
};

struct setting_value {
	char *text;		/* as written; "a, b" of a list; NULL: unset */
	char *origin;		/* ".env:3 MAX_CACHED_IMAGES", "default" ... */
	enum setting_rank rank;
	int64_t number;		/* bool, int, size, age */
	struct strv list;
	struct strv under;	/* the list that a flag stands over */
};

struct settings {
	struct setting_value v[SETTING_COUNT];
	char *dir;		/* relative paths of flags are meant from it */
};

struct settings_sources {
	const struct expand_env *env;
	const struct project *project;	/* or NULL */
	const char *user_config;	/* path; NULL: none is read */
	const char *dotenv;		/* path; NULL: none is read */
	const char *dir;		/* absolute; NULL: working directory */
};

/* All rows, SETTING_COUNT of them. */
const struct setting_row *setting_row(enum setting_id id);

/* -1 if there is none of that name. */
int setting_find(const char *name);

/*
 * Load them all. Files that are named but missing are fine. Relative paths are
 * meant from the file that names them, in a variable from dir; "~/" is the home
 * directory. A CA bundle that nobody names is taken from the variables that
 * npm, pip, curl and OpenSSL know. The state and cache directories are absolute
 * afterwards: their own settings, else IMGCACHE_DIR (and its "cache"), else
 * XDG's with "imgcache" (relative ones ignored, as its standard says), else
 * those under HOME, else under the home of the user's passwd entry; without any
 * of these it fails.
 */
int settings_load(struct settings *s, const struct settings_sources *from,
		  struct imgcache_error *err);

void settings_release(struct settings *s);

/*
 * A flag: the strongest origin. IMGCACHE_EUSAGE if the value is no good, or if
 * the user's own file has the last word.
 */
int settings_set_flag(struct settings *s, const char *name, const char *value,
		      struct imgcache_error *err);

bool settings_bool(const struct settings *s, enum setting_id id);
int64_t settings_int(const struct settings *s, enum setting_id id);
const char *settings_text(const struct settings *s, enum setting_id id);
const struct strv *settings_list(const struct settings *s, enum setting_id id);
const char *settings_origin(const struct settings *s, enum setting_id id);

/* The list as it would be without a flag. */
const struct strv *settings_under_flag(const struct settings *s,
				       enum setting_id id);

/* A flag that wishes and does not overrule: as if the service had said it. */
void settings_yield(struct settings *s, enum setting_id id);

/* Does it have the value that nothing overrides (see setting_row.veto)? */
bool settings_is_final(const struct settings *s, enum setting_id id);

/* "$XDG_CONFIG_HOME/imgcache/config.yaml" or under HOME; the caller frees.
 * NULL if there is no home to look in. */
char *settings_user_config(const struct expand_env *env);

#endif
