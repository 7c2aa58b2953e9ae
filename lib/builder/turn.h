/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_TURN_H
#define IMGCACHE_BUILDER_TURN_H

/*
 * One at a time is at an image: who builds, pulls or pushes it holds the lock
 * of its tag, and the others wait and say for whom.
 */

#include <stdbool.h>
#include <stdint.h>

#include "key/inputs.h"
#include "sys/lock.h"

struct turn {
	struct lock lock;
	bool waited;		/* somebody else was at it */
	int64_t ended;		/* the last build that had ended before */
};

#define TURN_INIT { .lock = LOCK_INIT }

/*
 * Until it is ours; IMGCACHE_EINTR, EFAIL. turn_end() in any case. To do what
 * is what others read meanwhile: "build", "pull" or "push".
 */
int turn_take(struct turn *t, struct inputs *in, const char *what,
	      struct imgcache_error *err);

/*
 * Is a build given what is in no key, so that it may end in another way than
 * one without: a builder, secrets, limits, caches, proxies?
 */
bool turn_has_own_means(const struct inputs *in,
			const struct imgcache_build_options *o);

/*
 * Did a step fail while we waited, as it would again for us? Then
 * IMGCACHE_EBUILD as who built it has it, and its log; else 0. So only if docker
 * told the exit code of the step's command, and neither of the two builds has
 * means of its own.
 */
int turn_failure(const struct turn *t, struct inputs *in,
		 const struct imgcache_build_options *o,
		 struct imgcache_answer *a, struct imgcache_error *err);
void turn_end(struct turn *t);

#endif
