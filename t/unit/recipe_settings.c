/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "imgcache.h"
#include "recipe/expand.h"
#include "recipe/project.h"
#include "recipe/recipe.h"
#include "recipe/settings.h"
#include "sys/file.h"

/* An environment of its own: "NAME=value" up to NULL. */
static const char *
get(void *payload, const char *name)
{
	const char *const *at = payload;
	size_t len = strlen(name);

	for (; *at; at++)
		if (!strncmp(*at, name, len) && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

#define ENV(...) { get, (void *)(const char *[]){ __VA_ARGS__, NULL } }
#define HOME "HOME=/home/me"

/* A folder with the three files; NULL: that one is missing. */
struct place {
	char *dir;
	char *project_path;
	char *dotenv;
	char *user;
	struct project project;
	bool has_project;
};

static char *
make_file(const char *dir, const char *name, const char *text)
{
	char *path = path_join(dir, name);
	struct imgcache_error err = { 0 };

	if (text)
		cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text),
					  0644, false, &err), 0);
	return path;
}

static void
make_place(struct place *at, const char *project, const char *dotenv,
	   const char *user)
{
	struct imgcache_error err = { 0 };

	memset(at, 0, sizeof(*at));
	at->dir = mem_strdup("/tmp/imgcache-settings-XXXXXX");
	cr_assert_not_null(mkdtemp(at->dir));
	at->project_path = make_file(at->dir, PROJECT_FILE, project);
	at->dotenv = make_file(at->dir, ".env", dotenv);
	at->user = make_file(at->dir, "config.yaml", user);
	if (project)
		cr_assert_eq(project_load(&at->project, at->project_path,
					  at->dir, NULL, &err), 0, "%s",
			     err.text);
	at->has_project = project;
}

static void
remove_place(struct place *at)
{
	struct imgcache_error err = { 0 };

	project_release(&at->project);
	file_remove_tree(AT_FDCWD, at->dir, &err);
	free(at->dir);
	free(at->project_path);
	free(at->dotenv);
	free(at->user);
}

static int
load_place(struct settings *s, struct place *at, const struct expand_env *env,
	   struct imgcache_error *err)
{
	const struct settings_sources from = {
		.env = env,
		.project = at->has_project ? &at->project : NULL,
		.user_config = at->user,
		.dotenv = at->dotenv,
	};
	int ret;

	memset(err, 0, sizeof(*err));
	ret = settings_load(s, &from, err);
	cr_assert_eq(ret, err->code);
	return ret;
}

/* From the environment alone. */
static int
load_env(struct settings *s, const struct expand_env *env,
	 struct imgcache_error *err)
{
	const struct settings_sources from = { .env = env, .dir = "/work" };

	memset(err, 0, sizeof(*err));
	return settings_load(s, &from, err);
}

static void
assert_setting(const struct settings *s, enum setting_id id, const char *text,
	       const char *origin)
{
	const char *name = setting_row(id)->name;

	if (text)
		cr_assert_str_eq(settings_text(s, id), text, "%s", name);
	else
		cr_assert_null(settings_text(s, id), "%s", name);
	cr_assert_str_eq(settings_origin(s, id), origin, "%s", name);
}

static const char project_text[] =
	"version: 1\n"
	"registry: ${ACCOUNT:-r}.example/p\n"
	"defaults: {base: \"debian:13\"}\n"
	"policy: {max_images: 40, max_age: 2w}\n"
	"ca_bundle: certs/ca.pem\n";
static const char dotenv_text[] =
	"MAX_CACHED_IMAGES=30\nIMGCACHE_HASH=git\nPATH=/evil\n"
	"DOCKER_DEFAULT_PLATFORM=linux/arm64\n";
static const char user_text[] =
	"hash: xxh3\npolicy:\n  max_images: 20\n  keep_last: 3\n"
	"log_keep: 4d\nstate_dir: ~/state\n";

Test(settings, without_anything_the_defaults_hold)
{
	const struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	cr_assert(settings_bool(&s, SETTING_ENABLED));
	cr_assert_eq(settings_int(&s, SETTING_BASE_TTL), 86400);
	cr_assert_eq(settings_int(&s, SETTING_GRACE), 86400);
	cr_assert_eq(settings_int(&s, SETTING_IDLE_TIMEOUT), 1800);
	cr_assert_eq(settings_int(&s, SETTING_MAX_IMAGES), 0);
	assert_setting(&s, SETTING_REGISTRY, NULL, "default");
	assert_setting(&s, SETTING_STATE_DIR,
		       "/home/me/.local/state/imgcache", "default");
	assert_setting(&s, SETTING_CACHE_DIR, "/home/me/.cache/imgcache",
		       "default");
	cr_assert_eq(settings_list(&s, SETTING_PLATFORM)->n, 0);
	settings_release(&s);
}

