/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_RECONCILE_H
#define IMGCACHE_KEEP_RECONCILE_H


struct imgcache;
struct imgcache_error;

/*
 * Bring the catalog in line with the engine, as adopt() does, and take away the
 * names that killed builds left there.
 */
int reconcile(struct imgcache *ic, struct imgcache_error *err);

#endif
