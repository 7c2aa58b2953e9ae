/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_OUTPUT_H
#define IMGCACHE_DOCKER_OUTPUT_H

/*
 * The values of docker's --output: a folder, "-", or "type=…,name=value", as
 * buildx reads them (util/buildflags/export.go).
 */

#include "base/strv.h"

struct imgcache_error;

enum output_type {
	OUTPUT_ENGINE,		/* docker, image: an image of the engine */
	OUTPUT_REGISTRY,	/* the same, and pushed */
	OUTPUT_LOCAL,		/* its files in a folder */
	OUTPUT_TAR,		/* its files in an archive */
	OUTPUT_ARCHIVE		/* the image itself, for docker load */
};

struct output {
	enum output_type type;
	char *dest;		/* of the last three; "-": standard output */
	struct strv names;	/* name=, further names of the image */
};

/*
 * IMGCACHE_EUSAGE for what is no output, and for those that another image than
 * the key's would come of, with the reason.
 */
int output_parse(struct output *out, const char *text,
		 struct imgcache_error *err);
void output_release(struct output *o);

/* Does it go to a file or a folder, and not to an engine or a registry? */
bool output_is_file(const struct output *o);

#endif
