/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_JSON_H
#define IMGCACHE_RECIPE_DOCKERFILE_JSON_H

/*
 * The two bits of JSON that a Dockerfile has: the array form of instructions,
 * and files that are one JSON object. As strict as Go's encoding/json; bad
 * UTF-8 and lone surrogates become U+FFFD there and here.
 */

#include <stdbool.h>

#include "recipe/dockerfile_text.h"

struct buf;

enum dockerfile_json_list {
	JSON_LIST_NONE,		/* not a JSON array */
	JSON_LIST_MIXED,	/* one, but not of strings only */
	JSON_LIST_STRINGS
};

/* The strings are given to add(), in order; the bytes live for the call. */
typedef void dockerfile_json_fn(void *payload, const char *s, size_t len);
enum dockerfile_json_list dockerfile_json_list(struct span text,
					       dockerfile_json_fn *add,
					       void *payload);

/* Append the string that the object has under that name; false: it has not. */
bool dockerfile_json_member(struct span text, const char *name,
			    struct buf *out);

#endif
