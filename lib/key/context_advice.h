/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_CONTEXT_ADVICE_H
#define IMGCACHE_KEY_CONTEXT_ADVICE_H

/*
 * What hardly ever belongs into an image and is easily sent to docker: the
 * repository's history, installed packages, caches, build outputs, secrets. A
 * name that may as well be a source's (build, dist, out) is believed only where
 * a file beside it says that something is built there and git ignores it. What
 * an instruction names itself is never advised against.
 */

#include <stdbool.h>
#include <stddef.h>

#include "source/weigh.h"

struct allow_list;
struct arena;
struct ignore;
struct imgcache_advice;

enum advice_kind {
	ADVICE_HISTORY,
	ADVICE_NODE,
	ADVICE_VENV,
	ADVICE_BYTECODE,
	ADVICE_CACHE,
	ADVICE_OUTPUT,
	ADVICE_COVERAGE,
	ADVICE_EDITOR,
	ADVICE_DESKTOP,
	ADVICE_SECRET
};

/* What kind an imgcache_advice is, by its why. */
enum advice_kind advice_kind(const char *why);

struct advice_match {
	const char *example;
	bool is_deep;		/* some match is not in the context's root */
};

struct advice {
	const char *root;	/* absolute path of the context */
	const struct allow_list *reads;	/* NULL: not known */
	struct ignore *marks;	/* the names, for struct weigh_options */
	struct advice_match *matches;	/* by rule of marks */
	struct arena *arena;	/* not ours */
};

/* root and reads are borrowed. */
void advice_init(struct advice *a, struct arena *arena, const char *root,
		 const struct allow_list *reads);
void advice_release(struct advice *a);

/* A weigh_mark_fn; payload is the struct advice. */
bool advice_accepts(void *payload, size_t rule, const char *path);

/* What came of it, heaviest first, in the arena. */
void advice_list(const struct advice *a, const struct weigh *w,
		 const struct imgcache_advice **out, size_t *n);

#endif
