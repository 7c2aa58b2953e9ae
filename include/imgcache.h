/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_H
#define IMGCACHE_H

/*
 * imgcache: is there already an image for exactly these inputs, and what is it
 * called? Built only when the true answer is no.
 *
 * Conventions. A handle comes from imgcache_open() and goes with
 * imgcache_close(); it belongs to one thread. Whatever a call hands out
 * (strings, lists, recipes) is borrowed from the handle and lives until
 * imgcache_close(), unless a comment says otherwise. Calls that can fail
 * return 0 or a negative enum imgcache_code and then have set *err exactly
 * once. The library writes nothing to stdout or stderr and never exits, but
 * for memory that cannot be had; what a person might like to hear comes as
 * events. Sizes are bytes, moments are seconds since the epoch, durations are
 * microseconds, unless a name says otherwise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMGCACHE_VERSION "0.1.0"
#define IMGCACHE_API __attribute__((visibility("default")))

enum imgcache_code {
	IMGCACHE_OK = 0,
	IMGCACHE_EFAIL = -1,	/* it could not be done; err says why */
	IMGCACHE_ENO = -2,	/* the true answer is no: a miss, no such thing */
	IMGCACHE_EBUILD = -3,	/* a build failed; its log is named */
	IMGCACHE_ECHANGED = -4,	/* the sources changed while they were used */
	IMGCACHE_EBUSY = -5,	/* someone else holds the lock */
	IMGCACHE_EUSAGE = -6,	/* the caller's words are wrong */
	IMGCACHE_EINTR = -7,	/* interrupted by a signal */
	IMGCACHE_EUNKNOWN = -8	/* neither yes nor no could be found out */
};

/* Zero it before its first use, and before it is used again. */
struct imgcache_error {
	int code;		/* 0, or the enum imgcache_code returned */
	int sys_errno;		/* errno of the cause, or 0 */
	char text[1024];	/* one line, no full stop */
};

/*
 * Events: what happens while a call works. Fields that a type does not name
 * are NULL or zero; the struct and its text live for the call-back only.
 */
enum imgcache_event_type {
	IMGCACHE_WARNING,	/* text */
	IMGCACHE_WAITING,	/* name, text: for whom, and what that does */
	IMGCACHE_BUILD_BEGIN,	/* name, ref, text: the reason, log */
	IMGCACHE_STEP_BEGIN,	/* name, step, steps, text: the step's name */
	IMGCACHE_STEP_CACHED,	/* the same */
	IMGCACHE_STEP_DONE,	/* the same, and elapsed_us */
	IMGCACHE_STEP_FAILED,	/* the same */
	IMGCACHE_BUILD_OUTPUT,	/* name, step, text: a line a step printed */
	IMGCACHE_BUILD_END,	/* name, ref, elapsed_us, steps, cached */
	IMGCACHE_PULL_BEGIN,	/* name, ref, text: the repository */
	IMGCACHE_PULL_END,	/* the same, and elapsed_us */
	IMGCACHE_PUSH_BEGIN,	/* name, ref, text: the repository */
	IMGCACHE_PUSH_END,	/* the same, and elapsed_us */
	IMGCACHE_STARTED,	/* name, ref, doing, text: the id of what is
				 * seen to in the background from now on */
	IMGCACHE_BASE_INSTEAD,	/* name, ref, text: why the image is not there;
				 * somebody is at it, the base is run */
	IMGCACHE_JOB_BEGIN,	/* one of several at once: as BUILD_BEGIN */
	IMGCACHE_JOB_END,	/* as BUILD_END; text: why it failed, or NULL */
	IMGCACHE_TICK		/* a few times a second while a build runs and
				 * says nothing: time for a clock to go on */
};

struct imgcache_event {
	enum imgcache_event_type type;
	const char *name;
	const char *ref;
	const char *text;
	const char *log;
	const char *doing;	/* "building", "pushing"; NULL: that depends */
	int step;		/* counts from 1 */
	int steps;		/* known so far */
	int cached;
	int64_t elapsed_us;
};

typedef void imgcache_event_fn(void *payload, const struct imgcache_event *e);

/* The handle. Opening it reads settings only; the project file, the catalog
 * and the engine are opened when first needed. */
struct imgcache;

/* A project file that is not right is a failure, or done without: then its
 * text is a warning, or a matter of the calls that tell it themselves. */
enum imgcache_bad_project {
	IMGCACHE_BAD_PROJECT_FAILS,
	IMGCACHE_BAD_PROJECT_WARNS,
	IMGCACHE_BAD_PROJECT_TOLD	/* by imgcache_doctor(), _prune() */
};

struct imgcache_options {
	const char *dir;		/* work as if started there; NULL: . */
	const char *project_file;	/* NULL: imgcache.yaml, found upwards */
	const char *const *settings;	/* "name=value", NULL-ended, or NULL */
	enum imgcache_bad_project bad_project;
	imgcache_event_fn *on_event;	/* may be NULL */
	void *payload;
};

IMGCACHE_API int imgcache_open(struct imgcache **out,
			       const struct imgcache_options *o,
			       struct imgcache_error *err);
IMGCACHE_API void imgcache_close(struct imgcache *ic);

/*
 * Catch SIGINT, SIGTERM and SIGHUP: the call under way unwinds and returns
 * IMGCACHE_EINTR. imgcache_signals_end() ends the program as the signal would
 * have; it returns if none came.
 */
IMGCACHE_API void imgcache_signals_begin(void);
IMGCACHE_API void imgcache_signals_end(void);

/* The signal that came since imgcache_signals_begin(), or 0. */
IMGCACHE_API int imgcache_signals_caught(void);

/*
 * Recipes: what to build. By name from the project file, or from flags, one
 * imgcache_recipe_set() for each; docker's own names where docker has one.
 * A recipe is checked as a whole when it is first used.
 */
struct imgcache_recipe;

struct imgcache_flag {
	const char *name;	/* without dashes */
	char letter;		/* "f" of "-f"; 0: none */
	const char *argument;	/* "NAME[=VERSION]", NULL: takes none */
	const char *help;	/* one sentence */
};

/* All recipe flags in the order in which help shows them; *n is their count. */
IMGCACHE_API const struct imgcache_flag *imgcache_recipe_flags(size_t *n);

IMGCACHE_API int imgcache_recipe_new(struct imgcache *ic,
				     struct imgcache_recipe **out,
				     struct imgcache_error *err);
IMGCACHE_API int imgcache_recipe_set(struct imgcache_recipe *r,
				     const char *flag, const char *value,
				     struct imgcache_error *err);

/* IMGCACHE_ENO if the project has no image of that name. */
IMGCACHE_API int imgcache_recipe_named(struct imgcache *ic, const char *name,
				       struct imgcache_recipe **out,
				       struct imgcache_error *err);

