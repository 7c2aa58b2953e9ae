/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/init.h"
#include "source/repo.h"
#include "sys/child.h"
#include "sys/file.h"

#define GIT_ANSWER_MS 10000
#define PULUMI_SCRIPT "pre-pulumi.sh"

/* Where git looks for hooks, absolute; core.hooksPath moves it. */
static const char *
hooks_dir(const struct init *in, const char *top)
{
	const char *const argv[] = {
		"git", "rev-parse", "--git-path", "hooks", NULL
	};
	struct imgcache_error ignored = {0};
	struct buf answer = BUF_INIT;
	struct child_options o = {
		.argv = argv, .dir = top, .out = &answer,
		.timeout_ms = GIT_ANSWER_MS,
	};
	struct child_result result;
	char *path = NULL;
	const char *kept;

	if (!child_run(&o, &result, &ignored) && result.end == CHILD_EXITED &&
	    !result.status && answer.len > 1) {
		buf_truncate(&answer, answer.len - 1);
		path = path_absolute(top, answer.data);
	}
	kept = arena_strdup(in->arena, path);
	free(path);
	buf_release(&answer);
	return kept;
}

/* Git calls it in the top of the work tree. */
static int
pre_push(const struct init *in, const char **path, struct buf *out,
	 struct imgcache_error *err)
{
	char *top = repo_top(in->root);
	const char *dir = top ? hooks_dir(in, top) : NULL;
	size_t len = top ? strlen(top) : 0;
	int ret = 0;

	if (dir) {
		*path = arena_printf(in->arena, "%s/pre-push", dir);
		buf_adds(out, "#!/bin/sh\n"
			 "# By imgcache init: no push of sources whose images "
			 "do not build. What is\n"
			 "# there already costs milliseconds; git push "
			 "--no-verify skips it.\n");
		if (in->root[len]) {
			buf_adds(out, "cd ");
			buf_add_shquoted(out, in->root + len + 1);
			buf_adds(out, " || exit 1\n");
		}
		buf_adds(out, "exec imgcache build --all </dev/null "
			 ">/dev/null\n");
	} else if (top) {
		ret = error_set(err, IMGCACHE_EFAIL, "git does not say where "
				"the hooks of '%s' are; is it installed?",
				top);
	} else {
		ret = error_set(err, IMGCACHE_EFAIL, "cannot install a "
				"pre-push hook: '%s' is in no git work tree",
				in->root);
	}
	free(top);
	return ret;
}

/* IMAGE_API for the image api. */
static void
put_variable(const char *name, struct buf *out)
{
	buf_adds(out, "IMAGE_");
	for (; *name; name++)
		buf_addc(out, isalnum((unsigned char)*name) ?
			 (char)toupper((unsigned char)*name) : '_');
}

static void
pre_pulumi(const struct init *in, const char **path, struct buf *out)
{
	size_t i;

	*path = arena_printf(in->arena, "%s/" PULUMI_SCRIPT, in->root);
	buf_adds(out, "#!/bin/sh\n"
		 "# By imgcache init: make sure that the images exist, and "
		 "tell pulumi their names:\n"
		 "#\n"
		 "#\t./" PULUMI_SCRIPT " pulumi up\n"
		 "#\n"
		 "# The program finds each in its environment, under the name "
		 "below.\n"
		 "set -eu\n"
		 "project=$(cd \"$(dirname \"$0\")\" && pwd)\n"
		 "image() {\n"
		 "\timgcache -C \"$project\" build \"$1\"\n"
		 "}\n");
	for (i = 0; i < in->n_images; i++) {
		if (in->images[i]->reason)
			continue;
		put_variable(in->images[i]->name, out);
		buf_addf(out, "=$(image %s)\nexport ", in->images[i]->name);
		put_variable(in->images[i]->name, out);
		buf_addc(out, '\n');
	}
	buf_adds(out, "exec \"$@\"\n");
}

int
init_hook(struct init *in, const char *kind, const char **path,
	  struct buf *out, struct imgcache_error *err)
{
	if (!strcmp(kind, "pre-push"))
		return pre_push(in, path, out, err);
	if (!strcmp(kind, "pre-pulumi")) {
		pre_pulumi(in, path, out);
		return 0;
	}
	return error_set(err, IMGCACHE_EUSAGE, "no hook '%s'; there are "
			 "pre-push and pre-pulumi", kind);
}
