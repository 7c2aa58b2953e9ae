/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_REFUSAL_H
#define IMGCACHE_LOOKUP_REFUSAL_H

/*
 * Why docker will not build what there is now, as far as the file and its
 * contexts show it: "Dockerfile:12: 'BOGUS' is no instruction"; in the handle's
 * arena. NULL: nothing is seen.
 */

struct side;

const char *refusal_of(const struct side *now);

#endif