/* Every image of the project, an image after those it is built from. */
IMGCACHE_API int imgcache_recipe_all(struct imgcache *ic,
				     struct imgcache_recipe ***out, size_t *n,
				     struct imgcache_error *err);

/*
 * The image made of the COMMON_* packages. IMGCACHE_ENO if there are none, or
 * if PREBUILD_COMMON_IMAGES does not switch it on: nothing to do, no mistake.
 */
IMGCACHE_API int imgcache_recipe_common(struct imgcache *ic,
					struct imgcache_recipe **out,
					struct imgcache_error *err);

IMGCACHE_API const char *imgcache_recipe_name(const struct imgcache_recipe *r);

/*
 * The name of the image for what the inputs are now. Asks no engine where the
 * lock file or the memo knows the bases.
 */
struct imgcache_tag {
	const char *tag;	/* "g1-<40 hex>" or "x1-<32 hex>": the key */
	const char *ref;	/* repository:tag */
	const char *manifest;	/* the canonical text; its hash is the key */
	const char *hash;	/* "git" or "xxh3" */
};

IMGCACHE_API int imgcache_tag(struct imgcache *ic, struct imgcache_recipe *r,
			      struct imgcache_tag *out,
			      struct imgcache_error *err);

/* The Dockerfile that is handed to docker for this recipe. */
IMGCACHE_API int imgcache_dockerfile(struct imgcache *ic,
				     struct imgcache_recipe *r,
				     const char **text,
				     struct imgcache_error *err);

/* An image of the catalog. Text that is not known is NULL. */
struct imgcache_dependency {
	const char *type;	/* npm, pip, apt, system */
	const char *name;
	bool is_asked;		/* not brought along by another */
	const char *asked;	/* version as asked, or NULL */
	const char *installed;	/* version found in the image, or NULL */
};

struct imgcache_image {
	const char *id;		/* the key's first 12 hex digits */
	const char *name;	/* it was built under last, or NULL */
	const char *const *names;	/* all: recipes with the same inputs
					 * share an image; NULL-ended */
	const char *tag;
	const char *ref;
	const char *image_id;	/* the engine's */
	const char *digest;
	const char *base;
	const char *base_digest;
	const char *platform;	/* of the key; several with commas */
	const char *const *loaded;	/* those on the engine; NULL-ended */
	const char *status;	/* pending building completed failed ... */
	const char *reason;	/* why it was built, or why it failed */
	const char *dependencies_hash;
	const char *engine;
	const char *log;	/* path of the last build's log */
	int64_t size_bytes;
	int64_t created_at;	/* when this catalog first saw it */
	int64_t built_at;	/* 0: not built by us */
	int64_t last_used_at;	/* 0: never */
	int64_t status_at;	/* when it came to its status; 0: unknown */
	int64_t build_us;	/* duration of the build */
	int64_t hits;
	int64_t row;		/* in the catalog */
	bool is_local;		/* on the engine when it was last seen */
	const char *origin;	/* built, pulled, adopted */
	const char *pushed_ref;	/* where it is in a registry, as far as is
				 * known here; NULL: nowhere */
	int64_t pushed_at;	/* pushed, pulled or seen there; 0: never */
	bool pinned;
	const char *metadata;	/* JSON object, or NULL */
	const struct imgcache_dependency *dependencies;
	size_t n_dependencies;
};

enum imgcache_state { IMGCACHE_HIT, IMGCACHE_MISS, IMGCACHE_UNKNOWN };

/* Why the answer is no; the order is that of imgcache_reason_text(). */
enum imgcache_reason {
	IMGCACHE_REASON_NONE,		/* it is a hit */
	IMGCACHE_NEVER_BUILT,
	IMGCACHE_INPUTS_CHANGED,
	IMGCACHE_BASE_MOVED,
	IMGCACHE_EPOCH_ROLLED,
	IMGCACHE_INVALIDATED,
	IMGCACHE_PRUNED,
	IMGCACHE_DELETED,
	IMGCACHE_GONE,			/* from the engine, behind our back */
	IMGCACHE_FOREIGN,		/* another image under our tag */
	IMGCACHE_BUILD_FAILED,		/* the last one did */
	IMGCACHE_INTERRUPTED,		/* the last build was */
	IMGCACHE_REGISTRY_UNKNOWN,
	IMGCACHE_ENGINE_UNKNOWN,
	IMGCACHE_ASKED,			/* --rebuild, --no-cache, switched off */
	IMGCACHE_BEING_BUILT,		/* by somebody, just now */
	IMGCACHE_PENDING,		/* asked for in the background */
	IMGCACHE_REASONS
};

/* "never-built" and the like: the word used in JSON and statistics. */
IMGCACHE_API const char *imgcache_reason_word(enum imgcache_reason r);

/* "never built", "gone from the engine": for people. */
IMGCACHE_API const char *imgcache_reason_text(enum imgcache_reason r);

struct imgcache_answer {
	enum imgcache_state state;
	enum imgcache_reason reason;
	const char *detail;	/* what changed, who is foreign; or NULL */
	const char *name;
	const char *ref;
	const char *tag;
	const char *image_id;	/* of a hit */
	const char *digest;	/* repository digest, if one is known */
	const char *pushed_ref;	/* where it is in a registry, as far as is
				 * known here; NULL: nowhere */
	const char *remote;	/* repository@digest that was pulled, or with
				 * dry_run would be */
	int64_t size_bytes;
	bool built;		/* by this call */
	bool pulled;		/* by this call: a remote hit, or with push
				 * another build of the key that was first */
	bool changed;		/* built, but filed under no key */
	bool is_static;		/* the agreed image; ref is not of a key */
	bool is_base;		/* the base alone: spawn on a miss */
	bool is_started;	/* in the background, by this call */
	const char *error;	/* of several at once: why it is not there */
	int64_t elapsed_us;	/* of the lookup or the build */
	int steps;		/* of the build */
	int cached;
	const char *log;
};

/*
 * Is the image of this recipe there now? 0 and a hit, IMGCACHE_ENO and the
 * reason, or IMGCACHE_EUNKNOWN. What only a registry has is pulled. Counted
 * once for each image and handle. With quiet it is not counted.
 */
IMGCACHE_API int imgcache_get(struct imgcache *ic, struct imgcache_recipe *r,
			      bool quiet, struct imgcache_answer *out,
			      struct imgcache_error *err);

/*
 * Why: what differs between the inputs as they are now and those of the last
 * image of the same name, which steps of the build that reaches, and what they
 * took the last time. Needs no engine, and counts as no lookup.
 */
