/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_H
#define IMGCACHE_RECIPE_DOCKERFILE_H

/*
 * Reading a Dockerfile the way BuildKit does, in two steps: parse (bytes to
 * instructions, nothing expanded) and resolve (which stages a target needs,
 * which images those stand on, what they read from the build contexts, which
 * build args they declare).
 *
 * The rules are those of BuildKit's frontend (frontend/dockerfile: parser,
 * shell, instructions, dockerfile2llb). Where its versions between engine 20.10
 * and today read a construct differently, or where the value of a variable can
 * only come from a base image, the plan is "not understood": still filled in as
 * far as it goes, but its reads must not be used to narrow the context.
 *
 * Everything is linear in the size of the file, or an error. Any bytes may be
 * given. Error texts begin "<name>:<line>: ".
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/strv.h"

struct buf;
struct imgcache_error;

/* In the order of their names; the table in dockerfile.c has the same order. */
enum dockerfile_keyword {
	DOCKERFILE_ADD,
	DOCKERFILE_ARG,
	DOCKERFILE_CMD,
	DOCKERFILE_COPY,
	DOCKERFILE_ENTRYPOINT,
	DOCKERFILE_ENV,
	DOCKERFILE_EXPOSE,
	DOCKERFILE_FROM,
	DOCKERFILE_HEALTHCHECK,
	DOCKERFILE_LABEL,
	DOCKERFILE_MAINTAINER,
	DOCKERFILE_ONBUILD,
	DOCKERFILE_RUN,
	DOCKERFILE_SHELL,
	DOCKERFILE_STOPSIGNAL,
	DOCKERFILE_USER,
	DOCKERFILE_VOLUME,
	DOCKERFILE_WORKDIR,
	DOCKERFILE_UNKNOWN	/* anything else; word says what */
};

struct dockerfile_heredoc {
	const char *name;	/* the terminator, quotes off */
	const char *body;	/* lines with their ends, may hold NULs */
	size_t body_len;
	size_t offset;		/* of the body in the file */
	bool expand;		/* no part of the name was quoted */
	bool chomp;		/* <<-: leading tabs are dropped */
};

/* From byte text of an instruction's text on, it is the file's from file on. */
struct dockerfile_piece {
	size_t text;
	size_t file;
};

/*
 * One instruction. What args holds depends on the keyword:
 *
 *	ADD COPY VOLUME EXPOSE FROM	words split at white space, or the JSON
 *	RUN CMD ENTRYPOINT SHELL	one text, or the strings of the JSON
 *	ENV LABEL			name, value, name, value ...
 *	ARG				"NAME" or "NAME=value", quotes kept
 *	HEALTHCHECK			type, then as CMD
 *	USER WORKDIR STOPSIGNAL MAINTAINER	one text
 *	ONBUILD				nothing: see trigger
 *
 * Quotes and variables are as written, except in JSON.
 */
struct dockerfile_instruction {
	enum dockerfile_keyword keyword;
	const char *word;	/* the keyword as written */
	const char *text;	/* continuations joined, comments gone */
	const struct dockerfile_piece *pieces;	/* none in a trigger */
	size_t n_pieces;
	int line;		/* of its first line, from 1 */
	int end_line;		/* of its last, heredoc bodies included */
	const char *const *flags;	/* "--from=x", quotes off */
	size_t n_flags;
	const char *const *args;
	size_t n_args;
	bool json;
	const struct dockerfile_heredoc *heredocs;
	size_t n_heredocs;
	const struct dockerfile_instruction *trigger;	/* of an ONBUILD */
};

struct dockerfile {
	const char *name;	/* for messages */
	struct dockerfile_instruction *v;
	size_t n, cap;
	char escape;		/* '\\' or '`' */
	const char *frontend;	/* of "# syntax=", NULL: none */
	int frontend_line;
	bool foreign;		/* frontend is not docker's own */
	const char *doubt;	/* why engines may read it differently */
	int doubt_line;
	struct arena arena;	/* owns all of the above */
};

