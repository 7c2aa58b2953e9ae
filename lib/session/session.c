/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing. The order at open is that of the settings' sources:
 * the project file first, since settings come from it too.
 */
#include "session/session.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/engine.h"
#include "session/adopt.h"
#include "session/bake.h"
#include "store/lookups.h"
#include "sys/file.h"
#include "sys/signals.h"

static const char *
from_environment(void *payload, const char *name)
{
	(void)payload;
	return getenv(name);
}

static int
find_dir(struct imgcache *ic, const char *dir, struct imgcache_error *err)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd)
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot find the working directory");
	ic->dir = path_absolute(cwd, dir ? dir : ".");
	free(cwd);
	if (!file_is_dir(ic->dir))
		return error_set(err, IMGCACHE_EFAIL,
				 "'%s' is not a directory", ic->dir);
	return 0;
}

/* IMGCACHE_ENO if there is none; a file that is named has to be there. */
static int
load_project(struct imgcache *ic, const char *file, struct imgcache_error *err)
{
	char *path = NULL, *dir;
	int ret = 0;

	if (file)
		path = path_absolute(ic->dir, file);
	else
		ret = project_find(ic->dir, &path, err);
	if (ret)
		return ret;
	dir = path_dir(path);
	ic->project_dir = arena_strdup(&ic->arena, dir);
	free(dir);
	ret = project_load(&ic->project, path, ic->dir, &ic->env, err);
	free(path);
	return ret;
}

static int
open_project(struct imgcache *ic, const struct imgcache_options *o,
	     struct imgcache_error *err)
{
	int ret = load_project(ic, o->project_file, err);

	ic->has_project = !ret;
	if (ret == IMGCACHE_ENO && o->project_file)
		return err->code = IMGCACHE_EFAIL;
	if (ret && ret != IMGCACHE_ENO) {
		if (o->bad_project == IMGCACHE_BAD_PROJECT_FAILS)
			return ret;
		ic->bad_project = arena_strdup(&ic->arena, err->text);
	}
	error_clear(err);
	if (ic->bad_project && o->bad_project == IMGCACHE_BAD_PROJECT_WARNS)
		session_warn(ic, "%s; going on without it", ic->bad_project);
	return 0;
}

/* A file that is not right has its .env beside it, too. */
static int
load_settings(struct imgcache *ic, const char *const *flags,
	      struct imgcache_error *err)
{
	char *user = settings_user_config(&ic->env);
	char *dotenv = path_join(ic->project_dir ? ic->project_dir : ic->dir,
				 ".env");
	struct settings_sources from = {
		.env = &ic->env,
		.project = ic->has_project ? &ic->project : NULL,
		.user_config = user,
		.dotenv = dotenv,
	};
	int ret = settings_load(&ic->settings, &from, err);

	for (; !ret && flags && *flags; flags++) {
		size_t len = strcspn(*flags, "=");
		char *name = mem_strndup(*flags, len);

		ret = settings_set_flag(&ic->settings, name,
					(*flags)[len] ? *flags + len + 1 : "",
					err);
		free(name);
	}
	free(user);
	free(dotenv);
	return ret;
}

static int
to_ms(int64_t seconds)
{
	return seconds > INT_MAX / 1000 ? INT_MAX : (int)seconds * 1000;
}

/* 0 in a setting is no limit, which the struct has other words for. */
static void
set_deadlines(struct imgcache *ic)
{
	const struct settings *s = &ic->settings;
	int64_t ask_s = settings_int(s, SETTING_REGISTRY_TIMEOUT);
	int64_t transfer_s = settings_int(s, SETTING_TRANSFER_TIMEOUT);

	ic->registry.ask_ms = ask_s ? to_ms(ask_s) : -1;
	ic->registry.transfer_ms = to_ms(transfer_s);
}

int
imgcache_open(struct imgcache **out, const struct imgcache_options *o,
	      struct imgcache_error *err)
{
	static const struct endpoint no_endpoint = ENDPOINT_INIT;
	struct imgcache *ic = mem_alloc(sizeof(*ic));
	int ret;

	ic->env.get = from_environment;
	ic->endpoint = no_endpoint;
	ic->on_event = o->on_event;
	ic->payload = o->payload;
	ret = find_dir(ic, o->dir, err);
	if (!ret)
		ret = open_project(ic, o, err);
	if (!ret)
		ret = load_settings(ic, o->settings, err);
	if (!ret)
		set_deadlines(ic);
	if (ret) {
		imgcache_close(ic);
		ic = NULL;
	}
	*out = ic;
	return ret;
}