enum imgcache_subject {		/* in the order of their weight */
	IMGCACHE_SUBJECT_BASE,
	IMGCACHE_SUBJECT_FRONTEND,	/* "# syntax=" */
	IMGCACHE_SUBJECT_HASH,		/* how files are hashed */
	IMGCACHE_SUBJECT_INSTRUCTION,
	IMGCACHE_SUBJECT_ARG,
	IMGCACHE_SUBJECT_PACKAGE,
	IMGCACHE_SUBJECT_EPOCH,
	IMGCACHE_SUBJECT_PLATFORM,
	IMGCACHE_SUBJECT_SALT,
	IMGCACHE_SUBJECT_TARGET,
	IMGCACHE_SUBJECT_NETWORK,
	IMGCACHE_SUBJECT_HOST,		/* --add-host */
	IMGCACHE_SUBJECT_LABEL,
	IMGCACHE_SUBJECT_SECRET,	/* ids */
	IMGCACHE_SUBJECT_SSH,
	IMGCACHE_SUBJECT_CONTEXT,	/* a named one that is no directory */
	IMGCACHE_SUBJECT_KEY_FILE,
	IMGCACHE_SUBJECT_COUNTED,	/* which files of the context count */
	IMGCACHE_SUBJECT_FILE,
	IMGCACHE_SUBJECTS
};

/* "base", "key-file": the word used in JSON. */
IMGCACHE_API const char *imgcache_subject_word(enum imgcache_subject s);

enum imgcache_how {
	IMGCACHE_ADDED,
	IMGCACHE_REMOVED,
	IMGCACHE_EDITED,
	IMGCACHE_MOVED,		/* a base: the same name, another image */
	IMGCACHE_MODE,
	IMGCACHE_LINK,		/* where a link leads */
	IMGCACHE_TYPE,		/* a file that became a link ... */
	IMGCACHE_LOST,		/* it changed, but the old one is not known */
	IMGCACHE_EMPTIED,	/* a file that BuildKit sends without content */
	IMGCACHE_FILLED,	/* and with it again */
	IMGCACHE_HOWS
};

/* "added", "mode": the word used in JSON. */
IMGCACHE_API const char *imgcache_how_word(enum imgcache_how h);

struct imgcache_change {
	enum imgcache_subject subject;
	enum imgcache_how how;
	const char *name;	/* a ref, an arg, a package, a path, RUN ...;
				 * NULL: there is only one, and for an
				 * instruction: nothing but comments */
	const char *of;		/* a package's manager; a file's context, NULL:
				 * the main one; the image behind a base;
				 * "generated" of an instruction that we wrote */
	const char *before;	/* as it may be shown, or NULL; an arg has */
	const char *after;	/* neither: its value is nobody's business */
	int line;		/* of an instruction, as the file is now */
	int64_t at;		/* a base: when it was looked up last */
	const int *steps;	/* a file: those that read it; else the first */
	size_t n_steps;		/* that runs again because of it */
};

/* A step of the build as the inputs are now, in the order of the file. */
struct imgcache_step {
	const char *stage;	/* as docker names it; NULL: the only one */
	int number, total;	/* [stage 2/5] */
	const char *text;	/* the instruction, or a generated one's title */
	int line;
	bool is_from;		/* a FROM: docker runs nothing for it */
	bool breaks;		/* it runs again ... */
	bool maybe;		/* ... if what it copies came out another */
	int64_t us;		/* what it took the last time, -1: unknown */
};

/* Of a stage that is built now and was not, or the other way round. */
struct imgcache_stage {
	const char *name;	/* as the file has it, or NULL */
	enum imgcache_how how;	/* added or removed */
	const char **lines;	/* its instructions, the FROM first */
	size_t n_lines;
};

struct imgcache_why_options {
	const char *since;	/* an image, instead of the last one */
	const char *until;	/* an image, instead of the inputs of now */
};

struct imgcache_why {
	const char *name;
	const char *tag;	/* of the inputs of now, or of `until` */
	const char *ref;
	enum imgcache_state state;	/* is it there? UNKNOWN: no engine */
	enum imgcache_reason reason;	/* why not */
	const char *detail;
	const char *status;	/* of an image of just these inputs, as the
				 * catalog knows it; NULL: there was none */
	int64_t at;		/* when it came to that, or was invalidated */
	const char *elsewhere;	/* the engine that has it, or NULL */
	const char *before_tag;	/* that image, or the one compared with */
	int64_t before_at;	/* when it was built or found */
	const char *refused;	/* why docker will not build it, or NULL; then
				 * what steps run is of no account */
	bool compared;		/* with another one: what follows is set */
	const struct imgcache_change *changes;	/* by weight, files by path */
	size_t n_changes;
	size_t n_more_files;	/* that changed as well, and are not listed */
	const struct imgcache_stage *stages;	/* another target's doing */
	size_t n_stages;
	const struct imgcache_step *steps;
	size_t n_steps;
	bool knows_steps;	/* else which of them run again is not known */
	int first_step;		/* that is sure to run again, -1: none is */
	int n_runs;		/* steps but for those of FROM */
	int n_breaks;		/* of these run again, n_maybe only maybe */
	int n_maybe;
	int n_timed;		/* of those, how many have a known time */
	int64_t cost_us;	/* their sum */
};

/*
 * 0 with an answer, whatever it is. IMGCACHE_ENO if since or until is no image
 * of the catalog, or what it was made from is not known.
 */
IMGCACHE_API int imgcache_why(struct imgcache *ic, struct imgcache_recipe *r,
			      const struct imgcache_why_options *o,
			      struct imgcache_why *out,
			      struct imgcache_error *err);

/* The change in a few words: "src/main.c edited", "arg VERSION changed". */
#define IMGCACHE_CHANGE_TEXT 256
IMGCACHE_API const char *imgcache_change_text(
	char out[IMGCACHE_CHANGE_TEXT], const struct imgcache_change *c);

/*
 * Verify: is an image, or what runs, what the sources say now? Counts as no
 * lookup.
 */
enum imgcache_freshness {
	IMGCACHE_FRESH,
	IMGCACHE_STALE,		/* reason and detail say why */
	IMGCACHE_NOT_KNOWN,	/* not ours, or never built: detail */
	IMGCACHE_DIRTY		/* built while its sources changed */
};

struct imgcache_verdict {
	enum imgcache_freshness freshness;
	const char *subject;	/* a recipe's name, or a container's */
	const char *container;	/* its id; NULL: it is about an image */
	const char *name;	/* of the recipe, or NULL */
	const char *tag;	/* of what there is, or NULL */
	const char *wanted;	/* of what the sources say, or NULL */
	enum imgcache_reason reason;
	const char *detail;
};

struct imgcache_verify_options {
	struct imgcache_recipe *const *recipes;	/* their last images */
	size_t n_recipes;
	const char *const *containers;	/* names, ids; NULL-ended, or NULL */
	bool all_running;		/* every container that runs ... */
	const char *const *labels;	/* ... with all of these, NAME or
					 * NAME=VALUE; NULL-ended, or NULL */
};

