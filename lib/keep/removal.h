/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_REMOVAL_H
#define IMGCACHE_KEEP_REMOVAL_H

/*
 * Removing one image of ours so that nothing else is harmed: never one that a
 * lease holds or a container uses, never by force, only our own tags, and the
 * image itself only when no other tag is left on it.
 */

#include "session/session.h"
#include "store/images.h"

enum removal_end {
	REMOVAL_DONE,
	REMOVAL_GONE,		/* the engine had lost it already */
	REMOVAL_IN_USE,		/* why says by whom */
	REMOVAL_FOREIGN		/* the tag was another image's; left alone */
};

struct removal {
	enum image_status status;	/* what the row becomes */
	enum removal_end end;
	const char *why;		/* in the handle's arena */
};

int removal_run(struct imgcache *ic, const struct imgcache_image *image,
		struct removal *r, struct imgcache_error *err);

#endif
