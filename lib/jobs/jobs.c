/* SPDX-License-Identifier: MIT */
/* Builds that run elsewhere: waiting for their end, and bringing it about. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/manifest.h"
#include "session/alive.h"
#include "session/rows.h"
#include "store/jobs.h"
#include "store/names.h"
#include "sys/clock.h"
#include "sys/lock.h"
#include "sys/signals.h"

#define POLL_MS 50
#define START_MS 1000
#define CANCEL_MS 30000		/* docker is given two seconds to stop */

/* The row of moved sources is there before the process is at its end. */
static bool
is_ending(struct imgcache *ic, const struct imgcache_image *image)
{
	struct imgcache_error ignored = {0};
	struct job_list list = {0};
	const char *key = manifest_key(&ic->arena, image->tag);
	bool is = strcmp(key, image->tag) &&
		!session_catalog(ic, CATALOG_READ, &ignored) &&
		!jobs_get(ic->catalog, image->row, &list, &ignored) &&
		list.n && list.v[0].status == BUILD_RUNNING &&
		alive_job(ic, key);

	job_list_release(&list);
	return is;
}

static bool
is_alive(struct imgcache *ic, const struct imgcache_image *image)
{
	return alive_job(ic, image->tag) || alive_builds(ic, image->tag) ||
		is_ending(ic, image);
}

/* Until nobody is at it; IMGCACHE_EBUSY when the time is up (below 0: never). */
static int
wait_for_end(struct imgcache *ic, const struct imgcache_image *image,
	     int64_t timeout_ms, struct imgcache_error *err)
{
	int64_t until_us = timeout_ms < 0 ? INT64_MAX :
		clock_mono_us() + timeout_ms * 1000;

	while (is_alive(ic, image)) {
		if (signals_check(err))
			return err->code;
		if (clock_mono_us() >= until_us)
			return error_set(err, IMGCACHE_EBUSY, "%s is still "
					 "%s", image->id,
					 alive_builds(ic, image->tag) ?
					 "being built" : "waiting to be built");
		clock_sleep_ms(POLL_MS);
	}
	return 0;
}

static int
reload(struct imgcache *ic, const struct imgcache_image *image,
       const struct imgcache_image **out, struct imgcache_error *err)
{
	struct image_key key = {
		.engine = image->engine,
		.tag = image->tag,
		.platform = image->platform,
	};
	struct image_list list = {0};
	int ret = session_catalog(ic, CATALOG_READ, err);

	if (!ret)
		ret = catalog_forgo(alive_settle(ic, NULL, err), err);
	if (!ret)
		ret = images_find_again(ic->catalog, &key, &list, err);
	if (!ret && !list.n)
		ret = error_set(err, IMGCACHE_ENO, "image %s is not in the "
				"catalog any more", image->id);
	if (!ret)
		ret = images_load_dependencies(ic->catalog, &list, err);
	if (!ret)
		ret = names_load(ic->catalog, &list, err);
	if (!ret)
		*out = rows_to_public(ic, &list);
	image_list_release(&list);
	return ret;
}

static int
fail_of(enum build_status s)
{
	return s == BUILD_CHANGED ? IMGCACHE_ECHANGED : IMGCACHE_EBUILD;
}

static const char *
ended(enum build_status s, const char *why)
{
	switch (s) {
	case BUILD_FAILED:
		return "failed";
	case BUILD_CHANGED:
		return why ? "is void" : "is void, its sources changed";
	case BUILD_INTERRUPTED:
		return "was interrupted";
	case BUILD_RUNNING:
		return "is not at its end";
	default:
		return "is completed";
	}
}

/* How it ended, and why: that may say already where the log is. */
static int
fail_ended(const struct imgcache_image *image, enum build_status s,
	   struct imgcache_error *err)
{
	const char *why = image->reason;
	bool has_log = s != BUILD_FAILED ||
		(why && strstr(why, "see imgcache log "));

	return error_set(err, fail_of(s), "the build of image %s %s%s%.600s%s%s",
			 image->id, ended(s, why), why ? ": " : "",
			 why ? why : "", has_log ? "" : "; see imgcache log ",
			 has_log ? "" : image->id);
}

/*
 * An image that was there before may still be, though the job failed. What was
 * built after it counts for more.
 */
static int
judge(struct imgcache *ic, const struct imgcache_image *image,
      struct imgcache_error *err)
{
	struct job_list list = {0};
	const struct job_row *j;
	enum build_status s = BUILD_COMPLETED;
	int ret = jobs_get(ic->catalog, image->row, &list, err);

	if (ret)
		goto out;
	j = list.n ? list.v : NULL;
	if (strcmp(image->status, "completed")) {
		if (!build_status_parse(image->status, &s))
			ret = error_set(err, IMGCACHE_ENO, "image %s is %s",
					image->id, image->status);
		else
			ret = fail_ended(image, s, err);
	} else if (j && j->status != BUILD_COMPLETED &&
		   j->finished_at >= image->built_at) {
		ret = error_set(err, fail_of(j->status), "image %s is there, "
				"but its build in the background %s%s%.700s",
				image->id, ended(j->status, j->error),
				j->error ? ": " : "",
				j->error ? j->error : "");
	}
out:
	job_list_release(&list);
	return ret;
}