/*
 * In the order asked for: recipes, containers by name, running ones by name.
 * IMGCACHE_EUNKNOWN if the engine gives no answer, IMGCACHE_EFAIL if it has no
 * such container. A recipe whose inputs cannot be had (a base that nobody knows)
 * is IMGCACHE_NOT_KNOWN with the reason as detail; then all verdicts are there,
 * and the first such error is returned. *out lives as long as ic.
 */
IMGCACHE_API int imgcache_verify(struct imgcache *ic,
				 const struct imgcache_verify_options *o,
				 const struct imgcache_verdict **out, size_t *n,
				 struct imgcache_error *err);

/* Neither the engine has the image, nor does the registry give an answer. */
enum imgcache_on_unknown {
	IMGCACHE_UNKNOWN_BY_SETTING,	/* on_unknown; unset: fail in CI */
	IMGCACHE_UNKNOWN_BUILDS,
	IMGCACHE_UNKNOWN_FAILS
};

struct imgcache_build_options {
	bool rebuild;		/* build even on a hit, no cached step, new bases */
	enum imgcache_on_unknown on_unknown;
	bool push;		/* whatever the setting says; it must succeed */
	bool dry_run;		/* say what would be done */
	bool no_cache;		/* bypass the lookup, count nothing */
	bool no_layers;		/* a build takes none of docker's layers */
	bool pull;		/* look the bases up anew */
	bool is_ahead;		/* nobody asked yet: no lookup of stats */
	const char *builder;	/* buildx builder, NULL: docker's choice */
	const char *const *cache_from;	/* build caches as docker has them, */
	const char *const *cache_to;	/* NULL: those of the project file */
	const char *const *tags;	/* further names for the image, or NULL;
				 * with push they are pushed as well */

	/* Docker's own. The first asks for a build, as no_cache does; the
	 * others say how steps run and are in no key. */
	const char *const *no_cache_filter;	/* stages */
	const char *const *allow;
	const char *const *ulimits;
	const char *cgroup_parent;
	const char *shm_size;
};

/*
 * Make sure that the image exists: a hit answers at once, what a registry has
 * is pulled, and anything else is built, by one process at a time.
 * IMGCACHE_EBUILD names the log; IMGCACHE_ECHANGED says which file moved while
 * it was built. With push the image, built now or not, is in the registry
 * afterwards; one of the key that is there stays there and becomes the engine's.
 */
IMGCACHE_API int imgcache_build(struct imgcache *ic, struct imgcache_recipe *r,
				const struct imgcache_build_options *o,
				struct imgcache_answer *out,
				struct imgcache_error *err);

/*
 * The same in the background. What the engine has is answered at once; for
 * anything else a process is started that outlives ours, and the answer is a
 * miss whose key is the id to ask for: imgcache_find() knows it from now on.
 * is_started is false where somebody is at it already. An image waits for those
 * of the call that it is built from, and fails with them. On failure nothing
 * more is started; what was goes on. No other thread may run that takes locks or
 * memory: the child of a fork() goes on with ours alone.
 */
struct imgcache_start_options {
	struct imgcache_build_options build;
	int64_t jobs;		/* so many at a time; 0: all */
};

IMGCACHE_API int imgcache_start(struct imgcache *ic,
				struct imgcache_recipe *const *recipes,
				size_t n,
				const struct imgcache_start_options *o,
				struct imgcache_answer *out,
				struct imgcache_error *err);

/*
 * The same, but it waits for all of them and ends them if it is interrupted.
 * What is built from a failed one fails too, the others do not; the failure of
 * the first that did is returned, in the order asked for, and of each the
 * answer has the error. An answer without any is of one that was not begun.
 */
IMGCACHE_API int imgcache_build_many(struct imgcache *ic,
				     struct imgcache_recipe *const *recipes,
				     size_t n,
				     const struct imgcache_start_options *o,
				     struct imgcache_answer *out,
				     struct imgcache_error *err);

/*
 * What docker's --output asks for, a folder, "-" or "type=...": an image of the
 * engine, which is made in any case, a push, or files. IMGCACHE_EUSAGE where
 * another image than that of the key would come of it.
 */
struct imgcache_output {
	const char *text;
	const char *const *names;	/* further tags for the image, or NULL */
	bool pushes;
	bool is_file;		/* a file or a folder, by imgcache_export() */
	bool is_stdout;		/* handed out by its fn */
};

IMGCACHE_API int imgcache_output(struct imgcache *ic, const char *text,
				 struct imgcache_output *out,
				 struct imgcache_error *err);

struct imgcache_export {
	const struct imgcache_output *output;
	const char *const *names;	/* in an archive of the image; NULL: ref */
	void (*fn)(void *payload, const char *data, size_t len);
	void *payload;
};

/* Write the files of the image that was just answered with a hit. */
IMGCACHE_API int imgcache_export(struct imgcache *ic,
				 struct imgcache_recipe *r,
				 const struct imgcache_answer *a,
				 const struct imgcache_export *e,
				 struct imgcache_error *err);

/* Which images: all conditions must hold. Zero or NULL is no condition. */
enum imgcache_sort {
	IMGCACHE_BY_USE,	/* last used first */
	IMGCACHE_BY_NAME,
	IMGCACHE_BY_CREATED,	/* newest first */
	IMGCACHE_BY_SIZE,	/* biggest first */
	IMGCACHE_BY_HITS	/* most used first */
};

struct imgcache_filter {
	const char *name;
	const char *base;
	const char *status;
	const char *dependency;	/* a package name */
	int64_t unused_for_s;	/* not used for at least that long */
	bool pinned;		/* only pinned ones */
	bool building;		/* only those that somebody is at, or will be */
	bool all_engines;	/* not only those of the engine in use */
	enum imgcache_sort sort;
	int64_t limit;
};

IMGCACHE_API int imgcache_list(struct imgcache *ic,
			       const struct imgcache_filter *f,
			       const struct imgcache_image **out, size_t *n,
			       struct imgcache_error *err);

/*
 * Why there is no image of that name: 0 if the project or the catalog (of any
 * engine) knows it, then there is none yet; IMGCACHE_ENO with the nearest name
 * if nobody does.
 */
IMGCACHE_API int imgcache_check_name(struct imgcache *ic, const char *name,
				     struct imgcache_error *err);

/*
 * A build cache outside the engine that was written or read from here: in a
 * registry, in a directory of this machine, with a service.
 */
struct imgcache_cache {
	const char *type;	/* docker's: registry, local, gha ... */
	const char *place;	/* a ref, a directory, a scope, a name */
	const char *project;	/* folder of the project, or NULL */
	const char *image;	/* name and platform, "app-linux-amd64" */
	const char *stage;	/* NULL: of the whole image */
	int64_t size_bytes;	/* -1: not known */
	int64_t exported_at;	/* 0: never from here */
	int64_t used_at;	/* last read or written from here */
	const char *command;	/* what deletes it; NULL: not ours, not known */
};

