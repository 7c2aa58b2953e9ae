/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SESSION_ALIVE_H
#define IMGCACHE_SESSION_ALIVE_H

/*
 * Who builds what now. A build holds the lock of its tag, and docker with it; a
 * background process another one, from before it begins until it ends. What is
 * not held is not alive, whatever the catalog says: pids decide nothing.
 */

#include "session/session.h"

/* What the line in a job's lock says while the process that builds holds it. */
#define ALIVE_JOB "build in the background"

/* The files of the two locks, in the handle's arena; NULL: no such folder. */
const char *alive_build_lock(struct imgcache *ic, const char *tag);
const char *alive_job_lock(struct imgcache *ic, const char *tag);

/* Is one of ours or docker at it; has a background process promised it? */
bool alive_builds(struct imgcache *ic, const char *tag);
bool alive_job(struct imgcache *ic, const char *tag);

/*
 * For who only asks: a row without an end is no interrupted build while
 * somebody is at it, and what is promised is no mere miss.
 */
enum imgcache_reason alive_reason(struct imgcache *ic, const char *tag,
				  enum imgcache_reason reason);

/* The same for an answer: of what is at hand, what differs is no detail. */
void alive_tell(struct imgcache *ic, const char *tag,
		struct imgcache_answer *a);

/*
 * Close what the catalog has as running and nobody holds: interrupted. *n (may
 * be NULL) is how many builds that were. Nothing is done on a read-only home.
 */
int alive_settle(struct imgcache *ic, size_t *n, struct imgcache_error *err);

#endif
