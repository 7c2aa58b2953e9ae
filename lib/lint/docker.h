/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_DOCKER_H
#define IMGCACHE_LINT_DOCKER_H

/*
 * A Dockerfile as the rules see it: its stages, what each RUN does, what is
 * copied from where, the context behind it. All places are bytes of the file.
 */

#include "lint/lint.h"
#include "lint/install.h"
#include "lint/place.h"
#include "recipe/dockerfile.h"
#include "recipe/shellwords.h"

struct ignore;

struct lint_mount {
	const char *type, *id, *target, *sharing, *from;	/* "" or NULL */
	size_t begin, end;	/* the flag; values may be added at the end */
};

enum lint_form { LINT_FORM_SHELL, LINT_FORM_JSON, LINT_FORM_HEREDOC };

struct lint_run {
	const struct dockerfile_instruction *in;
	size_t index;		/* of the instruction */
	enum lint_form form;
	size_t begin, end;	/* of the instruction, heredocs not included */
	size_t flags_end;	/* behind the last flag or the keyword */
	size_t text;		/* where the command begins */
	struct lint_mount *mounts;
	size_t n_mounts;
	struct shell_command *v;	/* all of its commands */
	size_t n;
	struct lint_install *installs;
	size_t n_installs, cap_installs;
	size_t body;		/* HEREDOC: where its script begins */
	bool is_odd;		/* the shell text could not be read to its end */
	bool is_trigger;	/* of an ONBUILD */
};

struct lint_stage {
	size_t first, end;	/* instructions, the FROM is the first */
	const char *name;	/* lower case, or NULL */
	size_t base;		/* stage that it stands on, or LINT_NO_STAGE */
	const char *image;	/* what it stands on if that is no stage */
	bool is_shell_posix;	/* at its end */
};

#define LINT_NO_STAGE ((size_t)-1)

/* A read of the main context by COPY or ADD. */
struct lint_read {
	size_t index;		/* of the instruction */
	const char *path;	/* "" is all of it */
	bool wildcard;
	bool has_excludes;
};

struct lint_context {
	const char *path;		/* NULL: not known */
	bool has_ignore;
	const char *ignore_path;	/* of the file, NULL: an allow list */
	struct ignore *ignore;		/* NULL: none, or not readable */
};

struct lint_docker {
	struct lint_file *f;
	const struct lint_item *item;
	struct dockerfile *df;
	struct lint_stage *stages;
	size_t n_stages;
	struct lint_run **runs;		/* of each instruction, or NULL */
	struct lint_read *reads;
	size_t n_reads, cap_reads;
	struct dockerfile_image *images;	/* all that are named */
	size_t n_images, cap_images;
	struct strv stage_names;
	struct lint_context context;
};

/* False if there is nothing to look at: the note says why. */
bool lint_docker_open(struct lint_docker *d, struct lint_file *f,
		      const struct lint_item *item);
void lint_docker_close(struct lint_docker *d);

/* lint_run.c */
struct lint_run *lint_run_read(struct lint_docker *d, size_t index);
void lint_run_release(struct lint_run *run);

/* The RUN's cache mount that is the manager's, or NULL. */
const struct lint_mount *lint_run_cache(const struct lint_run *run,
					enum lint_manager m);

/*
 * Is the command an rm, and is what is mounted at the target among what it
 * removes? The word that says so, or NULL; *n_paths counts all paths.
 */
const struct shell_word *lint_removed(const struct shell_command *c,
				      const char *target, size_t *n_paths);

/* Does the word name the target, what holds it, or what is in it? */
bool lint_names_path(const char *word, const char *target);

/* lint_context.c: which folder, what it holds, which ignore file counts. */
void lint_context_find(struct lint_docker *d);
void lint_context_release(struct lint_context *c);

/*
 * sources.c: does a RUN, up to a byte of the file, or an instruction that runs
 * before another change where packages come from? What is there already may be
 * another version afterwards.
 */
bool lint_run_changes_sources(const struct lint_docker *d,
			      const struct lint_run *run, size_t upto);
bool lint_changes_sources(const struct lint_docker *d, size_t index);

/* The stage that an instruction is in, or LINT_NO_STAGE above the first. */
size_t lint_stage_of(const struct lint_docker *d, size_t index);

/*
 * Backwards through what is in the image when instruction *index runs, over
 * FROM into the stages below: false at the beginning.
 */
bool lint_before(const struct lint_docker *d, size_t *stage, size_t *index);

/* The value of an ENV in force at an instruction; NULL if none is known. */
const char *lint_env(const struct lint_docker *d, size_t index,
		     const char *name);

/* Runs as root there, as far as the file says. */
bool lint_is_root(const struct lint_docker *d, size_t index);

/* The rules, a file for each group of them. */
void lint_check_runs(struct lint_docker *d);
void lint_check_mounts(struct lint_docker *d);
void lint_check_order(struct lint_docker *d);
void lint_check_bases(struct lint_docker *d);
void lint_check_instructions(struct lint_docker *d);
void lint_check_context(struct lint_docker *d);

#endif
