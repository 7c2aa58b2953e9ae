/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BUILDER_BUILDER_H
#define IMGCACHE_BUILDER_BUILDER_H

/*
 * One build, from inputs to an image under its tag. The image is built under a
 * name of its own and gets the tag only after its label was read back and the
 * inputs were found unchanged, so that nobody is ever handed an image that is
 * not what its tag says.
 */

#include "builder/buildcache.h"
#include "builder/folders.h"
#include "builder/redo.h"
#include "docker/progress.h"
#include "key/handover.h"
#include "lookup/lookup.h"
#include "store/builds.h"

struct buildx_client;
struct engine_image;

struct builder {
	struct inputs *in;
	const struct lookup_found *found;
	const struct imgcache_build_options *options;
	enum imgcache_reason reason;	/* why it is built */
	const char *detail;
	int lock_fd;			/* docker inherits it */
	bool is_job;			/* in the background, as promised */
	const char *const *platforms;	/* NULL: builder_run() decides */

	const char *only[2];	/* behind platforms, if it is one of several */
	bool cannot_run;	/* a step was for another processor */
	struct buildcache caches;
	struct redo redo;
	struct handover files;	/* what docker was given */
	struct folders folders;	/* as they were then */
	struct strv on_contexts;	/* stages whose base is a named context */
	char *temporary;		/* the name it is built under */
	char *log_path;
	int64_t image_row, build_row;
	struct image_list before;	/* the row as it was, if there is one */
	int64_t started_us;
	struct build_step *steps;
	size_t n_steps, cap_steps;
	struct arena text;		/* of the steps */
	struct progress_summary summary;
	char **said;		/* by vertex: the last line it printed */
	size_t n_said;
	const char *failed;	/* title of the step that did, or NULL */
	size_t failed_vertex;
};

/* 0 with the answer; IMGCACHE_EBUILD, ECHANGED, EINTR, EFAIL with err. */
int builder_run(struct builder *b, struct imgcache_answer *a,
		struct imgcache_error *err);
void builder_release(struct builder *b);

/*
 * Only docker's part: b->platforms under the name b->temporary, unrecorded but
 * for a log. And whether the inputs are still what they were.
 */
int builder_part(struct builder *b, struct imgcache_error *err);
int builder_check_unchanged(struct builder *b, struct imgcache_error *err);

/* Run docker: fills in summary and steps. */
int builder_docker(struct builder *b, struct imgcache_error *err);

/* Of buildx_run(), with the builder: notes what is said, and passes it on. */
void builder_progress(void *payload, const struct progress_event *p);

/* What the step that failed said last, or NULL; void with the builder. */
const char *builder_why(const struct builder *b);

/*
 * Say in err, a build's failure, where the log is: by what a person can type,
 * or by its path (else NULL) where the catalog has no row.
 */
void builder_name_log(const struct inputs *in, const char *path,
		      struct imgcache_error *err);

/* A file in the folder of logs, not made yet. */
int builder_choose_log(struct builder *b, struct imgcache_error *err);

/*
 * The catalog's side: before docker, after a failure, before the image gets its
 * tag (so that it is known by its id whatever happens then), after success.
 */
int builder_record_start(struct builder *b, struct imgcache_error *err);
void builder_record_failure(struct builder *b, int code, const char *text,
			    const char *image_id);
int builder_record_image(struct builder *b, const char *image_id,
			 struct imgcache_error *err);
int builder_record_success(struct builder *b, const struct engine_image *image,
			   struct imgcache_error *err);

/* Read back what is really installed; a failure is only a warning. */
void builder_take_inventory(struct builder *b, const char *image_id);

#endif
