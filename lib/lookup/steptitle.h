/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_STEPTITLE_H
#define IMGCACHE_LOOKUP_STEPTITLE_H

struct buf;

/*
 * A step as a person should read it: BuildKit's name without the flags of its
 * instruction, --from aside, and with runs of white space as one. A RUN of a
 * generated file begins with ": 'title';" and is called by that.
 *
 *	[2/3] RUN --mount=type=cache,target=/x set -eu;  make	[2/3] RUN set -eu; make
 *	[2/3] RUN --mount=... : 'apt packages'; set -eu ...	[2/3] apt packages
 */
void step_title(const char *name, struct buf *out);

#endif
