/* SPDX-License-Identifier: MIT */
/*
 * A recipe is first turned into a plan: every text checked, every list sorted
 * without repetitions, every file named. Only a whole plan is written, from
 * top to bottom, without a further decision; so what is refused leaves no
 * text behind and equal recipes give equal bytes.
 */

#include "recipe/generate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/generate_install.h"
#include "recipe/grammar.h"
#include "recipe/grammar_reader.h"
#include "recipe/npmlock.h"
#include "recipe/recipe.h"
#include "recipe/requirements.h"

/* A shell's script is one argument: 128 KiB on Linux (MAX_ARG_STRLEN). */
#define DOCKERFILE_MAX 120000

struct plan {
	const struct recipe *recipe;
	struct grammar_packages apt, npm, pip;
	struct requirements requirements;
	struct npmlock lock;
	struct strv env;	/* sorted */
	struct recipe_copy *copies;	/* sorted; from without "./" */
	size_t n_copies, cap_copies;
};

static void
plan_release(struct plan *plan)
{
	grammar_packages_release(&plan->apt);
	grammar_packages_release(&plan->npm);
	grammar_packages_release(&plan->pip);
	requirements_release(&plan->requirements);
	npmlock_release(&plan->lock);
	strv_release(&plan->env);
	for (size_t i = 0; i < plan->n_copies; i++) {
		free(plan->copies[i].from);
		free(plan->copies[i].to);
	}
	free(plan->copies);
}

static bool
wants_pip(const struct recipe *r)
{
	return r->pip.n || r->pip_requirements;
}

static bool
wants_npm(const struct recipe *r)
{
	return r->npm.n || r->npm_lock || r->claude_code;
}

bool
generate_floats(const struct recipe *recipe)
{
	return recipe->apt.n || wants_pip(recipe) || wants_npm(recipe);
}

static int
plan_packages(struct plan *plan, struct imgcache_error *err)
{
	const struct recipe *r = plan->recipe;
	int rc = grammar_packages(GRAMMAR_APT, &r->apt, &plan->apt, err);

	if (!rc)
		rc = grammar_packages(GRAMMAR_PIP, &r->pip, &plan->pip, err);
	if (!rc)
		rc = grammar_packages(GRAMMAR_NPM, &r->npm, &plan->npm, err);
	if (!rc && r->claude_code)
		rc = grammar_claude_code(r->claude_code, err);
	return rc;
}

static int
plan_files(struct plan *plan, struct imgcache_error *err)
{
	const struct recipe *r = plan->recipe;
	int rc = 0;

	if (r->pip_requirements)
		rc = requirements_read(r->root, r->pip_requirements,
				       &plan->requirements, err);
	if (!rc && r->npm_lock)
		rc = npmlock_read(r->root, r->npm_lock, &plan->lock, err);
	return rc;
}

static int
plan_env(struct plan *plan, struct imgcache_error *err)
{
	const struct strv *env = &plan->recipe->env;

	for (size_t i = 0; i < env->n; i++)
		if (grammar_env(env->v[i], err))
			return err->code;
	strv_push_all(&plan->env, env);
	strv_sort(&plan->env);
	strv_uniq(&plan->env);
	for (size_t i = 1; i < plan->env.n; i++) {
		const char *name = plan->env.v[i];
		size_t len = strcspn(name, "=") + 1;

		if (!strncmp(name, plan->env.v[i - 1], len))
			return error_set(err, IMGCACHE_EUSAGE,
					 "env '%.*s' has two values; keep one",
					 (int)(len < 64 ? len - 1 : 64), name);
	}
	return 0;
}

/* Without "." components, doubled and trailing slashes: "a/b", or ".". */
static char *
plain_path(const char *path)
{
	struct buf b = BUF_INIT;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len && !(len == 1 && path[0] == '.')) {
			if (b.len)
				buf_addc(&b, '/');
			buf_add(&b, path, len);
		}
		path += len + (path[len] == '/');
	}
	if (!b.len)
		buf_addc(&b, '.');
	return buf_detach(&b);
}

/* By target, so that what lies deeper is copied over what lies above it. */
static int
compare_copies(const void *left, const void *right)
{
	const struct recipe_copy *a = left, *b = right;
	int order = strcmp(a->to, b->to);

	return order ? order : strcmp(a->from, b->from);
}

static int
plan_copies(struct plan *plan, struct imgcache_error *err)
{
	const struct recipe *r = plan->recipe;

	for (size_t i = 0; i < r->n_copies; i++) {
		if (grammar_copy_from(r->copies[i].from, err) ||
		    grammar_copy_to(r->copies[i].to, err))
			return err->code;
		mem_grow(plan->copies, plan->n_copies, plan->cap_copies);
		plan->copies[plan->n_copies].from =
			plain_path(r->copies[i].from);
		plan->copies[plan->n_copies++].to = mem_strdup(r->copies[i].to);
	}
	if (plan->n_copies)
		qsort(plan->copies, plan->n_copies, sizeof(*plan->copies),
		      compare_copies);
	return 0;
}

static int
plan_recipe(struct plan *plan, const struct recipe *recipe,
	    struct imgcache_error *err)
{
	int rc;

