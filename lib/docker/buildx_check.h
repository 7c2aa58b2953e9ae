/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_BUILDX_CHECK_H
#define IMGCACHE_DOCKER_BUILDX_CHECK_H

/*
 * `docker buildx build --call=check`: BuildKit's own linter (buildx 0.15, and
 * a Dockerfile frontend of 1.8 in the engine). Nothing is built.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct imgcache_error;

struct buildx_finding {
	const char *rule;	/* "StageNameCasing" */
	const char *text;	/* what it says of this place */
	const char *url;	/* its page, or NULL */
	int line;		/* 0: the whole file */
	int end_line;		/* the last of the instruction */
};

/* Why BuildKit went no further in the file; checks of what follows lack. */
struct buildx_stop {
	const char *text;	/* NULL: it went to the end */
	int line;		/* 0: not known */
	bool is_malformed;	/* the file's own fault, whatever the engine */
};

struct buildx_answer {
	struct buildx_finding *v;	/* in the order of the answer */
	size_t n;
	struct buildx_stop stop;
};

struct buildx_check {
	const char *docker;		/* NULL: "docker" */
	const char *dockerfile;
	const char *context;
	const char *const *args;	/* NAME=value, NULL-ended, or NULL */
};

/*
 * The answer lives in the arena. IMGCACHE_EFAIL if there is none, for no file:
 * no engine, no client; IMGCACHE_EBUILD if the engine has none for this file,
 * such as one whose frontend cannot be fetched; IMGCACHE_ENO if the frontend
 * has no such call; IMGCACHE_EINTR.
 */
int buildx_check(const struct buildx_check *check, struct arena *arena,
		 struct buildx_answer *out, struct imgcache_error *err);

/* What the call prints, which is JSON. */
int buildx_check_parse(const char *json, size_t len, struct arena *arena,
		       struct buildx_answer *out, struct imgcache_error *err);

#endif