/* The last used first. */
IMGCACHE_API int imgcache_caches(struct imgcache *ic,
				 const struct imgcache_cache **out, size_t *n,
				 struct imgcache_error *err);

/*
 * Of those, the caches of one recipe: of the image, its platforms and stages.
 */
IMGCACHE_API int imgcache_recipe_caches(struct imgcache_recipe *r,
					const struct imgcache_cache **out,
					size_t *n, struct imgcache_error *err);

/*
 * Forget those that were not used from here for longer than max_age_s (-1: the
 * setting, 0: no limit), and local ones that are gone. Nothing is deleted but
 * what is known of them; *out are those that are forgotten. dry_run: those that
 * would be.
 */
IMGCACHE_API int imgcache_prune_caches(struct imgcache *ic, int64_t max_age_s,
				       bool dry_run,
				       const struct imgcache_cache **out,
				       size_t *n, struct imgcache_error *err);

/*
 * One image by the beginning of its id or tag, its ref, its engine id or its
 * name (the newest of that name). IMGCACHE_ENO if there is none,
 * IMGCACHE_EUSAGE if the beginning fits several.
 */
IMGCACHE_API int imgcache_find(struct imgcache *ic, const char *what,
			       const struct imgcache_image **out,
			       struct imgcache_error *err);

/*
 * Remove our tag and, when nothing else holds it, the image. An image that a
 * container uses stays: IMGCACHE_EBUSY. Pinned ones need force.
 */
IMGCACHE_API int imgcache_delete(struct imgcache *ic,
				 const struct imgcache_image *image,
				 bool force, struct imgcache_error *err);

IMGCACHE_API int imgcache_pin(struct imgcache *ic,
			      const struct imgcache_image *image, bool pinned,
			      struct imgcache_error *err);

/*
 * Until nobody builds the image any more, here or in another process; *out is
 * it as it is then. 0 if it is there, IMGCACHE_EBUILD if its build failed or
 * was interrupted, IMGCACHE_ECHANGED if its sources moved, IMGCACHE_ENO if it is
 * none that is built or to be built, IMGCACHE_EBUSY when the time is up
 * (timeout_ms below 0: never).
 */
IMGCACHE_API int imgcache_wait(struct imgcache *ic,
			       const struct imgcache_image *image,
			       int64_t timeout_ms,
			       const struct imgcache_image **out,
			       struct imgcache_error *err);

/*
 * End its build in the background and wait for that. IMGCACHE_ENO if nobody
 * builds it, IMGCACHE_EBUSY if a process in the foreground does.
 */
IMGCACHE_API int imgcache_cancel(struct imgcache *ic,
				 const struct imgcache_image *image,
				 struct imgcache_error *err);

/*
 * The text of a build log, one line a call of fn, and after it what a build in
 * the background had to say; follow waits for the end of both. An image without
 * a tag is not looked up: the file of its log is all there is.
 */
typedef void imgcache_line_fn(void *payload, const char *line, size_t len);
IMGCACHE_API int imgcache_log(struct imgcache *ic,
			      const struct imgcache_image *image, bool follow,
			      imgcache_line_fn *fn, void *payload,
			      struct imgcache_error *err);

/* Get or build, then run. */
enum imgcache_on_miss {
	IMGCACHE_MISS_BUILDS,
	IMGCACHE_MISS_RUNS_BASE,
	IMGCACHE_MISS_FAILS
};

struct imgcache_spawn_options {
	const char *const *docker_args;	/* for docker run, NULL-ended */
	const char *const *command;	/* NULL-ended; NULL: the image's own */
	const char *memory;		/* MB, or docker's form with a unit */
	const char *cpus;
	int64_t timeout_s;		/* 0: none */
	bool no_cache;			/* build or take the base; count nothing */
	enum imgcache_on_miss on_miss;
	struct imgcache_build_options build;
};

struct imgcache_spawned {
	int status;		/* exit status for our caller */
	bool timed_out;		/* 124, and it is ours */
	struct imgcache_answer answer;
};

/*
 * 0 with out->status: the container's own status, 124 on timeout (it is
 * stopped), 126 and 127 as docker run gives them, 125 if docker refused. Any
 * other code: nothing ran.
 */
IMGCACHE_API int imgcache_spawn(struct imgcache *ic, struct imgcache_recipe *r,
				const struct imgcache_spawn_options *o,
				struct imgcache_spawned *out,
				struct imgcache_error *err);

/*
 * The images for the tools that come next. Each sets the variables
 * <prefix>_REF, _TAG, _DIGEST and _IMAGE_ID; the prefix is "IMGCACHE_" and the
 * name in capitals, '_' for what is no letter or digit, and "IMGCACHE" alone
 * for a recipe made of flags.
 */
struct imgcache_env_options {
	struct imgcache_recipe *const *recipes;
	size_t n;
	bool builds;		/* what misses; else that is IMGCACHE_ENO */
	struct imgcache_build_options build;
};

struct imgcache_env_image {
	const char *name;	/* NULL: made of flags */
	const char *prefix;
	const char *ref;
	const char *tag;	/* this and what follows: "" if none is known */
	const char *digest;	/* "sha256:...", in the registry */
	const char *image_id;
};

/*
 * All of them, o->n, in the order asked for, or an error. IMGCACHE_EUSAGE if
 * two would set the same variables.
 */
IMGCACHE_API int imgcache_env(struct imgcache *ic,
			      const struct imgcache_env_options *o,
			      const struct imgcache_env_image **out,
			      struct imgcache_error *err);

enum imgcache_env_format {
	IMGCACHE_ENV_SHELL,	/* export NAME='value' */
	IMGCACHE_ENV_DOTENV,	/* NAME=value */
	IMGCACHE_ENV_GITHUB,	/* for $GITHUB_ENV and $GITHUB_OUTPUT */
	IMGCACHE_ENV_PULUMI,	/* a pulumi config set-all command */
	IMGCACHE_ENV_COMPOSE,	/* services with their image */
	IMGCACHE_ENV_BAKE	/* variables, JSON */
};

/* *out is to be freed. Values that a format cannot hold are IMGCACHE_EFAIL. */
IMGCACHE_API int imgcache_env_text(enum imgcache_env_format format,
				   const struct imgcache_env_image *v, size_t n,
				   char **out, struct imgcache_error *err);

/*
 * Get or build, then run the command (NULL-ended, argv[0] looked up in PATH)
 * in the foreground with those variables; the images are held until it ends.
 * 0 with *status: the command's own, 128 and the number of the signal that
 * ended it. On any other code nothing ran, and *status is 127 if there is no
 * such command, 126 if it cannot be executed, else 0.
 */
IMGCACHE_API int imgcache_exec(struct imgcache *ic,
			       const struct imgcache_env_options *o,
			       const char *const *command, int *status,
			       struct imgcache_error *err);

