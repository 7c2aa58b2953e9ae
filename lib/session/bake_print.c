/* SPDX-License-Identifier: MIT */
#include "session/bake_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/failure.h"
#include "store/jsonr.h"
#include "sys/child.h"

#define PRINT_MS 60000
#define MAX_OUTPUT (8u << 20)

/* What docker makes of the file's target; what it says against it. */
static int
ask(const struct bake_question *q, const char *target, struct buf *out,
    struct imgcache_error *err)
{
	static const char *const set_env[] = { "BUILDX_GIT_INFO=false", NULL };
	char *file = mem_printf("--file=%s", q->path);
	const char *const argv[] = {
		"docker", "buildx", "bake", "--print", "--progress=quiet", file,
		"--", target, NULL
	};
	struct buf errs = BUF_INIT;
	struct child_options o = {
		.argv = argv, .env_set = set_env, .dir = q->dir,
		.timeout_ms = PRINT_MS, .own_group = true, .out = out,
		.errs = &errs, .max_output = MAX_OUTPUT,
		.label = "docker buildx bake"
	};
	struct child_result result;
	int ret = child_run(&o, &result, err);

	if (!ret && (result.end != CHILD_EXITED || result.status)) {
		ret = docker_failure_set(&result, errs.data, err);
		error_prefix(err, "docker buildx bake --print");
	}
	buf_release(&errs);
	free(file);
	return ret ? err->code : 0;
}

/* The target that was meant, of those of the pattern; NULL, or to be freed. */
static char *
nearest(const struct bake_question *q, const char *pattern)
{
	const struct jsonr_node *doc, *list, *n;
	struct jsonr *json = jsonr_new();
	struct buf text = BUF_INIT;
	struct strv names = {0};
	struct imgcache_error ignored = {0};
	const char *near = NULL;
	char *copy;

	if (!ask(q, pattern, &text, &ignored)) {
		doc = jsonr_parse(json, text.data, text.len, &ignored);
		list = doc ? jsonr_member(doc, "target") : NULL;
		for (n = list ? list->child : NULL; n; n = n->next)
			strv_push(&names, n->key);
		near = str_nearest(q->target, (const char *const *)names.v,
				   names.n);
	}
	copy = near ? mem_strdup(near) : NULL;
	strv_release(&names);
	buf_release(&text);
	jsonr_free(json);
	return copy;
}

/* Old clients know no pattern, but the default has most targets. */
static int
unknown_target(const struct bake_question *q, struct imgcache_error *err)
{
	const char *what = q->is_compose ? "service" : "target";
	char *near = nearest(q, "*");

	if (!near)
		near = nearest(q, "default");
	error_clear(err);
	if (near)
		error_set(err, IMGCACHE_EUSAGE, "there is no %s '%.200s'; did "
			  "you mean '%.200s'?", what, q->target, near);
	else
		error_set(err, IMGCACHE_EUSAGE, "the %s '%.200s' is not "
			  "there%s", what, q->target, q->is_compose ? ", or "
			  "has no 'build:', so nothing is built for it" : "");
	free(near);
	return err->code;
}

/* Another one may be what a target of the file names. */
static bool
is_unknown(const struct bake_question *q, const char *text)
{
	static const char phrase[] = "failed to find target ";
	const char *name = q->target ? strstr(text, phrase) : NULL;
	size_t len;

	if (!name)
		return false;
	name += strlen(phrase);
	len = strcspn(name, " \r\n;");
	return strlen(q->target) == len && !strncmp(name, q->target, len);
}

int
bake_print(const struct bake_question *q, struct buf *out,
	   struct imgcache_error *err)
{
	int ret = ask(q, q->target ? q->target : "default", out, err);

	if (ret && is_unknown(q, err->text))
		ret = unknown_target(q, err);
	return ret;
}
