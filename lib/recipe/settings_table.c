/* SPDX-License-Identifier: MIT */
/*
 * The table of settings, in the order of enum setting_id. A key that a
 * stranger's project file could harm a person with (where state is kept, how
 * many builds run, what the terminal gets) is a key of the user's file only.
 */

#include <assert.h>
#include <string.h>

#include "recipe/grammar.h"
#include "recipe/recipe_values.h"
#include "recipe/settings.h"

#define BOOL SETTING_TYPE_BOOL
#define INT SETTING_TYPE_INT
#define SIZE SETTING_TYPE_SIZE
#define AGE SETTING_TYPE_AGE
#define ENUM SETTING_TYPE_ENUM
#define TEXT SETTING_TYPE_TEXT
#define PATH SETTING_TYPE_PATH
#define LIST SETTING_TYPE_LIST

/* A key of both files. */
#define KEY(key) .project = (key), .user = (key)

static const struct setting_row rows[SETTING_COUNT] = {
	[SETTING_ENABLED] = {
		"enabled", "IMGCACHE_ENABLED", "ENABLE_IMAGE_CACHE",
		KEY("enabled"), .type = BOOL, .standard = "true",
		.help = "look images up; false bypasses the cache" },
	[SETTING_REGISTRY] = {
		"registry", "IMGCACHE_REGISTRY", NULL, KEY("registry"),
		.type = TEXT, .expands = true, .check = recipe_check_registry,
		.help = "repository where images are looked up and pushed" },
	[SETTING_REGISTRIES] = {
		"registries", "IMGCACHE_REGISTRIES", NULL, KEY("registries"),
		.type = LIST, .expands = true, .check = recipe_check_registry,
		.help = "repositories to read after registry, in this order" },
	[SETTING_REGISTRY_UNTRUSTED] = {
		"registry_untrusted", "IMGCACHE_REGISTRY_UNTRUSTED", NULL,
		KEY("registry_untrusted"), .type = TEXT, .expands = true,
		.check = recipe_check_registry,
		.help = "repository that untrusted builds push to instead" },
	[SETTING_UNTRUSTED] = {
		"untrusted", "IMGCACHE_UNTRUSTED", NULL, NULL, "untrusted",
		.type = ENUM, .choices = "auto true false",
		.standard = "auto",
		.help = "untrusted build; auto: in a pull request's CI job" },
	[SETTING_PUSH] = {
		"push", "IMGCACHE_PUSH", NULL, KEY("push"), .type = ENUM,
		.choices = "never ci always", .standard = "never",
		.veto = "never",
		.help = "push what was built, in CI or always" },
	[SETTING_ON_UNKNOWN] = {
		"on_unknown", "IMGCACHE_ON_UNKNOWN", NULL, KEY("on_unknown"),
		.type = ENUM, .choices = "build fail",
		.help = "no answer of a registry; unset: fail in CI, else build" },
	[SETTING_REGISTRY_TIMEOUT] = {
		"registry_timeout", "IMGCACHE_REGISTRY_TIMEOUT", NULL,
		KEY("registry_timeout"), .type = AGE, .standard = "30s",
		.help = "wait so long for a registry's answer; 0: for ever" },
	[SETTING_TRANSFER_TIMEOUT] = {
		"transfer_timeout", "IMGCACHE_TRANSFER_TIMEOUT", NULL,
		KEY("transfer_timeout"), .type = AGE, .standard = "30m",
		.help = "end a pull or push after that time; 0: never" },
	[SETTING_DEFAULT_BASE] = {
		"default_base", "IMGCACHE_DEFAULT_BASE", "DEFAULT_BASE_IMAGE",
		KEY("defaults.base"), .type = TEXT, .expands = true,
		.check = ref_check,
		.help = "base of a generated image that names none" },
	[SETTING_PLATFORM] = {
		"platform", "IMGCACHE_PLATFORM", "DOCKER_DEFAULT_PLATFORM",
		KEY("defaults.platforms"), .type = LIST,
		.check = grammar_platform,
		.help = "platforms of an image that names none" },
	[SETTING_REFRESH] = {
		"refresh", "IMGCACHE_REFRESH", NULL, KEY("defaults.refresh"),
		.type = TEXT, .standard = "never",
		.check = recipe_check_refresh,
		.help = "when floating packages are installed anew" },
	[SETTING_CLAUDE_CODE_VERSION] = {
		"claude_code_version", "IMGCACHE_CLAUDE_CODE_VERSION",
		"CLAUDE_CODE_VERSION", KEY("defaults.claude_code"),
		.type = TEXT, .standard = "latest",
		.check = grammar_claude_code,
		.help = "Claude Code CLI of an image that names no version" },
	[SETTING_HASH] = {
		"hash", "IMGCACHE_HASH", NULL, KEY("hash"), .type = ENUM,
		.choices = "git xxh3",
		.help = "hash of keys; unset: git in a work tree, else xxh3" },
	[SETTING_BASE_TTL] = {
		"base_ttl", "IMGCACHE_BASE_TTL", NULL, KEY("base_ttl"),
		.type = AGE, .standard = "24h",
		.help = "how long the digest of a base is remembered" },
	[SETTING_BASE_POLICY] = {
		"base_policy", "IMGCACHE_BASE_POLICY", NULL,
		KEY("base_policy"), .type = ENUM, .standard = "digest",
		.choices = "digest name",
		.help = "whether a moved base is another key" },
	[SETTING_CA_BUNDLE] = {
		"ca_bundle", "IMGCACHE_CA_BUNDLE", NULL, KEY("ca_bundle"),
		.type = PATH,
		.help = "extra CA certificates for installs; not in the key" },
	[SETTING_USE_STATIC_BASE] = {
		"use_static_base", "IMGCACHE_USE_STATIC_BASE",
		"USE_STATIC_BASE_IMAGE", KEY("use_static_base"),
		.type = BOOL, .standard = "false",
		.help = "use the ref of static: where an image has one" },
	[SETTING_NO_CACHE] = {
		"no_cache", "IMGCACHE_NO_CACHE", "NO_CACHE", NULL, NULL,
		.type = BOOL, .standard = "false",
		.help = "bypass the cache this time" },
	[SETTING_MAX_IMAGES] = {
		"max_images", "IMGCACHE_MAX_IMAGES", "MAX_CACHED_IMAGES",
		KEY("policy.max_images"), .type = INT, .standard = "0",
		.help = "images that prune keeps; 0: no limit" },
	[SETTING_MAX_AGE] = {
		"max_age", "IMGCACHE_MAX_AGE", "AUTO_PRUNE_DAYS",
		KEY("policy.max_age"), .type = AGE, .standard = "0",
		.service_unit = "d",
		.help = "prune what was not used for so long; 0: no limit" },
	[SETTING_MAX_SIZE] = {
		"max_size", "IMGCACHE_MAX_SIZE", NULL, KEY("policy.max_size"),
		.type = SIZE, .standard = "0",
		.help = "prune above that size of all images; 0: no limit" },
	[SETTING_KEEP_LAST] = {
		"keep_last", "IMGCACHE_KEEP_LAST", NULL,
		KEY("policy.keep_last"), .type = INT, .standard = "0",
		.help = "newest images of each name that prune keeps" },
	[SETTING_GRACE] = {
		"grace", "IMGCACHE_GRACE", NULL, KEY("policy.grace"),
		.type = AGE, .standard = "24h",
		.help = "what was built or used since then is not pruned" },
	[SETTING_CACHE_MAX_AGE] = {
		"cache_max_age", "IMGCACHE_CACHE_MAX_AGE", NULL,
		KEY("policy.cache_max_age"), .type = AGE, .standard = "30d",
		.help = "prune local build caches not used so long; 0: no limit" },
	[SETTING_CACHE_MAX_SIZE] = {
		"cache_max_size", "IMGCACHE_CACHE_MAX_SIZE", NULL,
		KEY("policy.cache_max_size"), .type = SIZE, .standard = "0",
		.help = "prune local build caches above that; 0: no limit" },
	[SETTING_PREBUILD_COMMON] = {
		"prebuild_common", "IMGCACHE_PREBUILD_COMMON",
		"PREBUILD_COMMON_IMAGES", KEY("common.prebuild"),
		.type = BOOL, .standard = "false",
		.help = "whether build --common builds anything" },
	[SETTING_COMMON_APT] = {
		"common_apt", "IMGCACHE_COMMON_APT", "COMMON_APT_PACKAGES",
		KEY("common.apt"), .type = LIST,
		.help = "Debian packages of the common image" },
	[SETTING_COMMON_NPM] = {
		"common_npm", "IMGCACHE_COMMON_NPM", "COMMON_NPM_PACKAGES",
		KEY("common.npm"), .type = LIST,
		.help = "npm packages of the common image" },
	[SETTING_COMMON_PIP] = {
		"common_pip", "IMGCACHE_COMMON_PIP", "COMMON_PIP_PACKAGES",
		KEY("common.pip"), .type = LIST,
		.help = "Python packages of the common image" },
	[SETTING_BUILD_TIMEOUT] = {
		"build_timeout", "IMGCACHE_BUILD_TIMEOUT", NULL,
		KEY("build_timeout"), .type = AGE, .standard = "0",
		.help = "end a build after that time; 0: never" },
	[SETTING_IDLE_TIMEOUT] = {
		"idle_timeout", "IMGCACHE_IDLE_TIMEOUT", NULL,
		KEY("idle_timeout"), .type = AGE, .standard = "30m",
		.help = "end a build that prints nothing so long; 0: never" },
	[SETTING_LOG_KEEP] = {
		"log_keep", "IMGCACHE_LOG_KEEP", NULL, NULL, "log_keep",
		.type = AGE, .standard = "30d",
		.help = "how long build logs are kept; 0: for ever" },
	[SETTING_COLOR] = {
		"color", "IMGCACHE_COLOR", NULL, NULL, "color", .type = ENUM,
		.standard = "auto", .choices = "auto always never",
		.help = "coloured output" },
	[SETTING_STATE_DIR] = {
		"state_dir", "IMGCACHE_STATE_DIR", NULL, NULL, "state_dir",
		.type = PATH,
		.help = "folder of the catalog, locks and logs" },
	[SETTING_CACHE_DIR] = {
		"cache_dir", "IMGCACHE_CACHE_DIR", NULL, NULL, "cache_dir",
		.type = PATH,
		.help = "folder of what is safe to delete" },
	[SETTING_STAT_CACHE] = {
		"stat_cache", "IMGCACHE_STAT_CACHE", NULL, NULL, "stat_cache",
		.type = BOOL, .standard = "true",
		.help = "remember hashes of files; false reads every file" },
	[SETTING_THREADS] = {
		"threads", "IMGCACHE_THREADS", NULL, NULL, "threads",
		.type = INT, .standard = "0",
		.help = "threads that read a context; 0: as many as help" },
};

const struct setting_row *
setting_row(enum setting_id id)
{
	assert(id < SETTING_COUNT);
	return &rows[id];
}

int
setting_find(const char *name)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (!strcmp(rows[i].name, name))
			return i;
	return -1;
}
