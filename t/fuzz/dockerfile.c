/* SPDX-License-Identifier: MIT */

/*
 * libFuzzer target for the Dockerfile reader: any bytes are parsed, resolved in
 * two ways, and what comes out is held against the promises of dockerfile.h.
 * Built with clang -fsanitize=fuzzer,address from the reader and lib/base.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "recipe/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool promise)
{
	if (!promise)
		abort();
}

static void
check_instructions(const struct dockerfile *df, const char *text, size_t size)
{
	int line = 0;

	require(df->n > 0 || df->foreign);
	for (size_t i = 0; i < df->n; i++) {
		const struct dockerfile_instruction *in = &df->v[i];
		require(in->line > line && in->end_line >= in->line);
		line = in->end_line;
		for (size_t k = 0; in->text[k]; k++) {
			size_t place = dockerfile_place(in, k);
			require(place < size && text[place] == in->text[k]);
		}
		require((in->keyword == DOCKERFILE_ONBUILD) ==
			(in->trigger != NULL));
		for (size_t k = 0; k < in->n_args; k++)
			require(in->args[k] != NULL);
		for (size_t k = 0; k < in->n_flags; k++)
			require(strncmp(in->flags[k], "--", 2) == 0);
		for (size_t k = 0; k < in->n_heredocs; k++)
			require(in->heredocs[k].name[0] != '\0');
	}
}

/* Clean: no "." "..", no empty part, no slash at either end. */
static bool
is_clean(const char *path)
{
	if (*path == '\0')
		return true;
	for (;;) {
		size_t n = strcspn(path, "/");
		if (n == 0 || (n == 1 && *path == '.') ||
		    (n == 2 && memcmp(path, "..", 2) == 0))
			return false;
		if (path[n] == '\0')
			return true;
		path += n + 1;
	}
}

static void
check_plan(const struct dockerfile_plan *plan)
{
	require(plan->understood == (plan->reason == NULL));
	for (size_t i = 1; i < plan->n_stages; i++)
		require(plan->stages[i - 1].index < plan->stages[i].index);
	for (size_t i = 1; i < plan->args.n; i++)
		require(strcmp(plan->args.v[i - 1], plan->args.v[i]) < 0);
	for (size_t i = 0; i < plan->n_images; i++)
		require(plan->images[i].ref[0] != '\0');
	for (size_t i = 0; i < plan->n_reads; i++) {
		const struct dockerfile_read *r = &plan->reads[i];
		if (r->kind <= DOCKERFILE_READ_TREE)
			require(is_clean(r->path));
		require((r->kind == DOCKERFILE_READ_PARENTS) ==
			(r->include != NULL));
		if (r->include)
			require(is_clean(r->include));
	}
}

static void
resolve(const struct dockerfile *df, const struct dockerfile_options *options)
{
	struct imgcache_error err = { 0 };
	struct dockerfile_plan *plan = NULL;
	int ret = dockerfile_resolve(df, options, &plan, &err);

	require(ret == err.code && (ret == 0) == (plan != NULL));
	if (plan)
		check_plan(plan);
	dockerfile_plan_free(plan);
}

static void
resolve_rich(const struct dockerfile *df)
{
	struct strv args = { 0 }, contexts = { 0 }, platforms = { 0 };
	struct strv env = { 0 }, onbuild = { 0 };
	struct dockerfile_base bases[] = {
		{ .ref = "busybox", .env = &env, .onbuild = &onbuild },
		{ .ref = "alpine", .is_unseen = true },
		{ .ref = "ctx", .context = "ctx", .onbuild = &onbuild },
	};

	strv_push(&args, "A=a*b/c");
	strv_push(&args, "V=");
	strv_push(&args, "B");
	strv_push(&contexts, "ctx");
	strv_push(&platforms, "linux/amd64");
	strv_push(&platforms, "linux/arm/v7");
	strv_push(&env, "PATH=/bin");
	strv_push(&onbuild, "COPY --from=ctx $A /x");
	struct dockerfile_options options = {
		.target = "b", .args = &args, .platforms = &platforms,
		.contexts = &contexts, .bases = bases, .n_bases = 3,
	};
	resolve(df, &options);
	options.target = NULL;
	resolve(df, &options);
	strv_release(&args);
	strv_release(&contexts);
	strv_release(&platforms);
	strv_release(&env);
	strv_release(&onbuild);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile_options plain = { 0 };
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;
	int ret = dockerfile_parse((const char *)data, size, "Dockerfile", &df,
				   &err);

	require(ret == err.code && (ret == 0) == (df != NULL));
	if (!df)
		return 0;
	check_instructions(df, (const char *)data, size);
	resolve(df, &plain);
	resolve_rich(df);
	dockerfile_free(df);
	return 0;
}
