/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_HINTS_H
#define IMGCACHE_LOOKUP_HINTS_H

/*
 * What the engine was asked about for this recipe the last time. Asked again
 * at once, before anything is read or hashed, the engine looks its images up
 * while we compute the key. Only a guess: the answer is used when the key that
 * was computed asks for the same, and dropped otherwise.
 */

struct imgcache_recipe;
struct inputs;

void hints_send(struct imgcache_recipe *r);

/* After a lookup: remember what was asked, if it is not what is remembered. */
void hints_keep(const struct inputs *in);

#endif
