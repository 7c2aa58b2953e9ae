/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_TREE_H
#define IMGCACHE_SOURCE_TREE_H

/*
 * A directory tree as the manifest sees it. Every directory is a text, one
 * line an entry, in byte order of the names; its digest stands in its parent's
 * text, so equal subtrees have equal digests and a difference is found by
 * descending where they differ. Lines (H is lower-case hex, NAME is quoted as
 * buf_add_cquoted() does):
 *
 *	d [MODE] H NAME		directory; MODE octal, left out for 755
 *	f MODE SIZE H NAME	regular file; 100644, 100755, or octal
 *	e MODE SIZE H NAME	the same, of which BuildKit sends no content
 *	l H NAME		symbolic link; H is the hash of its text
 *	x [MODE] KIND NAME	fifo, socket, dev-c-MAJOR-MINOR or
 *				dev-b-MAJOR-MINOR; MODE left out for 644
 *
 * Modes are the permission bits with setuid, setgid and sticky, and without
 * group-write: umask 002 and 022 must not make different trees. Owners, times
 * and hard links are not in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/digest.h"
#include "source/hash.h"

struct buf;
struct ignore;
struct imgcache_error;
struct reach;
struct strv;

enum tree_type { TREE_DIR, TREE_FILE, TREE_LINK, TREE_SPECIAL };

struct tree_entry {
	const char *name;	/* bytes, NUL-ended; never "" "." ".." */
	struct stat_id id;	/* as it was read; of a directory dev and mode */
	uint32_t dir;		/* TREE_DIR: its number in the tree */
	uint16_t name_len;
	bool structure;		/* only leads to allowed paths: no mode */
	bool ignored;		/* ignored, there for something below it */
	bool hollow;		/* TREE_FILE: BuildKit sends no content; see
				   ignore_hollow_rule() */
	struct hash digest;	/* of the content, link text or listing */
	unsigned char type;	/* enum tree_type */
};

/* Entries are sorted by name. Directory 0 is the root. */
struct tree_dir {
	struct tree_entry *entries;
	size_t n;
	uint32_t parent;	/* number of the parent; the root's own is 0 */
	const char *name;	/* last part; "" for the root */
	bool gone;		/* nothing was kept in it: not in the tree */
	struct hash digest;
};

struct tree;

struct tree_options {
	enum hash_kind hash;
	const struct ignore *ignore;	/* NULL: nothing is ignored */
	const struct strv *allow;	/* NULL: everything counts */
	const struct reach *reads;	/* instead of allow: only what they
					   read counts; NULL: everything */
	size_t n_reads;
	const char *stat_cache_dir;	/* where digests are remembered, a
					   private directory; NULL: nowhere, and
					   all is read */
	unsigned threads;		/* 0: as many as help */
	bool sizes_only;	/* no file is opened: there are no digests, and
				   no stat cache is used */
	bool with_left_out;	/* for tree_left_out() */
	bool forgiving;		/* what cannot be read is passed over, and
				   counted by tree_unread() */
};

/*
 * Read the tree at path (a link to a directory is followed, links inside are
 * not). With allow only those relative paths count, each a file or a whole
 * subtree, less what is ignored; their parents are there as structure, without
 * mode; a parent that is a link is there as that link; a path that does not
 * exist adds nothing.
 *
 * Fails on the first thing that cannot be read, naming it: IMGCACHE_ECHANGED
 * if it vanished or changed meanwhile, IMGCACHE_EINTR after a signal, else
 * IMGCACHE_EFAIL. The kernel's own file systems (/proc, /sys) are refused:
 * their content is not what their sizes say.
 */
int tree_scan(const char *path, const struct tree_options *o,
	      struct tree **out, struct imgcache_error *err);
void tree_free(struct tree *t);

/* The root's digest: the H of the manifest's context line. */
const struct hash *tree_digest(const struct tree *t);

