/* SPDX-License-Identifier: MIT */
/*
 * The answer is the result.json of BuildKit's subrequest (frontend/subrequests/
 * lint/lint.go): warnings with a location of ranges, lines from 1. The exit
 * status is 1 when there are warnings, so only the text tells an answer from
 * a failure.
 */
#include "docker/buildx_check.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/failure.h"
#include "store/jsonr.h"
#include "sys/child.h"

#define CHECK_MS 60000
#define MAX_OUTPUT (8u << 20)

static void
read_warning(const struct jsonr_node *w, struct arena *arena,
	     struct buildx_finding *out)
{
	const char *text = jsonr_string(w, "/detail", NULL);

	if (!text || !*text)
		text = jsonr_string(w, "/description", "");
	out->rule = arena_strdup(arena, jsonr_string(w, "/ruleName", "check"));
	out->text = arena_strdup(arena, text);
	out->url = arena_strdup(arena, jsonr_string(w, "/url", NULL));
	out->line = (int)jsonr_int(w, "/location/ranges/0/start/line", 0);
	out->end_line = (int)jsonr_int(w, "/location/ranges/0/end/line",
				       out->line);
}

int
buildx_check_parse(const char *json, size_t len, struct arena *arena,
		   struct buildx_finding **v, size_t *n,
		   struct imgcache_error *err)
{
	struct jsonr *r = jsonr_new();
	const struct jsonr_node *doc, *list, *at;
	int ret = 0;

	*v = NULL;
	*n = 0;
	doc = jsonr_parse(r, json, len, err);
	list = jsonr_member(doc, "warnings");
	if (!doc) {
		ret = err->code;
	} else if (doc->type != JSONR_OBJECT ||
		   (!list && !jsonr_member(doc, "sources"))) {
		ret = error_set(err, IMGCACHE_EFAIL, "not the findings of a "
				"check");
	} else if (list && list->type == JSONR_ARRAY && list->n) {
		*v = arena_alloc(arena, list->n * sizeof(**v));
		for (at = list->child; at; at = at->next)
			read_warning(at, arena, &(*v)[(*n)++]);
	}
	jsonr_free(r);
	return ret;
}

int
buildx_check(const struct buildx_check *check, struct arena *arena,
	     struct buildx_finding **v, size_t *n, struct imgcache_error *err)
{
	static const char *const set[] = { "BUILDX_GIT_INFO=false", NULL };
	struct buf text = BUF_INIT, errs = BUF_INIT;
	struct child_result result;
	struct strv argv = {0};
	int ret;

	strv_push(&argv, check->docker ? check->docker : "docker");
	strv_push(&argv, "buildx");
	strv_push(&argv, "build");
	strv_push(&argv, "--call=check,format=json");
	strv_push(&argv, "--progress=quiet");
	strv_pushf(&argv, "--file=%s", check->dockerfile);
	for (size_t i = 0; check->args && check->args[i]; i++)
		strv_pushf(&argv, "--build-arg=%s", check->args[i]);
	strv_push(&argv, "--");
	strv_push(&argv, check->context);
	struct child_options o = {
		.argv = (const char *const *)argv.v, .env_set = set,
		.timeout_ms = CHECK_MS, .own_group = true, .out = &text,
		.errs = &errs, .max_output = MAX_OUTPUT,
		.label = "docker buildx build --call=check"
	};
	ret = child_run(&o, &result, err);
	if (!ret && (result.end != CHILD_EXITED ||
		     buildx_check_parse(text.data, text.len, arena, v, n,
					err)))
		ret = docker_failure_set(&result, errs.data, err);
	buf_release(&text);
	buf_release(&errs);
	strv_release(&argv);
	return ret;
}