/*
 * Parse len bytes; name (copied) is how messages call the file. *out is the
 * caller's, to be given to dockerfile_free(). EFAIL for what BuildKit refuses:
 * an empty file, a line over 65535 bytes, a bad directive, an unterminated
 * heredoc, a malformed instruction; and for a NUL in an instruction. A file for
 * a foreign frontend need not be a Dockerfile, so it never fails: it has as
 * many instructions as could be read.
 */
int dockerfile_parse(const char *text, size_t len, const char *name,
		     struct dockerfile **out, struct imgcache_error *err);
void dockerfile_free(struct dockerfile *df);

/* "COPY" for DOCKERFILE_COPY; "?" for DOCKERFILE_UNKNOWN. */
const char *dockerfile_keyword_name(enum dockerfile_keyword keyword);

/* Where in the file byte at of in->text stands; not for a trigger. */
size_t dockerfile_place(const struct dockerfile_instruction *in, size_t at);

/* The value of flag "--<name>=value" ("" for a bare one), NULL if absent. */
const char *dockerfile_flag(const struct dockerfile_instruction *in,
			    const char *name);

/*
 * What the caller knows of an image that a stage begins with. Without it the
 * image is taken to set any variable and to have no ONBUILD instructions: so
 * resolve once, look at what the plan's bases are, and resolve again with what
 * they hold if one of them has triggers or was not seen, or if the plan was not
 * understood. Triggers can bring more stages into use, hence more bases.
 *
 * An image that nobody could look at may have any triggers: they declare any
 * arg, read all of the context and copy from any stage above.
 */
struct dockerfile_base {
	const char *ref;		/* as in dockerfile_from */
	const char *context;		/* the same; then ref is for messages */
	const char *platform;		/* the same; NULL: on any */
	const struct strv *env;		/* NAME=value; NULL: not known */
	const struct strv *onbuild;	/* its triggers, NULL: none */
	bool is_unseen;			/* and the two above say nothing */
};

struct dockerfile_options {
	const char *target;		/* NULL or "": the last stage */
	const struct strv *args;	/* NAME=value; a bare NAME: not given */
	const struct strv *platforms;	/* none: build_platform */
	const char *build_platform;	/* "linux/amd64"; NULL: that */
	const struct strv *contexts;	/* names of the named contexts */
	const struct dockerfile_base *bases;
	size_t n_bases;
};

struct dockerfile_stage {
	size_t index;
	const char *name;	/* lower case, NULL: none */
	int line;
	const char *context;	/* named context that replaces it, or NULL */
};

struct dockerfile_image {
	const char *ref;	/* as written, variables expanded */
	const char *platform;	/* of FROM --platform, normalised, or NULL */
	int line;		/* where it is first named */
	bool is_base;		/* a FROM names it, not only COPY or RUN */
	const char *context;	/* named context that replaces it, or NULL */
};

/* An image, or a named context that may be one, that a stage begins with. */
struct dockerfile_from {
	const char *ref;	/* as in dockerfile_image; NULL: see context */
	const char *context;	/* what replaces the image or the stage */
	const char *platform;	/* on which it is used, normalised */
	int line;
};

enum dockerfile_read_kind {
	DOCKERFILE_READ_COPY,	/* path is a Go filepath.Match pattern */
	DOCKERFILE_READ_PARENTS, /* path as above, include below it */
	DOCKERFILE_READ_TREE,	/* path is a path, and all below it */
	DOCKERFILE_READ_URL,	/* path is a http or https address */
	DOCKERFILE_READ_GIT	/* path is a git address */
};

/*
 * Something read from a context. Paths are relative to its root and clean, ""
 * is all of it; "*" "?" and "[]" do not cross a slash. Links on the way are
 * followed by BuildKit, inside the context.
 */
struct dockerfile_read {
	enum dockerfile_read_kind kind;
	const char *context;	/* NULL: the main one; else the name given */
	const char *path;
	bool wildcard;		/* path has an unescaped * ? or [ */
	const char *include;	/* PARENTS: an ignore-file pattern below path */
	const char *const *exclude;	/* patterns of --exclude */
	size_t n_exclude;
	bool exclude_differs;	/* versions of BuildKit read them differently;
				   see dockerfile_read_excludes() */
	const char *checksum;	/* of ADD --checksum, or NULL */
	int line;
};