struct tree_counts {
	uint64_t files;		/* regular files, links and special files */
	uint64_t dirs;		/* without the root */
	uint64_t bytes;		/* sizes of the regular files */
};

void tree_counts(const struct tree *t, struct tree_counts *out);

/*
 * What the ignore rules left out. Files are counted by the rule (see ignore.h)
 * that decided; a directory that was not entered is named, since nobody has
 * looked into it. NULL unless the tree was scanned with_left_out.
 */
struct tree_left_files {
	uint64_t files;		/* as in struct tree_counts */
	uint64_t bytes;
};

struct tree_left_dir {
	const char *path;
	size_t rule;
};

struct tree_left_out {
	struct tree_left_files *files;	/* one for each rule */
	size_t n_rules;
	struct tree_left_dir *dirs;	/* in no order */
	size_t n_dirs;
};

const struct tree_left_out *tree_left_out(const struct tree *t);

/* How many entries could not be read, of a tree scanned forgiving. */
uint64_t tree_unread(const struct tree *t);

/*
 * By number; 0 is the root. A directory's number is above its parent's. What
 * is in a directory is made ready when it is first asked for, so a tree may be
 * looked at by one thread at a time.
 */
const struct tree_dir *tree_dir(const struct tree *t, uint32_t number);

/* The entry of a relative path, or NULL. */
const struct tree_entry *tree_find(const struct tree *t, const char *path);

/*
 * Every entry with its path, each directory before what is in it, names in
 * byte order. The path lives for the call. Ends early when fn returns false.
 */
typedef bool tree_entry_fn(void *payload, const char *path,
			   const struct tree_entry *e);
void tree_each(const struct tree *t, tree_entry_fn *fn, void *payload);

/*
 * Every directory's text (children before parents, the root last), to be
 * stored under its digest. Path and text live for the call.
 */
typedef bool tree_text_fn(void *payload, const char *path,
			  const struct hash *digest, const struct buf *text);
void tree_each_text(const struct tree *t, tree_text_fn *fn, void *payload);

/* Append the line of one entry, as above, with its newline. */
void tree_entry_line(const struct tree_entry *e, struct buf *out);

enum tree_change {
	TREE_ADDED,	/* only in b; of a directory only its top is told */
	TREE_REMOVED,	/* only in a */
	TREE_EDITED,	/* the content of a file */
	TREE_EMPTIED,	/* of a file that is sent without content now */
	TREE_FILLED,	/* and of one that is sent with it again */
	TREE_MODE,	/* the mode, content equal */
	TREE_RETARGETED,	/* the text of a link */
	TREE_RETYPED,	/* another kind of thing */
	TREE_UNKNOWN	/* a directory, of which one side is not known */
};

/* "added", "removed", "edited", "mode changed", "link changed", ... */
const char *tree_change_text(enum tree_change c);

/*
 * What differs between two trees of the same hash, in path order, descending
 * only where digests differ. Before or after is NULL for an entry that is not
 * there. Ends early when fn returns false.
 */
typedef bool tree_change_fn(void *payload, enum tree_change c,
			    const char *path, const struct tree_entry *before,
			    const struct tree_entry *after);
void tree_diff(const struct tree *a, const struct tree *b, tree_change_fn *fn,
	       void *payload);

/*
 * The same for trees of which one or both are kept elsewhere. open() gives what
 * is in a directory, NULL for the root, or NULL if that is not known; it stays
 * valid until close(), which may be NULL. Entries of a side of a struct tree
 * have the number of a directory in dir.
 */
struct tree_side {
	const struct tree_dir *(*open)(void *payload,
				       const struct tree_entry *dir);
	void (*close)(void *payload, const struct tree_dir *dir);
	void *payload;
};

/* A tree as a side; it lives for as long as the tree. */
struct tree_side tree_side(const struct tree *t);

/* With whole, everything in a directory that came or went is told as well. */
void tree_diff_sides(const struct tree_side *a, const struct tree_side *b,
		     bool whole, tree_change_fn *fn, void *payload);

#endif
