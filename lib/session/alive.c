/* SPDX-License-Identifier: MIT */
/*
 * A row is closed only while both locks of its tag are ours, and after it was
 * read once more: its process may have finished it just before it let go.
 */
#include "session/alive.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/manifest.h"
#include "store/builds.h"
#include "store/jobs.h"
#include "sys/lock.h"

#define NO_WORD "its process ended without a word"

static const char *
lock_path(struct imgcache *ic, const char *prefix, const char *tag)
{
	struct imgcache_error ignored = {0};
	const char *dir;

	if (session_state_dir(ic, "locks", &dir, &ignored))
		return NULL;
	return arena_printf(&ic->arena, "%s/%s%s", dir, prefix, tag);
}

const char *
alive_build_lock(struct imgcache *ic, const char *tag)
{
	return lock_path(ic, "", tag);
}

const char *
alive_job_lock(struct imgcache *ic, const char *tag)
{
	return lock_path(ic, "job-", tag);
}

static bool
is_held(const char *path)
{
	return path && lock_is_held(path);
}

bool
alive_builds(struct imgcache *ic, const char *tag)
{
	return is_held(alive_build_lock(ic, tag));
}

bool
alive_job(struct imgcache *ic, const char *tag)
{
	return is_held(alive_job_lock(ic, tag));
}

enum imgcache_reason
alive_reason(struct imgcache *ic, const char *tag, enum imgcache_reason reason)
{
	switch (reason) {
	case IMGCACHE_REASON_NONE:
	case IMGCACHE_ENGINE_UNKNOWN:
	case IMGCACHE_REGISTRY_UNKNOWN:
	case IMGCACHE_ASKED:
		return reason;
	default:
		if (alive_builds(ic, tag) && (reason == IMGCACHE_INTERRUPTED ||
					      alive_job(ic, tag)))
			return IMGCACHE_BEING_BUILT;
		return alive_job(ic, tag) ? IMGCACHE_PENDING : reason;
	}
}

void
alive_tell(struct imgcache *ic, const char *tag, struct imgcache_answer *a)
{
	enum imgcache_reason before = a->reason;

	a->reason = alive_reason(ic, tag, before);
	if (a->reason != before)
		a->detail = NULL;
}

static int
close_builds(struct imgcache *ic, const char *tag, size_t *n,
	     struct imgcache_error *err)
{
	struct build_filter filter = {
		.tag = tag, .statuses = 1u << BUILD_RUNNING
	};
	struct build_list list = {0};
	size_t i;
	int ret = builds_list(ic->catalog, &filter, &list, err);

	for (i = 0; !ret && i < list.n; i++) {
		list.v[i].status = BUILD_INTERRUPTED;
		list.v[i].exit_status = -1;
		list.v[i].error = NO_WORD;
		ret = builds_finish(ic->catalog, &list.v[i], NULL, 0, err);
		*n += !ret;
	}
	build_list_release(&list);
	return ret;
}

/* The rows of all engines that say it is built, or about to be. */
static int
close_images(struct imgcache *ic, const char *tag, struct imgcache_error *err)
{
	struct image_filter filter = {
		.prefix = tag,
		.statuses = 1u << IMAGE_BUILDING | 1u << IMAGE_PENDING,
	};
	struct image_list list = {0};
	size_t i;
	int ret = images_list(ic->catalog, &filter, &list, err);

	for (i = 0; !ret && i < list.n; i++)
		ret = images_set_status(ic->catalog, list.v[i].id,
					IMAGE_INTERRUPTED, NO_WORD, err);
	image_list_release(&list);
	return ret;
}

/* An image of moved sources was built under the lock of its key. */
static const char *
lock_tag(struct imgcache *ic, const char *tag)
{
	return manifest_key(&ic->arena, tag);
}

static int
close_jobs(struct imgcache *ic, const char *tag, struct imgcache_error *err)
{
	struct job_list list = {0};
	size_t i;
	int ret = jobs_running(ic->catalog, &list, err);

	for (i = 0; !ret && i < list.n; i++)
		if (!strcmp(lock_tag(ic, list.v[i].key.tag), tag))
			ret = jobs_finish(ic->catalog, list.v[i].image,
					  BUILD_INTERRUPTED, NO_WORD, err);
	job_list_release(&list);
	return ret;
}

static int
settle_tag(struct imgcache *ic, const char *tag, size_t *n,
	   struct imgcache_error *err)
{
	struct lock job = LOCK_INIT, build = LOCK_INIT;
	struct imgcache_error ignored = {0};
	const char *job_path = alive_job_lock(ic, tag);
	const char *build_path = alive_build_lock(ic, tag);
	int ret = 0;

	if (!job_path || !build_path ||
	    lock_take(&job, job_path, LOCK_EXCLUSIVE, 0, "settling", &ignored))
		return 0;
	if (!lock_take(&build, build_path, LOCK_EXCLUSIVE, 0, "settling",
		       &ignored)) {
		ret = close_builds(ic, tag, n, err);
		if (!ret)
			ret = close_images(ic, tag, err);
		if (!ret)
			ret = close_jobs(ic, tag, err);
	}
	lock_release(&build);
	lock_discard(&job);
	return ret;
}

/* Rows on which neither a build nor a job hangs any more. */
static int
settle_images(struct imgcache *ic, size_t *n, struct imgcache_error *err)
{
	struct image_filter left = {
		.statuses = 1u << IMAGE_BUILDING | 1u << IMAGE_PENDING
	};
	struct image_list list = {0};
	size_t i;
	int ret = images_list(ic->catalog, &left, &list, err);

	for (i = 0; !ret && i < list.n; i++)
		ret = settle_tag(ic, lock_tag(ic, list.v[i].key.tag), n, err);
	image_list_release(&list);
	return ret;
}

int
alive_settle(struct imgcache *ic, size_t *n, struct imgcache_error *err)
{
	struct build_filter running = { .statuses = 1u << BUILD_RUNNING };
	struct build_list builds = {0};
	struct job_list jobs = {0};
	size_t i, ignored = 0;
	int ret = session_catalog(ic, CATALOG_READ, err);

	if (ret || catalog_flags(ic->catalog).is_readonly)
		return ret;
	ret = builds_list(ic->catalog, &running, &builds, err);
	if (!ret)
		ret = jobs_running(ic->catalog, &jobs, err);
	n = n ? n : &ignored;
	for (i = 0; !ret && i < builds.n; i++)
		ret = settle_tag(ic, builds.v[i].key.tag, n, err);
	for (i = 0; !ret && i < jobs.n; i++)
		ret = settle_tag(ic, lock_tag(ic, jobs.v[i].key.tag), n, err);
	if (!ret)
		ret = settle_images(ic, n, err);
	build_list_release(&builds);
	job_list_release(&jobs);
	return ret;
}
