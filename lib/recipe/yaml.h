/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_YAML_H
#define IMGCACHE_RECIPE_YAML_H

/*
 * A small, bounded YAML: text, lists and mappings, each with the line and the
 * column where it was written. The file may come from a stranger's clone, so
 * what could be abused is refused: more than 1 MiB, more than 32 levels,
 * anchors, aliases, merge keys, tags, directives, a second document, keys
 * that are not text, a key twice, NUL, anything that is not UTF-8.
 *
 * Values have no types of their own: whoever reads a value knows what it
 * should be, so 1.10 stays "1.10" and `no` stays "no".
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct imgcache_error;

#define YAML_MAX_BYTES (1024 * 1024)
#define YAML_MAX_DEPTH 32

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool quoted;		/* text in quotes or a block: never null */
	int line;		/* both count from 1 */
	int column;		/* in characters */
	const char *text;	/* YAML_TEXT only */
	const struct yaml_node *key;	/* of a value in a mapping, else NULL */
	struct yaml_node *first;	/* items or values in file order */
	struct yaml_node *next;
	size_t n;		/* items or values */
};

/* All nodes live in the arena. Zero-initialised is an empty document. */
struct yaml_doc {
	struct arena arena;
	const char *name;	/* for messages: "imgcache.yaml" */
	struct yaml_node *root;	/* NULL: nothing but comments */
};

/*
 * Read len bytes of text. IMGCACHE_EFAIL with "<name>:<line>:<column>: ..." if
 * it is not the YAML described above; doc may be released then, too.
 */
int yaml_parse(struct yaml_doc *doc, const char *name, const char *text,
	       size_t len, struct imgcache_error *err);

/* The same for a file, shown as name. IMGCACHE_ENO if there is none. */
int yaml_read(struct yaml_doc *doc, int dirfd, const char *path,
	      const char *name, struct imgcache_error *err);

void yaml_release(struct yaml_doc *doc);

/* The value of a key, or NULL; also if node is NULL or no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *node,
				 const char *key);

/* Nothing, ~ or null, without quotes. */
bool yaml_is_null(const struct yaml_node *node);

/* Text that is not null: node->text, else NULL. */
const char *yaml_text(const struct yaml_node *node);

/* "a list", "a mapping", "nothing" or the text in quotes, for messages. */
const char *yaml_describe(const struct yaml_node *node, char out[64]);

/* Fail with IMGCACHE_EFAIL and "<name>:<line>:<column>: <text>". */
int yaml_fail(const struct yaml_doc *doc, const struct yaml_node *node,
	      struct imgcache_error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Fail since node's key is none of the n words: names the nearest, or lists
 * them all.
 */
int yaml_unknown(const struct yaml_doc *doc, const struct yaml_node *node,
		 const char *const *words, size_t n,
		 struct imgcache_error *err);

/* Fail with "expected <what>, found ...". */
int yaml_expected(const struct yaml_doc *doc, const struct yaml_node *node,
		  const char *what, struct imgcache_error *err);

/* Put "<name>:<line>:<column>: " before a set error; returns its code. */
int yaml_prefix(const struct yaml_doc *doc, const struct yaml_node *node,
		struct imgcache_error *err);

#endif
