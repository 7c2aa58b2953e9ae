/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_RECONCILE_H
#define IMGCACHE_KEEP_RECONCILE_H


struct imgcache;
struct imgcache_error;

/*
 * Bring the catalog in line with the engine: rows whose image is gone are
 * marked so; and, as asked, images that carry a key and their own tag but have
 * no row get one, and names that killed builds left are taken away.
 */
enum reconcile_also {
	RECONCILE_ADOPT = 1,	/* images without a row */
	RECONCILE_SWEEP = 2	/* names of killed builds */
};

int reconcile(struct imgcache *ic, unsigned also, struct imgcache_error *err);

#endif