/* Resolve bases into imgcache.lock beside the project file. */
struct imgcache_locked {
	const char *ref;
	const char *digest;
	const char *was;	/* digest before, NULL: new */
};

/*
 * refs NULL: the bases of all recipes. Without update, refs that the file has
 * are left as they are. The list comes in the order of the file.
 */
IMGCACHE_API int imgcache_lock(struct imgcache *ic, const char *const *refs,
			       bool update, const struct imgcache_locked **out,
			       size_t *n, struct imgcache_error *err);

/*
 * The next build rebuilds; nothing is deleted. Exactly one of the fields is
 * set, but for stage, which may have a name. *n is the number of images of the
 * catalog that miss from now on; those of an earlier call are not counted again.
 */
struct imgcache_invalidation {
	const char *name;
	const char *stage;	/* of that image, or of all of the project */
	const char *tag;	/* or the beginning of an id */
	const char *base;	/* its memo is dropped too */
	bool all;
};

IMGCACHE_API int imgcache_invalidate(struct imgcache *ic,
				     const struct imgcache_invalidation *what,
				     size_t *n, struct imgcache_error *err);

/* Limits: -1 takes the setting, 0 is no limit. */
struct imgcache_prune_options {
	int64_t max_images;
	int64_t max_age_s;	/* since last use, else since the build */
	int64_t max_size_bytes;	/* begin above it ... */
	int64_t low_size_bytes;	/* ... and go down to it; -1: 80 % */
	int64_t keep_last;	/* newest per name that stay */
	int64_t grace_s;	/* younger than that stays */
	int64_t cache_max_age_s;	/* local build caches, since last use */
	int64_t cache_max_size_bytes;	/* of all of them */
	const char *const *build_cache;	/* filters for BuildKit's own cache,
					   NULL-ended, as docker has them; NULL
					   or empty: it is left alone */
	bool dry_run;
	bool after_arrival;	/* only the limits that run after each build and
				   each pull */
};

enum imgcache_prune_action {
	IMGCACHE_KEEP, IMGCACHE_REMOVE, IMGCACHE_IN_USE, IMGCACHE_FORGET
};

struct imgcache_pruned {
	const struct imgcache_image *image;
	enum imgcache_prune_action action;
	const char *reason;
};

/* A build cache in a directory of ours. */
struct imgcache_pruned_cache {
	const char *place;
	int64_t size_bytes;
	enum imgcache_prune_action action;
	const char *reason;
};

struct imgcache_prune_result {
	const struct imgcache_pruned *v;	/* oldest use first */
	size_t n;
	size_t n_removed;
	int64_t expected_bytes;	/* sum of the sizes of what was removed */
	int64_t freed_bytes;	/* by which the engine's layers shrank; -1:
				   nothing was removed, or not found out */
	const struct imgcache_pruned_cache *caches;	/* oldest use first */
	size_t n_caches;
	size_t n_caches_removed;
	int64_t caches_bytes;	/* of those that were removed */
	int64_t build_cache_bytes;	/* freed by docker, in a dry run what
					   it could free at most; -1: not
					   asked for, not told */
	int64_t swept_files;	/* old logs, temp files, links and locks of dead
				   processes */
};

/*
 * Can the filters of build_cache be what somebody wants? IMGCACHE_EUSAGE if not;
 * imgcache_prune() asks before it removes anything.
 */
IMGCACHE_API int imgcache_prune_check(const struct imgcache_prune_options *o,
				      struct imgcache_error *err);

/*
 * IMGCACHE_EBUSY while another prune runs. Without a project file that is right
 * no limit holds that the file may have set otherwise, and none at all unless
 * keep_last and grace_s are known: IMGCACHE_EFAIL if one is given.
 */
IMGCACHE_API int imgcache_prune(struct imgcache *ic,
				const struct imgcache_prune_options *o,
				struct imgcache_prune_result *out,
				struct imgcache_error *err);

/* A timer of the user's that prunes once a day. */
enum imgcache_timer_kind { IMGCACHE_TIMER_SYSTEMD, IMGCACHE_TIMER_CRON };

struct imgcache_timer {
	enum imgcache_timer_kind kind;
	const char *dir;	/* of systemd's user units, NULL: no home */
	bool changed;		/* false: it was there as it is */
};

/*
 * Installed, or brought up to date: units of systemd's user manager where that
 * answers, else a marked block in the crontab; the other of the two goes.
 * options: those of prune, NULL-ended. The environment variables that say where
 * docker and our files are are written down with it.
 */
IMGCACHE_API int imgcache_timer_install(struct imgcache *ic,
					const char *const *options,
					struct imgcache_timer *out,
					struct imgcache_error *err);

/* Both kinds, wherever there is one. */
IMGCACHE_API int imgcache_timer_remove(struct imgcache *ic, bool *systemd,
				       bool *cron, struct imgcache_error *err);

struct imgcache_count {
	const char *name;	/* a reason's word, an image's name */
	int64_t n;
};

struct imgcache_day_stats {
	int64_t day;		/* its first second, UTC */
	int64_t hits_local, hits_remote, misses, unknown;
	int64_t builds, completed, failed;
	int64_t build_us;	/* of its builds together */
	int64_t build_p50_us;	/* of the completed, -1: none */
	int64_t saved_us;	/* by hits; -1: of none is known */
	int64_t steps, steps_cached;
	int64_t context_bytes;	/* handed over, together */
	const struct imgcache_count *misses_by_reason;	/* most first */
	size_t n_reasons;
};

struct imgcache_image_stats {
	const char *name;	/* the tag of what is built from flags */
	bool is_named;
	int64_t lookups, hits_local, hits_remote, misses;
	int64_t builds;		/* that ended, whichever way */
	int64_t completed, failed;
	int64_t steps, steps_cached;
	int64_t context_bytes;	/* the most handed to docker, -1: unknown */
	int64_t images, size_bytes;	/* that are there */
	int64_t build_us;	/* median of the completed, -1: none */
	int64_t build_p95_us;	/* 95 in 100 are no longer, -1: none */
	int64_t build_total_us;
	int64_t saved_us;	/* by hits; -1: of none is known */
	const struct imgcache_count *misses_by_reason;	/* most first */
	size_t n_reasons;
	const struct imgcache_day_stats *days;	/* as in imgcache_stats */
	size_t n_days;
};

struct imgcache_step_stats {
	const char *image;	/* as in imgcache_image_stats */
	const char *name;
	int64_t runs, cached;
	int64_t us, longest_us;	/* of the runs: together, the longest */
};

