/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_JOBS_H
#define IMGCACHE_STORE_JOBS_H

/*
 * Builds in the background: of each image the last one. A row is made before
 * its process is started and finished by that; one that is still running while
 * nobody holds its lock was killed, and is closed by whoever notices.
 */

#include "store/builds.h"

struct job_row {
	int64_t image;
	struct image_key key;		/* of the image */
	enum build_status status;
	const char *error;		/* why it is not completed */
	const char *log_path;
	int64_t last_build;		/* those after it are the job's own */
	int64_t started_at;
	int64_t finished_at;		/* 0: it runs, or was not finished */
};

struct job_list {
	struct job_row *v;
	size_t n, cap;
	struct arena arena;
};

void job_list_release(struct job_list *list);

int jobs_start(struct catalog *cat, int64_t image, const char *log_path,
	       struct imgcache_error *err);
int jobs_finish(struct catalog *cat, int64_t image, enum build_status status,
		const char *error, struct imgcache_error *err);

/* The image of that tag is there after all: what failed is no longer news. */
int jobs_forget(struct catalog *cat, const char *engine, const char *tag,
		struct imgcache_error *err);

/* At most one is added to the list; and all that run, by their images' ids. */
int jobs_get(struct catalog *cat, int64_t image, struct job_list *out,
	     struct imgcache_error *err);
int jobs_running(struct catalog *cat, struct job_list *out,
		 struct imgcache_error *err);

#endif
