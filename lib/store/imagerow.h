/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_IMAGEROW_H
#define IMGCACHE_STORE_IMAGEROW_H

/* How a row of images is read, for the two modules that select them. */

#include "store/images.h"

struct sql_use;

/* In the order in which imagerow_add() reads them; i and e are the tables. */
#define IMAGE_COLUMNS							\
	"SELECT i.id, e.name, i.tag, i.platform, i.status, i.hash, i.ref," \
	" i.name, i.project, i.recipe, i.origin, i.image_id, i.digest,"	\
	" i.base_ref, i.base_digest, i.dependencies_hash, i.manifest,"	\
	" i.log_path, i.reason, i.metadata, i.pushed_ref, i.pushed_at,"	\
	" i.size_bytes, i.generation, i.created_at, i.last_used_at,"	\
	" i.built_at, i.build_us, i.hits, i.pinned, i.status_at,"	\
	" i.untrusted"

/* When it was last of use: created, built or hit, whichever was last. */
#define IMAGE_USED							\
	"max(i.created_at, coalesce(i.built_at, 0),"			\
	" coalesce(i.last_used_at, 0))"

/* Copy the row that q stands on to the end of the list. */
void imagerow_add(struct image_list *list, struct sql_use *q);

/* Step through all that q has to give. */
int imagerow_add_all(struct image_list *list, struct sql_use *q,
		     struct imgcache_error *err);

#endif
