/* SPDX-License-Identifier: MIT */
#ifndef T_BENCH_SPAWNED_H
#define T_BENCH_SPAWNED_H

/*
 * One command of a bench: leading NAME=VALUE words are its environment, the
 * rest its argv, as env(1) has it but without a process more. What it prints
 * goes to /dev/null, its complaints are shown.
 */

#include <stdint.h>
#include <sys/types.h>

struct sample {
	int64_t wall_ns;
	int64_t cpu_ns;		/* user and system, its children's with it */
};

/* Start; the pid. Ends the program if it cannot be started. */
pid_t spawned_start(char **words);

/*
 * Wait for pid, or with -1 for any; gives which it was. Anything but exit
 * status 0 ends the program: a failing command has no time worth a line.
 */
pid_t spawned_wait(pid_t pid, int64_t *cpu_ns);

struct sample spawned_run(char **words);

int64_t spawned_now_ns(void);

#endif
