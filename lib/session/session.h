/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_SESSION_H
#define IMGCACHE_SESSION_SESSION_H

/*
 * The handle behind imgcache.h: settings, the project, the catalog, the engine.
 * Each is opened when it is first asked for and closed with the handle, so a
 * verb pays only for what it uses. Nobody else opens them.
 */

#include <stdbool.h>

#include "base/mem.h"
#include "base/strv.h"
#include "docker/endpoint.h"
#include "docker/registry.h"
#include "imgcache.h"
#include "recipe/expand.h"
#include "recipe/project.h"
#include "recipe/recipe.h"
#include "recipe/settings.h"
#include "store/catalog.h"

struct bake;
struct base_seen;
struct buildx_client;
struct engine;

struct imgcache_recipe {
	struct imgcache *ic;
	struct recipe *recipe;		/* own, or the project's */
	const struct project_image *image;	/* NULL: from flags */
	struct recipe own;
	struct bake *bake;		/* what it is from says more; or NULL */
	bool is_common;			/* of settings, right or wrong */
	bool is_checked;
};

struct imgcache {
	struct arena arena;		/* what was handed out */
	char *dir;			/* absolute */
	struct expand_env env;
	struct project project;
	bool has_project;
	const char *project_dir;	/* of its file, right or not; or NULL */
	const char *bad_project;	/* why it is done without, or NULL */
	struct settings settings;
	struct strv warned;		/* warnings already given */
	struct strv counted;		/* tags whose lookup is on record */
	struct strv invalidated;	/* rows that were counted as that */
	const char *unsaid;		/* one that is given later, or NULL */
	imgcache_event_fn *on_event;
	void *payload;

	struct imgcache_recipe **recipes;
	size_t n_recipes, cap_recipes;

	struct catalog *catalog;
	struct endpoint endpoint;
	struct engine *engine;
	const char *engine_name;	/* its identity, once known */
	struct registry registry;
	struct base_seen *seen_configs;	/* of base_config.c */
};

/* The catalog for recording, or as good as it gets; warns once. */
int session_catalog(struct imgcache *ic, enum catalog_mode mode,
		    struct imgcache_error *err);

/*
 * lookups_fold(), before reading what it writes. Where the disk has no room for
 * that a warning: what is read is as old as the last time.
 */
int session_fold(struct imgcache *ic, struct imgcache_error *err);

/*
 * After a call failed with ret: if that was a damaged catalog, set it aside,
 * fill the new one from the engine, clear err and say true: call again.
 */
bool session_recovers(struct imgcache *ic, int ret, struct imgcache_error *err);

/* Close catalog and engine; whoever asks next opens them. Before a fork. */
void session_drop(struct imgcache *ic);

/* The engine's client; no question is asked. */
int session_engine(struct imgcache *ic, struct engine **out,
		   struct imgcache_error *err);

/* Which buildx there is; remembered beside what is known of engines. */
int session_client(struct imgcache *ic, struct buildx_client *out,
		   struct imgcache_error *err);

/*
 * The engine's name in the catalog. IMGCACHE_EUNKNOWN if it gives no answer
 * and none is remembered.
 */
int session_engine_name(struct imgcache *ic, const char **out,
			struct imgcache_error *err);

void session_event(struct imgcache *ic, const struct imgcache_event *e);

/*
 * That nothing is recorded is said with the next event or at the end: the
 * failure of what has to be recorded says it all. For those who hand over the
 * terminal: now.
 */
void session_speak(struct imgcache *ic);

/* A warning event, once per text and handle. */
void session_warn(struct imgcache *ic, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "<state_dir>/<name>", made 0700 if wanted; in the handle's arena. */
int session_state_dir(struct imgcache *ic, const char *name, const char **out,
		      struct imgcache_error *err);

/* "<cache_dir>/<name>", or NULL if it cannot be made: then nothing is kept. */
const char *session_cache_dir(struct imgcache *ic, const char *name);

/* "linux/amd64": this machine's; and the first that the setting names, or it. */
const char *session_own_platform(struct imgcache *ic);
const char *session_platform(struct imgcache *ic);

/* CI is set, and not to a word for no. */
bool session_is_ci(const struct imgcache *ic);

/* The build of changes that nobody has looked at yet: a pull request's job. */
bool session_is_untrusted(const struct imgcache *ic);

/* Switched off by ENABLE_IMAGE_CACHE=false: no lookup, no record. */
bool session_is_disabled(const struct imgcache *ic);

#endif
