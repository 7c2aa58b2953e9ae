/* SPDX-License-Identifier: MIT */
/*
 * One table: what a recipe can be told, by a flag or by a key of the project
 * file. Both go through recipe_set(), so both accept the same values.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"
#include "recipe/recipe.h"
#include "recipe/recipe_values.h"

#define FIELD(name) .offset = offsetof(struct recipe, name)

/* Order: what people write most comes first, by kind. */
static const struct recipe_flag flags[] = {
	{ "base", "base", "IMAGE", RECIPE_FOR_GENERATED, RECIPE_TEXT,
	  FIELD(base), .check = recipe_check_base, .expands = true,
	  .help = "base image of a generated image, or @NAME of another" },
	{ "apt", "apt", "PACKAGES", RECIPE_FOR_GENERATED, RECIPE_PACKAGES,
	  FIELD(apt), .splits = true,
	  .help = "Debian packages: name or name=version" },
	{ "npm", "npm", "PACKAGES", RECIPE_FOR_GENERATED, RECIPE_PACKAGES,
	  FIELD(npm), .splits = true,
	  .help = "global npm packages: name or name@version" },
	{ "pip", "pip", "PACKAGES", RECIPE_FOR_GENERATED, RECIPE_PACKAGES,
	  FIELD(pip), .splits = true,
	  .help = "Python packages: name or name==version" },
	{ "pip-requirements", "pip_requirements", "FILE",
	  RECIPE_FOR_GENERATED, RECIPE_TEXT, FIELD(pip_requirements),
	  .check = grammar_path,
	  .help = "requirements file, with all it includes" },
	{ "npm-lock", "npm_lock", "FOLDER", RECIPE_FOR_GENERATED, RECIPE_TEXT,
	  FIELD(npm_lock), .check = grammar_path,
	  .help = "folder with package.json and its lock file, for npm ci" },
	{ "claude-code", "claude_code", "VERSION", RECIPE_FOR_GENERATED,
	  RECIPE_TEXT, FIELD(claude_code), .check = grammar_claude_code,
	  .help = "Claude Code CLI of that version" },
	{ "env", "env", "NAME=VALUE", RECIPE_FOR_GENERATED,
	  RECIPE_ASSIGNMENTS, FIELD(env), .check = grammar_env,
	  .help = "environment variable in the image" },
	{ "user", "user", "USER", RECIPE_FOR_GENERATED, RECIPE_TEXT,
	  FIELD(user), .check = grammar_user,
	  .help = "user of the image, made if it is missing" },
	{ "copy", "copy", "FROM:TO", RECIPE_FOR_GENERATED, RECIPE_COPIES,
	  FIELD(copies),
	  .help = "file or folder of the project to put into the image" },
	{ "refresh", "refresh", "WHEN", RECIPE_FOR_GENERATED, RECIPE_TEXT,
	  FIELD(refresh), .check = recipe_check_refresh,
	  .help = "never, daily, weekly, monthly, or a word of your own" },
	{ "ca-bundle", "ca_bundle", "FILE", RECIPE_FOR_GENERATED, RECIPE_TEXT,
	  FIELD(ca_bundle), .check = recipe_check_path,
	  .help = "extra CA certificates for the installs" },

	{ "dockerfile", "dockerfile", "FILE", RECIPE_FOR_DOCKERFILE,
	  RECIPE_TEXT, FIELD(dockerfile), .check = recipe_check_path,
	  .is_path = true,
	  .help = "existing Dockerfile; default: the context's" },
	{ "file", NULL, "FILE", RECIPE_FOR_DOCKERFILE, RECIPE_TEXT,
	  FIELD(dockerfile), .letter = 'f', .check = recipe_check_path,
	  .help = "the same, by docker's name for it" },
	{ "context", "context", "FOLDER", RECIPE_FOR_DOCKERFILE, RECIPE_TEXT,
	  FIELD(context), .check = recipe_check_path, .is_path = true,
	  .help = "build context of a Dockerfile; default: the project" },
	{ "context-mode", "context_mode", "MODE", RECIPE_FOR_DOCKERFILE,
	  RECIPE_TEXT, FIELD(context_mode),
	  .check = recipe_check_context_mode,
	  .help = "full: all files that are sent count; sources: those read" },
	{ "include", "include", "PATH", RECIPE_FOR_DOCKERFILE, RECIPE_STRINGS,
	  FIELD(include), .check = recipe_check_include,
	  .help = "send only these paths of the context" },
	{ "target", "target", "STAGE", RECIPE_FOR_DOCKERFILE, RECIPE_TEXT,
	  FIELD(target), .check = recipe_check_target,
	  .help = "stage of the Dockerfile to build" },
	{ "build-arg", "args", "NAME[=VALUE]", RECIPE_FOR_DOCKERFILE,
	  RECIPE_ASSIGNMENTS, FIELD(args), .check = recipe_check_arg,
	  .expands = true,
	  .help = "build argument; without a value from the environment" },
	{ "build-context", "build_contexts", "NAME=PATH",
	  RECIPE_FOR_DOCKERFILE, RECIPE_ASSIGNMENTS, FIELD(build_contexts),
	  .check = recipe_check_build_context,
	  .help = "additional named build context" },
	{ "bake", NULL, "FILE[:TARGET]", RECIPE_FOR_DOCKERFILE, RECIPE_TEXT,
	  FIELD(source), .check = recipe_check_path,
	  .help = "all of this from a target of a bake file" },
	{ "compose", NULL, "FILE[:SERVICE]", RECIPE_FOR_DOCKERFILE,
	  RECIPE_TEXT, FIELD(source), .check = recipe_check_path,
	  .help = "all of this from a service of a compose file" },
	{ "ssh", "ssh", "ID[=PATH]", RECIPE_FOR_DOCKERFILE, RECIPE_STRINGS,
	  FIELD(ssh), .check = recipe_check_ssh,
	  .help = "SSH agent socket or keys for the build" },

	{ "secret", "secrets", "id=ID[,src=FILE]", RECIPE_FOR_BOTH,
	  RECIPE_STRINGS, FIELD(secrets), .check = recipe_check_secret,
	  .help = "secret for the build; its value is never kept" },
	{ "label", "labels", "NAME=VALUE", RECIPE_FOR_BOTH,
	  RECIPE_ASSIGNMENTS, FIELD(labels), .check = recipe_check_label,
	  .help = "label of the image" },
	{ "network", "network", "MODE", RECIPE_FOR_BOTH, RECIPE_TEXT,
	  FIELD(network), .check = recipe_check_network,
	  .help = "network of the build: default, none or host" },
	{ "add-host", "add_hosts", "HOST:IP", RECIPE_FOR_BOTH, RECIPE_STRINGS,
	  FIELD(add_hosts), .check = recipe_check_add_host,
	  .help = "additional host name during the build" },
	{ "platform", "platforms", "OS/ARCH", RECIPE_FOR_BOTH, RECIPE_STRINGS,
	  FIELD(platforms), .check = grammar_platform, .splits = true,
	  .help = "platforms of the image, such as linux/amd64" },
	{ "key-file", "key_files", "FILE", RECIPE_FOR_BOTH, RECIPE_STRINGS,
	  FIELD(key_files), .check = recipe_check_path, .is_path = true,
	  .help = "file outside the context that counts as an input" },
	{ "salt", "salt", "TEXT", RECIPE_FOR_BOTH, RECIPE_TEXT, FIELD(salt),
	  .check = recipe_check_salt,
	  .help = "text that is part of the key and of nothing else" },
	{ "registry", "registry", "HOST/PATH", RECIPE_FOR_BOTH, RECIPE_TEXT,
	  FIELD(registry), .check = recipe_check_registry, .expands = true,
	  .help = "repository where the image is looked up and pushed" },
	{ "hash", "hash", "HASH", RECIPE_FOR_BOTH, RECIPE_TEXT, FIELD(hash),
	  .check = recipe_check_hash,
	  .help = "git or xxh3; default: git in a work tree" },
	{ "base-policy", "base_policy", "POLICY", RECIPE_FOR_BOTH,
	  RECIPE_POLICY, FIELD(base_policy), .check = recipe_check_policy,
	  .help = "digest: a moved base is a new key; name: it is not" },
	{ NULL, "static", "IMAGE", RECIPE_FOR_BOTH, RECIPE_TEXT,
	  FIELD(static_ref), .check = ref_check, .expands = true,
	  .help = "used instead when USE_STATIC_BASE_IMAGE is true" },
};

