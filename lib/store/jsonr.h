/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_JSONR_H
#define IMGCACHE_STORE_JSONR_H

/*
 * Reading JSON (RFC 8259) with SQLite's own parser, on a connection in memory
 * that is opened by the first text and kept. The whole text becomes a tree of
 * nodes. Writing is base/json.h.
 *
 *	struct jsonr *r = jsonr_new();
 *	const struct jsonr_node *doc = jsonr_parse(r, text, len, err);
 *	const char *id = jsonr_string(doc, "/Id", NULL);
 *
 * A path is a JSON pointer (RFC 6901): "" is the node itself, "/a/0/b" goes
 * down, ~1 is a slash and ~0 a tilde in a name. Every reader takes a NULL node
 * and a path that leads nowhere, and gives the default for them and for a
 * value of another type.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imgcache_error;
struct jsonr;

enum jsonr_type {
	JSONR_NULL, JSONR_BOOL, JSONR_INT, JSONR_REAL, JSONR_STRING,
	JSONR_ARRAY, JSONR_OBJECT
};

struct jsonr_node {
	enum jsonr_type type;
	const char *key;	/* inside an object, else NULL */
	const char *text;	/* of a string, NUL-ended; else NULL */
	int64_t number;		/* of INT and BOOL */
	double real;		/* of INT and REAL */
	size_t n;		/* children of an ARRAY or OBJECT */
	const struct jsonr_node *child;	/* the first of them, as written */
	const struct jsonr_node *next;	/* its next sibling */
};

struct jsonr *jsonr_new(void);
void jsonr_free(struct jsonr *r);	/* NULL is fine */

/*
 * The root of the text, valid until the next parse or jsonr_free(). NULL with
 * IMGCACHE_EFAIL ("malformed JSON: ...") if it is anything but one JSON value,
 * or nested deeper than SQLite goes (a thousand or more). A string ends
 * at \u0000.
 */
const struct jsonr_node *jsonr_parse(struct jsonr *r, const char *text,
				     size_t len, struct imgcache_error *err);

const struct jsonr_node *jsonr_at(const struct jsonr_node *n, const char *path);

/* One member of an object by its plain name, no pointer syntax. */
const struct jsonr_node *jsonr_member(const struct jsonr_node *n,
				      const char *name);

const char *jsonr_string(const struct jsonr_node *n, const char *path,
			 const char *otherwise);
int64_t jsonr_int(const struct jsonr_node *n, const char *path,
		  int64_t otherwise);
double jsonr_real(const struct jsonr_node *n, const char *path,
		  double otherwise);
bool jsonr_bool(const struct jsonr_node *n, const char *path, bool otherwise);

#endif
