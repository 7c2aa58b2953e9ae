/* SPDX-License-Identifier: MIT */
/* "Platforms: linux/amd64*, linux/arm64" of every node that a builder has. */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/buildx.h"
#include "docker/failure.h"
#include "sys/child.h"

#define ASK_MS 10000
#define MAX_OUTPUT (1u << 20)

/* "*" marks those that a person has set. */
static void
add_platforms(struct strv *out, const char *list, size_t len)
{
	struct strv words = { 0 };
	char *line = mem_strndup(list, len);

	strv_split(&words, line, ", \t\r*");
	strv_push_all(out, &words);
	strv_release(&words);
	free(line);
}

void
buildx_platforms_parse(struct strv *out, const char *text)
{
	static const char key[] = "Platforms:";

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t blank = strspn(text, " \t");

		if (str_starts(text + blank, key))
			add_platforms(out, text + blank + strlen(key),
				      len - blank - strlen(key));
		text += len + (text[len] == '\n');
	}
}

int
buildx_platforms(struct strv *out, const char *builder,
		 struct imgcache_error *err)
{
	const char *const argv[] = { "docker", "buildx", "inspect", builder,
				     NULL };
	struct buf text = BUF_INIT, errs = BUF_INIT;
	struct child_options o = {
		.argv = argv, .timeout_ms = ASK_MS, .own_group = true,
		.out = &text, .errs = &errs, .max_output = MAX_OUTPUT,
		.label = "docker buildx inspect"
	};
	struct child_result result;
	char line[400], how[64];
	int ret = child_run(&o, &result, err);

	if (ret == IMGCACHE_EFAIL)
		ret = err->code = IMGCACHE_EUNKNOWN;
	if (!ret && (result.end != CHILD_EXITED || result.status)) {
		docker_failure_line(errs.data, line, sizeof(line));
		ret = error_set(err, IMGCACHE_EUNKNOWN, "docker buildx "
				"inspect: %s", line[0] ? line :
				child_result_text(&result, how));
	}
	if (!ret)
		buildx_platforms_parse(out, text.data);
	buf_release(&text);
	buf_release(&errs);
	return ret;
}
