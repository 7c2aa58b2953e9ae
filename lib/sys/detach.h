/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_DETACH_H
#define IMGCACHE_SYS_DETACH_H

/*
 * A process that outlives us: forked, no child of ours, in a session of its own
 * without a terminal, reading nothing and writing where it is told. It has no
 * other file open, so nobody who waits for the end of one waits for it.
 *
 * Only where no other thread runs, and with no database open: SQLite's handles
 * do not survive a fork.
 */

struct imgcache_error;

struct detach {
	int output_fd;		/* its stdout and stderr */
	int keep_fd;		/* >2: stays open; else none */
	void (*begin)(void *payload);	/* done when detach_run() returns */
	int (*run)(void *payload);	/* its exit status */
	void *payload;
};

/* 0 once it runs; the process that it starts never returns from here. */
int detach_run(const struct detach *d, struct imgcache_error *err);

#endif
