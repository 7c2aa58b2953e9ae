/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_FOLD_H
#define IMGCACHE_DOCKER_FOLD_H

/*
 * The vertices of one build, folded from many updates into one event for each
 * change. Both readers of progress.c write here; nobody else does.
 *
 * A vertex is known by a key (its digest, or "#6"). Before any other event of
 * a vertex comes its BEGIN, and at most one of DONE, CACHED and FAILED, but a
 * CACHED may still come after a DONE.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"
#include "docker/progress.h"

#define FOLD_MAX_VERTICES 16384

struct fold_vertex {
	char *key;
	char *name;
	int number;		/* as it appeared; 0: not begun */
	int step;		/* of the Dockerfile, as it began; 0: none */
	bool is_step;
	int64_t started_us;	/* 0: not known */
	int64_t completed_us;	/* 0: not completed, or started again */
	int64_t touched;	/* round of the last update */
	bool is_cached;
	bool is_ended;		/* its end was reported */
	bool is_waiting;	/* completed, but not yet reported */
	struct buf line;	/* begun by a log, not ended */
};

struct fold {
	progress_fn *fn;
	void *payload;
	struct fold_vertex **v;
	size_t n, cap;
	struct fold_vertex *last;	/* found last */
	int numbers;		/* given out */
	int step_numbers;
	int64_t round;
	size_t waiting;
	struct strv contexts;	/* stages on named contexts: see numbers.h */
	struct progress_summary summary;
	bool step_failed;	/* summary.step is a Dockerfile step */
};

/* The vertex of that key, made if new; NULL if there are too many. */
struct fold_vertex *fold_find(struct fold *f, const char *key);

void fold_name(struct fold *f, struct fold_vertex *v, const char *name);
void fold_begin(struct fold *f, struct fold_vertex *v);
void fold_cached(struct fold *f, struct fold_vertex *v);
void fold_failed(struct fold *f, struct fold_vertex *v, const char *error);

/* Report the end now, with what is known of the duration. */
void fold_done(struct fold *f, struct fold_vertex *v);

/* Report it after this round, unless the vertex is started again before. */
void fold_completed(struct fold *f, struct fold_vertex *v, int64_t at_us);
void fold_started(struct fold *f, struct fold_vertex *v, int64_t at_us);

/* One round is one status object. */
void fold_round(struct fold *f);
void fold_settle(struct fold *f, bool all);

/* A line, or bytes of a log that make lines. at_us 0: moment unknown. */
void fold_output(struct fold *f, struct fold_vertex *v, const char *line,
		 int64_t elapsed_us);
void fold_log(struct fold *f, struct fold_vertex *v, const char *data,
	      size_t len, int64_t at_us);
void fold_warning(struct fold *f, struct fold_vertex *v, const char *text);
void fold_text(struct fold *f, const char *line);

void fold_release(struct fold *f);

#endif