	memset(plan, 0, sizeof(*plan));
	plan->recipe = recipe;
	rc = plan_packages(plan, err);
	if (!rc)
		rc = plan_files(plan, err);
	if (!rc)
		rc = plan_copies(plan, err);
	if (!rc)
		rc = plan_env(plan, err);
	if (!rc && recipe->user)
		rc = grammar_user(recipe->user, err);
	return rc;
}

static int
check_base(const struct generate_inputs *in, const struct recipe *recipe,
	   struct imgcache_error *err)
{
	char shown[GRAMMAR_SHOWN];
	const char *user = in->base_user ? in->base_user : "";
	bool named = recipe->user && !grammar_user_is_numeric(recipe->user);

	if (!in->base)
		return error_set(err, IMGCACHE_EUSAGE,
				 "the recipe has no base image; set base: or "
				 "--base");
	if (ref_check(in->base, err))
		return err->code;
	if (str_is(in->base, "scratch") && (generate_floats(recipe) || named))
		return error_set(err, IMGCACHE_EUSAGE,
				 "base 'scratch' has no shell to install with; "
				 "write a base image that has one");
	if (user[strspn(user, GRAMMAR_ALNUM "_.:-")])
		return error_set(err, IMGCACHE_EUSAGE,
				 "base '%s' has a USER that no Dockerfile can "
				 "hold; set user:", grammar_shown(shown,
								  in->base));
	return 0;
}

/* Add text as part of an id: a-z, 0-9 and single dashes. */
static void
add_id(struct buf *id, const char *text, size_t len)
{
	if (id->len)
		buf_addc(id, '-');
	for (size_t i = 0; i < len && id->len < 100; i++) {
		int c = tolower((unsigned char)text[i]);

		if (c && strchr(GRAMMAR_LOWER GRAMMAR_DIGIT, c))
			buf_addc(id, (char)c);
		else if (id->len && id->data[id->len - 1] != '-')
			buf_addc(id, '-');
	}
	while (id->len && id->data[id->len - 1] == '-')
		buf_truncate(id, id->len - 1);
}

/*
 * What the ids of cache mounts end in. With several platforms in one build the
 * architecture is BuildKit's to fill in; engine 20.10, which would not, builds
 * for one only.
 */
static bool
add_cache_id(struct buf *id, const struct generate_inputs *in,
	     const struct recipe *recipe)
{
	const struct strv *platforms = in->platforms ? in->platforms
						     : &recipe->platforms;
	const char *base = in->cache_base ? in->cache_base :
		recipe->base ? recipe->base : in->base;

	if (in->distribution && in->release) {
		add_id(id, in->distribution, strlen(in->distribution));
		add_id(id, in->release, strlen(in->release));
	} else {
		add_id(id, base, strcspn(base, "@"));
	}
	if (platforms->n == 1) {
		const char *arch = strchr(platforms->v[0], '/');

		arch = arch ? arch + 1 : platforms->v[0];
		add_id(id, arch, strlen(arch));
	} else if (platforms->n > 1) {
		buf_adds(id, "-$TARGETARCH$TARGETVARIANT");
		return true;
	}
	return false;
}

/*
 * A path as COPY's JSON form takes it: docker expands variables and takes
 * quotes off after reading the JSON, so those bytes get a backslash first.
 */
static void
add_json_path(struct buf *out, const char *path)
{
	buf_addc(out, '"');
	for (; *path; path++) {
		if (*path == '$' || *path == '\'')
			buf_adds(out, "\\\\");
		if (*path == '"')
			buf_adds(out, "\\\\\\");
		buf_addc(out, *path);
	}
	buf_addc(out, '"');
}

static void
add_copy(struct buf *out, const char *owner, const char *from, const char *to)
{
	buf_adds(out, "COPY ");
	if (owner)
		buf_addf(out, "--chown=%s ", owner);
	buf_addc(out, '[');
	add_json_path(out, from);
	buf_addc(out, ',');
	add_json_path(out, to);
	buf_adds(out, "]\n");
}

/* Each file keeps its place: the files name each other relatively. */
static void
add_requirements_stage(struct buf *out, const struct requirements *r)
{
	struct strv paths = { NULL, 0, 0 };

	if (!r->paths.n)
		return;
	strv_push_all(&paths, &r->paths);
	strv_sort(&paths);
	buf_adds(out, "FROM scratch AS " STAGE_REQUIREMENTS "\n");
	for (size_t i = 0; i < paths.n; i++) {
		char *to = str_is(paths.v[i], ".") ? mem_strdup("/")
				: mem_printf("/%s", paths.v[i]);

		add_copy(out, NULL, paths.v[i], to);
		free(to);
	}
	strv_release(&paths);
}

static void
add_lock_stage(struct buf *out, const struct npmlock *lock)
{
	if (!lock->paths.n)
		return;
	buf_adds(out, "FROM scratch AS " STAGE_NPM_LOCK "\n");
	for (size_t i = 0; i < lock->paths.n; i++)
		add_copy(out, NULL, lock->paths.v[i], "/");
}

