/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cmd.h"
#include "verbs.h"

/* In the order of the overview. */
const struct command *const commands[] = {
	&command_build,
	&command_get,
	&command_tag,
	&command_spawn,
	&command_env,
	&command_exec,
	&command_lock,
	&command_dockerfile,
	&command_why,
	&command_verify,
	&command_context,
	&command_init,

	&command_list,
	&command_log,
	&command_wait,
	&command_pin,
	&command_unpin,
	&command_delete,

	&command_invalidate,
	&command_prune,
	&command_stats,
	&command_lint,
	&command_doctor,
	&command_config,

	&command_help,
	&command_complete,
	NULL
};

const struct command *
command_find(const char *name)
{
	const struct command *const *c;

	for (c = commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

const char *
command_nearest(const char *name)
{
	struct words names = {0};
	const struct command *const *c;
	const char *near;

	for (c = commands; *c; c++)
		if (!(*c)->hidden)
			words_add(&names, (*c)->name);
	near = imgcache_nearest(name, names.v, names.n);
	words_release(&names);
	return near;
}
