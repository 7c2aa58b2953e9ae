/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_SIGNALS_H
#define IMGCACHE_SYS_SIGNALS_H

/*
 * SIGINT, SIGTERM and SIGHUP. The handler stores the number and writes a byte
 * to a pipe; everything else happens in the normal flow: whoever waits polls
 * signals_fd() too, returns IMGCACHE_EINTR and unwinds; main re-raises. A
 * second interrupt leaves at once with the default action. SIGPIPE is ignored,
 * SIGCHLD is not. One of the three that was ignored at the start (nohup, a
 * shell's &) stays ignored. System calls that can be are restarted.
 */

#include <stdbool.h>

struct imgcache_error;

void signals_install(void);	/* idempotent */
int signals_fd(void);		/* readable once interrupted; or -1 */
int signals_pending(void);	/* the first signal's number, or 0 */

/* "SIGTERM"; NULL for a signal that no program dies of in practice. */
const char *signals_name(int sig);

/* 0, or IMGCACHE_EINTR with err set ("interrupted by SIGINT"). */
int signals_check(struct imgcache_error *err);

/* In a forked process: a pipe of its own, and nothing pending. */
void signals_renew(void);

/* End the program as the pending signal would have. Returns if none. */
void signals_reraise(void);

#endif
