/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_TRUST_H
#define IMGCACHE_KEY_TRUST_H

/*
 * Who may write to the shared cache. Whoever can write there decides what
 * everyone runs, so pushing is asked for, and builds of strangers' changes
 * write to a place that only their like reads.
 *
 * The project file of a pull request is the pull request's own: what holds in
 * the end are the credentials that such a job is given.
 */

#include "key/inputs.h"

/*
 * May this build write there, to a repository or one of its tags? An untrusted
 * one not where trusted ones read.
 */
bool trust_may_write(const struct inputs *in, const char *ref);

/*
 * The repository of build caches for which none is named; NULL with err if no
 * registry is set, or with a warning where it may not be written.
 */
const char *trust_cache_home(const struct inputs *in, bool writes,
			     struct imgcache_error *err);

/*
 * Is the image to be pushed: by --push (asked), or by the setting? *push is
 * false where it cannot be, with a warning; where it was asked for that is
 * IMGCACHE_EFAIL, which says what to set.
 */
int trust_decide(struct inputs *in, bool asked, bool *push,
		 struct imgcache_error *err);

#endif
