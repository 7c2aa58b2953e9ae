/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_HANDOVER_H
#define IMGCACHE_KEY_HANDOVER_H

/*
 * Giving a build its files so that BuildKit cannot serve stale bytes.
 *
 * BuildKit keeps a copy of each context, and asks again only for what differs in
 * size, mode or mtime. So a file rewritten with the same size and mtime is built
 * from its old bytes, and a directory whose mode changed keeps the old one
 * (tried out on 20.10 and 26.1, buildx 0.13). The copy of the main context goes
 * by that one's base name, that of a named context by its name and the main
 * one's base name; where a named context lies plays no part.
 *
 * We know the hashes, so the contexts are passed as symbolic links
 *
 *	<private>/<H of the path>-<generation>
 *
 * of one generation, which is new, and all copies therefore empty, whenever
 * something changed in any of them that BuildKit would not notice, or when we
 * are in doubt: nothing remembered, a build that did not end well, a clock or an
 * mtime that went back.
 */

#include "key/inputs.h"

struct handover_context {
	const struct input_context *context;
	char *link;		/* path given to docker */
};

struct handover {
	char *dockerfile;
	char *ignore;		/* NULL: none */
	struct handover_context *v;	/* in the order of inputs.contexts */
	size_t n;
	char *memo;		/* file with what BuildKit saw last; or NULL */
	char *before;		/* its lines, if the generation stays; or NULL */
	char generation[40];
	bool has_more;		/* BuildKit was sent what is not remembered */
};

/*
 * Lay everything out under the state directory. scope names engine and
 * builder: each has a memory of its own. Release in any case.
 */
int handover_make(struct inputs *in, const char *scope, struct handover *out,
		  struct imgcache_error *err);

/* The build ended well and the sources did not move: remember what was sent. */
void handover_remember(struct handover *h);

/* Remove the files of this build; links stay for those who share them. */
void handover_release(struct handover *h);

/*
 * Remove links and files that nobody can need any more; returns how many, in
 * a dry run how many there are.
 */
int64_t handover_sweep(struct imgcache *ic, int64_t before_s, bool dry_run);

#endif