struct imgcache_stats {
	int64_t since;		/* 0: from the beginning */
	int64_t total_images, total_size_bytes, total_hits;
	int64_t lookups, hits_local, hits_remote, misses, unknown;
	int64_t hit_local_us, hit_remote_us;	/* all of them; with the pull */
	int64_t builds;		/* that ended, whichever way */
	int64_t builds_completed, builds_failed;
	int64_t build_us;	/* all builds together */
	int64_t build_p50_us, build_p95_us;	/* of the completed, -1: none */
	int64_t saved_us;	/* by hits; -1: of none is known */
	int64_t steps, steps_cached;
	int64_t context_bytes;	/* of all builds together */
	const struct imgcache_count *misses_by_reason;	/* most first */
	size_t n_reasons;
	const struct imgcache_image_stats *images;	/* most lookups first */
	size_t n_images;
	const struct imgcache_day_stats *days;	/* with something, in order */
	size_t n_days;
	const struct imgcache_step_stats *slowest;	/* most time first */
	size_t n_slowest;
};

IMGCACHE_API int imgcache_stats(struct imgcache *ic, int64_t since,
				struct imgcache_stats *out,
				struct imgcache_error *err);

/* What weighs on the disk; -1: the engine does not say. */
struct imgcache_disk_image {
	const struct imgcache_image *image;
	int64_t size_bytes;	/* as the engine counts it */
	int64_t shared_bytes;	/* of that, what other images have too */
	int64_t own_bytes;	/* the rest: what goes with the image */
	int64_t containers;
};

struct imgcache_disk {
	const struct imgcache_disk_image *v;	/* the most of its own first */
	size_t n;
	int64_t images_bytes;	/* their sizes together: what is shared counts
				   for each */
	int64_t own_bytes;
	int64_t free_bytes;	/* own ones of what no container has and nobody
				   pinned */
	int64_t engine_images;	/* of all that use the engine */
	int64_t engine_bytes;	/* their layers, each once */
	size_t caches;		/* local ones, under cache_dir */
	int64_t caches_bytes;
	int64_t build_cache_bytes;	/* BuildKit's own */
	int64_t build_cache_free_bytes;	/* of that, what no build uses now */
};

/* Slow: the engine may walk every layer. */
IMGCACHE_API int imgcache_disk(struct imgcache *ic, struct imgcache_disk *out,
			       struct imgcache_error *err);

/* A layer of an image. */
struct imgcache_layer {
	const char *digest;	/* of what is unpacked; NULL: not told */
	const char *created_by;	/* as docker remembers it */
	int64_t size_bytes;
	int64_t images;		/* of this catalog that have it; -1: not told */
};

/* The base's first. IMGCACHE_ENO: the engine has no such image. */
IMGCACHE_API int imgcache_layers(struct imgcache *ic,
				 const struct imgcache_image *image,
				 const struct imgcache_layer **out, size_t *n,
				 struct imgcache_error *err);

/*
 * Where the figures begin for who asks for no other moment: the moment of the
 * last imgcache_stats_zero(), 0 without one. Nothing is forgotten by it. It
 * returns when the moment has come, so that what was before is not counted and
 * what follows is; that takes a second at most.
 */
IMGCACHE_API int imgcache_stats_begin(struct imgcache *ic, int64_t *since,
				      struct imgcache_error *err);
IMGCACHE_API int imgcache_stats_zero(struct imgcache *ic,
				     struct imgcache_error *err);

/*
 * The contexts of a recipe: what docker is offered, which is all that the
 * ignore file lets through and "COPY . /" would see. Needs no engine; no file
 * is opened. Paths are relative to the context.
 */
struct imgcache_weight {
	int64_t files;		/* links and special files too */
	int64_t bytes;		/* of the regular ones */
};

struct imgcache_heavy {
	const char *path;
	bool is_dir;		/* then the weight is that of all in it */
	struct imgcache_weight weight;

	/* Its place in a tree of the entries of one list. */
	const char *name;	/* what path has behind its parent's */
	int depth;		/* 0: below no other entry */
	bool is_last;		/* of its brothers */
};

struct imgcache_pattern {
	const char *text;	/* as the ignore file has it */
	int64_t line;
	struct imgcache_weight weight;	/* left out by it and no later one */
};

struct imgcache_advice {
	const char *pattern;	/* to be added to the ignore file */
	const char *why;	/* what it is: "installed packages" */
	const char *example;	/* a path */
	bool is_secret;
	struct imgcache_weight weight;
};

struct imgcache_context {
	const char *name;	/* of --build-context; NULL: the main one */
	const char *path;	/* absolute */
	const char *ignore_file;	/* absolute; NULL: there is none */
	struct imgcache_weight sent;
	int64_t dirs;
	struct imgcache_weight emptied;	/* of that, what loses its content */
	const char *emptied_path;	/* because of the order of the ignore
					 * file's lines: the first; or NULL */
	const struct imgcache_heavy *heaviest;	/* as a tree, by weight */
	size_t n_heaviest;

	const char *not_known;	/* why it is not known what is read; or NULL */
	struct imgcache_weight unread;	/* sent, and read by no instruction */
	const struct imgcache_heavy *unread_heaviest;	/* by weight */
	size_t n_unread_heaviest;

	struct imgcache_weight left_out;	/* by the ignore file */
	int64_t unreadable;	/* entries of what is left out: not weighed */
	const struct imgcache_pattern *patterns;	/* by weight; those that
						   * leave something out */
	size_t n_patterns;
	size_t n_rules;		/* patterns that the ignore file has */

	const struct imgcache_advice *advice;	/* by weight */
	size_t n_advice;
};

struct imgcache_contexts {
	const struct imgcache_context *v;	/* the main one is the first */
	size_t n;
	struct imgcache_weight sent;	/* all together */
};

/* only_sent: what is left out is not weighed, and there is no advice. */
IMGCACHE_API int imgcache_context(struct imgcache *ic,
				  struct imgcache_recipe *r, bool only_sent,
				  struct imgcache_contexts *out,
				  struct imgcache_error *err);

enum imgcache_entry_type {
	IMGCACHE_ENTRY_DIR,
	IMGCACHE_ENTRY_FILE,
	IMGCACHE_ENTRY_LINK,
	IMGCACHE_ENTRY_SPECIAL	/* FIFO, socket, device */
};

struct imgcache_context_list {
	const char *from;	/* name of --build-context; NULL: the main one */
	/* Ends early on false; the path lives for the call. */
	bool (*fn)(void *payload, const char *path,
		   enum imgcache_entry_type type);
	void *payload;
};

/*
 * Every path of one context: a directory before what is in it, names in byte
 * order. IMGCACHE_EUSAGE if the recipe has no context of that name.
 */
IMGCACHE_API int imgcache_context_list(struct imgcache *ic,
				       struct imgcache_recipe *r,
				       const struct imgcache_context_list *l,
				       struct imgcache_error *err);

/*
 * A first imgcache.yaml for the handle's folder, from what is found there, and
 * an ignore file for each Dockerfile. What would not build is written as a
 * comment, with the reason.
 */
