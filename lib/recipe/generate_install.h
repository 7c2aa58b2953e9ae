/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_GENERATE_INSTALL_H
#define IMGCACHE_RECIPE_GENERATE_INSTALL_H

/*
 * The RUN instructions of a generated Dockerfile. All text that comes from the
 * user has passed its grammar, stands in single quotes and alone on its line.
 */

#include <stdbool.h>

struct buf;
struct grammar_packages;

/* Helper stages that collect files for one RUN. */
#define STAGE_REQUIREMENTS "imgcache-requirements"
#define STAGE_NPM_LOCK "imgcache-npm-lock"

/* Where npm_lock and pip without a system of its own are installed. */
#define NPM_LOCK_DIR "/app"
#define PIP_VENV_DIR "/opt/venv"

struct install {
	struct buf *out;
	const char *cache;	/* end of the ids of cache mounts, [a-z0-9-] */
	bool has_epoch;
};

/* System packages, and what pip and npm need if the base has not got it. */
void install_system(const struct install *in,
		    const struct grammar_packages *apt, bool wants_pip,
		    bool wants_npm);

/* A user by name, with a home and a group, unless there is one. */
void install_user(const struct install *in, const char *name);

/* requirements: path in its stage, or NULL. */
void install_pip(const struct install *in, const char *requirements,
		 const struct grammar_packages *pip);

void install_npm(const struct install *in, const struct grammar_packages *npm);

/* owner: NULL or who shall own the folder. */
void install_npm_lock(const struct install *in, const char *lock_file,
		      bool has_npmrc, const char *owner);

void install_claude_code(const struct install *in, const char *version);

#endif
