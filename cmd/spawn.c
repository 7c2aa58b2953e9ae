/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "recipe.h"
#include "verbs.h"

/* In the order of enum imgcache_on_miss. */
static const char *const misses[] = { "build", "base", "fail", NULL };

static struct imgcache_spawn_options spawn;
static int on_miss;
static int on_unknown = -1;	/* index into unknowns; none given */

static const struct opt options[] = {
	TEXT_OPTION('m', "memory", &spawn.memory, "SIZE",
		    "memory limit, MB or with a unit (512m, 2g)"),
	TEXT_OPTION(0, "cpus", &spawn.cpus, "N", "how many CPUs, 1.5 say"),
	SECONDS_OPTION(0, "timeout", &spawn.timeout_s,
		   "stop the container after that time, status 124"),
	WORD_OPTION(0, "on-miss", &on_miss, misses, "build|base|fail",
		    "build it, run the base meanwhile, or fail"),
	WORD_OPTION(0, "on-unknown", &on_unknown, unknowns, "build|fail",
		    "what to do without an answer of the registry"),
	FLAG_OPTION(0, "no-cache", &spawn.no_cache,
		    "bypass the lookup: build, or run the base"),
	TEXT_OPTION(0, "builder", &spawn.build.builder, "NAME",
		    "buildx builder for a miss"),
	FLAG_OPTION(0, "quiet", &given.quiet,
		    "no progress, only results and errors"),
	STAT_CACHE_OPTION,
	END_OPTION
};

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_spawned out = {0};
	struct imgcache_recipe *r;
	int ret;

	if (p->n_flags && p->words.n && !recipe_is_directory(p->words.v[0]))
		return fail(&inv->err, IMGCACHE_EUSAGE, "after recipe flags "
			    "the command follows --, as in '-- %s'",
			    p->words.v[0]);
	ret = recipe_choose(inv, p, &r);
	if (ret)
		return ret;
	spawn.docker_args = p->docker_run.v;
	spawn.command = p->after.v;
	spawn.on_miss = (enum imgcache_on_miss)on_miss;
	spawn.build.on_unknown = (enum imgcache_on_unknown)(on_unknown + 1);
	ret = imgcache_spawn(inv->ic, r, &spawn, &out, &inv->err);
	if (!ret && out.timed_out)
		complain("stopped after the timeout of %lld s",
			 (long long)spawn.timeout_s);
	return ret ? ret : out.status;
}

const struct command command_spawn = {
	.name = "spawn",
	.summary = "Get or build the image, then docker run it. Options that "
		"are not listed here are docker run's.",
	.arguments = "[NAME | DIR | RECIPE FLAGS] [DOCKER RUN OPTION...] "
		"[-- COMMAND...]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.passes_docker_run = true,
	.failure = EXIT_NOT_RUN,
	.run = run,
};
