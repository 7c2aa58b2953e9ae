/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recipe.h"
#include "verbs.h"

/* In the order of enum imgcache_env_format. */
static const char *const formats[] = {
	"shell", "dotenv", "github", "pulumi", "compose", "bake", NULL
};

static struct imgcache_env_options env;
static int format;

static const struct opt options[] = {
	WORD_OPTION(0, "format", &format, formats,
		    "shell|dotenv|github|pulumi|compose|bake",
		    "for whom it is written; shell if not given"),
	FLAG_OPTION(0, "build", &env.builds, "build what misses"),
	TEXT_OPTION(0, "builder", &env.build.builder, "NAME",
		    "buildx builder for a miss"),
	STAT_CACHE_OPTION,
	QUIET_OPTION,
	END_OPTION
};

static int
append(int fd, const char *path, const char *text, struct imgcache_error *err)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, IMGCACHE_EFAIL, "cannot write to "
				    "'%s': %s", path, strerror(errno));
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * To the files that the runner named, each opened before one is written to.
 * *done is false if it named none.
 */
static int
append_to_github(const char *text, bool *done, struct imgcache_error *err)
{
	static const char *const names[] = { "GITHUB_ENV", "GITHUB_OUTPUT" };
	const char *paths[2];
	int fds[2] = { -1, -1 };
	int i, ret = 0;

	*done = false;
	for (i = 0; !ret && i < 2; i++) {
		paths[i] = getenv(names[i]);
		if (!paths[i] || !*paths[i])
			continue;
		fds[i] = open(paths[i], O_WRONLY | O_APPEND | O_CREAT |
			      O_CLOEXEC, 0644);
		if (fds[i] < 0)
			ret = fail(err, IMGCACHE_EFAIL, "cannot open '%s', "
				   "which %s names: %s", paths[i], names[i],
				   strerror(errno));
	}
	for (i = 0; i < 2; i++) {
		if (fds[i] < 0)
			continue;
		*done = true;
		if (!ret)
			ret = append(fds[i], paths[i], text, err);
		if (close(fds[i]) && !ret)
			ret = fail(err, IMGCACHE_EFAIL, "cannot write to "
				   "'%s': %s", paths[i], strerror(errno));
	}
	return ret;
}

static int
put(struct invocation *inv, const struct imgcache_env_image *images)
{
	bool done = false;
	char *text;
	int ret = imgcache_env_text((enum imgcache_env_format)format, images,
				    env.n, &text, &inv->err);

	if (!ret && format == IMGCACHE_ENV_GITHUB)
		ret = append_to_github(text, &done, &inv->err);
	if (!ret && !done)
		fputs(text, stdout);
	free(text);
	return ret;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_env_image *images;
	struct chosen chosen = {0};
	size_t len;
	int ret = recipes_choose_or_all(inv, p, &chosen);

	env.recipes = chosen.v;
	env.n = chosen.n;
	if (!ret)
		ret = imgcache_env(inv->ic, &env, &images, &inv->err);
	if (ret == IMGCACHE_ENO) {
		len = strlen(inv->err.text);
		snprintf(inv->err.text + len, sizeof(inv->err.text) - len,
			 "; --build builds what misses");
	}
	if (!ret)
		ret = put(inv, images);
	chosen_release(&chosen);
	return ret;
}

const struct command command_env = {
	.name = "env",
	.summary = "Write down the names of images for the tool that comes "
		"next.",
	.arguments = "[NAME... | DIR | RECIPE FLAGS]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.run = run,
};
