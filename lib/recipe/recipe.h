/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_RECIPE_H
#define IMGCACHE_RECIPE_RECIPE_H

/*
 * What to build, as asked for: from flags or from imgcache.yaml, both end in
 * this struct. All text is owned by the recipe. Lists keep the order in which
 * they were written; whoever needs another order (the generated Dockerfile, the
 * manifest) sorts a copy. A recipe that recipe_check() accepted holds only
 * package names, versions and paths that passed their grammar.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"

struct imgcache_error;
struct settings;

enum recipe_kind { RECIPE_GENERATED, RECIPE_DOCKERFILE };
enum recipe_base_policy { BASE_BY_DIGEST, BASE_BY_NAME };

/* Where a value was written: NULL file means a flag on the command line. */
struct recipe_place {
	const char *file;	/* owned by the recipe that holds the place */
	int line;
	int column;
};

/* One package as asked: "git", "numpy==1.26.4", "@types/node@20". */
struct recipe_package {
	char *text;		/* as written, without white space around it */
	struct recipe_place place;
};

struct recipe_packages {
	struct recipe_package *v;
	size_t n;
	size_t cap;
};

/* copy: {from, to}; from is relative to the root and stays inside it. */
struct recipe_copy {
	char *from;
	char *to;
	struct recipe_place place;
};

struct recipe {
	char *name;		/* NULL: made from flags */
	enum recipe_kind kind;
	char *root;		/* absolute; relative paths are meant from it */
	struct recipe_place place;
	char *file;		/* the project file, NULL for flags */

	/* generated images */
	char *base;
	struct recipe_packages apt, npm, pip;
	char *pip_requirements;	/* path relative to root */
	char *npm_lock;		/* folder with package.json and a lock file */
	char *claude_code;	/* version or dist-tag, "true": the one of the
				 * settings, NULL: none */
	struct strv env;	/* NAME=value */
	char *user;
	struct recipe_copy *copies;
	size_t n_copies, cap_copies;
	char *refresh;		/* never daily weekly monthly or a literal */
	char *ca_bundle;	/* path; never in the key */

	/* images with a Dockerfile */
	char *dockerfile;	/* path; NULL: the context's Dockerfile */
	char *context;		/* path relative to root */
	char *context_mode;	/* "full" or "sources", NULL: the default */
	struct strv include;	/* allow list */
	char *target;
	struct strv args;	/* NAME=value, or NAME: from the environment */
	struct strv build_contexts;	/* name=value */
	char *network;
	struct strv add_hosts;	/* host:ip */
	struct strv secrets;	/* docker's own --secret text */
	struct strv ssh;	/* docker's own --ssh text */
	char *source;		/* the file that all this was taken from */

	/* both */
	struct strv platforms;	/* os/arch[/variant], empty: the default */
	struct strv labels;	/* NAME=value, the user's own */
	struct strv key_files;	/* paths outside the context that count */
	char *registry;
	char *static_ref;	/* used instead when USE_STATIC_BASE_IMAGE */
	char *hash;		/* "git", "xxh3", NULL: the rule decides */
	char *salt;
	enum recipe_base_policy base_policy;
	bool has_base_policy;	/* it was asked for */
};

/* An empty recipe rooted at an absolute directory. */
void recipe_init(struct recipe *r, const char *root);
void recipe_release(struct recipe *r);

/*
 * Apply one command-line flag, without its dashes: "apt", "base", "build-arg",
 * "context" ... Lists (apt, npm, pip) take several names split at commas or
 * white space (a comma inside [] belongs to pip extras). The same table serves
 * every verb, the completion and the manual. IMGCACHE_EUSAGE says what is wrong
 * with the value and what to write instead.
 */
int recipe_set_flag(struct recipe *r, const char *flag, const char *value,
		    struct imgcache_error *err);

/*
 * The whole of it: kinds are not mixed, a base or a Dockerfile is there, every
 * package passes its grammar (recipe/grammar.h), names are no options, paths
 * stay inside the root. Errors carry file:line:column where the place is known.
 */
int recipe_check(struct recipe *r, struct imgcache_error *err);

/*
 * The part of recipe_check() that needs no settings: everything but that a
 * generated image has a base. Decides the kind.
 */
int recipe_check_parts(struct recipe *r, struct imgcache_error *err);

/*
 * Fill in what the recipe does not say from the settings: base, platforms,
 * refresh, hash, registry, base policy, CA bundle, the version of Claude Code.
 * In a recipe of the project file a flag or an IMGCACHE_* variable also
 * replaces what it says, the base aside.
 */
int recipe_apply_settings(struct recipe *r, const struct settings *s,
			  struct imgcache_error *err);

void recipe_add_package(struct recipe_packages *list, const char *text,
			const struct recipe_place *place);

/* The name in "@name" if value is a reference to another image, else NULL. */
const char *recipe_reference(const char *value);

/* [a-z0-9][a-z0-9._-]*, at most 100 bytes: it has to fit into a tag. */
bool recipe_is_name(const char *text);

/*
 * Split a list of packages at commas and white space. Those inside [] and
 * those before an operator ("numpy>=1.26,<2") belong to the package.
 */
void recipe_split(struct strv *out, const char *text);

/* More than that in one list is refused. */
#define RECIPE_MAX_ITEMS 4096

enum recipe_use {
	RECIPE_FOR_GENERATED,
	RECIPE_FOR_DOCKERFILE,
	RECIPE_FOR_BOTH
};

enum recipe_shape {
	RECIPE_TEXT,		/* char *, the last one counts */
	RECIPE_STRINGS,		/* struct strv */
	RECIPE_ASSIGNMENTS,	/* struct strv, NAME=value, each NAME once */
	RECIPE_PACKAGES,	/* struct recipe_packages */
	RECIPE_COPIES,		/* FROM:TO */
	RECIPE_POLICY		/* enum recipe_base_policy */
};

/* One row of the table: a flag, and a key of an image in imgcache.yaml. */
struct recipe_flag {
	const char *name;	/* without dashes; NULL: only in the file */
	const char *key;	/* NULL: only a flag, another name for one */
	const char *argument;	/* "IMAGE", for help */
	enum recipe_use use;
	enum recipe_shape shape;
	size_t offset;		/* of the field in struct recipe */
	int (*check)(const char *value, struct imgcache_error *err);
	bool splits;		/* a text may hold several values */
	bool expands;		/* ${NAME} in the file */
	bool is_path;		/* in the file: stays inside the root */
	char letter;		/* 0: none */
	const char *help;	/* one sentence */
};

/* All rows in the order in which help shows them; *n is their count. */
const struct recipe_flag *recipe_flags(size_t *n);

/* NULL if there is none of that name or key. */
const struct recipe_flag *recipe_flag_named(const char *name);
const struct recipe_flag *recipe_flag_keyed(const char *key);

/*
 * Apply one value. place is where it was written; NULL or without a file: the
 * command line. IMGCACHE_EUSAGE, the text beginning with the place or the
 * flag.
 */
int recipe_set(struct recipe *r, const struct recipe_flag *flag,
	       const char *value, const struct recipe_place *place,
	       struct imgcache_error *err);

/* The same for a copy whose ends are known. */
int recipe_add_copy(struct recipe *r, const char *from, const char *to,
		    const struct recipe_place *place,
		    struct imgcache_error *err);

#endif