#define N_FLAGS (sizeof(flags) / sizeof(flags[0]))

const struct recipe_flag *
recipe_flags(size_t *n)
{
	*n = N_FLAGS;
	return flags;
}

const struct recipe_flag *
recipe_flag_named(const char *name)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (flags[i].name && !strcmp(flags[i].name, name))
			return &flags[i];
	return NULL;
}

const struct recipe_flag *
recipe_flag_keyed(const char *key)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (flags[i].key && !strcmp(flags[i].key, key))
			return &flags[i];
	return NULL;
}

static int
add_string(struct strv *list, const struct recipe_flag *flag,
	   const char *value, struct imgcache_error *err)
{
	if (list->n >= RECIPE_MAX_ITEMS)
		return error_set(err, IMGCACHE_EUSAGE,
				 "'%s' has more than %d entries", flag->key,
				 RECIPE_MAX_ITEMS);
	strv_push(list, value);
	return 0;
}

/* As docker has it: the last value for a name counts. */
static int
assign(struct strv *list, const struct recipe_flag *flag, const char *value,
       struct imgcache_error *err)
{
	size_t len = strcspn(value, "=");

	for (size_t i = 0; i < list->n; i++) {
		if (strncmp(list->v[i], value, len) ||
		    (list->v[i][len] && list->v[i][len] != '='))
			continue;
		free(list->v[i]);
		list->v[i] = mem_strdup(value);
		return 0;
	}
	return add_string(list, flag, value, err);
}

