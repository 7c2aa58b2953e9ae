/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_INPUTS_H
#define IMGCACHE_KEY_INPUTS_H

/*
 * Everything that one recipe comes to at one moment: the Dockerfile that will
 * be handed over, what its bases are, the tree of its context, and from these
 * the manifest, the key and the tag. Taken before a build and once more after
 * it; what is built is what was taken.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/strv.h"
#include "key/base_config.h"
#include "recipe/manifest.h"
#include "session/registries.h"
#include "session/session.h"
#include "source/hash.h"

struct dockerfile;
struct dockerfile_options;
struct dockerfile_plan;
struct reach;
struct textmemo;
struct tree;

/* A build context on disk, main or named. */
struct input_context {
	const char *name;	/* NULL: the main one */
	const char *path;	/* absolute */
	struct tree *tree;
	struct buf ignore;	/* text of the ignore file in force */
	const char *ignore_name;	/* for messages */
	const char *ignore_path;	/* where it is from; NULL: no file */
	bool has_ignore;
	bool is_empty;		/* the build needs no files of it at all */
	const struct reach *reads;	/* only these count; NULL: everything */
	size_t n_reads;
};

/* An image of ours that this one is built from by "@name". */
struct input_lower {
	const char *name;	/* of the recipe */
	const char *ref;	/* as the build and the manifest name it */
	const char *user;	/* as in input_reference */
	const char *at;		/* as the engine does */
	struct base_config config;	/* what it will say */
	bool is_forgeable;	/* see inputs_are_forgeable() */
};

struct inputs {
	struct imgcache *ic;
	struct imgcache_recipe *r;
	bool no_lock;
	bool only_sources;
	const struct inputs *built;	/* as in the options */
	bool runs;		/* there are RUN steps for the target */
	bool needs_base;	/* they cannot be taken before @base is there */
	int64_t inherited_generation;	/* of images it is built from */
	struct buf dockerfile;	/* the bytes handed to buildx */
	struct buf needed;	/* what of them counts, if not all */
	const size_t *stages;	/* of it in use, ascending; none: all are */
	size_t n_stages;
	struct strv stage_names;	/* of those in use; lower case */
	enum hash_kind hash;
	const char *epoch;	/* NULL: none */
	const char *frontend;

	struct base *bases;
	size_t n_bases, cap_bases;
	const char *root;	/* of them, what the image begins with; or NULL */
	struct input_lower *lower;
	size_t n_lower, cap_lower;
	struct base_config own;	/* what the image itself will say */
	struct strv looked_at;	/* bases whose config matters: "REF PLATFORM" */
	struct input_context *contexts;	/* [0] is the main one */
	size_t n_contexts, cap_contexts;
	struct strv allow;	/* of the main context: only these, if any */
	struct strv plain_contexts;	/* "name=value" passed as they are */

	struct strv args;	/* NAME=value as passed to docker */
	struct strv all_args;	/* and then those that docker adds itself */
	bool has_proxies;	/* they are among them, as far as there are any */
	struct strv key_args;	/* those that count, NAME=value or NAME */
	struct strv labels;	/* the user's, last one of a name */
	struct strv secret_ids, ssh_ids;
	struct manifest_named *named;
	size_t n_named, cap_named;
	struct manifest_extra *extras;
	size_t n_extras, cap_extras;

	enum manifest_context context_mode;
	const char *context_reason;
	bool cache_is_blind;	/* see dockerfile_resolve() */
	const char *refused;	/* only_sources: what is wrong with the
				   Dockerfile, or NULL */

	struct textmemo *memo;
	struct buf manifest;
	char tag[MANIFEST_TAG_MAX];
	const char *ref;	/* repository:tag */
	const char *platform;	/* all of them, sorted, with commas */
	const char *local;	/* the one that is used on this machine */
};

struct inputs_options {
	bool fresh_bases;	/* ask the registries again */
	bool no_lock;		/* as if there were no imgcache.lock */
	bool only_sources;	/* for inputs_take_sources() */
	/*
	 * What these inputs were before a build. What docker was told to take
	 * stays: the date, pinned bases, images of ours. NULL: no build.
	 */
	const struct inputs *built;
};

