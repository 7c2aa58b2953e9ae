/* SPDX-License-Identifier: MIT */
#ifndef CMD_PLUGIN_H
#define CMD_PLUGIN_H

/*
 * `docker imgcache …`: docker starts the file docker-imgcache in one of its
 * plugin folders with all of its own words, "--context x imgcache list" say.
 */

#include <stdbool.h>

struct imgcache_error;

/* Does docker ask what plugin this is? It does so for each docker --help. */
bool plugin_is_asked(int argc, char **argv);
void plugin_print_metadata(void);

/*
 * As docker-imgcache: take docker's words out of argv. What they say of the
 * engine goes into the environment, where imgcache and every docker that it
 * starts find it. Under any other name nothing is done.
 */
int plugin_enter(int *argc, char **argv, struct imgcache_error *err);

/* Did it: was it docker that started us? */
bool plugin_is_entered(void);

#endif
