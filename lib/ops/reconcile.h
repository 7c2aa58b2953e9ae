/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_OPS_RECONCILE_H
#define IMGCACHE_OPS_RECONCILE_H

#include <stdbool.h>

struct imgcache;
struct imgcache_error;

/*
 * Bring the catalog in line with the engine, both ways: rows whose image is
 * gone are marked so, images that carry a key and their own tag but have no
 * row get one, names left by killed builds are taken away. look_only changes
 * nothing on the engine.
 */
int reconcile(struct imgcache *ic, bool look_only, struct imgcache_error *err);

#endif