struct imgcache_init_options {
	bool force;		/* replace what is there and differs */
	bool dry_run;		/* write nothing */
	const char *base;	/* of all generated images; NULL: by their kind */
	const char *hook;	/* "pre-push", "pre-pulumi"; NULL: none */
};

enum imgcache_init_action {
	IMGCACHE_INIT_CREATE,
	IMGCACHE_INIT_REPLACE,	/* with force */
	IMGCACHE_INIT_KEEP,	/* it differs, and is left as it is */
	IMGCACHE_INIT_SAME
};

struct imgcache_init_file {
	const char *path;	/* as seen from the handle's folder */
	const char *full;	/* absolute */
	const char *what;	/* "the images of the project" */
	enum imgcache_init_action action;
	bool is_executable;
	const char *text;	/* what it is to hold */
	const char *diff;	/* as diff -u; "" if there is none */
};

struct imgcache_init_result {
	const struct imgcache_init_file *files;
	size_t n_files;
	const char *const *notes;	/* what was left out, and why */
	size_t n_notes;
	size_t n_images;		/* that would build */
};

/* IMGCACHE_ENO if nothing is found that is built; the notes are set then. */
IMGCACHE_API int imgcache_init(struct imgcache *ic,
			       const struct imgcache_init_options *o,
			       struct imgcache_init_result *out,
			       struct imgcache_error *err);

/* Every setting with its value and where that comes from. */
struct imgcache_setting {
	const char *name;
	const char *value;	/* as text; "" if unset */
	const char *origin;	/* "default", "imgcache.yaml:3:5", ... */
	const char *help;
};

IMGCACHE_API int imgcache_config(struct imgcache *ic,
				 const struct imgcache_setting **out, size_t *n,
				 struct imgcache_error *err);

/* What doctor found, in the order in which it looked. */
enum imgcache_health {
	IMGCACHE_FINE, IMGCACHE_NOTE, IMGCACHE_REPAIRED, IMGCACHE_ILL
};

struct imgcache_finding {
	enum imgcache_health health;
	const char *topic;	/* docker, buildx, engine, disk, catalog ... */
	const char *text;
	const char *cure;	/* what to do, or NULL */
};

/* online also tries the network inside a build and the registry. */
IMGCACHE_API int imgcache_doctor(struct imgcache *ic, bool online,
				 const struct imgcache_finding **out, size_t *n,
				 struct imgcache_error *err);

/* What defeats the cache in Dockerfiles, ignore files, scripts. A severity is
 * also a threshold; off is "as the project has it". */
enum imgcache_severity {
	IMGCACHE_SEVERITY_OFF,
	IMGCACHE_SEVERITY_INFO,
	IMGCACHE_SEVERITY_WARNING,
	IMGCACHE_SEVERITY_ERROR
};

struct imgcache_lint_rule {
	const char *id;		/* "IC001" */
	const char *name;	/* "copy-before-install" */
	enum imgcache_severity severity;	/* unless the project says else */
	bool fixes;		/* imgcache can cure some of its findings */
	const char *summary;	/* one sentence */
};

/* All rules in the order of their ids; *n is their count. */
IMGCACHE_API const struct imgcache_lint_rule *imgcache_lint_rules(size_t *n);

struct imgcache_lint_finding {
	const char *rule;	/* its id; for BuildKit's own the name */
	const char *name;	/* "copy-before-install" */
	enum imgcache_severity severity;
	const char *file;	/* as seen from the handle's folder */
	int line, column;	/* from 1, in characters */
	int end_line, end_column;	/* just behind */
	const char *source;	/* the line's text */
	const char *cause;	/* one sentence, no full stop */
	const char *cure;	/* the same; NULL: none known */
	bool is_fixable;	/* with fix */
};

/* A file that is to be changed, or made. */
struct imgcache_lint_change {
	const char *file;	/* as seen from the handle's folder */
	const char *path;	/* absolute */
	const char *diff;	/* as `diff -u` has it */
	const char *was;	/* NULL: there is no such file yet */
	size_t was_len;
	const char *text;	/* what it is to hold */
	size_t text_len;
};

struct imgcache_lint_options {
	const char *const *paths;	/* NULL-ended; NULL: the project */
	const char *const *rules;	/* "ID,ID", NULL-ended; NULL: all */
	enum imgcache_severity least;	/* others are not handed out */
	bool fix;		/* hand out changes, and what they leave */
	bool no_buildx;		/* do not ask BuildKit's own checks */
};

struct imgcache_lint_result {
	const struct imgcache_lint_finding *findings;	/* by file and place */
	size_t n_findings;
	const struct imgcache_lint_change *changes;
	size_t n_changes;
	size_t n_files;		/* looked at */
	size_t n_below;		/* findings of less weight than asked for */
	size_t n_silenced;	/* by comments in the files */
};

/* Nothing is written. A file that docker would refuse is a finding; one that
 * cannot be read is a failure. */
IMGCACHE_API int imgcache_lint(struct imgcache *ic,
			       const struct imgcache_lint_options *o,
			       struct imgcache_lint_result *out,
			       struct imgcache_error *err);

/* Write one change; a link is followed. IMGCACHE_ECHANGED if the file is no
 * longer what was looked at. */
IMGCACHE_API int imgcache_lint_write(const struct imgcache_lint_change *change,
				     struct imgcache_error *err);

/*
 * Names and values of the shell variables, switches and words that the program
 * shares with its library, so that both write them alike.
 */
#define IMGCACHE_TEXT 32
IMGCACHE_API const char *imgcache_format_size(char out[IMGCACHE_TEXT],
					      int64_t bytes);
IMGCACHE_API const char *imgcache_format_age(char out[IMGCACHE_TEXT],
					     int64_t seconds);
IMGCACHE_API const char *imgcache_format_duration(char out[IMGCACHE_TEXT],
						  int64_t us);
IMGCACHE_API const char *imgcache_format_time(char out[IMGCACHE_TEXT],
					      int64_t epoch_s);
IMGCACHE_API bool imgcache_parse_size(const char *text, int64_t *bytes);
IMGCACHE_API bool imgcache_parse_age(const char *text, int64_t *seconds);
IMGCACHE_API int64_t imgcache_now_s(void);

/* Write s as a JSON string with its quotes; any bytes give valid JSON. */
IMGCACHE_API void imgcache_json_string(FILE *f, const char *s);

/*
 * Write a path as manifests and git have it: bare, or in double quotes where a
 * byte is odd, so that it is one line.
 */
IMGCACHE_API void imgcache_quote(FILE *f, const char *path);

/* The nearest of n words to a mistyped one, or NULL. */
IMGCACHE_API const char *imgcache_nearest(const char *word,
					  const char *const *words, size_t n);

#ifdef __cplusplus
}
#endif

#endif
