/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "recipe.h"
#include "verbs.h"

/* In the order of enum imgcache_on_miss. */
static const char *const misses[] = { "build", "base", "fail", NULL };

static struct imgcache_spawn_options spawn;
static int on_miss;

static const struct opt options[] = {
	TEXT_OPTION('m', "memory", &spawn.memory, "SIZE",
		    "memory limit, MB or with a unit (512m, 2g)"),
	TEXT_OPTION(0, "cpus", &spawn.cpus, "N", "how many CPUs, 1.5 say"),
	AGE_OPTION(0, "timeout", &spawn.timeout_s,
		   "stop the container after that time, status 124"),
	WORD_OPTION(0, "on-miss", &on_miss, misses, "build|base|fail",
		    "without an image: build it, run the base, or fail"),
	FLAG_OPTION(0, "no-cache", &spawn.no_cache,
		    "bypass the lookup: build, or run the base"),
	TEXT_OPTION(0, "builder", &spawn.build.builder, "NAME",
		    "buildx builder for a miss"),
	FLAG_OPTION(0, "quiet", &given.quiet,
		    "no progress, only results and errors"),
	END_OPTION
};

static bool
is_true(const char *value)
{
	return !strcmp(value, "true") || !strcmp(value, "1") ||
		!strcmp(value, "yes");
}

/* NO_CACHE=true in the container's environment bypasses the cache too. */
static bool
asks_no_cache(const char *assignment)
{
	return !strncmp(assignment, "NO_CACHE=", 9) && is_true(assignment + 9);
}

/* Options that are given with -e, --env and --env=, as docker takes them. */
static bool
environment_bypasses(const struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		const char *word = w->v[i];

		if ((!strcmp(word, "-e") || !strcmp(word, "--env")) &&
		    i + 1 < w->n && asks_no_cache(w->v[i + 1]))
			return true;
		if (!strncmp(word, "-e", 2) && asks_no_cache(word + 2))
			return true;
		if (!strncmp(word, "--env=", 6) && asks_no_cache(word + 6))
			return true;
	}
	return false;
}

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
	if (environment_bypasses(&p->docker_run))
		spawn.no_cache = true;
	ret = imgcache_spawn(inv->ic, r, &spawn, &out, &inv->err);
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