static void
add_installs(const struct plan *plan, const struct install *in)
{
	const struct recipe *r = plan->recipe;
	bool pip = wants_pip(r), npm = wants_npm(r);
	const char *lock_file = NULL;

	for (size_t i = 0; i < plan->lock.paths.n; i++)
		if (str_ends(plan->lock.paths.v[i], "npm-shrinkwrap.json"))
			lock_file = "npm-shrinkwrap.json";
		else if (!lock_file)
			lock_file = "package-lock.json";
	if (plan->apt.n || pip || npm)
		install_system(in, &plan->apt, pip, npm);
	if (r->user && !grammar_user_is_numeric(r->user))
		install_user(in, r->user);
	if (pip)
		install_pip(in, plan->requirements.paths.n
				? plan->requirements.paths.v[0] : NULL,
			    &plan->pip);
	if (plan->npm.n)
		install_npm(in, &plan->npm);
	if (lock_file)
		install_npm_lock(in, lock_file, plan->lock.has_npmrc, r->user);
	if (r->claude_code)
		install_claude_code(in, r->claude_code);
}

/* Does $PATH or ${PATH} stand here? Its length, or 0. */
static size_t
path_variable(const char *p)
{
	if (str_starts(p, "${PATH}"))
		return 7;
	if (str_starts(p, "$PATH") &&
	    !(p[5] && strchr(GRAMMAR_ALNUM "_", p[5])))
		return 5;
	return 0;
}

static void
add_env(struct buf *out, const char *assignment)
{
	size_t name = strcspn(assignment, "=") + 1;
	bool is_path = str_starts(assignment, "PATH=");
	const char *p = assignment + name;

	buf_adds(out, "ENV ");
	buf_add(out, assignment, name);
	buf_addc(out, '"');
	while (*p) {
		size_t variable = is_path ? path_variable(p) : 0;

		if (variable) {
			buf_adds(out, "${PATH}");
			p += variable;
			continue;
		}
		if (strchr("\"\\$", *p))
			buf_addc(out, '\\');
		buf_addc(out, *p++);
	}
	buf_adds(out, "\"\n");
}

static void
write_plan(const struct plan *plan, const struct generate_inputs *inputs,
	   struct buf *out)
{
	const struct recipe *r = plan->recipe;
	const char *base_user = inputs->base_user;
	struct buf id = BUF_INIT;
	struct install in = { .out = out };
	bool many = add_cache_id(&id, inputs, r);
	bool floats = generate_floats(r);
	bool runs = floats || (r->user && !grammar_user_is_numeric(r->user));

	if (!runs || !base_user || !*base_user || str_is(base_user, "root"))
		base_user = NULL;
	in.cache = id.data;
	in.has_epoch = inputs->has_epoch && floats;
	add_requirements_stage(out, &plan->requirements);
	add_lock_stage(out, &plan->lock);
	buf_addf(out, "FROM %s\n", inputs->base);
	if (base_user)
		buf_adds(out, "USER root\n");
	if (many && floats)
		buf_adds(out, "ARG TARGETARCH\nARG TARGETVARIANT\n");
	if (in.has_epoch)
		buf_adds(out, "ARG " GENERATE_EPOCH_ARG "\n");
	add_installs(plan, &in);
	for (size_t i = 0; i < plan->n_copies; i++)
		if (!i || compare_copies(&plan->copies[i - 1],
					 &plan->copies[i]))
			add_copy(out, r->user, plan->copies[i].from,
				 plan->copies[i].to);
	for (size_t i = 0; i < plan->env.n; i++)
		add_env(out, plan->env.v[i]);
	if (r->user || base_user)
		buf_addf(out, "USER %s\n", r->user ? r->user : base_user);
	buf_release(&id);
}

int
generate_dockerfile(const struct recipe *recipe,
		    const struct generate_inputs *inputs, struct buf *out,
		    struct imgcache_error *err)
{
	struct plan plan;
	size_t begin = out->len;
	int rc = plan_recipe(&plan, recipe, err);

	if (!rc)
		rc = check_base(inputs, recipe, err);
	if (!rc) {
		write_plan(&plan, inputs, out);
		if (out->len - begin > DOCKERFILE_MAX) {
			buf_truncate(out, begin);
			rc = error_set(err, IMGCACHE_EUSAGE,
				       "the recipe is too long for one shell "
				       "line; use a requirements file, or two "
				       "images built one on the other");
		}
	}
	plan_release(&plan);
	return rc;
}

int
generate_reads(const struct recipe *recipe, struct strv *paths,
	       struct strv *warnings, struct imgcache_error *err)
{
	struct plan plan;
	int rc = plan_recipe(&plan, recipe, err);

	if (!rc) {
		strv_push_all(paths, &plan.requirements.paths);
		strv_push_all(paths, &plan.lock.paths);
		for (size_t i = 0; i < plan.n_copies; i++)
			strv_push(paths, plan.copies[i].from);
		strv_sort(paths);
		strv_uniq(paths);
		if (warnings)
			strv_push_all(warnings, &plan.requirements.warnings);
	}
	plan_release(&plan);
	return rc;
}