Test(settings, the_nearer_origin_wins)
{
	const struct expand_env env = ENV(HOME, "IMGCACHE_MAX_IMAGES=10",
					  "MAX_CACHED_IMAGES=15");
	const struct expand_env service = ENV(HOME, "MAX_CACHED_IMAGES=15");
	const struct expand_env bare = ENV(HOME);
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, project_text, dotenv_text, user_text);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	assert_setting(&s, SETTING_MAX_IMAGES, "10",
		       "environment IMGCACHE_MAX_IMAGES");
	cr_assert_eq(settings_set_flag(&s, "max_images", "5", &err), 0);
	assert_setting(&s, SETTING_MAX_IMAGES, "5", "flag");
	cr_assert_eq(settings_int(&s, SETTING_MAX_IMAGES), 5);
	settings_release(&s);
	cr_assert_eq(load_place(&s, &at, &service, &err), 0);
	assert_setting(&s, SETTING_MAX_IMAGES, "15",
		       "environment MAX_CACHED_IMAGES");
	settings_release(&s);
	cr_assert_eq(load_place(&s, &at, &bare, &err), 0);
	assert_setting(&s, SETTING_MAX_IMAGES, "30",
		       ".env:1 MAX_CACHED_IMAGES");
	settings_release(&s);
	unlink(at.dotenv);
	cr_assert_eq(load_place(&s, &at, &bare, &err), 0);
	assert_setting(&s, SETTING_MAX_IMAGES, "40", "imgcache.yaml:4:22");
	settings_release(&s);
	at.has_project = false;
	cr_assert_eq(load_place(&s, &at, &bare, &err), 0);
	cr_assert_str_eq(settings_text(&s, SETTING_MAX_IMAGES), "20");
	cr_assert(str_ends(settings_origin(&s, SETTING_MAX_IMAGES),
			   "/config.yaml:3:15"));
	settings_release(&s);
	remove_place(&at);
}

Test(settings, a_dotenv_gives_the_services_names_only)
{
	const struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, NULL, dotenv_text, NULL);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0);
	assert_setting(&s, SETTING_HASH, NULL, "default");
	cr_assert_eq(settings_list(&s, SETTING_PLATFORM)->n, 0);
	settings_release(&s);
	remove_place(&at);
}

Test(settings, every_service_name_works)
{
	const struct expand_env env = ENV(HOME,
		"ENABLE_IMAGE_CACHE=false", "DEFAULT_BASE_IMAGE=debian:12",
		"CLAUDE_CODE_VERSION=1.0.0", "MAX_CACHED_IMAGES=7",
		"AUTO_PRUNE_DAYS=30", "PREBUILD_COMMON_IMAGES=true",
		"COMMON_NPM_PACKAGES=typescript,@types/node",
		"COMMON_PIP_PACKAGES=numpy, pandas",
		"COMMON_APT_PACKAGES=git curl", "USE_STATIC_BASE_IMAGE=TRUE",
		"NO_CACHE=1", "DOCKER_DEFAULT_PLATFORM=linux/arm64");
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	cr_assert_not(settings_bool(&s, SETTING_ENABLED));
	assert_setting(&s, SETTING_DEFAULT_BASE, "debian:12",
		       "environment DEFAULT_BASE_IMAGE");
	assert_setting(&s, SETTING_CLAUDE_CODE_VERSION, "1.0.0",
		       "environment CLAUDE_CODE_VERSION");
	cr_assert_eq(settings_int(&s, SETTING_MAX_IMAGES), 7);
	cr_assert_eq(settings_int(&s, SETTING_MAX_AGE), 30 * 86400);
	assert_setting(&s, SETTING_MAX_AGE, "30d",
		       "environment AUTO_PRUNE_DAYS");
	cr_assert(settings_bool(&s, SETTING_PREBUILD_COMMON));
	assert_setting(&s, SETTING_COMMON_NPM, "typescript, @types/node",
		       "environment COMMON_NPM_PACKAGES");
	cr_assert_eq(settings_list(&s, SETTING_COMMON_PIP)->n, 2);
	cr_assert_str_eq(settings_list(&s, SETTING_COMMON_APT)->v[1], "curl");
	cr_assert(settings_bool(&s, SETTING_USE_STATIC_BASE));
	cr_assert(settings_bool(&s, SETTING_NO_CACHE));
	cr_assert_str_eq(settings_list(&s, SETTING_PLATFORM)->v[0],
			 "linux/arm64");
	settings_release(&s);
}

