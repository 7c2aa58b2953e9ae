/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verbs.h"

extern char **environ;

static const struct opt options[] = { END_OPTION };

/* man prints "no manual entry" itself; our usage is the better answer. */
static bool
man_shows(const char *page)
{
	char *argv[] = { (char[]){"man"}, (char *)page, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = -1;

	flush_output();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (!posix_spawnp(&pid, "man", &actions, NULL, argv, environ))
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&actions);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int
help_open(const struct command *c)
{
	char page[64];

	snprintf(page, sizeof(page), "imgcache%s%s", c ? "-" : "",
		 c ? c->name : "");
	if (man_shows(page))
		return EXIT_YES;
	if (c)
		opt_usage(stdout, c);
	else
		opt_overview(stdout);
	return EXIT_YES;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct command *c = NULL;
	const char *near;

	if (p->words.n > 1)
		return fail(&inv->err, IMGCACHE_EUSAGE, "one verb at a time");
	if (p->words.n && !(c = command_find(p->words.v[0]))) {
		near = command_nearest(p->words.v[0]);
		return fail(&inv->err, IMGCACHE_EUSAGE, "'%s' is no verb%s%s%s",
			    p->words.v[0], near ? "; did you mean '" : "",
			    near ? near : "", near ? "'?" : "");
	}
	if (c)
		return help_open(c);
	opt_overview(stdout);
	return EXIT_YES;
}

const struct command command_help = {
	.name = "help",
	.summary = "List the verbs, or open the manual page of one.",
	.arguments = "[VERB]",
	.options = options,
	.group = GROUP_HELP,
	.completes = COMPLETES_VERBS,
	.needs_no_handle = true,
	.run = run,
};
