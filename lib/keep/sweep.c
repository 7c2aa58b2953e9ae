/* SPDX-License-Identifier: MIT */
#include "keep/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/strv.h"
#include "key/handover.h"
#include "key/kept.h"
#include "session/session.h"
#include "store/builds.h"
#include "store/contexts.h"
#include "store/leases.h"
#include "store/lookups.h"
#include "store/objects.h"
#include "sys/file.h"
#include "sys/lock.h"

#define DAY (24 * 60 * 60)
#define KEEP_MEMO (30 * DAY)
#define KEEP_LOOKUPS (90 * DAY)

/* Not touched since then; a dry run only counts. */
struct old {
	int64_t before;
	bool dry_run;
};

/* Remove plain files of a folder, so old and so called. */
static int64_t
sweep_prefix(const char *dir, const char *prefix, struct old old)
{
	DIR *all = opendir(dir);
	struct dirent *d;
	struct stat st;
	int64_t n = 0;

	while (all && (d = readdir(all)))
		if (str_starts(d->d_name, prefix) &&
		    !fstatat(dirfd(all), d->d_name, &st,
			     AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && st.st_mtime < old.before)
			n += old.dry_run || !unlinkat(dirfd(all), d->d_name, 0);
	if (all)
		closedir(all);
	return n;
}

static int64_t
sweep_files(const char *dir, struct old old)
{
	return sweep_prefix(dir, "", old);
}

/* What a process that died was about to put in place. */
static int64_t
sweep_temps(const char *dir, struct old old)
{
	return sweep_prefix(dir, FILE_TEMP_PREFIX, old);
}

/* What is both is counted once, though a dry run meets it twice. */
static int64_t
sweep_kept(const char *dir, struct old temps, struct old files)
{
	int64_t n = sweep_temps(dir, temps) + sweep_files(dir, files);

	return files.dry_run ? n - sweep_temps(dir, files) : n;
}

/*
 * Lock files that nobody holds: taken first, so that none goes from under a
 * build; who waits for such a file makes it anew.
 */
static bool
sweep_lock(const char *path, bool dry_run)
{
	struct imgcache_error ignored = {0};
	struct lock lock = LOCK_INIT;

	if (dry_run)
		return !lock_is_held(path);
	if (lock_take(&lock, path, LOCK_EXCLUSIVE, 0, "prune", &ignored))
		return false;
	lock_discard(&lock);
	return true;
}

static int64_t
sweep_locks(const char *dir, struct old old)
{
	DIR *all = opendir(dir);
	struct dirent *d;
	struct stat st;
	int64_t n = 0;

	while (all && (d = readdir(all))) {
		char *path;

		if (d->d_name[0] == '.' || !strcmp(d->d_name, "prune") ||
		    fstatat(dirfd(all), d->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode) || st.st_mtime >= old.before)
			continue;
		path = mem_printf("%s/%s", dir, d->d_name);
		n += sweep_lock(path, old.dry_run);
		free(path);
	}
	if (all)
		closedir(all);
	return n;
}

static int
sweep_catalog(struct imgcache *ic, int64_t now, struct imgcache_error *err)
{
	int ret = leases_sweep(ic->catalog, now, err);

	if (!ret)
		ret = contexts_sweep(ic->catalog, now - KEEP_MEMO, err);
	if (!ret)
		ret = lookups_condense(ic->catalog, now - KEEP_LOOKUPS, err);
	if (!ret)
		ret = objects_sweep(ic->catalog, kept_children, NULL, now - DAY,
				    NULL, err);
	if (!ret)
		ret = catalog_compact(ic->catalog, err);
	return ret;
}

int
sweep(struct imgcache *ic, int64_t now, bool dry_run, int64_t *files,
      struct imgcache_error *err)
{
	static const char *const kept[] = {
		"memo", "hints", "contexts", "stat", "inline"
	};
	const char *state = settings_text(&ic->settings, SETTING_STATE_DIR);
	int64_t keep_logs = settings_int(&ic->settings, SETTING_LOG_KEEP);
	const struct old day = { now - DAY, dry_run };
	const struct old memo = { now - KEEP_MEMO, dry_run };
	const struct old logs = { now - keep_logs, dry_run };
	const char *dir;
	size_t i;

	if (!session_state_dir(ic, "logs", &dir, err) && keep_logs)
		*files += sweep_files(dir, logs);
	if (!err->code && !session_state_dir(ic, "locks", &dir, err))
		*files += sweep_locks(dir, day);
	if (err->code)
		return err->code;
	*files += handover_sweep(ic, day.before, dry_run) +
		sweep_temps(state, day);
	dir = session_cache_dir(ic, "engines");
	if (dir)
		*files += sweep_temps(dir, day);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		dir = session_cache_dir(ic, kept[i]);
		if (dir)
			*files += sweep_kept(dir, day, memo);
	}
	return dry_run ? 0 : sweep_catalog(ic, now, err);
}
