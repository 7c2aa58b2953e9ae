/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_NAMES_H
#define IMGCACHE_STORE_NAMES_H

/*
 * The names of an image. Recipes whose inputs are the same have one key and so
 * one image: its row has the name that it was built under last, and here are
 * all of them.
 */

#include <stdint.h>

struct catalog;
struct image_list;
struct imgcache_error;
struct strv;

struct image_name {
	const char *name;
	const char *project;	/* NULL: not known */
	int64_t at;		/* when the image was made under it; 0: now */
};

/* The name has had this image made. */
int names_put(struct catalog *cat, int64_t image, const struct image_name *n,
	      struct imgcache_error *err);

/* The image was found under that name; nothing is written if that is known. */
int names_note(struct catalog *cat, int64_t image, const struct image_name *n,
	       struct imgcache_error *err);

/* Fill in the names of every row of a list, each once, a to z. */
int names_load(struct catalog *cat, struct image_list *list,
	       struct imgcache_error *err);

/* Every name that there is, a to z, each once; no more than limit of them. */
int names_all(struct catalog *cat, int64_t limit, struct strv *out,
	      struct imgcache_error *err);

#endif
