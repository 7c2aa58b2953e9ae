/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_ALIASES_H
#define IMGCACHE_KEY_ALIASES_H

/*
 * Names for people, in the repository of the tag, which nobody looks up:
 *
 *	<name>-<12 of the key>		an image of the project file
 *	git-<12 of HEAD>		every file that counts is as committed
 *	git-<12 of HEAD>-dirty-<8 of the key>
 *
 * Those of git only where the context is in a work tree and the hash is git's:
 * with the other one there is nothing to compare. A file that git converts on
 * its way into the repository is not as committed.
 */

#include <stdbool.h>

struct inputs;
struct strv;

/* Append the references to out. */
void aliases_of(const struct inputs *in, struct strv *out);

/* Is that a tag as above, of the image with that id (12 of the key)? */
bool alias_is_of(const char *tag, const char *id);

#endif
