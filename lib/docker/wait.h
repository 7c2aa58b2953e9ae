/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_WAIT_H
#define IMGCACHE_DOCKER_WAIT_H

/*
 * Sleeping beside a child that runs on its own: until it ends, a signal comes
 * for us, or some time has passed. Where the kernel has no pidfd (before 5.3)
 * it only ever sleeps for a moment.
 */

#include <stdbool.h>

struct child;

struct wait {
	int pidfd;
	bool deaf;		/* signals do not end the sleep any more */
	bool forwarded;
};

void wait_begin(struct wait *w, const struct child *c);
void wait_some(struct wait *w, int ms);		/* -1: no limit */

/*
 * The signal that came for us, if one did, goes to the child, once: not if the
 * terminal sent it, which sends to all of its foreground group.
 */
void wait_forward(struct wait *w, struct child *c);
void wait_end(struct wait *w);

#endif
