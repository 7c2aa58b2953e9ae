/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_EXPORT_H
#define IMGCACHE_DOCKER_EXPORT_H

/*
 * An image of the engine as files. A folder or an archive of its files is what
 * a build comes to that does nothing but begin with it, so that they are the
 * same whether the image was built just now or long ago, and nothing is run.
 * The image itself comes from docker save.
 */

#include <stdbool.h>

#include "sys/child.h"

struct imgcache_error;
struct output;

struct export_request {
	const char *docker;		/* NULL: "docker" */
	const struct output *output;	/* one that output_is_file() */
	const char *archive;		/* written in the place of its dest */
	const char *image;		/* its ref */
	bool has_onbuild;		/* triggers, which must not run */
	const char *platform;		/* "linux/amd64" */
	const char *builder;		/* of the engine itself, or NULL */
	const char *const *names;	/* for docker save, NULL-ended */
	child_output_fn *on_output;	/* what goes to standard output */
	void *payload;
};

/* IMGCACHE_EFAIL with docker's own words, IMGCACHE_EINTR. */
int export_image(const struct export_request *r, struct imgcache_error *err);

#endif