Test(settings, no_days_mean_no_limit)
{
	const struct expand_env env = ENV(HOME, "AUTO_PRUNE_DAYS=0");
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	cr_assert_eq(settings_int(&s, SETTING_MAX_AGE), 0);
	settings_release(&s);
}

Test(settings, an_empty_variable_is_not_set)
{
	const struct expand_env env = ENV(HOME, "NO_CACHE=", "IMGCACHE_HASH=",
					  "IMGCACHE_DIR=");
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	assert_setting(&s, SETTING_NO_CACHE, "false", "default");
	assert_setting(&s, SETTING_HASH, NULL, "default");
	settings_release(&s);
}

static const char *
env_complaint(const char *variable)
{
	static struct imgcache_error err;
	const char *list[] = { HOME, variable, NULL };
	const struct expand_env env = { get, (void *)list };
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), IMGCACHE_EFAIL, "%s", variable);
	return err.text;
}

Test(settings, a_bad_value_names_its_origin_and_the_form)
{
	cr_assert_str_eq(env_complaint("IMGCACHE_HASH=md5"),
			 "environment IMGCACHE_HASH: 'hash' needs git or xxh3, "
			 "not 'md5'");
	cr_assert_str_eq(env_complaint("IMGCACHE_COLOR=blue"),
			 "environment IMGCACHE_COLOR: 'color' needs auto, "
			 "always or never, not 'blue'");
	cr_assert_str_eq(env_complaint("NO_CACHE=maybe"),
			 "environment NO_CACHE: 'no_cache' needs true or "
			 "false, not 'maybe'");
	cr_assert_str_eq(env_complaint("MAX_CACHED_IMAGES=-1"),
			 "environment MAX_CACHED_IMAGES: 'max_images' needs a "
			 "whole number, such as 50, not '-1'");
	cr_assert_str_eq(env_complaint("AUTO_PRUNE_DAYS=often"),
			 "environment AUTO_PRUNE_DAYS: needs a number of days, "
			 "such as 30, or 0, not 'often'");
	cr_assert_str_eq(env_complaint("IMGCACHE_MAX_SIZE=20"),
			 "environment IMGCACHE_MAX_SIZE: 'max_size' needs a "
			 "size with its unit, such as 20GB, or 0, not '20'");
	cr_assert_str_eq(env_complaint("DOCKER_DEFAULT_PLATFORM=x86_64"),
			 "environment DOCKER_DEFAULT_PLATFORM: platform "
			 "'x86_64': not docker's name for it; write "
			 "'linux/amd64'");
	cr_assert_str_eq(env_complaint("IMGCACHE_REGISTRY=reg"),
			 "environment IMGCACHE_REGISTRY: registry 'reg': it "
			 "names no repository; write host/path, such as "
			 "registry.example/team/cache");
}

Test(settings, a_bad_line_of_a_file_is_named)
{
	const struct expand_env env = ENV("HOME=/tmp");
	struct imgcache_error err;
	struct settings s;
	struct place at;
	char want[256];

	make_place(&at, NULL, "\nNO_CACHE=perhaps\n", NULL);
	cr_assert_eq(load_place(&s, &at, &env, &err), IMGCACHE_EFAIL);
	snprintf(want, sizeof(want), "%s:2 NO_CACHE: 'no_cache' needs true or "
		 "false, not 'perhaps'", at.dotenv);
	cr_assert_str_eq(err.text, want);
	remove_place(&at);
	make_place(&at, NULL, NULL, "color: blue\n");
	cr_assert_eq(load_place(&s, &at, &env, &err), IMGCACHE_EFAIL);
	snprintf(want, sizeof(want), "~%s:1:8: 'color' needs auto, always or "
		 "never, not 'blue'", at.user + 4);
	cr_assert_str_eq(err.text, want);
	remove_place(&at);
	make_place(&at, NULL, NULL, "version: 1\n");
	cr_assert_eq(load_place(&s, &at, &env, &err), IMGCACHE_EFAIL);
	snprintf(want, sizeof(want), "~%s:1:1: unknown key 'version'; ",
		 at.user + 4);
	cr_assert(str_starts(err.text, want), "%s", err.text);
	remove_place(&at);
}

