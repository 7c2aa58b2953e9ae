/* SPDX-License-Identifier: MIT */
#ifndef T_HELPER_KEY_H
#define T_HELPER_KEY_H

/*
 * A project for the oracle of keys: a build context, perhaps a second, named
 * one, ignore files, a Dockerfile as people write it, build arguments; and one
 * change of it. All of it hangs on the seed alone, but for the token, a word of
 * this run that stands in every content, so that nothing of an earlier run is
 * in BuildKit's cache.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/strv.h"

enum { MAX_STAGES = 6, N_TREES = 2 };

enum entry_kind { ENTRY_DIR, ENTRY_FILE, ENTRY_LINK, ENTRY_FIFO };

struct entry {
	enum entry_kind kind;
	unsigned mode;
	char *path;		/* below its context */
	char *text;		/* of a file, or of a link */
	size_t len;
	bool sent;		/* not ignored */
};

/* tree[0] is the main context, tree[1] the named one. */
struct tree {
	struct entry *v;
	size_t n, cap;
	bool has_ignore;
	struct strv ignore;	/* lines of the ignore file */
	bool odd_ignore;	/* with what editors of Windows leave */
	/* of the stages in use: */
	bool all_read;
	struct strv reads;	/* patterns for the topmost name */
};

enum line_kind { LINE_OTHER, LINE_COMMENT, LINE_RUN, LINE_HEREDOC, LINE_ARG };

struct line {
	enum line_kind kind;
	char *text;
};

struct stage {
	char *name;		/* NULL: none */
	char *from;
	struct line *v;
	size_t n, cap;
	bool has_shell, is_base, used;
	bool triggers;		/* has ONBUILD lines */
	bool needs[MAX_STAGES];
	bool all_read[N_TREES];
	struct strv reads[N_TREES];
	struct strv places;	/* paths that exist in it */
	struct strv vars;	/* NAME=path of the main context */
};

/* What is known of a build argument by the way it was made. */
enum arg_use { ARG_UNDECLARED, ARG_OF_STAGE, ARG_IDLE, ARG_GLOBAL_IDLE,
	       ARG_USED };

struct arg {
	enum arg_use use;
	size_t stage;		/* that declares it, for ARG_OF_STAGE */
	char *name;
	char *value;		/* NULL: not given */
	char *initial;		/* NULL: none */
};

enum dockerfile_place { PLACE_DEFAULT, PLACE_INSIDE, PLACE_OUTSIDE };

struct project {
	unsigned long seed;
	const char *name;	/* the seed, or with "-" and a number */
	const char *token;
	struct tree tree[N_TREES];
	bool has_named;
	const char *named;	/* as docker calls the named context */
	bool in_git;		/* the script makes it a repository */
	bool is_fresh;		/* files have the time of their writing */
	enum dockerfile_place place;
	bool own_ignore;	/* <Dockerfile>.dockerignore */
	const char *twin_of;	/* file of tree[0] that has a hard link */
	char escape;
	bool crlf, open_end;	/* of the Dockerfile */
	struct strv globals;	/* lines before the first FROM */
	struct strv global_vars;	/* NAME=path */
	struct stage stage[MAX_STAGES];
	size_t n_stages;
	size_t target;
	bool names_target;
	char *own_base;		/* a base that this project has alone */
	bool has_variant;	/* a stage is chosen by an argument */
	bool own_base_pushed;	/* into the registry, not only on the engine */
	struct arg *args;
	size_t n_args, cap_args;
	unsigned counter;	/* for names that must not come twice */
};

struct change;
typedef void apply_fn(const struct project *p, const struct change *c,
		      const char *path);

/* What a change is called, and what of it is known by the way it was made. */
struct change {
	char *name;
	bool stays_full;	/* the tag must stay if the whole context counts */
	bool stays_sources;	/* ... if only what is read counts */
	bool group_write;	/* BuildKit sees it, and we mean not to */
	bool moves_base;	/* the script does it */
	apply_fn *apply;	/* to a tree on disk; NULL: only texts changed */
	size_t tree;		/* the context in which that is */
	char *path;		/* of the entry, or of the new one */
	char *to;		/* new name, link's text, content */
	size_t to_len;
	unsigned mode;
	unsigned how;		/* enum entry_kind, or of an edit: */
};

enum { IN_PLACE, ANEW, HIDDEN };

/* 0 to n - 1; the one source of chance. */
unsigned pick(unsigned n);
bool chance(unsigned in);	/* once in so many */
void pick_seed(unsigned long seed);
#define PICK(a) ((a)[pick(sizeof(a) / sizeof((a)[0]))])

/* key-tree.c */
void tree_invent(struct project *p, size_t which);
void tree_write(const struct project *p, size_t which, const char *root);
void file_write(const char *path, const char *text, size_t len);
/* Of what is sent: an entry by chance, NULL if there is none. */
const struct entry *tree_pick(const struct tree *t, bool dirs, bool files);
const struct entry *tree_entry(const struct tree *t, const char *path);
char *tree_ignore_text(const struct tree *t);
/* Is the path left out by the lines of the ignore file? */
bool tree_ignores(const struct tree *t, const char *path);

/* key-words.c: how instructions name what they read */
/* The first part of the path, which may be a pattern; "": the whole context. */
void stage_reads(struct stage *st, size_t which, const char *path);
/* Can it stand in a word, a mount, a variable, without a care? */
bool is_plain(const char *path);
const char *var_get(const struct strv *vars, const char *name);
/* By a variable of the stage, if one names a path; NULL otherwise. */
char *by_variable(const struct project *p, struct stage *st);
/* A word of a COPY, or NULL. *special: it must stand in the JSON form. */
char *source_word(struct project *p, struct stage *st, size_t which,
		  bool *special);
/* --exclude for a COPY from that context, or "", where docker knows it. */
char *exclude_flags(const struct project *p, size_t which);
/* Is it to have --parents? Then its words may get a pivot. */
bool parents_flag(struct strv *words);

/* key-stage.c: the lines of one stage */
void stage_fill(struct project *p, struct stage *st);
void stage_add(struct stage *st, enum line_kind kind, char *text);
struct arg *arg_add(struct project *p, const char *name, enum arg_use use);

/* key-file.c */
void dockerfile_make(struct project *p);
char *dockerfile_text(const struct project *p);
void project_mark(struct project *p);	/* stages in use, reads */
/* No stage in use can read this path of the context. */
bool project_unread(const struct project *p, size_t which, const char *path);
/* Where the file lies in the main context; NULL: outside. */
const char *dockerfile_path(const struct project *p);
const char *ignore_path(const struct project *p);

/* key-apply.c */
apply_fn apply_edit, apply_touch, apply_chown, apply_chmod, apply_remove,
	apply_rename, apply_make;

/* key-change.c */
void change_choose(struct project *p, struct change *c);

#endif
