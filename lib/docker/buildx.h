/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_BUILDX_H
#define IMGCACHE_DOCKER_BUILDX_H

/*
 * `docker buildx build`: what the client can, its argument list, one run.
 *
 * The child's output goes to a file and not to us, and it inherits the build
 * lock, so that a build whose imgcache was killed runs to its end and holds
 * the lock to the end. We follow the file. An interrupt or a deadline cancels:
 * the group gets SIGTERM, after some seconds SIGKILL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/progress.h"

struct imgcache_error;
struct strv;

/* What the installed buildx can do, by its version. */
struct buildx_client {
	char version[48];	/* "0.13.1", no v, no "+ds1" */
	int major, minor, patch;
	bool has_rawjson;	/* --progress=rawjson: 0.12 */
	bool has_attestations;	/* --provenance, --sbom: 0.10 */
	bool has_build_context;	/* --build-context: 0.8 */
	bool has_no_cache_filter;	/* 0.8 */
	bool has_cache_reset;	/* --cache-to type=local,reset=true: 0.35 */
	bool has_check;		/* --call=check: 0.15 */
};

/* False if the text holds no version. "github.com/docker/buildx v0.13.1 …" */
bool buildx_client_parse(struct buildx_client *out, const char *text);

struct buildx_probe {
	const char *docker;	/* NULL: "docker" */
	const char *config_dir;	/* docker's, for the plugin; may be NULL */
	const char *memo_dir;	/* where the answer is remembered, or NULL */
};

/*
 * Ask `docker buildx version` (50 ms), or take what is remembered for the very
 * plugin file: path, inode, size and mtime. IMGCACHE_EFAIL with what to do
 * when docker or buildx is missing.
 */
int buildx_client_find(struct buildx_client *out, const struct buildx_probe *p,
		       struct imgcache_error *err);

/* One build. Lists are NULL-ended or NULL; text is NULL when not wanted. */
struct buildx_request {
	const char *docker;		/* NULL: "docker" */
	const char *dockerfile;		/* path */
	const char *context;		/* path or URL, the last argument */
	const char *const *tags;	/* refs */
	const char *target;
	const char *const *args;	/* "NAME=value" */
	const char *const *labels;	/* "name=value" */
	const char *const *contexts;	/* "name=value" of --build-context */
	const char *const *platforms;	/* "linux/amd64" */
	const char *const *secrets;	/* as docker has it: "id=x,src=/y" */
	const char *const *ssh;
	const char *const *add_hosts;	/* "name:address" */
	const char *const *cache_to;
	const char *const *cache_from;
	const char *const *no_cache_filter;	/* stages */
	const char *network;
	const char *builder;
	const char *metadata_file;
	const char *const *allow;	/* entitlements */
	const char *cgroup_parent;
	const char *shm_size;
	const char *const *ulimits;
	bool no_cache;
	bool pull;
	bool push;
	bool load;			/* for builders of other drivers */
	bool no_image;			/* only caches come of it */
};

/*
 * The argument list, in a fixed order; every value stands in one word with its
 * option ("--label=a=b") and the context follows "--", so nothing in a request
 * can become an option. Always without attestations where the client knows
 * them: they make the digest differ every time. IMGCACHE_EUSAGE if the client
 * lacks something that the request needs.
 */
int buildx_argv(const struct buildx_request *r, const struct buildx_client *c,
		struct strv *out, struct imgcache_error *err);

struct buildx_run {
	const struct buildx_request *request;
	const struct buildx_client *client;
	int log_fd;			/* open for reading and appending */
	int lock_fd;			/* the child holds it too; 0: none */
	int64_t timeout_ms;		/* for the whole build; 0: none */
	int64_t idle_ms;		/* without a byte of output; 0: none */
	progress_fn *on_progress;	/* may be NULL */
	void *payload;
};

/*
 * Build. The log must be empty; its descriptor's offset is not used. *out is
 * filled in whenever a child ran. 0; IMGCACHE_EBUILD when docker said that the
 * build failed, or when a deadline ended it (err: the failing step and its
 * error); IMGCACHE_EFAIL when it could not even be tried (no docker, no
 * engine, no buildx, disk full); IMGCACHE_EINTR after cancelling.
 *
 * 0 does not prove that the image exists: inspect it and compare its label.
 */
int buildx_run(const struct buildx_run *run, struct progress_summary *out,
	       struct imgcache_error *err);

#endif
