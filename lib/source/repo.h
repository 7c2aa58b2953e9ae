/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_REPO_H
#define IMGCACHE_SOURCE_REPO_H

/*
 * What can be known of a git repository by reading its few small files: no git
 * process and no libgit2, so that it costs microseconds, and works for a
 * repository that git would refuse to open (someone else's, a newer format).
 * gitrepository-layout(5) says what is where.
 */

#include <stdbool.h>

/*
 * The top of the work tree that holds dir: the nearest directory upwards, dir
 * itself included, with a .git directory or a .git file that leads to one.
 * Absolute; the caller frees. NULL if there is none. A bare repository has no
 * work tree.
 */
char *repo_top(const char *dir);

bool repo_is_worktree(const char *dir);

/* All absolute, or as the files give them; the same without worktrees. */
struct repo_paths {
	char *top;	/* of the work tree */
	char *git;	/* its own repository: HEAD, index */
	char *common;	/* what several work trees share: config, info */
};

/* False if dir is in no work tree. */
bool repo_find(const char *dir, struct repo_paths *out);
void repo_paths_release(struct repo_paths *p);

#define REPO_ID_SIZE 65		/* hex of a SHA-256 id and its NUL */

enum repo_head {
	REPO_NONE,	/* not in a work tree, or its files make no sense */
	REPO_UNBORN,	/* a branch without a commit */
	REPO_COMMIT	/* id is its object id: 40 hex, or 64 */
};

/* Worktrees, submodules, packed refs and detached heads included. */
enum repo_head repo_head(const char *dir, char id[REPO_ID_SIZE]);

#endif
