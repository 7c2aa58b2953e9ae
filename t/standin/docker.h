/* SPDX-License-Identifier: MIT */
#ifndef STANDIN_DOCKER_H
#define STANDIN_DOCKER_H

/* The parts of the stand-in client; each verb returns its exit status. */

#include <stdbool.h>

struct buf;
struct fault;
struct strv;

/*
 * Options and words of a command line. Words that take a value in the next
 * word are named in valued, NULL-ended; with stop the first word that is no
 * option ends the options. "--" does always.
 */
struct words {
	struct strv *options;	/* "--name=value", "--name" or "-n" */
	struct strv *rest;
	const char *const *valued;
	bool stop;
};

void words_split(struct words *w, char **argv);

/* The value of "--name=…", the last one; NULL if it is not there. */
const char *option_value(const struct strv *options, const char *name);
bool has_option(const struct strv *options, const char *name);

/* Print text as the faults half and huge demand it, or whole. */
void print_answer(const struct fault *f, const char *text);

/* What docker says without its plugin, to the words after `buildx build`. */
int no_buildx(char **argv);

/* "push" or "pull" */
int transfer(const char *question, const struct strv *options,
	     const struct strv *refs);

/* `docker buildx inspect` */
int builder_inspect(void);

/* `docker buildx prune`: all that there was goes, the second time nothing. */
int cache_prune(void);

/* What --cache-to of a build leaves; layer names its last one. */
void export_caches(const struct strv *options, const char *layer,
		   const struct fault *f);

/* False if --output names no file and no folder. */
bool export_files(const struct strv *options, const char *layer);

int verb_buildx(char **argv);	/* all of argv */
int verb_build(char **argv);	/* the words after `buildx build` */
int verb_run(char **argv);	/* the words after `run` */

#endif