Test(settings, paths_are_meant_from_the_file_that_names_them)
{
	const struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;
	struct place at;
	char *want;

	make_place(&at, project_text, NULL, user_text);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	want = path_join(at.dir, "certs/ca.pem");
	assert_setting(&s, SETTING_CA_BUNDLE, want, "imgcache.yaml:5:12");
	cr_assert_str_eq(settings_text(&s, SETTING_STATE_DIR),
			 "/home/me/state");
	assert_setting(&s, SETTING_CACHE_DIR, "/home/me/.cache/imgcache",
		       "default");
	free(want);
	settings_release(&s);
	remove_place(&at);
}

Test(settings, a_registry_is_expanded_when_it_is_used)
{
	const struct expand_env env = ENV(HOME, "ACCOUNT=1234");
	const struct expand_env other = ENV(HOME);
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, project_text, NULL, NULL);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	assert_setting(&s, SETTING_REGISTRY, "1234.example/p",
		       "imgcache.yaml:2:11");
	settings_release(&s);
	remove_place(&at);
	make_place(&at, "version: 1\nregistry: ${ACCOUNT}/p\n", NULL, NULL);
	cr_assert_eq(load_place(&s, &at, &other, &err), IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text, "imgcache.yaml:2:11: 'ACCOUNT' is not set "
			 "in the environment; set it, or write "
			 "${ACCOUNT:-default}");
	remove_place(&at);
}

Test(settings, imgcache_dir_puts_both_under_one_folder)
{
	const struct expand_env env = ENV(HOME, "IMGCACHE_DIR=rel",
					  "XDG_STATE_HOME=/s");
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	assert_setting(&s, SETTING_STATE_DIR, "/work/rel",
		       "environment IMGCACHE_DIR");
	assert_setting(&s, SETTING_CACHE_DIR, "/work/rel/cache",
		       "environment IMGCACHE_DIR");
	settings_release(&s);
}

Test(settings, xdg_counts_if_it_is_absolute)
{
	const struct expand_env env = ENV(HOME, "XDG_STATE_HOME=/s",
					  "XDG_CACHE_HOME=relative");
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	assert_setting(&s, SETTING_STATE_DIR, "/s/imgcache",
		       "environment XDG_STATE_HOME");
	assert_setting(&s, SETTING_CACHE_DIR, "/home/me/.cache/imgcache",
		       "default");
	settings_release(&s);
}

Test(settings, without_home_the_passwd_entry_is_asked)
{
	const struct expand_env env = ENV("X=");
	const struct passwd *me = getpwuid(getuid());
	struct imgcache_error err;
	struct settings s;

	if (!me)
		cr_skip_test("no passwd entry");
	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	cr_assert(str_starts(settings_text(&s, SETTING_STATE_DIR),
			     me->pw_dir));
	settings_release(&s);
}

Test(settings, the_users_config_is_looked_for_where_xdg_says)
{
	const struct expand_env xdg = ENV(HOME, "XDG_CONFIG_HOME=/c");
	const struct expand_env relative = ENV(HOME, "XDG_CONFIG_HOME=c");
	char *path = settings_user_config(&xdg);

	cr_assert_str_eq(path, "/c/imgcache/config.yaml");
	free(path);
	path = settings_user_config(&relative);
	cr_assert_str_eq(path, "/home/me/.config/imgcache/config.yaml");
	free(path);
}

Test(settings, a_ca_bundle_is_found_where_others_look)
{
	const struct expand_env env = ENV(HOME, "SSL_CERT_FILE=/etc/ca.pem");
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0);
	assert_setting(&s, SETTING_CA_BUNDLE, "/etc/ca.pem",
		       "environment SSL_CERT_FILE");
	settings_release(&s);
}

