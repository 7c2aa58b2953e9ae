/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_WALK_PARTS_H
#define IMGCACHE_SOURCE_WALK_PARTS_H

/*
 * What the walk*.c share. Workers take directories from one stack; a directory
 * belongs to the worker that took it until it is given back, and then its
 * children may be taken. The worker that gives a directory its last child's
 * digest makes the directory's own.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/error.h"
#include "source/taken.h"
#include "source/tree_parts.h"

struct gitindex;

/* Brothers that wait to be read, the last of them first. */
struct work {
	struct node *first;
	uint32_t n;
};

/* What git's index knows; see walk_git.c. */
struct walk_git {
	const char *dir;
	pthread_mutex_t lock;
	atomic_bool is_settled;		/* index is there, or will not be */
	atomic_uint asked;
	struct gitindex *index;
};

/* Paths that count for the sake of links, from one reading to the next. */
struct walk_also {
	struct strv paths;		/* sorted */
	unsigned readings;
	bool forgotten;			/* what the cache says of them */
};

struct walk {
	const struct tree_options *o;
	struct digester digester;
	struct taken own;		/* what counts by itself */
	struct allow_list more;		/* and for the sake of links, or empty */
	const struct allow_list *allow;	/* own's, or more */
	struct walk_also *also;
	bool again;			/* it was not what it has to be */
	struct statcache *cache;	/* NULL: nothing remembered */
	struct node *root;
	int root_fd;
	unsigned hold_max;
	atomic_uint held;		/* descriptors kept for children */
	struct walk_git git;

	pthread_mutex_t lock;		/* for what follows */
	pthread_cond_t wake;
	struct work *stack;
	size_t n, cap;
	size_t queued;			/* directories on the stack */
	unsigned busy;			/* directories taken */
	unsigned waiting;		/* workers without any */
	uint64_t entries;		/* looked at so far */
	bool stop;
	bool changed;			/* the stat cache is behind */
	struct strv links;		/* that only a filter takes */
	int rc;
	struct imgcache_error err;	/* the first that went wrong */
};

struct worker {
	struct walk *w;
	pthread_t thread;
	struct arena memory;		/* what the tree keeps */
	char *room;			/* of its last block */
	size_t left;
	struct buf path;		/* of the entry at hand */
	size_t dir_len;			/* of its directory, with the '/' */
	struct buf run;
	struct buf text;
	char *listing;
	struct node *met;		/* directories of the one at hand */
	size_t cap_met;
	struct tree_entry *sorted;
	size_t cap_sorted;
	uint64_t entries;
	bool changed;
	struct tree_left_out left_out;
	size_t cap_left_dirs;
	uint64_t unread;
	struct imgcache_error err;
};

#define LISTING_BYTES (64 * 1024)

/* Zeroed, aligned to 8; lives as long as the tree. */
void *worker_keep(struct worker *k, size_t len);

/* Set k->path to the entry of that name in the directory at hand. */
const char *worker_path(struct worker *k, const char *name);

/* Errors that name k->path. */
int walk_gone(struct worker *k, const char *what);
int walk_cannot(struct worker *k, const char *what);

/*
 * k->path cannot be read: pass it over where that is forgiven, else fail as
 * walk_cannot() does.
 */
int walk_pass_over(struct worker *k, const char *what);

/*
 * The rule leaves k->path out: a file of the directory that is open at fd, or a
 * directory.
 */
void walk_leave_file(struct worker *k, int fd, const char *name, size_t rule);
void walk_leave_dir(struct worker *k, size_t rule);

/* Add what a worker noted of that to the tree. */
void walk_left_out_merge(struct worker *k, struct tree *t);

/*
 * Open n, and learn its mode, device and what to think of the file system;
 * k->path and dir_len become its. *fd is -1 for one that BuildKit would pass
 * over. The parent is told that one child less wants its descriptor.
 */
int walk_open(struct worker *k, struct node *n, int *fd);

/* One child less will open it from n's descriptor. */
void walk_let_go(struct walk *w, struct node *n);

/* Read a directory that is open: its run and its children. */
int walk_read(struct worker *k, struct node *n, int fd);

/* k->path is a link that only a filter takes. */
void walk_note_link(struct worker *k);

/* Was w->also what such links lead to? If not, it has become that. */
bool walk_links_are_known(struct walk *w, struct tree *t);

void walk_git_init(struct walk *w, const char *path);
void walk_git_release(struct walk *w);

/*
 * Does git know the id of this file or link, in the directory n that is open at
 * fd, and are the bytes in its object those of the file?
 */
bool walk_git_knows(struct worker *k, struct node *n, int fd,
		    const char *name, const struct stat_id *id,
		    struct hash *out);

/* Children are done, or there are none: its digest, and its parents'. */
int walk_sum(struct worker *k, struct node *n);

/* Read all there is below w->root with as many threads as help. */
void walk_run(struct walk *w, struct tree *t);

#endif