void
session_drop(struct imgcache *ic)
{
	engine_free(ic->engine);
	ic->engine = NULL;
	endpoint_release(&ic->endpoint);
	catalog_close(ic->catalog);
	ic->catalog = NULL;
}

void
imgcache_close(struct imgcache *ic)
{
	size_t i;

	if (!ic)
		return;
	session_speak(ic);
	for (i = 0; i < ic->n_recipes; i++) {
		if (ic->recipes[i]->recipe == &ic->recipes[i]->own)
			recipe_release(&ic->recipes[i]->own);
		bake_release(ic->recipes[i]->bake);
		free(ic->recipes[i]);
	}
	free(ic->recipes);
	session_drop(ic);
	settings_release(&ic->settings);
	project_release(&ic->project);
	strv_release(&ic->warned);
	strv_release(&ic->counted);
	strv_release(&ic->invalidated);
	arena_release(&ic->arena);
	free(ic->dir);
	free(ic);
}

void
imgcache_signals_begin(void)
{
	signals_install();
}

int
imgcache_signals_caught(void)
{
	return signals_pending();
}

void
imgcache_signals_end(void)
{
	signals_reraise();
}

void
session_event(struct imgcache *ic, const struct imgcache_event *e)
{
	session_speak(ic);
	if (ic->on_event)
		ic->on_event(ic->payload, e);
}

void
session_speak(struct imgcache *ic)
{
	const char *text = ic->unsaid;

	ic->unsaid = NULL;
	if (text)
		session_warn(ic, "%s", text);
}

void
session_warn(struct imgcache *ic, const char *fmt, ...)
{
	struct imgcache_event e = { .type = IMGCACHE_WARNING };
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (!strv_has(&ic->warned, text.data)) {
		strv_push(&ic->warned, text.data);
		e.text = text.data;
		session_event(ic, &e);
	}
	buf_release(&text);
}

/* A new catalog after a damaged one: what the engine's labels tell. */
static void
refill(struct imgcache *ic)
{
	struct imgcache_error err = {0};

	if (adopt_all(ic, &err))
		session_warn(ic, "the new catalog could not be filled from the "
			     "engine: %s", err.text);
}

/* In one line: what would have been the warning, and what to do. */
static int
refuse_to_write(struct imgcache *ic, const char *dir,
		struct imgcache_error *err)
{
	const char *cause = catalog_cause(ic->catalog);

	ic->unsaid = NULL;
	if (cause && strstr(cause, "; "))
		return error_set(err, IMGCACHE_EFAIL, "%s", cause);
	return error_set(err, IMGCACHE_EFAIL, "cannot write '%s'; make it "
			 "writable or set IMGCACHE_DIR", dir);
}

int
session_catalog(struct imgcache *ic, enum catalog_mode mode,
		struct imgcache_error *err)
{
	const char *dir = settings_text(&ic->settings, SETTING_STATE_DIR);
	const char *warning;
	int ret;

	if (ic->catalog) {
		if (mode != CATALOG_WRITE ||
		    !catalog_flags(ic->catalog).is_readonly)
			return 0;
		return refuse_to_write(ic, dir, err);
	}
	ret = catalog_open(dir, mode, &ic->catalog, err);
	if (ret)
		return ret;
	warning = catalog_warning(ic->catalog);
	if (warning && catalog_flags(ic->catalog).is_readonly)
		ic->unsaid = arena_strdup(&ic->arena, warning);
	else if (warning)
		session_warn(ic, "%s", warning);
	if (catalog_flags(ic->catalog).was_rebuilt)
		refill(ic);
	return 0;
}

int
session_fold(struct imgcache *ic, struct imgcache_error *err)
{
	int ret = lookups_fold(ic->catalog, NULL, err);

	if (ret == CATALOG_EFULL)
		session_warn(ic, "the last lookups are not counted yet: %s",
			     err->text);
	return catalog_forgo(ret, err);
}

bool
session_recovers(struct imgcache *ic, int ret, struct imgcache_error *err)
{
	if (ret != CATALOG_ECORRUPT || !ic->catalog)
		return false;
	error_clear(err);
	if (catalog_recover(ic->catalog, err))
		return false;
	session_warn(ic, "%s", catalog_warning(ic->catalog));
	refill(ic);
	return true;
}