Test(settings, a_bad_flag_is_wrong_usage)
{
	const struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0);
	cr_assert_eq(settings_set_flag(&s, "max_size", "big", &err),
		     IMGCACHE_EUSAGE);
	cr_assert_str_eq(err.text, "'max_size' needs a size with its unit, "
			 "such as 20GB, or 0, not 'big'");
	memset(&err, 0, sizeof(err));
	cr_assert_eq(settings_set_flag(&s, "max_imags", "1", &err),
		     IMGCACHE_EUSAGE);
	cr_assert_str_eq(err.text, "unknown setting 'max_imags'; did you mean "
			 "'max_images'?");
	settings_release(&s);
}

Test(settings, a_path_of_a_flag_is_made_absolute)
{
	const struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;

	cr_assert_eq(load_env(&s, &env, &err), 0);
	cr_assert_eq(settings_set_flag(&s, "ca_bundle", "ca.pem", &err), 0);
	assert_setting(&s, SETTING_CA_BUNDLE, "/work/ca.pem", "flag");
	settings_release(&s);
}

Test(settings, what_the_user_forbids_is_final)
{
	struct expand_env env = ENV(HOME, "IMGCACHE_PUSH=always");
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, "version: 1\npush: ci\n", NULL, "push: never\n");
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	cr_expect_str_eq(settings_text(&s, SETTING_PUSH), "never");
	cr_expect(settings_is_final(&s, SETTING_PUSH));
	cr_expect_eq(settings_set_flag(&s, "push", "always", &err),
		     IMGCACHE_EUSAGE);
	cr_expect(str_ends(err.text, "config.yaml:1:7, and that is final; "
			   "change it there"), "%s", err.text);
	memset(&err, 0, sizeof(err));
	cr_expect_eq(settings_set_flag(&s, "push", "never", &err), 0);
	settings_release(&s);
	remove_place(&at);
}

Test(settings, what_the_user_allows_is_not_final)
{
	struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, "version: 1\npush: never\n", NULL, "push: always\n");
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	cr_expect_str_eq(settings_text(&s, SETTING_PUSH), "never");
	cr_expect(!settings_is_final(&s, SETTING_PUSH));
	cr_expect_eq(settings_set_flag(&s, "push", "always", &err), 0);
	cr_expect_str_eq(settings_text(&s, SETTING_PUSH), "always");
	settings_release(&s);
	remove_place(&at);
}

Test(settings, entries_of_a_list_are_expanded_and_checked)
{
	struct expand_env env = ENV(HOME, "TWO=two");
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, "version: 1\n"
		   "registries: [a.example/x, \"${TWO}.example/y\"]\n",
		   NULL, NULL);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	cr_expect_str_eq(settings_text(&s, SETTING_REGISTRIES),
			 "a.example/x, two.example/y");
	settings_release(&s);
	remove_place(&at);
	make_place(&at, NULL, NULL, "registries: [a.example/x, nope]\n");
	cr_expect_eq(load_place(&s, &at, &env, &err), IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(err.text, "config.yaml:1:27"), "%s",
			   err.text);
	remove_place(&at);
}

Test(settings, a_flag_may_be_a_wish_only)
{
	struct expand_env env = ENV(HOME);
	struct imgcache_error err;
	struct settings s;
	struct place at;

	make_place(&at, "version: 1\ndefaults: {platforms: [linux/amd64, "
		   "linux/arm64]}\n", NULL, NULL);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	cr_expect_eq(settings_under_flag(&s, SETTING_PLATFORM)->n, 2);
	cr_assert_eq(settings_set_flag(&s, "platform", "linux/386", &err), 0);
	cr_assert_eq(settings_set_flag(&s, "platform", "linux/arm64", &err),
		     0);
	cr_expect_str_eq(settings_text(&s, SETTING_PLATFORM), "linux/arm64");
	cr_assert_eq(settings_under_flag(&s, SETTING_PLATFORM)->n, 2);
	cr_expect_str_eq(settings_under_flag(&s, SETTING_PLATFORM)->v[0],
			 "linux/amd64");
	settings_yield(&s, SETTING_PLATFORM);
	cr_expect_gt(s.v[SETTING_PLATFORM].rank, SETTING_FROM_VARIABLE);
	settings_release(&s);
	remove_place(&at);
}

Test(settings, every_row_is_complete)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_row *row =
			setting_row((enum setting_id)i);

		cr_assert_not_null(row->name, "row %d", i);
		cr_assert(str_starts(row->variable, "IMGCACHE_"));
		cr_assert_not_null(row->help);
		cr_assert_leq(strlen(row->help), 60, "%s", row->name);
		cr_assert_eq(setting_find(row->name), i);
		cr_assert_eq(row->type == SETTING_TYPE_ENUM, !!row->choices);
	}
	cr_assert_eq(setting_find("nothing"), -1);
}

