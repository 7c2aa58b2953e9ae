/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_BASE_H
#define IMGCACHE_KEY_BASE_H

/*
 * What an image reference in a recipe or Dockerfile stands for now: a digest
 * for the key, and a reference that cannot move for the build.
 *
 *	a@sha256:...		as written
 *	an image of ours	its key
 *	imgcache.lock		the team's agreement
 *	the memo		the registry's answer, while it is fresh
 *	the registry		asked, and remembered
 *	the engine		its id, where no registry has it
 *	an old memo		with a warning, where nobody answers
 */

#include <stdbool.h>

#include "session/session.h"

struct lockfile_config;

enum base_kind {
	BASE_PINNED,		/* ref@digest */
	BASE_LOCAL,		/* an image of this engine, kept by its id */
	BASE_OURS,		/* an image of imgcache */
	BASE_NAMED		/* not pinned in the build */
};

/* Text lives in the handle's arena. */
struct base {
	enum base_kind kind;
	const char *ref;	/* as written */
	const char *digest;	/* for the manifest */
	const char *pinned;	/* for FROM and --build-context */
	const char *at;		/* BASE_OURS: the engine's name; NULL: ref */
	const char *image_id;	/* BASE_LOCAL */
	const char *decided_for;	/* docker decides: for that platform, or
					   ("") that of the build; else NULL */
	const char *user;	/* USER of the image, "" if none or unknown */
	const char *config_of;	/* whose configuration it has: see below */
	struct lockfile_config *locked;	/* what imgcache.lock says of it */
	size_t n_locked;
};

/*
 * base.config_of is what base_config.h goes by: the digest that is built from,
 * the id of a local image, the key of one of ours; NULL where nobody is asked.
 */

struct base_query {
	const char *ref;
	const char *at;		/* the name of ours on the engine, or NULL */
	const char *platform;
	const char *own_platform;	/* not that of the build; or NULL */
	bool by_name;		/* base_policy: name */
	bool fresh;		/* ask the registry whatever is remembered */
	bool no_lock;		/* do not look into imgcache.lock */
	bool wants_user;	/* out->user is needed */
	const char *user;	/* what the caller knows of it, or NULL */
	bool engine_decides;	/* cannot be pinned: what it has is taken */
};

int base_resolve(struct imgcache *ic, const struct base_query *q,
		 struct base *out, struct imgcache_error *err);

/*
 * The base of n that q asks for by another spelling of its name ("x" and
 * "x:latest"), or NULL. BuildKit pins all spellings to one image, so they have
 * to be one base; base_respell() makes the second of it.
 */
const struct base *base_by_other_spelling(const struct base *v, size_t n,
					  const struct base_query *q);
void base_respell(struct imgcache *ic, const struct base *same,
		  const char *ref, struct base *out);

/* Before a build: give a base the name by which the build finds it. */
int base_keep(struct imgcache *ic, const struct base *b,
	      struct imgcache_error *err);

#endif