int
session_engine(struct imgcache *ic, struct engine **out,
	       struct imgcache_error *err)
{
	struct engine_options o = { .endpoint = &ic->endpoint };
	struct endpoint_env env;
	int ret;

	if (!ic->engine) {
		endpoint_env_read(&env);
		ret = endpoint_find(&ic->endpoint, &env, err);
		if (ret)
			return ret;
		o.memo_dir = session_cache_dir(ic, "engines");
		ic->engine = engine_new(&o);
	}
	*out = ic->engine;
	return 0;
}

int
session_engine_name(struct imgcache *ic, const char **out,
		    struct imgcache_error *err)
{
	const char *name;
	struct engine *e;
	int ret = 0;

	if (!ic->engine_name) {
		ret = session_engine(ic, &e, err);
		if (!ret)
			ret = engine_identity(e, &name, err);
		/* an answer of the engine may take back what it was */
		if (!ret)
			ic->engine_name = arena_strdup(&ic->arena, name);
	}
	*out = ic->engine_name;
	return ret;
}

int
session_state_dir(struct imgcache *ic, const char *name, const char **out,
		  struct imgcache_error *err)
{
	const char *top = settings_text(&ic->settings, SETTING_STATE_DIR);

	*out = arena_printf(&ic->arena, "%s/%s", top, name);
	if (file_is_dir(*out))
		return 0;
	if (file_private_dir(top, err))
		return err->code;
	return file_private_dir(*out, err);
}

const char *
session_cache_dir(struct imgcache *ic, const char *name)
{
	const char *top = settings_text(&ic->settings, SETTING_CACHE_DIR);
	const char *state = settings_text(&ic->settings, SETTING_STATE_DIR);
	struct imgcache_error ignored = {0};
	char *dir = arena_printf(&ic->arena, "%s/%s", top, name);
	struct stat st;

	if (!lstat(dir, &st))
		return S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
			!(st.st_mode & 022) ? dir : NULL;
	if (str_starts(top, state) && top[strlen(state)] == '/' &&
	    file_private_dir(state, &ignored))
		return NULL;
	if (file_private_dir(top, &ignored) || file_private_dir(dir, &ignored))
		return NULL;
	return dir;
}

const char *
session_own_platform(struct imgcache *ic)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" },
		{ "armv7l", "arm/v7" }, { "armv6l", "arm/v6" },
		{ "i686", "386" }, { "i386", "386" },
		{ "ppc64le", "ppc64le" }, { "s390x", "s390x" },
		{ "riscv64", "riscv64" }, { "loongarch64", "loong64" },
	};
	struct utsname u;
	size_t i;

	if (uname(&u))
		return "linux/amd64";
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(u.machine, names[i][0]))
			return arena_printf(&ic->arena, "linux/%s",
					    names[i][1]);
	return arena_printf(&ic->arena, "linux/%s", u.machine);
}

const char *
session_platform(struct imgcache *ic)
{
	const struct strv *asked = settings_list(&ic->settings,
						 SETTING_PLATFORM);

	return asked && asked->n ? asked->v[0] : session_own_platform(ic);
}

bool
session_is_ci(const struct imgcache *ic)
{
	const char *ci = expand_get(&ic->env, "CI");

	return ci && *ci && strcasecmp(ci, "false") && strcasecmp(ci, "no") &&
		strcasecmp(ci, "off") && strcmp(ci, "0");
}

bool
session_is_disabled(const struct imgcache *ic)
{
	return !settings_bool(&ic->settings, SETTING_ENABLED);
}

/*
 * Variables of CI services that name what a job was started by, and the
 * beginning of those values that stand for somebody else's changes: GitHub
 * Actions (pull_request, pull_request_target, pull_request_review ...) and
 * GitLab.
 */
static const char *const foreign_events[][2] = {
	{ "GITHUB_EVENT_NAME", "pull_request" },
	{ "CI_PIPELINE_SOURCE", "merge_request_event" },
	{ "CI_PIPELINE_SOURCE", "external_pull_request_event" },
};

bool
session_is_untrusted(const struct imgcache *ic)
{
	const char *set = settings_text(&ic->settings, SETTING_UNTRUSTED);
	const char *event;
	size_t i;

	if (strcmp(set, "auto"))
		return !strcmp(set, "true");
	for (i = 0; i < sizeof(foreign_events) / sizeof(*foreign_events); i++) {
		event = expand_get(&ic->env, foreign_events[i][0]);
		if (event && str_starts(event, foreign_events[i][1]))
			return true;
	}
	return false;
}
