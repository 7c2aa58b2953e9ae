/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_INIT_INIT_H
#define IMGCACHE_INIT_INIT_H

/*
 * A first project file from what a project holds. Found files become images,
 * each is checked by the same code that would build it, and those that would
 * not build are written as comments with the reason. Private to init*.c; all
 * text lives in the handle's arena.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"
#include "session/session.h"

struct buf;
struct yaml_node;

enum init_kind {
	INIT_DOCKERFILE,
	INIT_COMPOSE,
	INIT_BAKE,		/* JSON */
	INIT_BAKE_HCL,
	INIT_DEVCONTAINER,
	INIT_PACKAGE_JSON,
	INIT_REQUIREMENTS,
	INIT_PYPROJECT,
	INIT_APT,
	INIT_KINDS
};

/* Paths relative to the root; those of a folder before those below it. */
struct init_found {
	struct strv of[INIT_KINDS];
	bool is_cut;		/* there was more than is looked at */
	bool is_odd;		/* one has a name that cannot be written */
};

void init_find(const char *root, struct init_found *out);
void init_found_release(struct init_found *f);

struct init_image {
	const char *name;
	const char *origin;	/* "compose.yaml: service api" */
	struct strv comments;	/* whole sentences */
	const char *reason;	/* why it would not build; NULL: it would */

	/* A Dockerfile's; relative paths are meant from the root. */
	const char *dockerfile;
	const char *context;
	const char *target, *network;
	bool knows_reads;	/* all that its stages in use read is in reads */
	struct strv reads;	/* relative to the root; "." is all of it */
	struct strv args;	/* NAME=value as in the project file, or NAME */
	struct strv build_contexts, labels;	/* NAME=value */
	struct strv platforms, add_hosts, ssh;

	/* What others build from it by, and what it is built from. */
	struct strv origins;	/* of it and of those that are the same */
	struct strv tags;	/* names that others may give it */
	struct strv links;	/* NAME=origin: named contexts, not found yet */
	struct strv needs;	/* images that a "@" in it stands for */

	/* A generated one's. */
	const char *base;
	const char *pip_requirements, *npm_lock;
	struct strv apt, pip;
};

struct init {
	struct imgcache *ic;
	struct arena *arena;
	const char *root;	/* absolute */
	const char *base;	/* of every generated image, NULL: by kind */
	bool force;		/* ignore files of ours are written anew */
	struct init_found found;
	struct init_image **images;
	size_t n_images, cap_images;
	struct strv read;	/* files that something came of */
	struct strv spoken;	/* Dockerfiles that another file speaks of */
	struct strv left;	/* what was left out, for the file's end */
	struct strv notes;	/* sentences for whoever called */
};

#define INIT_MAX_LAYERS 32

/* What a file says of one image, the nearest first. */
struct init_layers {
	const struct yaml_node *v[INIT_MAX_LAYERS];
	size_t n;
};

enum init_extends {
	INIT_EXTENDS_NONE,
	INIT_EXTENDS_HERE,		/* services of the same file */
	INIT_EXTENDS_ELSEWHERE
};

/* Add a target and what it inherits from, of that the last named first. */
bool init_layers_inherit(struct init_layers *l,
			 const struct yaml_node *targets,
			 const struct yaml_node *target);

/*
 * Add what the services build that a service extends. It tells where the
 * Dockerfile is; to merge all as compose does takes more than that.
 */
enum init_extends init_layers_extend(struct init_layers *l,
				     const struct yaml_node *services,
				     const struct yaml_node *service);

/* The context of a build as written, NULL: it names none. */
const char *init_layers_context(const struct init_layers *l);

/* Is one of them a list, which no build is? */
bool init_layers_has_list(const struct init_layers *l);

/* A new image with a name that no other has, made of what is wanted. */
struct init_image *init_image_new(struct init *in, const char *wanted,
				  const char *origin);
void init_images_release(struct init *in);

/* The image with that Dockerfile, context and target, or NULL. */
struct init_image *init_image_like(const struct init *in,
				   const struct init_image *other);

/* Drop the image that was made last. */
void init_image_drop(struct init *in);

void init_note(struct init *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Note that something was left out, here and at the end of the project file,
 * and how it is built without it: kind is "bake", "compose" or NULL.
 */
void init_left_out(struct init *in, const char *origin, const char *why,
		   const char *kind, const char *path, const char *name);

/* Text as a word of a command that a person may paste into a shell. */
const char *init_shell_word(const struct init *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * path as written in a file of the folder dir, relative to the root; NULL if
 * it leaves the root. "." is the root.
 */
const char *init_path(const struct init *in, const char *dir,
		      const char *path);

/*
 * The folder a path is in, relative to the root, "." for the root; and the
 * name a folder goes by: the root's own name for ".".
 */
const char *init_dir(const struct init *in, const char *path);
const char *init_dir_name(const struct init *in, const char *dir);

/*
 * Text of a compose file, whose $NAME, ${NAME} and ${NAME-text} are written as
 * the project file has them; NULL if it has another form. One that must be
 * set, ${NAME?}, is one without a standard, which must be set there.
 */
const char *init_variables(const struct init *in, const char *text);

/* Images from each kind of file; what cannot be used is noted. */
void init_compose(struct init *in, const char *path);
void init_bake(struct init *in, const char *path);
void init_bake_hcl(struct init *in, const char *path);
void init_devcontainer(struct init *in, const char *path);
void init_dockerfile(struct init *in, const char *path);

/* Images of the project that this one is built from become its contexts. */
void init_link(struct init *in, struct init_image *image);

/* What is built from something that would not build does not either. */
void init_link_check(struct init *in);

/* Images for package lists that no Dockerfile reads. */
void init_packages(struct init *in);

/* Fill in lists from a mapping or a list of NAME=value; false: other forms. */
bool init_assignments(const struct init *in, const struct yaml_node *node,
		      struct strv *out);

struct init_pyproject {
	const char *requires_python;	/* or NULL */
	struct strv dependencies;	/* of [project], as written */
	struct strv groups;		/* names of lists beside them */
	bool is_dynamic;		/* setup.py and the like know them */
	bool is_poetry;			/* it has lists of its own */
	int bad_line;			/* not TOML from there on; 0: it is */
};

void init_pyproject_read(struct arena *arena, const char *text,
			 struct init_pyproject *out);
void init_pyproject_release(struct init_pyproject *p);

/*
 * The version of a range such as ">=3.9", "^20.1", "v18": its first parts
 * (1 or 2). A range that has no end gives standard, if that is in it.
 */
const char *init_version(struct arena *arena, const char *range, int parts,
			 const char *standard);

/* Would it build? Sets reason, and what is needed for an ignore file. */
void init_check(struct init *in, struct init_image *image);

/* The block of an image in the project file, each line behind indent. */
void init_write_image(const struct init_image *image, const char *indent,
		      struct buf *out);

/* The whole project file. */
void init_write(const struct init *in, struct buf *out);

/*
 * The text of an ignore file for a Dockerfile: what its stages read, less what
 * is ignored now. False if there is nothing to be written; that is noted where
 * it may surprise. is_ours: the file that is there now is one of these.
 */
bool init_ignore(struct init *in, const struct init_image *image,
		 struct buf *out);

/* The text of a hook, "pre-push" or "pre-pulumi", and where it belongs. */
int init_hook(struct init *in, const char *kind, const char **path,
	      struct buf *out, struct imgcache_error *err);

#endif
