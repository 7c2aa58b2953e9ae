/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_JSON_H
#define IMGCACHE_BASE_JSON_H

/*
 * Writing JSON (RFC 8259) into a buffer. Commas and nesting are kept by the
 * writer; strings are escaped so that any bytes give valid JSON: control bytes
 * as \u00XX, bytes that are not UTF-8 as U+FFFD. Reading is lib/store/jsonr.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct json {
	struct buf *out;
	int depth;
	bool need_comma;
	bool after_key;
};

#define JSON_INIT(buffer) { (buffer), 0, false, false }

void json_object(struct json *j);
void json_array(struct json *j);
void json_end_object(struct json *j);
void json_end_array(struct json *j);
void json_key(struct json *j, const char *key);
void json_string(struct json *j, const char *s);	/* NULL writes null */
void json_stringn(struct json *j, const char *s, size_t len);
void json_int(struct json *j, int64_t n);
void json_real(struct json *j, double d);	/* nan and inf write null */
void json_bool(struct json *j, bool b);
void json_null(struct json *j);

#endif
