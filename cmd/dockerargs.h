/* SPDX-License-Identifier: MIT */
#ifndef CMD_DOCKERARGS_H
#define CMD_DOCKERARGS_H

/*
 * The options of `docker run` among our own. An option that is not ours is
 * docker's; it takes a value unless it is one of docker run's switches. What a
 * recipe flag and an option of docker run are both called (--env, --user,
 * --label, --network, --add-host) belongs to the recipe where flags make up
 * the recipe, so that they mean the same image to every verb; with the name of
 * an image or a directory it is docker's.
 */

#include <getopt.h>

#include "opt.h"

/* What is ours: getopt's letters and long options, ended by a NULL name. */
struct own_options {
	const char *letters;
	const struct option *longs;
	size_t n_options;	/* of the verb; recipe flags come after them */
};

/*
 * Move docker run's options from argv into out->docker_run. The first word is
 * the image's name; the next one begins the command, as after "--", and a "--"
 * is put before it. Returns the new argc, or IMGCACHE_EUSAGE. argv needs room
 * for one element more than argc and its NULL.
 */
int dockerargs_split(const struct own_options *own, int argc, char **argv,
		     struct parsed *out, struct imgcache_error *err);

#endif
