/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "recipe.h"
#include "text.h"
#include "verbs.h"

static const struct opt options[] = { END_OPTION };

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_recipe *r;
	const char *text;
	int ret = recipe_choose(inv, p, &r);

	if (!ret)
		ret = imgcache_dockerfile(inv->ic, r, &text, &inv->err);
	if (!ret)
		text_put_data(stdout, text, strlen(text));
	return ret;
}

const struct command command_dockerfile = {
	.name = "dockerfile",
	.summary = "Print the Dockerfile that is handed to docker.",
	.arguments = "[NAME | DIR | RECIPE FLAGS]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.run = run,
};
