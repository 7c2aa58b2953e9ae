/* SPDX-License-Identifier: MIT */
/* Directories, disk, and the catalog with what crashed processes left. */
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/units.h"
#include "keep/reconcile.h"
#include "report/doctor.h"
#include "session/alive.h"
#include "store/lookups.h"
#include "sys/file.h"

#define LOW_BYTES (2LL * 1000 * 1000 * 1000)

static void
look_at_disk(struct doctor *d, const char *topic, const char *path)
{
	struct statvfs v;
	char text[UNITS_TEXT];
	int64_t left;

	if (statvfs(path, &v))
		return;
	left = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
	units_size(text, left);
	if (left < LOW_BYTES)
		doctor_add(d, IMGCACHE_ILL, topic, "imgcache prune, or remove "
			   "something else", "only %s left for %s", text, path);
	else
		doctor_add(d, IMGCACHE_FINE, topic, NULL, "%s left for %s",
			   text, path);
}

static void
look_at_directory(struct doctor *d, enum setting_id id)
{
	const char *path = settings_text(&d->ic->settings, id);
	struct imgcache_error err = {0};

	if (!file_private_dir(path, &err) && access(path, W_OK | X_OK))
		error_errno(&err, IMGCACHE_EFAIL, "cannot write to '%s'", path);
	if (err.code) {
		doctor_add(d, IMGCACHE_ILL, setting_row(id)->name, "make it "
			   "yours and writable, or set IMGCACHE_DIR", "%s",
			   err.text);
		return;
	}
	doctor_add(d, IMGCACHE_FINE, setting_row(id)->name, NULL, "%s", path);
	if (file_on_network(path))
		doctor_add(d, IMGCACHE_NOTE, setting_row(id)->name,
			   "set IMGCACHE_DIR to a local disk", "%s is on a "
			   "network file system: slower, and without WAL",
			   path);
}

static void
close_builds(struct doctor *d)
{
	struct imgcache_error ignored = {0};
	size_t n = 0;

	(void)alive_settle(d->ic, &n, &ignored);
	if (n)
		doctor_add(d, IMGCACHE_REPAIRED, "builds", NULL, "%zu build%s "
			   "whose process was gone %s closed", n,
			   n == 1 ? "" : "s", n == 1 ? "is" : "are");
}

static void
look_at_catalog(struct doctor *d)
{
	struct imgcache_error err = {0};
	char text[UNITS_TEXT];

	if (session_catalog(d->ic, CATALOG_READ, &err)) {
		doctor_add(d, IMGCACHE_ILL, "catalog", NULL, "%s", err.text);
		return;
	}
	if (catalog_flags(d->ic->catalog).was_rebuilt)
		doctor_add(d, IMGCACHE_REPAIRED, "catalog", NULL,
			   "a damaged catalog was set aside and filled anew "
			   "from the engine's labels");
	if (catalog_check(d->ic->catalog, true, &err)) {
		doctor_add(d, IMGCACHE_ILL, "catalog", "it is set aside at the "
			   "next start; nothing of the engine is lost", "%s",
			   err.text);
		error_clear(&err);
		(void)catalog_recover(d->ic->catalog, &err);
		return;
	}
	doctor_add(d, IMGCACHE_FINE, "catalog", NULL, "%s, %s, tables and "
		   "indexes agree", catalog_path(d->ic->catalog),
		   units_size(text, catalog_size_bytes(d->ic->catalog)));
	if (catalog_flags(d->ic->catalog).is_readonly)
		return;
	if (lookups_fold(d->ic->catalog, NULL, &err))
		doctor_add(d, IMGCACHE_ILL, "lookups", NULL, "%s", err.text);
	error_clear(&err);
	close_builds(d);
	if (!reconcile(d->ic, &err))
		doctor_add(d, IMGCACHE_FINE, "images", NULL,
			   "the catalog agrees with the engine");
}

static void
look_at_project(struct doctor *d)
{
	const struct imgcache *ic = d->ic;

	if (ic->bad_project)
		doctor_add(d, IMGCACHE_ILL, "project", "mend it; until then "
			   "only what needs no recipe works", "%s",
			   ic->bad_project);
	else if (ic->has_project)
		doctor_add(d, IMGCACHE_FINE, "project", NULL,
			   "%s, %zu image%s", ic->project.path,
			   ic->project.n_images,
			   ic->project.n_images == 1 ? "" : "s");
}

void
doctor_state(struct doctor *d)
{
	look_at_project(d);
	look_at_directory(d, SETTING_STATE_DIR);
	look_at_directory(d, SETTING_CACHE_DIR);
	look_at_disk(d, "disk", settings_text(&d->ic->settings,
					      SETTING_STATE_DIR));
	look_at_catalog(d);
}
