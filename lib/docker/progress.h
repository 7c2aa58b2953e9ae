/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_PROGRESS_H
#define IMGCACHE_DOCKER_PROGRESS_H

/*
 * Reading what a build prints: BuildKit's status objects (--progress=rawjson;
 * indented over many lines up to buildx 0.14, one a line since 0.15), plain
 * progress ("#6 CACHED"), and ordinary text between either. One reader for
 * all: it never fails, what it does not understand is text.
 *
 * A vertex (a step of BuildKit's graph) comes several times and is folded by
 * its digest; `cached` may come only the second time, and what was completed
 * may be started again, so the end of a vertex is reported one object late.
 *
 * Steps are those of the Dockerfile but FROM: RUN, COPY, ADD, WORKDIR. Loading
 * the context, resolving and exporting are reported with step 0 and not
 * counted; so is FROM, which docker does not mark as cached reliably.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct imgcache_error;
struct progress;

enum progress_type {
	PROGRESS_BEGIN,		/* a vertex started */
	PROGRESS_CACHED,	/* nothing had to be done for it */
	PROGRESS_DONE,		/* elapsed_us */
	PROGRESS_FAILED,	/* text: its error */
	PROGRESS_OUTPUT,	/* text: one line that it printed */
	PROGRESS_WARNING,	/* text: of the frontend, or of docker */
	PROGRESS_TEXT,		/* a line that belongs to no vertex */
	PROGRESS_TICK		/* of buildx_run(): a moment without news */
};

/* Borrowed, for the duration of the call-back. */
struct progress_event {
	enum progress_type type;
	const char *name;	/* "[2/5] RUN make", NULL for TEXT */
	const char *text;	/* valid until NUL; no newline */
	int vertex;		/* counts from 1 as they appear; 0: none */
	int step;		/* counts from 1; 0: not a Dockerfile step */
	int steps;		/* known so far */
	int cached;		/* of them, so far */
	int64_t elapsed_us;	/* OUTPUT: since its vertex started */
};

typedef void progress_fn(void *payload, const struct progress_event *e);

/* Text is cut, never missing; "" where there is nothing to say. */
struct progress_summary {
	int steps;
	int cached;
	int warnings;
	bool failed;		/* a vertex failed, or docker printed ERROR */
	char step[160];		/* name of the failed vertex */
	char error[512];	/* its error, one line */
};

struct progress *progress_new(progress_fn *fn, void *payload);
void progress_free(struct progress *p);

/* Any number of bytes, cut anywhere. */
void progress_feed(struct progress *p, const char *data, size_t len);

/* The end: what is left over is reported as text. Feed no more after it. */
void progress_end(struct progress *p);

void progress_summarize(const struct progress *p, struct progress_summary *out);

/*
 * Append the event as buildx's plain progress has it, without newline:
 * "#4 [2/3] RUN make", "#4 1.204 cc -c a.c", "#4 CACHED", "#4 DONE 1.2s",
 * "#4 ERROR: …", "WARNING: …". Control bytes but tabs are dropped, so that a
 * log cannot steer a terminal.
 */
void progress_add_line(struct buf *out, const struct progress_event *e);

/* One line of text, without its newline. */
typedef void progress_line_fn(void *payload, const char *line, size_t len);

/*
 * Turn a stored log, whichever form it has, into lines for people, reading fd
 * from where it stands to its end.
 */
int progress_render_log(int fd, progress_line_fn *fn, void *payload,
			struct imgcache_error *err);

#endif
