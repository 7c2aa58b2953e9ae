/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_SPAWN_H
#define IMGCACHE_SYS_SPAWN_H

/* How a process is started. For child.c, which says what becomes of it. */

#include <sys/types.h>

struct child_options;
struct imgcache_error;

/*
 * The three standard descriptors of the child; -1 is /dev/null. With
 * o->inherit_stdio they are not looked at. Errors as child_run() has them.
 */
int spawn_process(pid_t *pid, const struct child_options *o,
		  const int stdio[3], struct imgcache_error *err);

/* A descriptor of a file in memory that holds data, to be read; or -1. */
int spawn_input(const void *data, size_t len);

#endif
