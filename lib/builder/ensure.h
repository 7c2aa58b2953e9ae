/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_ENSURE_H
#define IMGCACHE_BUILDER_ENSURE_H

/*
 * Look up, pull what a registry has, and if that misses too, build: the one
 * path that build, spawn and what comes later take.
 */

#include "lookup/lookup.h"
#include "store/leases.h"

struct ensure {
	const char *verb;		/* as lookups are counted */
	const struct imgcache_build_options *build;
	bool only_look;			/* never build: a miss is IMGCACHE_ENO */
	bool only_answer;		/* nor go on after an unknown: get */
	bool uncounted;
	bool pushes_hits;		/* by the setting, as what is built */
	struct lease *lease;		/* held on a hit and after a build; or NULL */
	const char *tag;		/* IMGCACHE_ECHANGED if the key is another
					 * by now; or NULL */
	/* why it missed when the build was promised, which is why it is pending
	 * now; or NULL */
	const struct imgcache_answer *promised;
	/* called in place of all that is more than a look at the engine */
	int (*instead)(void *payload, struct inputs *in,
		       const struct lookup_found *f, struct imgcache_error *err);
	void *payload;
};

/* Why a lookup with these options does not count, or NULL: it does. */
const char *ensure_bypassed(const struct imgcache *ic,
			    const struct imgcache_build_options *o);

/*
 * 0 with a hit (perhaps built by this call); IMGCACHE_ENO and the reason;
 * IMGCACHE_EUNKNOWN; or what the build says. *a is filled in either way.
 */
int ensure_image(struct imgcache_recipe *r, const struct ensure *e,
		 struct imgcache_answer *a, struct imgcache_error *err);

#endif
