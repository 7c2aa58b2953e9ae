/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_BUILDX_CHECK_H
#define IMGCACHE_DOCKER_BUILDX_CHECK_H

/*
 * `docker buildx build --call=check`: BuildKit's own linter (buildx 0.15, and
 * a Dockerfile frontend of 1.8 in the engine). Nothing is built.
 */

#include <stddef.h>

struct arena;
struct imgcache_error;

struct buildx_finding {
	const char *rule;	/* "StageNameCasing" */
	const char *text;	/* what it says of this place */
	const char *url;	/* its page, or NULL */
	int line;		/* 0: the whole file */
	int end_line;
};

struct buildx_check {
	const char *docker;		/* NULL: "docker" */
	const char *dockerfile;
	const char *context;
	const char *const *args;	/* NAME=value, NULL-ended, or NULL */
};

/*
 * *v lives in the arena, in the order of the answer. IMGCACHE_EFAIL if there
 * is no answer: no engine, a frontend without the call, a Dockerfile that it
 * refuses; IMGCACHE_EINTR.
 */
int buildx_check(const struct buildx_check *check, struct arena *arena,
		 struct buildx_finding **v, size_t *n,
		 struct imgcache_error *err);

/* The findings in the JSON that the call prints. */
int buildx_check_parse(const char *json, size_t len, struct arena *arena,
		       struct buildx_finding **v, size_t *n,
		       struct imgcache_error *err);

#endif
