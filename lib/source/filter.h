/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_FILTER_H
#define IMGCACHE_SOURCE_FILTER_H

/*
 * What COPY takes of a directory that it was told to copy: with --exclude all
 * but what a pattern matches, with --parents only what its pattern matches, as
 * BuildKit copies (tonistiigi/fsutil: copy.go). Patterns are compared with
 * paths below that directory, the filter's root. The root itself is always
 * taken, and so is a source that is no directory. A directory that is not taken
 * is made all the same, with its mode, when something below it is.
 */

#include <stdbool.h>
#include <stddef.h>

struct filter;

/*
 * include is the pattern of --parents, or NULL. NULL if all is taken, or the
 * patterns are ones that BuildKit refuses or may read in another way.
 */
struct filter *filter_new(const char *include, const char *const *exclude,
			  size_t n_exclude);
void filter_free(struct filter *f);

/*
 * Is what is at this path below the root taken; or could something below it be,
 * if it is a directory? Slow, for single questions.
 */
bool filter_concerns(const struct filter *f, const char *path);

/* Could something in this directory or below it not be taken? As slow. */
bool filter_may_leave_out(const struct filter *f, const char *path);

/* Directories of a tree, each the root of a filter; sorted once all are in. */
struct filter_root {
	char *path;		/* from the root of the tree */
	const struct filter *filter;
};

struct filter_roots {		/* zero-initialised is empty */
	struct filter_root *v;
	size_t n, cap;
};

void filter_roots_add(struct filter_roots *r, const char *path,
		      const struct filter *filter);
void filter_roots_sort(struct filter_roots *r);
void filter_roots_release(struct filter_roots *r);	/* not the filters */

/*
 * In a walk each directory has a state: the filters at work in it, its own and
 * those of the directories above it. The state of path is made from that of its
 * parent, which may be NULL, and given back with filter_leave(). NULL where no
 * filter can take anything below. *takes: one takes the directory itself.
 */
struct filter_dir;

struct filter_dir *filter_enter(const struct filter_dir *parent,
				const struct filter_roots *roots,
				const char *path, size_t len, bool *takes);
void filter_leave(struct filter_dir *d);

/* Does one take the non-directory at path, in the directory with state d? */
bool filter_file(const struct filter_dir *d, const char *path, size_t len);

#endif
