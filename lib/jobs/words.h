/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_JOBS_WORDS_H
#define IMGCACHE_JOBS_WORDS_H

/* What a build in the background says: to who starts it, and in its log. */

#include "imgcache.h"

/*
 * The log is the job's stderr. An empty line stands where docker's own log, of
 * the image of that ref, belongs: see log.c.
 */
void words_log(const struct imgcache_event *e, const char *own_ref);

/*
 * What is to be done for a recipe that was looked up with that result:
 * "building", "pushing"; NULL where a registry may have it, as none was asked.
 */
const char *words_doing(const struct imgcache_recipe *r,
			const struct imgcache_build_options *o,
			enum imgcache_state state);

void words_started(struct imgcache *ic, const struct imgcache_answer *a,
		   const char *tag, const char *doing);

/*
 * The log that a failure of its own build names is the one that tells of it:
 * that is not said in it.
 */
void words_cut_log(const struct imgcache_recipe *r, const char *tag,
		   char *text);

#endif