/*
 * Take the inputs of a recipe. *in is filled in also on failure, as far as it
 * got; release it in any case.
 */
int inputs_take(struct imgcache_recipe *r, const struct inputs_options *o,
		struct inputs *in, struct imgcache_error *err);
void inputs_release(struct inputs *in);

/* Those of a checked recipe, sorted, with commas; in the handle's arena. */
const char *inputs_platforms(const struct imgcache_recipe *r);

/* Of several platforms: that asked for, the machine's own, or the first. */
const char *inputs_local_platform(const struct imgcache_recipe *r);

/* Only the Dockerfile and its bases, without looking at a context. */
int inputs_take_dockerfile(struct imgcache_recipe *r,
			   const struct inputs_options *o, struct inputs *in,
			   struct imgcache_error *err);

/*
 * The Dockerfile, and which contexts there are with their ignore files and what
 * is read of them: no base is resolved, no engine asked, no file looked at. A
 * generated recipe has no Dockerfile then; of a Dockerfile that docker would
 * refuse it is not known what is read. Not enough for a manifest.
 */
int inputs_take_sources(struct imgcache_recipe *r, struct inputs *in,
			struct imgcache_error *err);

/* For the two kinds of recipe: fill in Dockerfile, bases, contexts, args. */
int inputs_generated(struct inputs *in, const struct inputs_options *o,
		     struct imgcache_error *err);
int inputs_dockerfile(struct inputs *in, const struct inputs_options *o,
		      struct imgcache_error *err);

/* Of a generated image whose contexts were read: is all there it copies? */
int inputs_check_copies(const struct inputs *in, struct imgcache_error *err);

/* Leave out of every context what no stage in use can read, if it may be. */
void inputs_narrow(struct inputs *in, const struct dockerfile_plan *plan);

/*
 * What the target of a Dockerfile needs, its bases looked at and added. *out is
 * the caller's, also on failure; it is NULL before.
 */
struct inputs_planning {
	const struct dockerfile_options *options;	/* without bases */
	const struct inputs_options *o;
};

int inputs_plan(struct inputs *in, const struct dockerfile *df,
		const struct inputs_planning *p, struct dockerfile_plan **out,
		struct imgcache_error *err);

/* What of the Dockerfile is in the key. */
const struct buf *inputs_counted_file(const struct inputs *in);

/*
 * Add a base, once; returns it by *out, which may be NULL. One for which docker
 * decides comes after the one of that ref that a named context is pinned to.
 */
int inputs_add_base(struct inputs *in, const struct base_query *q,
		    const struct base **out, struct imgcache_error *err);
/* The one that was added last, or NULL; borrowed until the next is. */
const struct base *inputs_base(const struct inputs *in, const char *ref);
struct input_context *inputs_add_context(struct inputs *in, const char *name,
					 const char *path);

/*
 * "@name" is the image of that name as its inputs are now, in OUR_REPOSITORY
 * whatever its registry is; any other text is itself. user is its USER, NULL
 * if it is not an image of ours or not known.
 */
struct input_reference {
	const char *ref;
	const char *user;
};

int inputs_reference(struct inputs *in, const char *text,
		     struct input_reference *out, struct imgcache_error *err);

/* What the image itself begins with; NULL: nothing, or a named context. */
const struct base *inputs_root(const struct inputs *in);

/* Where the engine has the image of ours that ref names, or NULL. */
const char *inputs_lower_at(const struct inputs *in, const char *ref);

/*
 * Can other inputs be made that have this key: is it an xxh3 hash, or one of
 * the keys that went into it? Then it stands for the image on this machine only.
 */
bool inputs_are_forgeable(const struct inputs *in);

/* The ignore file at path into the context; false if there is none. */
int inputs_read_ignore(struct inputs *in, struct input_context *c,
		       const char *path, bool *found,
		       struct imgcache_error *err);

#endif
