/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_JOBS_BACKGROUND_H
#define IMGCACHE_JOBS_BACKGROUND_H

/*
 * Builds that outlive the process that asks for them: one process for each
 * image, which holds the lock of alive_job() from before it is started until it
 * has ended, and says in the catalog how it ended. It builds the key that it
 * was promised under, and no other.
 */

#include "session/session.h"

struct background_promised;

/* The images of one call: what is built from another waits for that. */
struct background {
	const struct imgcache_build_options *build;
	const char *verb;	/* as lookups are counted */
	bool uncounted;
	bool is_attended;	/* somebody waits for them, and tells */
	int64_t jobs;		/* so many at a time; 0: no limit */
	const char *slots;	/* the beginning of the names of their locks */
	struct background_promised *v;
	size_t n, cap;
};

/*
 * What the engine has is finished at once. Else *a is a miss, and
 * a->is_started: by this call; without, somebody is at it already.
 */
int background_start(struct imgcache_recipe *r, struct background *b,
		     struct imgcache_answer *a, struct imgcache_error *err);
void background_release(struct background *b);

#endif
