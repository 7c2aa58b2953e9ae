/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_LINT_H
#define IMGCACHE_LINT_LINT_H

/*
 * The parts of imgcache_lint(). A file is read into a struct lint_file; checks
 * leave notes on it, each with a range of bytes and perhaps edits that cure
 * it; lint.c turns the notes that count into findings. With --fix the edits are
 * made and the file is checked again, until nothing is left to edit: so each
 * fix sees a file in which the others are done.
 *
 * Rules know nothing of options: what is switched off is dropped by lint.c.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/strv.h"
#include "session/session.h"

/* In the order of the ids: IC000, IC001 ... The table is in lint_rules.c. */
enum lint_rule {
	LINT_UNREADABLE,
	LINT_COPY_BEFORE_INSTALL,
	LINT_CONTEXT,
	LINT_MOVING_BASE,
	LINT_REINSTALL,
	LINT_CACHE_DEFEATED,
	LINT_CACHE_BUST,
	LINT_APT_MOUNT,
	LINT_LONE_UPDATE,
	LINT_DEAD_DIRECTIVE,
	LINT_UNQUOTED_VERSION,
	LINT_VOLATILE,
	LINT_NO_LOCK,
	LINT_MOUNT_ID,
	LINT_SECRET,
	LINT_SCRIPT,
	LINT_CACHE_EXPORT,
	LINT_NO_MOUNT,
	LINT_COPY_GIT,
	LINT_COPY_IGNORED,
	LINT_PATTERN_IDLE,
	LINT_EXCEPTION_DEAD,
	LINT_GITIGNORE_HABIT,
	LINT_ENCODING,
	LINT_REMOTE_ADD,
	LINT_IGNORE_COMMENT,
	LINT_IGNORE_UNUSED,
	LINT_SENT_EMPTY,
	LINT_RULES,
	LINT_FOREIGN = LINT_RULES	/* one of BuildKit's own */
};

/* The rule of that id in any case, or LINT_RULES. */
enum lint_rule lint_rule_find(const char *id);
const struct imgcache_lint_rule *lint_rule(enum lint_rule rule);

/* Sets err to "no rule 'IC9'; did you mean ..." and returns the code. */
int lint_rule_unknown(const char *id, int code, struct imgcache_error *err);

/* What the project file says, and the command line. */
struct lint_config {
	enum imgcache_severity severity[LINT_RULES];	/* OFF: not asked for */
	struct strv foreign;		/* BuildKit's rules that are off */
	bool no_foreign;		/* --rule asks for others */
	enum imgcache_severity least;
	struct ignore *exclude;		/* below the project's folder */
};

/* A replacement of bytes; an insertion where begin is end. */
struct lint_edit {
	size_t begin, end;
	const char *text;
	size_t note;
};

struct lint_note {
	enum lint_rule rule;
	const char *foreign;		/* LINT_FOREIGN: its name */
	size_t begin, end;
	const char *cause, *cure;
	size_t n_edits;
	const char *new_path;		/* a file to be written, or NULL */
	const char *new_text;
	bool is_silenced;
};

struct lint;

enum lint_kind { LINT_DOCKERFILE, LINT_IGNORE_FILE, LINT_SCRIPT_FILE };

/* Lines that belong together: an instruction, a continued command. */
struct lint_extent {
	int from, to;
};

struct lint_file {
	struct lint *lint;
	enum lint_kind kind;
	const char *path;		/* absolute */
	const char *name;		/* as it is shown */
	struct buf text;
	struct lint_note *notes;
	size_t n_notes, cap_notes;
	struct lint_edit *edits;
	size_t n_edits, cap_edits;
	struct lint_extent *extents;	/* in the order of the file */
	size_t n_extents, cap_extents;
	const char *context;		/* of a Dockerfile, once it is found */
	char escape;			/* of a Dockerfile: its lines go on */
	size_t *lines;			/* where each line begins */
	size_t n_lines, cap_lines;
	struct arena arena;		/* of one look at the text */
};

/* What is to be looked at, and what is known of it. */
struct lint_item {
	enum lint_kind kind;
	const char *path;
	const char *name;
	const struct recipe *recipe;	/* of a Dockerfile, or NULL */
	const char *context;		/* absolute; NULL: to be guessed */
	const char *const *contexts;	/* names of others, or NULL */
	const char *top;		/* a guess stays inside this folder */
	bool is_named;			/* on the command line */
};

struct lint_change {
	const char *path, *name;
	struct buf old, new;
	bool is_new;			/* there is no old one */
};

struct lint {
	struct imgcache *ic;
	struct arena *arena;		/* the handle's */
	struct lint_config config;
	struct lint_item *items;
	size_t n_items, cap_items;
	struct imgcache_lint_finding *v;
	size_t n, cap;
	struct lint_change *changes;
	size_t n_changes, cap_changes;
	struct lint_tree *trees;	/* folders that were listed */
	struct lint_buildx *buildx;
	size_t n_below, n_silenced;
	bool fix;
};

/*
 * A note on the bytes from begin to end; the cause is a clause without a full
 * stop. What follows belongs to it until the next note.
 */
void lint_note(struct lint_file *f, enum lint_rule rule, size_t begin,
	       size_t end, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void lint_cure(struct lint_file *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* One edit of the last note; all of a note's edits are made, or none. */
void lint_edit(struct lint_file *f, size_t begin, size_t end,
	       const char *text);

/* Take back those of the last note. */
void lint_unedit(struct lint_file *f);

/* The last note is cured by a file of that text. */
void lint_write_file(struct lint_file *f, const char *path, const char *text);

/* To be called when the text has changed. */
void lint_index_lines(struct lint_file *f);

/* Number of the line (from 1) that a byte stands in; bytes of a line's ends. */
int lint_line_of(const struct lint_file *f, size_t at);
size_t lint_line_begin(const struct lint_file *f, size_t at);
size_t lint_line_end(const struct lint_file *f, size_t at);

/* The path as one would write it from where the program works. */
const char *lint_shown(struct lint *l, const char *path);

/*
 * The text of a file as the edits so far have left it. IMGCACHE_ENO if there
 * is none.
 */
int lint_read(struct lint *l, const char *path, struct buf *out,
	      struct imgcache_error *err);

/* Let this be the text of the file from now on. */
void lint_put(struct lint *l, const char *path, const char *text, size_t len);

/* lint_config.c */
int lint_config_read(struct lint *l, const struct imgcache_lint_options *o,
		     struct imgcache_error *err);
void lint_config_release(struct lint_config *c);

/* item.c: once for each path; the one that is there already if there is one. */
struct lint_item *lint_add_item(struct lint *l, enum lint_kind kind,
				const char *path, const char *top);

/* lint_find.c: fill in the items. */
int lint_find(struct lint *l, const char *const *paths,
	      struct imgcache_error *err);

/* The checks of one file; each leaves notes. */
void lint_dockerfile(struct lint_file *f, const struct lint_item *item);
void lint_ignore_file(struct lint_file *f, const struct lint_item *item);
void lint_script(struct lint_file *f);

/* workflow.c: of one line of YAML. */
void lint_workflow_line(struct lint_file *f, size_t line);

void lint_add_extent(struct lint_file *f, int from, int to);

/* lint_silence.c: mark what comments in the file silence, note bad comments. */
void lint_silence(struct lint_file *f);

/* lint_fix.c: make the edits of the notes; false if there were none. */
bool lint_apply(struct lint_file *f);

#endif
