/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_REACH_H
#define IMGCACHE_SOURCE_REACH_H

/*
 * Which paths of a context a COPY, ADD or mount reads, as BuildKit finds them
 * (tonistiigi/fsutil: copy.ResolveWildcards, containerd/continuity: fs.RootPath):
 * links on the way to a source, and a source that is one, are followed inside
 * the context, and "*" does not follow any. Of a malformed pattern the whole
 * directory below its fixed part counts.
 */

#include <stdbool.h>
#include <stddef.h>

struct strv;

struct reach {
	const char *path;	/* relative and clean; "" is everything */
	bool wildcard;		/* a pattern of Go's filepath.Match */
	const char *include;	/* of a directory only this pattern: */
	const char *const *exclude;	/* less these; see filter.h */
	size_t n_exclude;
};

/*
 * Append what r reads in the directory open at root_fd, for an allow list:
 * every link that was followed, and each file or whole directory. What is not
 * there adds nothing but its own path; a directory that cannot be listed is
 * added, so that whoever reads it next says why.
 */
void reach_resolve(int root_fd, const struct reach *r, struct strv *out);

/*
 * The same, but directories that were reached by their own name, not by a link
 * to them, are appended to dirs. Of what a link leads to BuildKit looks at
 * everything, whatever is copied of it.
 */
void reach_resolve_apart(int root_fd, const struct reach *r, struct strv *out,
			 struct strv *dirs);

/* Bytes before the part of a pattern in which its first wildcard is. */
size_t reach_fixed_length(const char *pattern);

enum reach_kind {
	REACH_PLAIN,		/* matches part by part */
	REACH_SLASH,		/* a class in it may match a slash, too */
	REACH_MALFORMED		/* or has a backslash, which is left to others */
};

/* What one part of a pattern is. */
enum reach_kind reach_kind(const char *pattern, size_t len);

/* Does one part of a path match a part that is plain? */
bool reach_match_part(const char *pattern, size_t len, const char *name);

/* Does a path match a pattern that is not malformed? "*", "?" stop at a slash. */
bool reach_match_path(const char *pattern, const char *path);

#endif
