/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_KNOWN_H
#define IMGCACHE_LINT_KNOWN_H

/*
 * Is a RUN of the few whose every form is known to read nothing of a folder
 * but the manifests that it names? Only then may what is copied into that
 * folder be copied below the RUN. Whatever is not listed is not known.
 */

#include "lint/docker.h"
#include "lint/paths.h"

struct lint_place {
	const struct lint_docker *d;
	const struct lint_run *run;
	const char *dest;	/* where the context is copied to, absolute */
	const char *cwd;	/* where the RUN works; "": the base says */
	const char *folder;	/* that in the context, NULL: not in it */
};

/*
 * Does no setting lead a package manager into the folder: not the environment,
 * not what a step or a copy above may have configured?
 */
bool lint_knows_settings(const struct lint_place *p);

/* The same of the NAME=value in front of a command. */
bool lint_knows_assigns(const struct lint_place *p,
			const struct shell_command *c);

/* A command that installs nothing: of the list, with plain words. */
bool lint_knows_command(const struct lint_place *p,
			const struct shell_command *c);

/*
 * The options and words of a package manager's call; what a manifest that it
 * names leads to is left to the caller.
 */
bool lint_knows_install(const struct lint_place *p,
			const struct lint_install *in);

/*
 * known_npm.c: the files of a folder of the context that npm ci reads, added
 * to files; false if they can make it read others.
 */
bool lint_knows_npm(const struct lint_docker *d, const char *folder,
		    bool runs_scripts, struct strv *files);

/* known_list.c: does a requirements file lead pip to nothing but its lists? */
bool lint_knows_list(const char *text);

/* Would a package manager take the word for a file that it installs? */
bool lint_is_archive(const char *text);

/* One URL of the web, and nothing else. */
bool lint_is_url(const char *text);

#endif
