/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_REACH_H
#define IMGCACHE_SOURCE_REACH_H

/*
 * Which paths of a context a COPY, ADD or mount reads, as BuildKit finds them
 * (tonistiigi/fsutil: copy.ResolveWildcards, containerd/continuity: fs.RootPath):
 * links on the way to a source, and a source that is one, are followed inside
 * the context, and "*" does not follow any. Where a pattern could match more
 * than this module can say, the whole directory below its fixed part counts.
 */

#include <stdbool.h>
#include <stddef.h>

struct strv;

struct reach {
	const char *path;	/* relative and clean; "" is everything */
	bool wildcard;		/* a pattern of Go's filepath.Match */
};

/*
 * Append what r reads in the directory open at root_fd, for an allow list:
 * every link that was followed, and each file or whole directory. What is not
 * there adds nothing but its own path; a directory that cannot be listed is
 * added, so that whoever reads it next says why.
 */
void reach_resolve(int root_fd, const struct reach *r, struct strv *out);

/* Bytes before the part of a pattern in which its first wildcard is. */
size_t reach_fixed_length(const char *pattern);

/*
 * Does one part of a path match one part of a pattern? *is_odd is set if that
 * part is malformed, or if it may match a slash: then the answer is no answer.
 */
bool reach_match_part(const char *pattern, size_t len, const char *name,
		      bool *is_odd);

#endif