int
imgcache_wait(struct imgcache *ic, const struct imgcache_image *image,
	      int64_t timeout_ms, const struct imgcache_image **out,
	      struct imgcache_error *err)
{
	int ret = wait_for_end(ic, image, timeout_ms, err);

	*out = image;
	if (!ret)
		ret = reload(ic, image, out, err);
	return ret ? ret : judge(ic, *out, err);
}

/* Has the process the file open? Another namespace gives it another number. */
static bool
has_open(long pid, const char *path)
{
	char *dir = mem_printf("/proc/%ld/fd", pid);
	DIR *all = opendir(dir);
	const struct dirent *d;
	struct stat file, st;
	bool has = false;

	if (stat(path, &file))
		file.st_ino = 0;
	while (file.st_ino && all && !has && (d = readdir(all)))
		has = !fstatat(dirfd(all), d->d_name, &st, 0) &&
			st.st_dev == file.st_dev && st.st_ino == file.st_ino;
	if (all)
		closedir(all);
	free(dir);
	return has;
}

/*
 * Who builds. Before that the lock is held by who starts it, which is another
 * that must not be ended: its turn is over soon.
 */
static bool
read_holder(const char *path, long *pid, char host[65])
{
	int64_t until_us = clock_mono_us() + START_MS * 1000;
	char owner[256];

	do {
		const char *what;

		lock_owner(path, owner, sizeof(owner));
		what = strstr(owner, ": ");
		if (what && str_starts(what + 2, ALIVE_JOB) &&
		    sscanf(owner, "pid %ld on %64[^:]", pid, host) == 2)
			return *pid > 0;
		clock_sleep_ms(POLL_MS);
	} while (clock_mono_us() < until_us);
	return false;
}

/*
 * The process that holds the job's lock, by a descriptor of that process: what
 * the line in the file says is only where to look, so that no process that was
 * given the number later, or has it elsewhere, is ever meant.
 */
static int
open_process(struct imgcache *ic, const char *tag, struct imgcache_error *err)
{
	const char *path = alive_job_lock(ic, tag);
	char here[65] = "", host[65];
	long pid;
	int fd;

	if (gethostname(here, sizeof(here) - 1))
		here[0] = '\0';
	if (!read_holder(path, &pid, host))
		return !alive_job(ic, tag) ?
			error_set(err, IMGCACHE_ENO, "it has just ended") :
			error_set(err, IMGCACHE_EBUSY, "it is just being "
				 "started; try again");
	if (strcmp(host, here))
		return error_set(err, IMGCACHE_EBUSY, "it is built on '%s'; "
				 "cancel it there", host);
	fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (fd < 0)
		return error_errno(err, IMGCACHE_EBUSY, "cannot reach process "
				   "%ld", pid);
	if (!has_open(pid, path)) {
		close(fd);
		return error_set(err, IMGCACHE_EBUSY, "it has ended, or runs "
				 "where process %ld is another one", pid);
	}
	return fd;
}

static int
record_cancelled(struct imgcache *ic, const struct imgcache_image *image,
		 struct imgcache_error *err)
{
	const char *why = "cancelled";
	const struct imgcache_image *now;
	int ret = reload(ic, image, &now, err);

	if (!ret && !strcmp(now->status, "interrupted"))
		ret = images_set_status(ic->catalog, now->row,
					IMAGE_INTERRUPTED, why, err);
	/* it may have come to its end just before */
	if (!ret && strcmp(now->status, "completed"))
		ret = jobs_finish(ic->catalog, now->row, BUILD_INTERRUPTED, why,
				  err);
	return ret;
}

int
imgcache_cancel(struct imgcache *ic, const struct imgcache_image *image,
		struct imgcache_error *err)
{
	int fd, ret;

	if (!alive_job(ic, image->tag))
		return error_set(err, alive_builds(ic, image->tag) ?
				 IMGCACHE_EBUSY : IMGCACHE_ENO, "image %s is "
				 "not being built in the background",
				 image->id);
	fd = open_process(ic, image->tag, err);
	if (fd < 0) {
		error_prefix(err, "cannot cancel %s", image->id);
		return err->code;
	}
	ret = session_catalog(ic, CATALOG_WRITE, err);
	if (!ret && syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) &&
	    errno != ESRCH)
		ret = error_errno(err, IMGCACHE_EFAIL, "cannot cancel the "
				  "build of %s", image->id);
	if (!ret)
		(void)poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, CANCEL_MS);
	close(fd);
	if (!ret)
		ret = wait_for_end(ic, image, CANCEL_MS, err);
	return ret ? ret : record_cancelled(ic, image, err);
}
