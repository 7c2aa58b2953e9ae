/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_GENERATE_H
#define IMGCACHE_RECIPE_GENERATE_H

/*
 * The Dockerfile of a generated recipe. The text depends on nothing but the
 * recipe's content, the inputs below and the names of the files that its
 * requirements and lock folder need; the order of lists does not count.
 *
 *	FROM scratch AS imgcache-...	helper stages: requirements, lock files
 *	FROM <base>
 *	USER root			where the base has another user
 *	ARG IMGCACHE_EPOCH		where packages float
 *	RUN apt, python and npm if wanted and missing
 *	RUN useradd			a user by name, if missing
 *	RUN pip install			into the system of python:*, else into
 *					/opt/venv, whose bin is on PATH
 *	RUN npm install -g
 *	RUN npm ci			of npm_lock, in /app; its .bin on PATH
 *	RUN npm install -g @anthropic-ai/claude-code
 *	COPY ...			by target; owned by `user`
 *	ENV ...				by name
 *	USER
 *
 * It has no "# syntax=" line and no heredoc, so it builds offline where there
 * is nothing to install, and on engine 20.10. Every install takes these
 * secrets if the caller passes them (docker build --secret id=ID,src=FILE);
 * neither their content nor their presence reaches the image or a cache key:
 *
 *	GENERATE_SECRET_CA	extra CA certificates (PEM)
 *	GENERATE_SECRET_PIP	pip's configuration: private indexes
 *	GENERATE_SECRET_NPM	npm's user configuration: private registries
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"

struct buf;
struct imgcache_error;
struct recipe;

#define GENERATE_SECRET_CA "imgcache-ca"
#define GENERATE_SECRET_PIP "imgcache-pip-conf"
#define GENERATE_SECRET_NPM "imgcache-npmrc"
#define GENERATE_EPOCH_ARG "IMGCACHE_EPOCH"

struct generate_inputs {
	/* Written after FROM: resolved by the caller, with its digest. */
	const char *base;

	/*
	 * What names the package caches, so that bases of one release share
	 * them and others do not. Distribution ("debian") and release
	 * ("bookworm") where the caller knows both, else NULL: then the name
	 * and tag of cache_base do (NULL: of the recipe's base; a recipe whose
	 * base is another recipe's image has that one's). Platforms:
	 * os/arch[/variant], those of this build; NULL: the recipe's own.
	 */
	const char *cache_base;
	const char *distribution;
	const char *release;
	const struct strv *platforms;

	/* The base's USER; NULL or "": root. Kept unless the recipe has one. */
	const char *base_user;

	/* Packages float with a build argument GENERATE_EPOCH_ARG. */
	bool has_epoch;
};

/*
 * Append the Dockerfile to out. Everything of the recipe that reaches it is
 * checked again (recipe/grammar.h), so even an unchecked recipe cannot inject
 * anything. On failure (IMGCACHE_EUSAGE, or as requirements.h and npmlock.h
 * say) out is as it was.
 */
int generate_dockerfile(const struct recipe *recipe,
			const struct generate_inputs *inputs, struct buf *out,
			struct imgcache_error *err);

/*
 * The paths of the context that this Dockerfile reads, relative to the root,
 * sorted, each once: the allow list of the build. A folder stands for all of
 * it, "." for everything. Lines that the user should see (requirements.h) are
 * added to warnings, which may be NULL.
 */
int generate_reads(const struct recipe *recipe, struct strv *paths,
		   struct strv *warnings, struct imgcache_error *err);

/*
 * True if an install of this recipe may give other versions another day: it
 * has packages, if only the npm that a lock folder needs.
 */
bool generate_floats(const struct recipe *recipe);

#endif
