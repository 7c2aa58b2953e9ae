/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_INSTALL_H
#define IMGCACHE_LINT_INSTALL_H

/*
 * What a command does to packages: which manager it calls, to do what, and
 * what it asks for.
 */

#include <stdbool.h>
#include <stddef.h>

#include "recipe/shellwords.h"

/* In the order of the table in lint_managers.c. */
enum lint_manager {
	LINT_APT, LINT_APK, LINT_DNF, LINT_ZYPPER, LINT_PACMAN, LINT_PIP,
	LINT_UV, LINT_POETRY, LINT_CONDA, LINT_NPM, LINT_YARN, LINT_PNPM,
	LINT_BUN, LINT_GO, LINT_CARGO, LINT_GEM, LINT_BUNDLE, LINT_COMPOSER,
	LINT_MAVEN, LINT_GRADLE,
	LINT_MANAGERS
};

struct lint_manager_info {
	const char *word;	/* what people call it: "apt-get", "pip" */
	const char *mount;	/* where its cache is mounted, for a cure */
	const char *hint;	/* what else it takes, or "" */
	const char *id;		/* of the mount that a fix adds */
	const char *marks[5];	/* a mount that holds one of these is its */
};

const struct lint_manager_info *lint_manager(enum lint_manager m);

/* Is a cache mount at this path the manager's? */
bool lint_manager_owns(enum lint_manager m, const char *target);

enum lint_act {
	LINT_ACT_OTHER,
	LINT_ACT_INDEX,		/* fetches the lists of packages */
	LINT_ACT_INSTALL,
	LINT_ACT_UPGRADE,	/* all that is there */
	LINT_ACT_CLEAN		/* empties the manager's cache */
};

struct lint_install {
	enum lint_manager manager;
	enum lint_act act;
	const struct shell_command *c;
	size_t program;		/* index of the word that names it */
	size_t verb;		/* of "install"; words of it follow */
	const struct shell_word **names;	/* asked for by name */
	size_t n_names, cap_names;
	const struct shell_word *manifest;	/* of -r FILE, or NULL */
	bool by_manifest;	/* a file says what to install */
	bool is_local;		/* the project itself, a file of it */
	bool is_global;		/* npm -g and the like */
	bool is_fed;		/* xargs gives it its words */
};

/* False if the command calls none that is known. names is malloc'ed. */
bool lint_install_read(struct lint_install *in, const struct shell_command *c);
void lint_install_release(struct lint_install *in);

/* The name without version, extras and architecture: "numpy", "@a/b". */
const char *lint_install_name(const struct lint_install *in, size_t i,
			      char out[128]);

/* "pip install -r requirements.txt", cut short, for a sentence. */
const char *lint_install_text(const struct lint_install *in, char out[64]);

/* The word that is this option, short or long, or NULL. */
const struct shell_word *lint_install_option(const struct lint_install *in,
					     const char *option);

#endif
