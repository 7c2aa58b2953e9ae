/* SPDX-License-Identifier: MIT */
#include "docker/export.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/failure.h"
#include "docker/output.h"
#include "sys/child.h"

#define MAX_WORDS (64u << 10)

/* A field of a line of CSV, which is what the option's value is. */
static void
push_output(struct strv *argv, const struct output *o)
{
	const char *type = o->type == OUTPUT_TAR ? "tar" : "local";
	struct buf dest = BUF_INIT;
	const char *c;

	for (c = o->dest; *c; c++) {
		if (*c == '"')
			buf_addc(&dest, '"');
		buf_addc(&dest, *c);
	}
	strv_pushf(argv, "--output=type=%s,\"dest=%s\"", type, dest.data);
	buf_release(&dest);
}

static void
files_argv(const struct export_request *r, struct strv *argv)
{
	strv_push(argv, "buildx");
	strv_push(argv, "build");
	strv_push(argv, "--progress=plain");
	push_output(argv, r->output);
	if (r->platform)
		strv_pushf(argv, "--platform=%s", r->platform);
	if (r->builder)
		strv_pushf(argv, "--builder=%s", r->builder);
	strv_push(argv, "--");
	strv_push(argv, "-");
}

static void
save_argv(const struct export_request *r, struct strv *argv)
{
	const char *path = r->archive ? r->archive : r->output->dest;
	const char *const *name;

	strv_push(argv, "image");
	strv_push(argv, "save");
	if (strcmp(path, "-"))
		strv_pushf(argv, "--output=%s", path);
	strv_push(argv, "--");
	for (name = r->names; name && *name; name++)
		strv_push(argv, *name);
	if (!r->names || !*r->names)
		strv_push(argv, r->image);
}

/* COPY runs no triggers, but it makes a hard link two files. */
static char *
dockerfile(const struct export_request *r)
{
	return r->has_onbuild ?
		mem_printf("FROM scratch\nCOPY --from=%s / /\n", r->image) :
		mem_printf("FROM %s\n", r->image);
}

int
export_image(const struct export_request *r, struct imgcache_error *err)
{
	static const char *const set[] = {
		"BUILDX_GIT_INFO=false", "BUILDX_NO_DEFAULT_ATTESTATIONS=1",
		NULL
	};
	static const char *const unset[] = {
		"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "BUILDX_BUILDER", NULL
	};
	bool saves = r->output->type == OUTPUT_ARCHIVE;
	char *input = saves ? NULL : dockerfile(r);
	struct child_result result;
	struct buf errs = BUF_INIT;
	struct strv argv = {0};
	int ret;

	strv_push(&argv, r->docker ? r->docker : "docker");
	if (saves)
		save_argv(r, &argv);
	else
		files_argv(r, &argv);
	struct child_options o = {
		.argv = (const char *const *)argv.v, .env_set = set,
		.env_unset = unset, .input = input,
		.input_len = input ? strlen(input) : 0, .own_group = true,
		.on_stdout = r->on_output, .payload = r->payload,
		.errs = &errs, .max_output = MAX_WORDS,
		.label = saves ? "docker image save" : "docker buildx build"
	};
	ret = child_run(&o, &result, err);
	if (!ret && (result.end != CHILD_EXITED || result.status)) {
		ret = docker_failure_set(&result, errs.data, err);
		error_prefix(err, "cannot write '%.200s'", r->output->dest);
	}
	buf_release(&errs);
	strv_release(&argv);
	free(input);
	return ret;
}
