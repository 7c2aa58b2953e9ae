/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GITLIB_H
#define IMGCACHE_SOURCE_GITLIB_H

/*
 * libgit2, opened on demand. Linking it costs every start 2.7 ms and its
 * initialisation 4.5 more, so it is loaded by the first call here. Every call
 * may fail with IMGCACHE_EFAIL and the name of the package to install.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"

struct imgcache_error;

#define GITLIB_ID_SIZE 20

/* True once a call has loaded the library. */
bool gitlib_is_loaded(void);

/* Blob id of bytes in memory. */
int gitlib_hash(const void *data, size_t len, unsigned char id[GITLIB_ID_SIZE],
		struct imgcache_error *err);

/*
 * Blob id of a whole regular file, read in pieces and unfiltered. It is opened
 * again through /proc/self/fd, so the offset of fd stays. A size that changes
 * meanwhile is the caller's to notice.
 */
int gitlib_hash_fd(int fd, const char *name, unsigned char id[GITLIB_ID_SIZE],
		   struct imgcache_error *err);

struct gitlib_objects;

/* A repository, and what its configuration says that matters to content. */
struct gitlib_facts {
	bool converts;		/* any file may be changed: core.autocrlf, a
				   filter, though no rule may be left of it */
	int64_t least_size;	/* shorter ones may be changed by git-lfs(1) */
	bool is_told_all;	/* no included file that cannot be named */
	struct strv attributes;	/* files of rules outside the repository */
	struct strv configs;	/* of configuration outside it, or included */
	struct gitlib_objects *objects;	/* NULL if they cannot be read */
};

/*
 * Of the work tree with that top. False if the repository is not one that git
 * as we know it would use: someone else's, with SHA-256 ids, of a newer format;
 * or if its configuration is not what the files say (GIT_CONFIG_* are set).
 */
bool gitlib_facts(const char *top, struct gitlib_facts *out);
void gitlib_facts_release(struct gitlib_facts *f);

void gitlib_objects_close(struct gitlib_objects *o);

/*
 * Several threads may ask. Is there a blob with that id, and of that size? Its
 * content is not read.
 */
bool gitlib_objects_has(const struct gitlib_objects *o,
			const unsigned char id[GITLIB_ID_SIZE], uint64_t size);

/*
 * The files of the commit that is checked out. NULL if there is none, or the
 * repository is not one that git as we know it would use.
 */
struct gitlib_commit;
struct gitlib_commit *gitlib_commit_open(const char *top);
void gitlib_commit_close(struct gitlib_commit *c);

/* Has it that path (from the top), with that type, content and x bit? */
bool gitlib_commit_has(const struct gitlib_commit *c, const char *path,
		       mode_t mode, const unsigned char id[GITLIB_ID_SIZE]);

#endif
