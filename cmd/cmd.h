/* SPDX-License-Identifier: MIT */
#ifndef CMD_H
#define CMD_H

/*
 * A verb is one file: file-local targets of its options, one option table, and
 * a struct command at the end. commands.c has the list. To add a verb: the
 * file, its row in the list, its man page, its test script; a test fails until
 * all four are there.
 */

#include <stdbool.h>

#include "imgcache.h"
#include "opt.h"

/* DESIGN 5, and the one table in imgcache(1). */
enum exit_status {
	EXIT_YES = 0,
	EXIT_NO = 1,		/* a miss, findings, nothing of that name */
	EXIT_BUILD = 2,		/* a build failed */
	EXIT_CHANGED = 3,	/* sources changed while building */
	EXIT_BUSY = 75,
	EXIT_TIMEOUT = 124,	/* of wait; of a container: spawn */
	EXIT_NOT_RUN = 125,	/* spawn, exec: before the child ran */
	EXIT_FATAL = 128,
	EXIT_USAGE = 129
};

/* Options that stand before the verb, and those that many verbs share. */
struct given {
	bool json;
	bool nul;		/* -z */
	bool quiet;
	bool silent;		/* -q of get, verify, wait: not even results */
	bool quiet_id;		/* -q of build: the image's id, as docker's */
	enum { COBRA_NOT, COBRA_PLAIN, COBRA_TEXT } cobra;	/* completion
				 * for docker, without or with the words */
	int progress;		/* index into progress_words */
	bool verbose;
	bool version;
	bool no_stat_cache;
	const char *file;	/* project file */
	struct words settings;	/* "name=value" */
};
extern struct given given;

/* Before the verb runs: enter -C, check -c, --color becomes a setting. */
int given_take(struct imgcache_error *err);

/* In the order of progress_words in build.c. */
enum { PROGRESS_AUTO, PROGRESS_PLAIN, PROGRESS_TTY, PROGRESS_QUIET };

#define JSON_OPTION FLAG_OPTION(0, "json", &given.json, \
				"print JSON, see imgcache-formats(5)")
#define NUL_OPTION FLAG_OPTION('z', "null", &given.nul, \
			       "print name=value lines, records end with NUL")
#define STAT_CACHE_OPTION FLAG_OPTION(0, "no-stat-cache", \
				      &given.no_stat_cache, \
				      "read every file, whatever is remembered")
#define SILENT_OPTION FLAG_OPTION('q', "quiet", &given.silent, \
				  "print nothing, the exit status is the " \
				  "answer")
#define QUIET_OPTION FLAG_OPTION('q', "quiet", &given.quiet, \
				 "no progress, only results and errors")

/* What main hands to a verb. */
struct invocation {
	struct imgcache *ic;		/* NULL where needs_no_handle */
	const struct command *command;
	struct imgcache_error err;	/* what the verb failed with */
};

/* What completion offers for a word that is no option. */
enum completes {
	COMPLETES_NOTHING,
	COMPLETES_RECIPES,	/* images of the project, folders */
	COMPLETES_IMAGES,	/* ids and names of the catalog */
	COMPLETES_VERBS,
	COMPLETES_SETTINGS
};

enum group {
	GROUP_IMAGES,		/* the main job */
	GROUP_CATALOG,
	GROUP_CARE,
	GROUP_HELP,
	GROUPS
};

struct refused;

struct command {
	const char *name;
	const char *summary;		/* one line for help */
	const char *arguments;		/* "[NAME...]", "" */
	const struct opt *options;	/* ends with END_OPTION */
	enum group group;
	enum completes completes;
	const struct refused *refused;	/* docker's; its habits are ours then:
					 * -f=FILE, --push=false */
	bool takes_recipe;		/* and all recipe flags with it */
	bool passes_docker_run;		/* unknown options are docker run's */
	bool takes_command;		/* what follows "--" is one */
	bool stops_at_word;		/* options end at the first word */
	bool takes_all_words;		/* nothing is an option */
	bool needs_no_handle;
	bool hidden;
	enum imgcache_bad_project bad_project;	/* what it does without one */
	int failure;			/* status of any failure, 0: by code */
	/*
	 * Returns an exit status, or a negative enum imgcache_code with
	 * inv->err set; main turns that into a line and an exit status.
	 */
	int (*run)(struct invocation *inv, const struct parsed *p);
};

/* All verbs in the order of the overview, NULL-ended. */
extern const struct command *const commands[];

/* The program itself: what may stand before the verb. */
extern const struct command imgcache_itself;

/* NULL if there is none of that name. */
const struct command *command_find(const char *name);

/* The verb nearest to a mistyped one, or NULL. */
const char *command_nearest(const char *name);

/* "imgcache: <text>" on stderr, control characters made visible. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Set err, with IMGCACHE_EUSAGE or another code, and return it. */
int fail(struct imgcache_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* fflush(stdout); why it fails is kept for the end. */
void flush_output(void);

/*
 * Open the manual page of a verb, of the program itself with NULL; where man
 * or the page is missing, print the usage. Returns an exit status.
 */
int help_open(const struct command *c);

/* The value of a setting, "" if it is unset; NULL on failure. */
const char *setting_value(struct imgcache *ic, const char *name,
			  struct imgcache_error *err);

#endif