/* How many patterns of --exclude are looked at: all, or none that differ. */
size_t dockerfile_read_excludes(const struct dockerfile_read *read);

/*
 * Lists are in the order of the file. Owned as a whole: dockerfile_plan_free().
 * The plan borrows nothing from the dockerfile or the options.
 */
struct dockerfile_plan {
	struct dockerfile_stage *stages;
	size_t n_stages, cap_stages;
	struct dockerfile_image *images;	/* each (ref, platform) once */
	size_t n_images, cap_images;
	struct dockerfile_from *bases;		/* each (all but line) once */
	size_t n_bases, cap_bases;
	struct dockerfile_read *reads;		/* each once */
	size_t n_reads, cap_reads;
	struct strv args;	/* of the stages in use; sorted */
	bool any_arg;		/* what nobody saw may declare others, too */
	const char *root;	/* image that the target begins with; or NULL */
	struct strv onbuild;	/* the triggers that the image will have */
	bool has_onbuild;	/* and that is all of them */
	const char *frontend;	/* as in struct dockerfile */
	bool cache_is_blind;	/* see dockerfile_resolve() */
	bool understood;
	const char *reason;	/* why not: one clause, or NULL */
	int reason_line;	/* 0: the whole file */
	struct arena arena;
};

/*
 * What the target needs, for all platforms together. EUSAGE if the target or a
 * platform of the options is wrong; EFAIL for what BuildKit refuses (a base
 * name that comes out blank or malformed, an instruction before the first FROM,
 * a COPY --from of a later stage) and for expansions beyond 64 MiB.
 *
 * cache_is_blind: a COPY or ADD has an --exclude that may leave out everything.
 * BuildKit (0.13 as 0.25) copies a source that is a file all the same, but it
 * does not look at the file to tell whether it has done that before. Only a
 * build without its cache is sure to have the file as it is.
 *
 * args lists the names that can change the result: ARGs of the stages in use
 * where something after them can use one (a RUN, a "$"), global ARGs behind
 * those or used in FROM lines, and predefined platform args if options.args
 * overrides one that is used. Proxy args are in it only where a stage declares
 * them.
 */
int dockerfile_resolve(const struct dockerfile *df,
		       const struct dockerfile_options *options,
		       struct dockerfile_plan **out,
		       struct imgcache_error *err);
void dockerfile_plan_free(struct dockerfile_plan *plan);

/*
 * Append what of the text (that df was read from) can change what is built: the
 * lines of the stages in use and what stands before the first, with keywords in
 * upper case; no comments, but those inside of an instruction. All of it where
 * the plan is not understood.
 */
void dockerfile_needed(const struct dockerfile *df,
		       const struct dockerfile_plan *plan,
		       const struct dockerfile_options *options,
		       const char *text, size_t len, struct buf *out);

/*
 * The frontends this reader knows: NULL (the engine's own), dockerfile.v0, and
 * docker/dockerfile and docker/dockerfile-upstream with any tag or digest.
 */
bool dockerfile_frontend_is_known(const char *ref);

/*
 * What BUILDKIT_SYNTAX among the args (NAME=value) puts in the place of these,
 * whatever the file says; NULL: nothing. Resolving looks at it.
 */
const char *dockerfile_frontend_of_args(const struct strv *args);

/* HTTP_PROXY and the like, in any case: usable undeclared, never in a key. */
bool dockerfile_arg_is_predefined_proxy(const char *name);

/* TARGETPLATFORM, BUILDARCH ...: set by BuildKit, declared by nobody. */
bool dockerfile_arg_is_platform(const char *name);

/*
 * Args that change an image without being declared: SOURCE_DATE_EPOCH and all
 * BUILDKIT_* but those known to leave the image alone (facts: experiments on
 * three engines, and docker's reference page).
 */
bool dockerfile_arg_always_counts(const char *name);

/* A file that a Dockerfile is made of, or was, or that tells of one. */
bool dockerfile_is_draft_name(const char *name);

#endif
