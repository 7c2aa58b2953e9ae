/* SPDX-License-Identifier: MIT */
#include "keep/prune_caches.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/units.h"
#include "keep/localcache.h"
#include "session/session.h"
#include "store/caches.h"
#include "sys/file.h"

/* "dest=a/b" of a project is that far below, and its label one more. */
#define DEPTH 5

/* What is left of a cache that was removed, or never written, goes after it. */
#define KEEP_LEFT (24 * 60 * 60)

struct local {
	struct imgcache_pruned_cache shown;
	int64_t used_at;
	bool is_left;
};

struct locals {
	struct imgcache *ic;
	struct local *v;
	size_t n, cap;
	int64_t now;
};

static int64_t
changed_at(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct stat st;
	bool is = !lstat(path, &st);

	free(path);
	return is ? st.st_mtime : 0;
}

/* As the catalog knows it; of what it does not know, the last change. */
static int64_t
used_at(struct imgcache *ic, const char *dir, struct imgcache_error *err)
{
	struct cache_row row = { .type = "local", .place = dir };
	bool found = false;
	int64_t at;

	if (!caches_get(ic->catalog, &ic->arena, &row, &found, err) && found)
		return row.used_at;
	at = changed_at(dir, "current");
	return at ? at : changed_at(dir, "lock");
}

static int
add(struct locals *l, const char *dir, struct imgcache_error *err)
{
	bool is_left = localcache_is_left(dir);
	int64_t at = is_left ? changed_at(dir, "lock") :
		used_at(l->ic, dir, err);

	if (err->code)
		return err->code;
	mem_grow(l->v, l->n, l->cap);
	l->v[l->n++] = (struct local){
		.shown = {
			.place = arena_strdup(&l->ic->arena, dir),
			.size_bytes = file_tree_size(dir),
			.action = IMGCACHE_KEEP,
			.reason = "within the limits",
		},
		.used_at = at > l->now ? l->now : at,
		.is_left = is_left,
	};
	return 0;
}

static int
find(struct locals *l, const char *dir, int depth, struct imgcache_error *err)
{
	DIR *all = opendir(dir);
	struct dirent *d;
	struct stat st;
	int ret = 0;

	while (all && !ret && (d = readdir(all))) {
		char *path;

		if (d->d_name[0] == '.' ||
		    fstatat(dirfd(all), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISDIR(st.st_mode))
			continue;
		path = path_join(dir, d->d_name);
		if (localcache_is(path))
			ret = add(l, path, err);
		else if (depth)
			ret = find(l, path, depth - 1, err);
		free(path);
	}
	if (all)
		closedir(all);
	return ret;
}

static int
by_use(const void *a, const void *b)
{
	const struct local *x = a, *y = b;

	if (x->used_at != y->used_at)
		return x->used_at < y->used_at ? -1 : 1;
	return strcmp(x->shown.place, y->shown.place);
}

static void
judge(struct locals *l, int64_t max_age_s, int64_t max_size)
{
	int64_t left = 0;
	size_t i;

	for (i = 0; i < l->n; i++)
		left += l->v[i].shown.size_bytes;
	for (i = 0; i < l->n; i++) {
		struct imgcache_pruned_cache *c = &l->v[i].shown;
		int64_t age = l->now - l->v[i].used_at;
		char text[128], a[UNITS_TEXT], b[UNITS_TEXT];

		if (l->v[i].is_left && age > KEEP_LEFT)
			snprintf(text, sizeof(text), "nothing is left of it");
		else if (max_age_s && age > max_age_s)
			snprintf(text, sizeof(text),
				 "not used for %s (limit %s)",
				 units_age(a, age), units_age(b, max_age_s));
		else if (max_size && left > max_size)
			snprintf(text, sizeof(text), "more than %s together",
				 units_size(a, max_size));
		else
			continue;
		c->action = IMGCACHE_REMOVE;
		c->reason = arena_strdup(&l->ic->arena, text);
		left -= c->size_bytes;
	}
}

/* One that cannot be removed is told of, and is no reason to stop. */
static int
carry_out(struct locals *l, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < l->n; i++) {
		struct imgcache_pruned_cache *c = &l->v[i].shown;
		const struct cache_row row = {
			.type = "local", .place = c->place
		};
		bool goes = c->action == IMGCACHE_REMOVE;
		struct imgcache_error e = {0};
		int code = 0;

		/* a lock that is taken is young again */
		if (goes || !l->v[i].is_left)
			code = localcache_sweep(c->place, goes, &e);
		if (goes && code == IMGCACHE_EBUSY) {
			c->action = IMGCACHE_IN_USE;
			c->reason = "a build uses it";
		} else if (goes && code) {
			c->action = IMGCACHE_KEEP;
			c->reason = "it cannot be removed";
			session_warn(l->ic, "%s", e.text);
		} else if (goes) {
			ret = caches_forget(l->ic->catalog, &row, err);
		}
	}
	return ret;
}

static void
sum_up(const struct locals *l, struct imgcache_prune_result *out)
{
	struct imgcache_pruned_cache *v;
	size_t i;

	v = arena_alloc(&l->ic->arena, (l->n + 1) * sizeof(*v));
	for (i = 0; i < l->n; i++) {
		v[i] = l->v[i].shown;
		if (v[i].action != IMGCACHE_REMOVE)
			continue;
		out->n_caches_removed++;
		out->caches_bytes += v[i].size_bytes;
	}
	out->caches = v;
	out->n_caches = l->n;
}

static int64_t
limit(const struct imgcache *ic, int64_t given, enum setting_id id)
{
	return given >= 0 ? given : settings_int(&ic->settings, id);
}

int
prune_caches(struct imgcache *ic, const struct imgcache_prune_options *o,
	     int64_t now, struct imgcache_prune_result *out,
	     struct imgcache_error *err)
{
	const char *top = session_cache_dir(ic, "buildcache");
	struct locals l = { .ic = ic, .now = now };
	int ret = top ? find(&l, top, DEPTH, err) : 0;

	if (!ret && l.n) {
		qsort(l.v, l.n, sizeof(*l.v), by_use);
		judge(&l, limit(ic, o->cache_max_age_s, SETTING_CACHE_MAX_AGE),
		      limit(ic, o->cache_max_size_bytes,
			    SETTING_CACHE_MAX_SIZE));
		if (!o->dry_run)
			ret = carry_out(&l, err);
		sum_up(&l, out);
	}
	free(l.v);
	return ret;
}