Test(settings, a_recipe_takes_what_it_leaves_open)
{
	const struct expand_env env = ENV(HOME, "DEFAULT_BASE_IMAGE=debian:12",
		"CLAUDE_CODE_VERSION=1.2.3", "IMGCACHE_PLATFORM=linux/arm64",
		"IMGCACHE_REGISTRY=r.example/x", "IMGCACHE_HASH=xxh3",
		"IMGCACHE_BASE_POLICY=name", "IMGCACHE_REFRESH=weekly");
	struct imgcache_error err;
	struct settings s;
	struct recipe r;

	cr_assert_eq(load_env(&s, &env, &err), 0, "%s", err.text);
	recipe_init(&r, "/project");
	cr_assert_eq(recipe_set_flag(&r, "claude-code", "true", &err), 0);
	cr_assert_eq(recipe_apply_settings(&r, &s, &err), 0);
	cr_assert_str_eq(r.base, "debian:12");
	cr_assert_str_eq(r.claude_code, "1.2.3");
	cr_assert_str_eq(r.platforms.v[0], "linux/arm64");
	cr_assert_str_eq(r.registry, "r.example/x");
	cr_assert_str_eq(r.hash, "xxh3");
	cr_assert_str_eq(r.refresh, "weekly");
	cr_assert_eq(r.base_policy, BASE_BY_NAME);
	cr_assert_eq(recipe_check(&r, &err), 0, "%s", err.text);
	recipe_release(&r);
	settings_release(&s);
}

Test(settings, what_a_recipe_of_flags_says_stands)
{
	const struct expand_env env = ENV(HOME, "DEFAULT_BASE_IMAGE=debian:12",
		"IMGCACHE_REGISTRY=r.example/x");
	struct imgcache_error err;
	struct settings s;
	struct recipe r;

	cr_assert_eq(load_env(&s, &env, &err), 0);
	recipe_init(&r, "/project");
	cr_assert_eq(recipe_set_flag(&r, "base", "debian:13", &err), 0);
	cr_assert_eq(recipe_set_flag(&r, "registry", "mine.example/y", &err),
		     0);
	cr_assert_eq(recipe_apply_settings(&r, &s, &err), 0);
	cr_assert_str_eq(r.base, "debian:13");
	cr_assert_str_eq(r.registry, "mine.example/y");
	recipe_release(&r);
	settings_release(&s);
}

Test(settings, a_variable_is_heard_before_the_project_file)
{
	const struct expand_env env = ENV(HOME, "IMGCACHE_REGISTRY=r.example/x",
		"DOCKER_DEFAULT_PLATFORM=linux/arm64", "IMGCACHE_HASH=git");
	struct imgcache_error err;
	struct settings s;
	struct place at;
	struct recipe *r;

	make_place(&at, "version: 1\nhash: xxh3\nimages:\n  a:\n"
		   "    base: 'debian:12'\n    registry: f.example/f\n"
		   "    platforms: linux/amd64\n", NULL, NULL);
	cr_assert_eq(load_place(&s, &at, &env, &err), 0, "%s", err.text);
	r = &at.project.images[0].recipe;
	cr_assert_eq(recipe_apply_settings(r, &s, &err), 0);
	cr_assert_str_eq(r->registry, "r.example/x");
	cr_assert_str_eq(r->platforms.v[0], "linux/amd64");
	cr_assert_str_eq(r->hash, "git");
	settings_release(&s);
	remove_place(&at);
}

Test(settings, a_dockerfile_takes_no_base)
{
	const struct expand_env env = ENV(HOME, "DEFAULT_BASE_IMAGE=debian:12",
					  "SSL_CERT_FILE=/etc/ca.pem");
	struct imgcache_error err;
	struct settings s;
	struct recipe r;

	cr_assert_eq(load_env(&s, &env, &err), 0);
	recipe_init(&r, "/project");
	cr_assert_eq(recipe_set_flag(&r, "context", ".", &err), 0);
	cr_assert_eq(recipe_apply_settings(&r, &s, &err), 0);
	cr_assert_null(r.base);
	cr_assert_null(r.refresh);
	cr_assert_eq(recipe_check(&r, &err), 0, "%s", err.text);
	recipe_release(&r);
	settings_release(&s);
}
