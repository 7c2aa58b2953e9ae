/* SPDX-License-Identifier: MIT */
#include "session/rows.h"

#include <string.h>

#include "store/jobs.h"
#include "store/platforms.h"

static const char *
kept(struct imgcache *ic, const char *text)
{
	return arena_strdup(&ic->arena, text);
}

static void
take_dependencies(struct imgcache *ic, const struct image_row *row,
		  struct imgcache_image *image)
{
	struct imgcache_dependency *v;
	size_t i;

	v = arena_alloc(&ic->arena, (row->n_dependencies + 1) * sizeof(*v));
	for (i = 0; i < row->n_dependencies; i++) {
		const struct image_dependency *d = &row->dependencies[i];

		v[i].type = kept(ic, d->type);
		v[i].name = kept(ic, d->name);
		v[i].is_asked = d->asked != NULL;
		v[i].asked = d->asked && *d->asked ? kept(ic, d->asked) : NULL;
		v[i].installed = kept(ic, d->installed);
	}
	image->dependencies = v;
	image->n_dependencies = row->n_dependencies;
}

/* What is loaded of an image: rows of their own, if it has several platforms. */
static void
take_loaded(struct imgcache *ic, const struct image_row *row,
	    struct imgcache_image *image)
{
	struct imgcache_error ignored = {0};
	struct strv list = {0};
	const char **v;
	size_t i;

	if (image->is_local && !strchr(row->key.platform, ','))
		strv_push(&list, row->key.platform);
	else if (image->is_local)
		(void)platforms_get(ic->catalog, row->id, &list, &ignored);
	v = arena_alloc(&ic->arena, (list.n + 1) * sizeof(*v));
	for (i = 0; i < list.n; i++)
		v[i] = kept(ic, list.v[i]);
	image->loaded = v;
	strv_release(&list);
}

static void
take_names(struct imgcache *ic, const struct image_row *row,
	   struct imgcache_image *image)
{
	const char **v;
	size_t i;

	v = arena_alloc(&ic->arena, (row->n_names + 1) * sizeof(*v));
	for (i = 0; i < row->n_names; i++)
		v[i] = kept(ic, row->names[i]);
	image->names = v;
}

static void
take_row(struct imgcache *ic, const struct image_row *row,
	 struct imgcache_image *image)
{
	char id[13];

	image_short_id(row->key.tag, id);
	image->row = row->id;
	image->id = kept(ic, id);
	image->name = kept(ic, row->name);
	image->tag = kept(ic, row->key.tag);
	image->ref = kept(ic, row->ref);
	image->image_id = kept(ic, row->image_id);
	image->digest = kept(ic, row->digest);
	image->base = kept(ic, row->base_ref);
	image->base_digest = kept(ic, row->base_digest);
	image->platform = kept(ic, row->key.platform);
	image->status = image_status_text(row->status);
	image->reason = kept(ic, row->reason);
	image->dependencies_hash = kept(ic, row->dependencies_hash);
	image->engine = kept(ic, row->key.engine);
	image->log = kept(ic, row->log_path);
	image->metadata = kept(ic, row->metadata);
	image->size_bytes = row->size_bytes;
	image->created_at = row->created_at;
	image->status_at = row->status_at;
	image->built_at = row->built_at;
	image->last_used_at = row->last_used_at;
	image->build_us = row->build_us;
	image->hits = row->hits;
	image->is_local = row->status == IMAGE_COMPLETED ||
		row->status == IMAGE_DELETING;
	image->origin = kept(ic, row->origin);
	image->pushed_ref = kept(ic, row->pushed_ref);
	image->pushed_at = row->pushed_at;
	image->pinned = row->pinned;
	take_names(ic, row, image);
	take_loaded(ic, row, image);
	take_dependencies(ic, row, image);
}

/* Its build has begun, or even ended: what comes behind it has not. */
static const char *
status_of(struct imgcache *ic, const struct job_row *job)
{
	struct build_filter last = { .image = job->image, .limit = 1 };
	struct imgcache_error ignored = {0};
	struct build_list builds = {0};
	bool has_begun = !builds_list(ic->catalog, &last, &builds, &ignored) &&
		builds.n && builds.v[0].id > job->last_build;

	build_list_release(&builds);
	return image_status_text(has_begun ? IMAGE_BUILDING : IMAGE_PENDING);
}

/* To be built anew in the background: it is there until then. */
static void
mark_pending(struct imgcache *ic, struct imgcache_image *v, size_t n)
{
	struct imgcache_error ignored = {0};
	struct job_list jobs = {0};
	size_t i, k;

	(void)jobs_running(ic->catalog, &jobs, &ignored);
	for (i = 0; i < jobs.n; i++)
		for (k = 0; k < n; k++)
			if (v[k].row == jobs.v[i].image &&
			    !strcmp(v[k].status, "completed"))
				v[k].status = status_of(ic, &jobs.v[i]);
	job_list_release(&jobs);
}

struct imgcache_image *
rows_to_public(struct imgcache *ic, const struct image_list *list)
{
	struct imgcache_image *v;
	size_t i;

	v = arena_alloc(&ic->arena, (list->n + 1) * sizeof(*v));
	for (i = 0; i < list->n; i++)
		take_row(ic, &list->v[i], &v[i]);
	mark_pending(ic, v, list->n);
	return v;
}