static int
split_copy(struct recipe *r, const char *value, struct imgcache_error *err)
{
	const char *colon = strrchr(value, ':');
	char *from;
	int ret;

	if (!colon)
		return error_set(err, IMGCACHE_EUSAGE,
				 "copy '%.80s': write FROM:TO", value);
	from = mem_strndup(value, (size_t)(colon - value));
	ret = recipe_add_copy(r, from, colon + 1, NULL, err);
	free(from);
	return ret;
}

static int
check_value(const struct recipe_flag *flag, const char *value,
	    const struct recipe_place *place, struct imgcache_error *err)
{
	bool in_file = place && place->file;
	int ret;

	if (!*value)
		return error_set(err, IMGCACHE_EUSAGE,
				 "'%s%s' needs a value: %s",
				 in_file ? "" : "--",
				 in_file ? flag->key : flag->name,
				 flag->argument);
	ret = flag->check ? flag->check(value, err) : 0;
	if (!ret && flag->is_path && in_file)
		ret = grammar_path(value, err);
	return ret;
}

static int
set_field(struct recipe *r, const struct recipe_flag *flag, const char *value,
	  const struct recipe_place *place, struct imgcache_error *err)
{
	void *field = (char *)r + flag->offset;
	struct recipe_packages *packages = field;
	char **text = field;

	switch (flag->shape) {
	case RECIPE_TEXT:
		free(*text);
		*text = mem_strdup(value);
		return 0;
	case RECIPE_STRINGS:
		return add_string(field, flag, value, err);
	case RECIPE_ASSIGNMENTS:
		return assign(field, flag, value, err);
	case RECIPE_PACKAGES:
		if (packages->n >= RECIPE_MAX_ITEMS)
			return error_set(err, IMGCACHE_EUSAGE,
					 "'%s' has more than %d entries",
					 flag->key, RECIPE_MAX_ITEMS);
		recipe_add_package(packages, value, place);
		return 0;
	case RECIPE_COPIES:
		return split_copy(r, value, err);
	case RECIPE_POLICY:
		r->base_policy = !strcmp(value, "name") ? BASE_BY_NAME
							: BASE_BY_DIGEST;
		r->has_base_policy = true;
		return 0;
	}
	return 0;
}

/* Docker reads both spellings alike, so they have to give one key. */
static char *
normal_form(const struct recipe_flag *flag, const char *value)
{
	char *normal, *at;

	if (flag->check == recipe_check_label && !strchr(value, '='))
		return mem_printf("%s=", value);
	normal = mem_strdup(value);
	if (flag->check == recipe_check_add_host) {
		at = strpbrk(normal, ":=");
		*at = ':';
	}
	return normal;
}

static int
finish(int ret, const struct recipe_place *place, struct imgcache_error *err)
{
	if (ret && place && place->file)
		error_prefix(err, "%s:%d:%d", place->file, place->line,
			     place->column);
	return ret;
}

int
recipe_set(struct recipe *r, const struct recipe_flag *flag,
	   const char *value, const struct recipe_place *place,
	   struct imgcache_error *err)
{
	int ret = check_value(flag, value, place, err);

	if (!ret) {
		char *normal = normal_form(flag, value);

		ret = set_field(r, flag, normal, place, err);
		free(normal);
	}
	return finish(ret, place, err);
}

int
recipe_add_copy(struct recipe *r, const char *from, const char *to,
		const struct recipe_place *place, struct imgcache_error *err)
{
	static const struct recipe_place nowhere;
	struct recipe_copy *copy;
	int ret = grammar_copy_from(from, err);

	if (!ret)
		ret = grammar_copy_to(to, err);
	if (!ret && r->n_copies >= RECIPE_MAX_ITEMS)
		ret = error_set(err, IMGCACHE_EUSAGE,
				"'copy' has more than %d entries",
				RECIPE_MAX_ITEMS);
	if (ret)
		return finish(ret, place, err);
	mem_grow(r->copies, r->n_copies, r->cap_copies);
	copy = &r->copies[r->n_copies++];
	copy->from = mem_strdup(from);
	copy->to = mem_strdup(to);
	copy->place = place ? *place : nowhere;
	return 0;
}

static int
unknown_flag(const char *name, struct imgcache_error *err)
{
	const char *names[N_FLAGS];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < N_FLAGS; i++)
		if (flags[i].name)
			names[n++] = flags[i].name;
	near = str_nearest(name, names, n);
	if (near)
		return error_set(err, IMGCACHE_EUSAGE, "unknown recipe flag "
				 "'--%s'; did you mean '--%s'?", name, near);
	return error_set(err, IMGCACHE_EUSAGE, "unknown recipe flag '--%s'",
			 name);
}

int
recipe_set_flag(struct recipe *r, const char *name, const char *value,
		struct imgcache_error *err)
{
	const struct recipe_flag *flag = recipe_flag_named(name);
	struct strv values = { 0 };
	int ret = 0;

	if (!flag)
		return unknown_flag(name, err);
	if (flag->splits && *value)
		recipe_split(&values, value);
	else
		strv_push(&values, value);
	if (!values.n)
		ret = check_value(flag, "", NULL, err);
	for (size_t i = 0; i < values.n && !ret; i++)
		ret = recipe_set(r, flag, values.v[i], NULL, err);
	strv_release(&values);
	return ret;
}
