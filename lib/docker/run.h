/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_RUN_H
#define IMGCACHE_DOCKER_RUN_H

/*
 * `docker run` in the foreground: our terminal, our process group, signals
 * passed on, the container's own exit status.
 */

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct imgcache_error;
struct strv;

struct run_request {
	const char *docker;		/* NULL: "docker" */
	const char *image;		/* an id; a name might be moved */
	const char *platform;		/* of the image, or NULL */
	const char *const *options;	/* the user's, for docker run */
	const char *const *command;	/* NULL: the image's own */
	const char *memory;		/* "512" (MB), "2g", NULL */
	const char *cpus;		/* "1.5", NULL */
	int64_t timeout_s;		/* 0: none */
	const char *private_dir;	/* for the container's id file */
};

/*
 * docker run --pull=never [--cidfile=…] [--memory=…] [--cpus=…] OPTIONS IMAGE
 * COMMAND. A cidfile among the user's options is left to them, cidfile is then
 * the user's (see run_user_cidfile).
 */
void run_argv(const struct run_request *r, const char *cidfile,
	      struct strv *out);

/* The path in the user's own --cidfile, borrowed from options; or NULL. */
const char *run_user_cidfile(const char *const *options);

enum run_end {
	RUN_EXITED,	/* the container's own status, 126 and 127 included */
	RUN_REFUSED,	/* docker's 125: no container was made */
	RUN_NO_IMAGE,	/* 125, and the engine has no such image (any more) */
	RUN_TIMEOUT	/* stopped by us; status is 124 */
};

struct run_result {
	enum run_end end;
	int status;		/* for our own caller */
};

/*
 * Run to the end. On timeout the container is stopped by the engine (10 s of
 * grace, then killed) and gone before the call returns; a container that was
 * started with -d is docker's, a timeout is then refused (IMGCACHE_EUSAGE).
 *
 * 0 with *out whenever docker was started, also when a signal came: it was
 * passed on and out->status is what became of it (signals_pending() tells).
 * IMGCACHE_EFAIL if docker cannot be started.
 */
int run_container(const struct run_request *r, struct engine *e,
		  struct run_result *out, struct imgcache_error *err);

#endif
