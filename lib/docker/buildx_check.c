/* SPDX-License-Identifier: MIT */
/*
 * The answer is the result.json of BuildKit's subrequest (frontend/subrequests/
 * lint/lint.go): warnings with a location of ranges, one range for each line
 * of the instruction, lines from 1; and the error that a build would meet while
 * it reads the file. The exit status is 1 when there are warnings, so only the
 * text tells an answer from a failure. Seen with buildx 0.29 and engine 28.5.
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

/* The lines of a location; 0 and 0 if it has none. */
static void
read_lines(const struct jsonr_node *location, int *line, int *end_line)
{
	const struct jsonr_node *at = jsonr_at(location, "/ranges/0");

	*line = (int)jsonr_int(at, "/start/line", 0);
	*end_line = *line;
	for (; at; at = at->next)
		*end_line = (int)jsonr_int(at, "/end/line", *end_line);
}

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
	read_lines(jsonr_member(w, "location"), &out->line, &out->end_line);
}

/* Whose "# check=error=true" makes an error of warnings was read to its end. */
static void
read_stop(const struct jsonr_node *error, struct arena *arena,
	  struct buildx_stop *out)
{
	static const char malformed[] = "dockerfile parse error on line ";
	const char *text = jsonr_string(error, "/message", "");
	int end_line;

	if (!*text || str_starts(text, "lint violation found for rules: "))
		return;
	read_lines(jsonr_member(error, "location"), &out->line, &end_line);
	if (str_starts(text, malformed)) {
		const char *what = strstr(text, ": ");

		out->is_malformed = true;
		text = what ? what + 2 : text;
	}
	out->text = arena_strdup(arena, text);
}

int
buildx_check_parse(const char *json, size_t len, struct arena *arena,
		   struct buildx_answer *out, struct imgcache_error *err)
{
	struct jsonr *r = jsonr_new();
	const struct jsonr_node *doc, *list, *at;
	int ret = 0;

	*out = (struct buildx_answer){0};
	doc = jsonr_parse(r, json, len, err);
	list = jsonr_member(doc, "warnings");
	if (!doc) {
		ret = err->code;
	} else if (doc->type != JSONR_OBJECT ||
		   (!list && !jsonr_member(doc, "sources"))) {
		ret = error_set(err, IMGCACHE_EFAIL, "not the findings of a "
				"check");
	} else {
		if (list && list->type == JSONR_ARRAY && list->n) {
			out->v = arena_alloc(arena, list->n * sizeof(*out->v));
			for (at = list->child; at; at = at->next)
				read_warning(at, arena, &out->v[out->n++]);
		}
		read_stop(jsonr_member(doc, "buildError"), arena, &out->stop);
	}
	jsonr_free(r);
	return ret;
}

/* Which of the failures it is: the engine's, the file's, the frontend's. */
static int
failure_code(const char *text)
{
	if (strstr(text, "unsupported request "))
		return IMGCACHE_ENO;
	if (strstr(text, "failed to solve"))
		return IMGCACHE_EBUILD;
	return IMGCACHE_EFAIL;
}

int
buildx_check(const struct buildx_check *check, struct arena *arena,
	     struct buildx_answer *out, struct imgcache_error *err)
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
		     buildx_check_parse(text.data, text.len, arena, out,
					err))) {
		docker_failure_set(&result, errs.data, err);
		ret = err->code = failure_code(errs.data);
	}
	buf_release(&text);
	buf_release(&errs);
	strv_release(&argv);
	return ret;
}
