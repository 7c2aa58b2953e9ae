/* SPDX-License-Identifier: MIT */
/*
 * The log of an image: docker's of its last build and, around it, the words of
 * the process in the background that had it built; in their file an empty line
 * stands for it. Which build is meant may only be known while it is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/progress.h"
#include "recipe/manifest.h"
#include "session/alive.h"
#include "store/jobs.h"
#include "sys/clock.h"
#include "sys/signals.h"

#define POLL_MS 100

struct log {
	struct imgcache *ic;
	const struct imgcache_image *image;
	struct progress *progress;
	imgcache_line_fn *fn;
	void *payload;
	const char *path;	/* docker's; NULL: there is none (yet) */
	const char *words;	/* the background's; NULL: there are none */
};

static void
on_event(void *payload, const struct progress_event *e)
{
	struct log *l = payload;
	struct buf line = BUF_INIT;

	progress_add_line(&line, e);
	l->fn(l->payload, line.data, line.len);
	buf_release(&line);
}

static bool
is_alive(const struct log *l)
{
	const char *tag = l->image->tag;

	return tag && (alive_builds(l->ic, tag) || alive_job(l->ic, tag));
}

static int
follow(struct log *l, int fd, struct imgcache_error *err)
{
	char chunk[65536];
	ssize_t n;
	bool last = false;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, IMGCACHE_EFAIL, "cannot read "
					   "'%s'", l->path);
		if (n > 0) {
			progress_feed(l->progress, chunk, (size_t)n);
			continue;
		}
		if (last)
			return 0;
		if (signals_check(err))
			return err->code;
		last = !is_alive(l);
		if (!last)
			clock_sleep_ms(POLL_MS);
	}
}

static int
put_docker(struct log *l, bool follows, struct imgcache_error *err)
{
	int fd = open(l->path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return error_errno(err, errno == ENOENT ? IMGCACHE_ENO :
				   IMGCACHE_EFAIL, "cannot read the log '%s'",
				   l->path);
	if (!follows) {
		ret = progress_render_log(fd, l->fn, l->payload, err);
	} else {
		l->progress = progress_new(on_event, l);
		ret = follow(l, fd, err);
		progress_end(l->progress);
		progress_free(l->progress);
	}
	close(fd);
	return ret;
}

enum part { BEFORE_DOCKER, BEHIND_DOCKER };

/* Were there any? */
static bool
put_words(struct log *l, enum part part)
{
	FILE *f = l->words ? fopen(l->words, "re") : NULL;
	enum part at = BEFORE_DOCKER;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool any = false;

	while (f && (n = getline(&line, &size, f)) > 0) {
		if (line[0] == '\n') {
			at = BEHIND_DOCKER;
		} else if (at == part) {
			l->fn(l->payload, line,
			      (size_t)(n - (line[n - 1] == '\n')));
			any = true;
		}
	}
	free(line);
	if (f)
		fclose(f);
	return any;
}

/* Has it the failure of another, for which it waited? */
static bool
is_shared(const struct job_row *j, const struct build_row *b)
{
	return j->status == BUILD_FAILED && b->status == BUILD_FAILED &&
		b->finished_at >= j->started_at;
}

/*
 * A build that came after the job began is the job's, or a later one; without
 * any, an older log is of no interest while, or if, the job has words.
 */
static int
choose(struct log *l, struct imgcache_error *err)
{
	struct build_filter last = { .engine = l->image->engine, .limit = 1 };
	struct arena *arena = &l->ic->arena;
	struct build_list builds = {0};
	struct job_list jobs = {0};
	const struct job_row *j;
	bool is_own;
	int ret;

	l->path = l->image->log;
	l->words = NULL;
	if (!l->image->tag)
		return 0;
	ret = session_catalog(l->ic, CATALOG_READ, err);
	/* of sources that moved it may hang on a row of its own */
	if (manifest_is_tag(l->image->tag))
		last.tag = l->image->tag;
	else
		last.image = l->image->row;
	if (!ret)
		ret = jobs_get(l->ic->catalog, l->image->row, &jobs, err);
	if (!ret && jobs.n)
		ret = builds_list(l->ic->catalog, &last, &builds, err);
	if (ret || !jobs.n)
		goto out;
	j = jobs.v;
	is_own = builds.n && (builds.v[0].id > j->last_build ||
			      is_shared(j, builds.v));
	if (is_own)
		l->path = arena_strdup(arena, builds.v[0].log_path);
	if (!is_own || !j->finished_at ||
	    j->finished_at >= builds.v[0].started_at)
		l->words = arena_strdup(arena, j->log_path);
	if (!is_own && j->status != BUILD_COMPLETED)
		l->path = NULL;
out:
	build_list_release(&builds);
	job_list_release(&jobs);
	return ret;
}

static bool
has_file(const struct log *l)
{
	return l->path && !access(l->path, F_OK);
}

/* Until docker writes a log, or nobody is at it any more. */
static int
await(struct log *l, struct imgcache_error *err)
{
	for (;;) {
		bool lives = is_alive(l);	/* before the look */
		int ret = choose(l, err);

		if (ret || has_file(l) || !lives)
			return ret;
		if (signals_check(err))
			return err->code;
		clock_sleep_ms(POLL_MS);
	}
}

/* What has a path before docker writes there has no log yet. */
static int
look(struct log *l, bool *lives, struct imgcache_error *err)
{
	int ret;

	*lives = is_alive(l);
	ret = choose(l, err);
	if (!ret && *lives && !has_file(l))
		l->path = NULL;
	return ret;
}

static int
say_none(const struct log *l, bool lives, struct imgcache_error *err)
{
	const char *id = l->image->id;

	return lives ? error_set(err, IMGCACHE_ENO, "image %s is pending, "
				 "there is no log yet: imgcache log -f %s "
				 "waits for it", id, id) :
		error_set(err, IMGCACHE_ENO, "image %s has no build log", id);
}

int
imgcache_log(struct imgcache *ic, const struct imgcache_image *image,
	     bool follows, imgcache_line_fn *fn, void *payload,
	     struct imgcache_error *err)
{
	struct log l = {
		.ic = ic, .image = image, .fn = fn, .payload = payload
	};
	bool lives = false, has_words = false;
	int ret = follows ? await(&l, err) : look(&l, &lives, err);

	if (!ret)
		has_words = put_words(&l, BEFORE_DOCKER);
	if (!ret && !l.path && (lives ? !has_words : !l.words))
		ret = say_none(&l, lives, err);
	if (!ret && l.path)
		ret = put_docker(&l, follows, err);
	if (!ret)
		put_words(&l, BEHIND_DOCKER);
	return ret;
}
