/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_LOOKUPS_H
#define IMGCACHE_STORE_LOOKUPS_H

/*
 * Every question "is there an image for this key?" that counts (DESIGN.md 4),
 * and its answer. None is lost, and a hit costs microseconds: it is appended
 * to a journal beside the database (journal.h), which is folded into the
 * tables by whoever next reads or writes them: lookups_fold().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcache.h"

struct catalog;

/* The verb of what was built before anybody asked; no sum has its lookups. */
#define LOOKUP_AHEAD "warm"

/* In the order of lookup_result_text(). Only hits and misses make the rate. */
enum lookup_result {
	LOOKUP_HIT_LOCAL,
	LOOKUP_HIT_REMOTE,
	LOOKUP_MISS,
	LOOKUP_UNKNOWN,		/* engine or registry gave no answer */
	LOOKUP_BYPASS,		/* ENABLE_IMAGE_CACHE=false and the like */
	LOOKUP_RESULTS
};

const char *lookup_result_text(enum lookup_result r);	/* "hit-local" */
bool lookup_result_parse(const char *text, enum lookup_result *r);

/* The words under which reasons are kept: "never-built"; none is "hit". */
const char *lookup_reason_word(enum imgcache_reason r);
bool lookup_reason_parse(const char *word, enum imgcache_reason *r);

struct lookup {
	const char *engine;
	const char *tag;
	const char *platform;
	const char *name;	/* of the recipe, or NULL */
	const char *verb;	/* get build spawn exec env warm */
	enum lookup_result result;
	enum imgcache_reason reason;
	int64_t at;		/* s since the epoch, 0: now */
	int64_t us;		/* what the lookup itself took */
	int64_t saved_us;	/* of hits: build time of it less us; -1: not
				   known */
};

/*
 * Count it. On a local file system one append; on a network one, or if the
 * record is too long for that, a transaction. A hit also becomes the image's
 * last use, and one of its hits unless it was ahead. Nothing is done, and 0
 * returned, if the catalog cannot be written.
 */
int lookups_record(struct catalog *cat, const struct lookup *l,
		   struct imgcache_error *err);

/*
 * Bring what was appended into the tables. Call it before anything that reads
 * hits, uses or lookups: list, stats, prune. Cheap when there is nothing. n
 * (may be NULL) is how many there were. When it fails nothing is lost; what is
 * read then lags behind.
 */
int lookups_fold(struct catalog *cat, int64_t *n, struct imgcache_error *err);

/*
 * Lookups before that moment keep only their day: rows that agree in all but
 * time become one with a count. Totals do not change. For prune.
 */
int lookups_condense(struct catalog *cat, int64_t before,
		     struct imgcache_error *err);

#endif
