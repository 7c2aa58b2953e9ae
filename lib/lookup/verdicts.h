/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LOOKUP_VERDICTS_H
#define IMGCACHE_LOOKUP_VERDICTS_H

/*
 * For verify*.c: the verdicts that were given, and each recipe's inputs, taken
 * once however many containers run it.
 */

#include "base/error.h"
#include "key/inputs.h"

struct verify_inputs {
	struct imgcache_recipe *recipe;
	struct inputs in;
	int64_t generation;	/* that an image must have at least */
};

struct verifying {
	struct imgcache *ic;
	struct imgcache_verdict *v;
	size_t n, cap;
	struct verify_inputs **taken;
	size_t n_taken, cap_taken;
	struct imgcache_error first;	/* of those that cannot be judged */
};

/* A new verdict at the end; text is copied. */
struct imgcache_verdict *verdicts_add(struct verifying *v, const char *subject);

/* The inputs of a recipe as they are now; they live as long as v. */
int verdicts_take(struct verifying *v, struct imgcache_recipe *r,
		  struct verify_inputs **out, struct imgcache_error *err);

/*
 * It cannot be judged, for this error, which is cleared: it is not known, and
 * the others are judged all the same. Fails where it was a signal.
 */
int verdicts_pass_over(struct verifying *v, struct imgcache_verdict *verdict,
		       struct imgcache_error *err);

/* Ends the verdicts' life, too, but not that of their text. */
void verdicts_release(struct verifying *v);

#endif
