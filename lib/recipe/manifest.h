/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_MANIFEST_H
#define IMGCACHE_RECIPE_MANIFEST_H

/*
 * The canonical text of every input of one recipe at one moment. Its hash is
 * the key; imgcache-key(7) describes each line. This module knows the form
 * (order, quoting, what is left out when empty), its callers know the values.
 * Two different inputs never give the same bytes: a line begins with its word,
 * free strings are C-quoted, values of args are hashed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"
#include "source/hash.h"

struct arena;
struct buf;
struct imgcache_error;
struct textmemo;

#define MANIFEST_TAG_MAX 48

struct manifest_arg {
	const char *name;
	const char *value;	/* NULL: unset */
};

struct manifest_base {
	const char *ref;	/* as written */
	const char *digest;	/* "sha256:...", a tag of ours, or "name" */
};

/* A named context: kind "image", "url" or "dir" (value: hex of its tree). */
struct manifest_named {
	const char *name;
	const char *kind;
	const char *value;
};

struct manifest_extra {
	const char *path;	/* as written */
	long long size;
	struct hash hash;
};

enum manifest_context { CONTEXT_NONE, CONTEXT_FULL, CONTEXT_SOURCES };

/* Text is borrowed. Lists need no order: the text has its own. */
struct manifest {
	enum hash_kind kind;
	const char *salt;	/* NULL or "": left out */
	const char *epoch;	/* the same */
	const char *dockerfile;	/* what counts of what is handed over */
	size_t dockerfile_len;
	const char *frontend;	/* of "# syntax=", NULL: none */
	const char *target;
	const char *network;
	const struct strv *platforms;	/* never empty */
	const struct strv *add_hosts;
	const struct strv *labels;	/* NAME=value */
	const struct strv *secrets;	/* ids */
	const struct strv *ssh;		/* ids */
	const struct manifest_arg *args;
	size_t n_args;
	const struct manifest_base *bases;
	size_t n_bases;
	const struct manifest_named *named;
	size_t n_named;
	const struct manifest_extra *extras;
	size_t n_extras;
	enum manifest_context context;
	const char *context_reason;	/* why full, if it was not asked for */
	struct hash tree;	/* root of the context */
};

/* Append the text to out. Fails only if a hash cannot be had. */
int manifest_write(const struct manifest *m, struct textmemo *memo,
		   struct buf *out, struct imgcache_error *err);

/*
 * The tag of a manifest: "g1-" or "x1-" and the hex of the hash of its text,
 * in out[MANIFEST_TAG_MAX].
 */
int manifest_tag(enum hash_kind kind, const struct buf *text,
		 struct textmemo *memo, char out[MANIFEST_TAG_MAX],
		 struct imgcache_error *err);

/* Is that text a tag as manifest_tag() makes them? */
bool manifest_is_tag(const char *text);

/* How long the tag is that the text begins with; 0: it begins with none. */
size_t manifest_tag_len(const char *text);

/*
 * An image of moved sources is called by the key that it was to have and more:
 * that key. Of any other it is the text itself.
 */
const char *manifest_key(struct arena *arena, const char *text);

#endif
