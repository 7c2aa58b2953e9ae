/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_RAWJSON_H
#define IMGCACHE_DOCKER_RAWJSON_H

/*
 * Finding the JSON objects in a stream that also holds plain lines, without
 * reading them: only strings, escapes and brackets are looked at. An object
 * begins with '{' at the beginning of a line (or right after another object)
 * and may go over many lines if they are indented.
 *
 * It resynchronises: an object that cannot be one (a line break inside a
 * string, an unindented line that closes nothing, more than 8 MiB) is given
 * out as lines, and reading goes on at the byte that showed it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One whole object, or one line without its end; borrowed, NUL-ended. */
typedef void rawjson_fn(void *payload, const char *text, size_t len);

struct rawjson {
	rawjson_fn *on_object;
	rawjson_fn *on_line;
	void *payload;
	struct buf item;	/* what has come of the object or line */
	int depth;		/* brackets open; 0: in a line or between */
	bool in_string;
	bool escaped;
	bool line_start;	/* inside an object: a line has just begun */
};

#define RAWJSON_INIT(object, line, pl) \
	{ (object), (line), (pl), BUF_INIT, 0, false, false, false }

void rawjson_feed(struct rawjson *r, const char *data, size_t len);

/* The end of the stream: an unfinished object is given out as lines. */
void rawjson_end(struct rawjson *r);

void rawjson_release(struct rawjson *r);

#endif
