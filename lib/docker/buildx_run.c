/* SPDX-License-Identifier: MIT */
/*
 * One build, followed through its log file. The file is looked at twenty times
 * a second; it only grows, so what is new begins where we stopped.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "docker/buildx.h"
#include "docker/failure.h"
#include "docker/wait.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/signals.h"

#define TICK_MS 50
#define MAX_WORDS (16u << 10)

struct follow {
	const struct buildx_run *run;
	struct progress *progress;
	struct child child;
	off_t offset;
	int64_t started_us;
	int64_t output_us;
	struct buf words;	/* what docker itself said */
	char ended[64];		/* a deadline ended it: which */
};

/*
 * What would label or change an image behind our back, and a look at the git
 * repository that costs time and prints a warning.
 */
static const char *const unset[] = {
	"BUILDX_GIT_LABELS", "BUILDX_GIT_CHECK_DIRTY",
	"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "BUILDX_METADATA_PROVENANCE",
	NULL
};
static const char *const set[] = {
	"BUILDX_GIT_INFO=false", "BUILDX_NO_DEFAULT_ATTESTATIONS=1", NULL
};

static void
on_event(void *payload, const struct progress_event *e)
{
	struct follow *f = payload;

	if (e->type == PROGRESS_TEXT && f->words.len < MAX_WORDS)
		buf_addf(&f->words, "%s\n", e->text);
	if (f->run->on_progress)
		f->run->on_progress(f->run->payload, e);
}

static void
read_log(struct follow *f)
{
	char data[32768];
	ssize_t n;

	for (;;) {
		n = pread(f->run->log_fd, data, sizeof(data), f->offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		f->offset += n;
		f->output_us = clock_mono_us();
		progress_feed(f->progress, data, (size_t)n);
	}
}

/* So that a clock can go on while a step is silent. */
static void
tick(struct follow *f)
{
	struct progress_event e = { .type = PROGRESS_TICK };

	if (f->run->on_progress)
		f->run->on_progress(f->run->payload, &e);
}

static bool
has_passed(int64_t since_us, int64_t ms)
{
	return ms > 0 && clock_mono_us() - since_us >= ms * 1000;
}

static bool
check_deadlines(struct follow *f)
{
	const struct buildx_run *run = f->run;

	if (has_passed(f->started_us, run->timeout_ms))
		snprintf(f->ended, sizeof(f->ended), "it took longer than %d s",
			 (int)(run->timeout_ms / 1000));
	else if (has_passed(f->output_us, run->idle_ms))
		snprintf(f->ended, sizeof(f->ended), "it was silent for %d s",
			 (int)(run->idle_ms / 1000));
	return f->ended[0] != '\0';
}

/*
 * Until the child is gone. child_wait() is what ends it early: it sends
 * SIGTERM, on which docker cancels the build, and SIGKILL later.
 */
static int
follow(struct follow *f, struct imgcache_error *err)
{
	struct wait w;
	int ret = 0;

	f->started_us = f->output_us = clock_mono_us();
	wait_begin(&w, &f->child);
	while (!child_poll(&f->child)) {
		if (signals_pending() || check_deadlines(f)) {
			ret = child_wait(&f->child, 1, err);
			break;
		}
		wait_some(&w, TICK_MS);
		read_log(f);
		tick(f);
	}
	wait_end(&w);
	read_log(f);
	progress_end(f->progress);
	return ret;
}

static int
start(struct follow *f, const struct strv *argv,
	struct imgcache_error *err)
{
	struct child_options o = {
		.argv = (const char *const *)argv->v,
		.env_set = set,
		.env_unset = unset,
		.inherit_fd = f->run->lock_fd,
		.output_fd = f->run->log_fd,
		.own_group = true,
		.label = "docker buildx build"
	};
	int ret = signals_check(err);

	if (!ret)
		ret = child_start(&f->child, &o, err);
	if (ret == IMGCACHE_EFAIL && err->sys_errno == ENOENT) {
		error_clear(err);
		ret = error_set(err, IMGCACHE_EFAIL, "docker is not installed: "
				"no '%s' in PATH", argv->v[0]);
	}
	return ret;
}

/* Does the failure say that the build could not even be tried? */
static bool
is_ours(enum docker_failure f)
{
	return f == DOCKER_NO_ENGINE || f == DOCKER_NO_RIGHTS ||
		f == DOCKER_LOST_ENGINE || f == DOCKER_NO_BUILDX ||
		f == DOCKER_OLD_CLIENT || f == DOCKER_API_MISMATCH ||
		f == DOCKER_NO_SPACE;
}

/*
 * A command that failed may have printed anything and may be called anything,
 * so its error is looked at no further.
 */
static int
step_failed(const struct progress_summary *s,
	    struct imgcache_error *err)
{
	enum docker_failure f = DOCKER_OTHER;
	const char *advice;

	if (!strstr(s->error, "did not complete successfully"))
		f = docker_failure_of(s->error);
	advice = docker_failure_advice(f);
	if (is_ours(f))
		return error_set(err, IMGCACHE_EFAIL, "'%s' failed: %s; %s",
				 s->step, s->error, advice);
	if (advice && str_starts(s->step, "[internal]"))
		return error_set(err, IMGCACHE_EBUILD, "'%s' failed: %s; %s",
				 s->step, s->error, advice);
	return error_set(err, IMGCACHE_EBUILD, "'%s' failed: %s", s->step,
			 s->error);
}

static int
docker_failed(struct follow *f, struct progress_summary *s,
	      struct imgcache_error *err)
{
	enum docker_failure failure = docker_failure_of(f->words.data);
	const char *advice = docker_failure_advice(failure);
	int code = is_ours(failure) ? IMGCACHE_EFAIL : IMGCACHE_EBUILD;
	char how[64];

	s->failed = true;
	docker_failure_line(f->words.data, s->error, sizeof(s->error));
	if (!s->error[0])
		snprintf(s->error, sizeof(s->error), "%s",
			 child_result_text(&f->child.result, how));
	if (advice)
		return error_set(err, code, "docker buildx build: %s; %s",
				 s->error, advice);
	return error_set(err, code, "docker buildx build: %s", s->error);
}

static int
verdict(struct follow *f, struct progress_summary *s,
	struct imgcache_error *err)
{
	if (f->ended[0]) {
		s->failed = true;
		snprintf(s->error, sizeof(s->error), "ended, because %s",
			 f->ended);
		return error_set(err, IMGCACHE_EBUILD,
				 "the build was ended, because %s", f->ended);
	}
	if (f->child.result.end == CHILD_EXITED && !f->child.result.status) {
		s->failed = false;	/* a cache that was not to be had */
		s->step[0] = s->error[0] = '\0';
		return 0;
	}
	return s->step[0] ? step_failed(s, err) : docker_failed(f, s, err);
}

int
buildx_run(const struct buildx_run *run, struct progress_summary *out,
	   struct imgcache_error *err)
{
	struct follow f = { .run = run, .words = BUF_INIT };
	struct strv argv = { 0 };
	int ret = buildx_argv(run->request, run->client, &argv, err);

	memset(out, 0, sizeof(*out));
	f.progress = progress_new(on_event, &f);
	if (!ret)
		ret = start(&f, &argv, err);
	if (!ret) {
		ret = follow(&f, err);
		progress_summarize(f.progress, out);
		if (!ret)
			ret = verdict(&f, out, err);
	}
	progress_free(f.progress);
	buf_release(&f.words);
	strv_release(&argv);
	return ret;
}
