/* SPDX-License-Identifier: MIT */
#include "recipe/dockerfile_assign.h"

#include <string.h>

#include "base/mem.h"

struct dfvar
dfvar_of(const char *value)
{
	struct dfvar unknown = { DFVAR_UNKNOWN, "", 0 };

	return value ? (struct dfvar){ DFVAR_SET, value, strlen(value) } :
		       unknown;
}

int
assign_env(const struct source_reader *r,
	   const struct dockerfile_instruction *in, struct imgcache_error *err)
{
	const char **v = arena_alloc(r->arena, in->n_args * sizeof(*v));

	for (size_t i = 0; i < in->n_args; i++) {
		int ret = sources_expand(r, in->args[i], &v[i], err);
		if (ret < 0)
			return ret;
		if (i % 2 == 0 && !v[i]) {
			plan_doubt(r->plan, r->line,
				   "the name of a variable hangs on another");
			r->scope->open = true;
		}
	}
	for (size_t i = 0; i + 1 < in->n_args; i += 2)
		if (v[i])
			scope_set(r->scope, v[i], dfvar_of(v[i + 1]));
	return 0;
}

/* BuildKit keeps these for itself; to an older one they are as any other. */
static bool
is_no_env(const char *name)
{
	return strcmp(name, "BUILDKIT_SBOM_SCAN_CONTEXT") == 0 ||
	       strcmp(name, "BUILDKIT_SBOM_SCAN_STAGE") == 0;
}

/* One NAME or NAME=default. */
static int
assign_arg(const struct source_reader *r, struct globals *globals,
	   struct idle_args *idle, const char *arg, struct imgcache_error *err)
{
	const char *equals = strchr(arg, '='), *value;
	const char *name = arena_strndup(r->arena, arg, strcspn(arg, "="));
	const char *given = globals_given(globals, name);
	int ret = 0;

	if (strpbrk(name, "$'\"\\`"))
		plan_doubt(r->plan, r->line, "an odd ARG name '%.50s'", name);
	idle_add(idle, name, !given && !equals);
	if (is_no_env(name)) {
		scope_set_arg(r->scope, name, dfvar_of(NULL));
	} else if (given) {
		scope_set_arg(r->scope, name, dfvar_of(given));
	} else if (equals) {
		ret = sources_expand(r, equals + 1, &value, err);
		if (ret == 0)
			scope_set_arg(r->scope, name, dfvar_of(value));
	} else {
		struct dfvar var = globals_inherit(globals, name);
		if (var.state != DFVAR_UNSET)
			scope_set_arg(r->scope, name, var);
	}
	return ret;
}

/* Older engines expand all args of one ARG before they set any: see strict. */
int
assign_args(const struct source_reader *r, struct globals *globals,
	    struct idle_args *idle, const struct dockerfile_instruction *in,
	    struct imgcache_error *err)
{
	int ret = 0;

	r->scope->strict = true;
	for (size_t i = 0; i < in->n_args && ret == 0; i++)
		ret = assign_arg(r, globals, idle, in->args[i], err);
	r->scope->strict = false;
	return ret;
}
