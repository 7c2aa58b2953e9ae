/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_FACTS_H
#define IMGCACHE_STORE_FACTS_H

/* Small facts by name: where the journal was read to, when counts began. */

struct catalog;
struct imgcache_error;

int facts_set(struct catalog *cat, const char *name, const char *value,
	      struct imgcache_error *err);

/* *value is the caller's; NULL if there is none. */
int facts_get(struct catalog *cat, const char *name, char **value,
	      struct imgcache_error *err);

#endif
