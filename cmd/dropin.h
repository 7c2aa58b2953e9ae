/* SPDX-License-Identifier: MIT */
#ifndef CMD_DROPIN_H
#define CMD_DROPIN_H

/*
 * What `docker buildx build` has beside a recipe, so that its command line is
 * one of ours. Options that are refused say why.
 */

#include <stdbool.h>
#include <stddef.h>

#include "words.h"

struct imgcache;
struct imgcache_answer;
struct imgcache_error;
struct imgcache_output;
struct imgcache_recipe;

/* An option that is known and not taken. */
struct refused {
	char letter;		/* 0: none */
	const char *name;
	const char *why;	/* and what to do instead */
};

/* Ends with a NULL name. */
extern const struct refused buildx_refused[];

/* The values of --provenance, --sbom and --attest; NULL: not given. */
struct attestations {
	const char *provenance;
	const char *sbom;
	struct words attest;
};

/* IMGCACHE_EUSAGE unless all of them ask for none. */
int attestations_check(const struct attestations *a,
		       struct imgcache_error *err);

/* Where the results of one build go. */
struct results {
	const char *iidfile;
	const char *metadata_file;
	struct words names;	/* given by -t and in outputs */
	struct imgcache_output *outputs;
	size_t n_outputs;
	bool pushes;		/* an output does */
	bool fills_stdout;
};

/* Read -o, --load aside; add its names. results_release() in any case. */
int results_read(struct results *r, struct imgcache *ic,
		 const struct words *outputs, struct imgcache_error *err);
void results_release(struct results *r);

/* Before the build: as with docker, a failed one leaves no id behind. */
int results_begin(const struct results *r, struct imgcache_error *err);

int results_write(const struct results *r, struct imgcache *ic,
		  struct imgcache_recipe *recipe,
		  const struct imgcache_answer *a, struct imgcache_error *err);

#endif
