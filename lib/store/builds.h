/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_BUILDS_H
#define IMGCACHE_STORE_BUILDS_H

/*
 * Every build that was begun, and what came of it. A row is made before docker
 * is started and finished after; one that is still `running` while nobody
 * holds the lock of its tag was killed, and is closed as interrupted by
 * whoever notices.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "imgcache.h"
#include "store/images.h"

struct catalog;

/* In the order of build_status_text(). */
enum build_status {
	BUILD_RUNNING,
	BUILD_COMPLETED,
	BUILD_FAILED,
	BUILD_CHANGED,		/* sources moved during the build */
	BUILD_INTERRUPTED,	/* by a signal, a crash, a timeout */
	BUILD_STATUSES
};

const char *build_status_text(enum build_status s);
bool build_status_parse(const char *text, enum build_status *s);

struct build_row {
	int64_t id;
	struct image_key key;
	int64_t image;		/* row in images.h, 0: none (any more) */
	enum build_status status;
	const char *name;
	const char *project;
	int64_t started_at;
	int64_t finished_at;
	int64_t duration_us;
	enum imgcache_reason reason;	/* of the miss */
	const char *detail;		/* what exactly, in words */
	int64_t steps_total;
	int64_t steps_cached;
	int exit_status;		/* docker's; -1: did not exit, or ended
					 * in a way that is no other build's */
	const char *error;		/* the line that says what failed */
	const char *log_path;
	const char *builder;
	int64_t context_bytes;
	const char *commit;		/* HEAD of the context, if any */
	int pid;			/* of the imgcache that began it */
};

struct build_step {
	int n;			/* from 1, in the order they were shown */
	const char *name;
	bool cached;
	int64_t us;
};

struct build_list {
	struct build_row *v;
	size_t n, cap;
	struct arena arena;
};

struct step_list {
	struct build_step *v;
	size_t n, cap;
	struct arena arena;
};

void build_list_release(struct build_list *list);
void step_list_release(struct step_list *list);

/*
 * Take key, image, name, project, started_at (0: now), reason, detail,
 * log_path, builder, context_bytes, commit, pid from row. It is running.
 */
int builds_start(struct catalog *cat, const struct build_row *row, int64_t *id,
		 struct imgcache_error *err);

/*
 * Take status, image, finished_at (0: now), duration_us, steps_*, exit_status,
 * error, context_bytes from row, of the build row->id, with its steps.
 */
int builds_finish(struct catalog *cat, const struct build_row *row,
		  const struct build_step *steps, size_t n,
		  struct imgcache_error *err);

struct build_filter {
	const char *engine;	/* NULL: any */
	const char *tag;	/* NULL: any */
	const char *name;	/* NULL: any */
	int64_t image;		/* 0: any */
	unsigned statuses;	/* 1u << status, or-ed; 0: any */
	int64_t limit;		/* 0: all */
};

/* Newest first. */
int builds_list(struct catalog *cat, const struct build_filter *filter,
		struct build_list *out, struct imgcache_error *err);

int builds_steps(struct catalog *cat, int64_t build, struct step_list *out,
		 struct imgcache_error *err);

#endif
