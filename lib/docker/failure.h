/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_FAILURE_H
#define IMGCACHE_DOCKER_FAILURE_H

/*
 * What docker, buildx, a daemon or a registry meant by a text: their exit
 * status says little (1 for nearly everything), the wording says what to do.
 * Wordings were collected from docker 20.10 to 29 and buildx 0.10 to 0.36.
 */

struct child_result;
struct imgcache_error;

enum docker_failure {
	DOCKER_OTHER,		/* nothing we know */
	DOCKER_NO_ENGINE,	/* nobody listens at the endpoint */
	DOCKER_NO_RIGHTS,	/* the socket refuses us */
	DOCKER_LOST_ENGINE,	/* the daemon went away in the middle */
	DOCKER_NO_BUILDX,	/* the client has no buildx */
	DOCKER_OLD_CLIENT,	/* an option that this client lacks */
	DOCKER_API_MISMATCH,	/* client and engine do not fit together */
	DOCKER_NO_IMAGE,	/* the engine has no such image */
	DOCKER_NO_CONTAINER,
	DOCKER_IN_USE,		/* a container or another image needs it */
	DOCKER_NOT_FOUND,	/* the registry has no such name */
	DOCKER_NO_PLATFORM,	/* a base is not there for the platform */
	DOCKER_DENIED,		/* the registry wants (other) credentials */
	DOCKER_RATE_LIMIT,
	DOCKER_NO_NETWORK,	/* name not resolved, no route, refused, TLS */
	DOCKER_NO_SPACE,
	DOCKER_BAD_NAME,	/* invalid reference format */
	DOCKER_CANCELLED,
	DOCKER_FAILURES
};

enum docker_failure docker_failure_of(const char *text);

/* What to do next, as the end of a message; NULL for DOCKER_OTHER. */
const char *docker_failure_advice(enum docker_failure f);

/*
 * The line of text that a person should see: the last that begins with
 * "ERROR:", "error:" or "docker:" without that word, else the last that is not
 * empty. Cut at size, control bytes become '?'. "" if there is none.
 */
void docker_failure_line(const char *text, char *out, unsigned long size);

/*
 * IMGCACHE_EFAIL for a docker that has ended so, with what it said: that line,
 * or how it ended, and what to do next. What was in err is forgotten.
 */
int docker_failure_set(const struct child_result *result, const char *text,
		       struct imgcache_error *err);

#endif
