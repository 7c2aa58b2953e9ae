/* SPDX-License-Identifier: MIT */
#include "recipe.h"
#include "verbs.h"

static struct imgcache_env_options env = { .builds = true };

static const struct opt options[] = {
	TEXT_OPTION(0, "builder", &env.build.builder, "NAME",
		    "buildx builder for a miss"),
	STAT_CACHE_OPTION,
	QUIET_OPTION,
	END_OPTION
};

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct chosen chosen = {0};
	int status = 0;
	int ret;

	if (!p->after.n)
		return fail(&inv->err, IMGCACHE_EUSAGE, "which command? it "
			    "follows --, as in 'imgcache exec -- pulumi up'");
	ret = recipes_choose_or_all(inv, p, &chosen);
	env.recipes = chosen.v;
	env.n = chosen.n;
	if (!ret)
		ret = imgcache_exec(inv->ic, &env, p->after.v, &status,
				    &inv->err);
	chosen_release(&chosen);
	if (!ret || !status)
		return ret ? ret : status;
	complain("%s", inv->err.text);
	return status;
}

const struct command command_exec = {
	.name = "exec",
	.summary = "Get or build images, then run a command that finds their "
		"names in its environment.",
	.arguments = "[NAME... | DIR | RECIPE FLAGS] -- COMMAND...",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.takes_command = true,
	.failure = EXIT_NOT_RUN,
	.run = run,
};
