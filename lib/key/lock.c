/* SPDX-License-Identifier: MIT */
/*
 * Writing imgcache.lock. Which bases there are is found by taking the inputs
 * of every recipe; which digests they have is asked of the registries, since
 * an image of this engine alone means nothing to the rest of the team.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "key/base_config.h"
#include "key/inputs.h"
#include "key/lockfile.h"
#include "sys/file.h"

/* What is to be in the file. */
struct wanted {
	struct strv refs;
	struct strv configs;	/* "REF PLATFORM" */
};

static void
add_refs(struct strv *refs, const struct inputs *in)
{
	size_t i;

	for (i = 0; i < in->n_bases; i++)
		if ((in->bases[i].kind == BASE_PINNED ||
		     in->bases[i].kind == BASE_LOCAL ||
		     in->bases[i].decided_for) &&
		    !strchr(in->bases[i].ref, '@'))
			strv_push(refs, in->bases[i].ref);
}

static int
want_project(struct imgcache *ic, struct wanted *w, struct imgcache_error *err)
{
	static const struct inputs_options o = { .no_lock = true };
	struct imgcache_recipe **all;
	size_t i, n;
	int ret = imgcache_recipe_all(ic, &all, &n, err);

	for (i = 0; !ret && i < n; i++) {
		struct inputs in;

		ret = inputs_take_dockerfile(all[i], &o, &in, err);
		if (!ret)
			add_refs(&w->refs, &in);
		strv_push_all(&w->configs, &in.looked_at);
		inputs_release(&in);
	}
	strv_sort(&w->refs);
	strv_uniq(&w->refs);
	strv_sort(&w->configs);
	strv_uniq(&w->configs);
	return ret;
}

static void
want_refs(struct imgcache *ic, struct wanted *w, const char *const *refs)
{
	const char *platform = base_config_platform(ic, session_platform(ic));

	for (; *refs; refs++) {
		strv_push(&w->refs, *refs);
		strv_pushf(&w->configs, "%s %s", *refs, platform);
	}
}

static int
lock_one(struct imgcache *ic, struct lockfile *l, const char *ref,
	 struct imgcache_error *err)
{
	struct base_query q = {
		.ref = ref,
		.platform = session_platform(ic),
		.fresh = true,
		.no_lock = true,
		.wants_user = true,
	};
	struct lockfile_row row = { .ref = ref };
	struct base b;
	int ret = base_resolve(ic, &q, &b, err);

	if (ret)
		return ret;
	if (b.kind != BASE_PINNED)
		return error_set(err, IMGCACHE_ENO, "base '%s' is only on "
				 "this engine; push it to a registry, a lock "
				 "file is for the whole team", ref);
	row.digest = b.digest;
	row.user = b.user;
	lockfile_put(l, &row);
	return 0;
}

/* What is locked is so by every spelling, however old it is. */
static bool
is_locked(struct lockfile *l, const char *ref)
{
	const struct lockfile_row *row = lockfile_find(l, ref);

	if (!row)
		return false;
	if (row != lockfile_get(l, ref))
		lockfile_put(l, &(struct lockfile_row){
			.ref = ref, .digest = row->digest, .user = row->user,
		});
	return true;
}

/* Of just the digest that the row has, also where the row is an old one. */
static int
lock_config(struct imgcache *ic, struct lockfile *l, struct lockfile_row *row,
	    const char *platform, struct imgcache_error *err)
{
	struct base b = {
		.kind = BASE_PINNED,
		.ref = row->ref,
		.digest = row->digest,
		.config_of = row->digest,
	};
	struct base_config_query q = { &b, platform, true };
	struct lockfile_config c = { .platform = platform };
	struct base_config found;
	int ret = base_config(ic, &q, &found, err);

	if (!ret && found.is_known) {
		c.text = found.text;
		lockfile_put_config(l, row, &c);
	} else if (!ret) {
		session_warn(ic, "nobody says what is in '%s' for %s, so it is "
			     "not locked; where that cannot be found out, keys "
			     "may be others", row->ref, platform);
	}
	return ret;
}

static int
lock_configs(struct imgcache *ic, struct lockfile *l,
	     const struct strv *configs, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < configs->n; i++) {
		size_t len = strcspn(configs->v[i], " ");
		char *ref = mem_strndup(configs->v[i], len);
		const char *platform = configs->v[i] + len + 1;
		struct lockfile_row *row = lockfile_get(l, ref);

		if (row && !lockfile_get_config(row, platform))
			ret = lock_config(ic, l, row, platform, err);
		free(ref);
	}
	return ret;
}

static int
lock_all(struct imgcache *ic, struct lockfile *l, const struct strv *refs,
	 bool update, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < refs->n; i++) {
		if (!update && is_locked(l, refs->v[i]))
			continue;
		ret = lock_one(ic, l, refs->v[i], err);
		if (ret == IMGCACHE_ENO && refs->n > 1) {
			session_warn(ic, "not locked: %s", err->text);
			error_clear(err);
			ret = 0;
		}
	}
	if (ret == IMGCACHE_ENO)
		ret = err->code = IMGCACHE_EFAIL;
	return ret;
}

/* The whole file, each row with what it was before. */
static void
report(struct imgcache *ic, const struct lockfile *before,
       const struct lockfile *after, const struct imgcache_locked **out,
       size_t *n)
{
	struct imgcache_locked *v;
	size_t i;

	v = arena_alloc(&ic->arena, (after->n + 1) * sizeof(*v));
	for (i = 0; i < after->n; i++) {
		const struct lockfile_row *old =
			lockfile_get(before, after->v[i].ref);

		v[i].ref = arena_strdup(&ic->arena, after->v[i].ref);
		v[i].digest = arena_strdup(&ic->arena, after->v[i].digest);
		v[i].was = old ? arena_strdup(&ic->arena, old->digest) : NULL;
	}
	*out = v;
	*n = after->n;
}

/* The file as it is and as it will be; an update also mends a damaged one. */
static int
read_twice(struct imgcache *ic, const char *path, bool update,
	   struct lockfile *before, struct lockfile *after,
	   struct imgcache_error *err)
{
	int ret = lockfile_read(path, before, err);

	if (!ret)
		return lockfile_read(path, after, err);
	if (!update || !file_exists(path))
		return ret;
	session_warn(ic, "writing a new one: %s", err->text);
	error_clear(err);
	lockfile_release(before);
	return 0;
}

int
imgcache_lock(struct imgcache *ic, const char *const *refs, bool update,
	      const struct imgcache_locked **out, size_t *n,
	      struct imgcache_error *err)
{
	struct lockfile before = {0}, after = {0};
	struct wanted w = {0};
	char *path = NULL;
	int ret = 0;

	if (!ic->has_project)
		return error_set(err, IMGCACHE_EFAIL, "no imgcache.yaml in "
				 "'%s' or above it; the lock file stands "
				 "beside it", ic->dir);
	path = mem_printf("%s/imgcache.lock", ic->project.dir);
	if (refs && *refs)
		want_refs(ic, &w, refs);
	else
		ret = want_project(ic, &w, err);
	if (!ret)
		ret = read_twice(ic, path, update, &before, &after, err);
	if (!ret)
		ret = lock_all(ic, &after, &w.refs, update, err);
	if (!ret)
		ret = lock_configs(ic, &after, &w.configs, err);
	if (!ret)
		ret = lockfile_write(path, &after, err);
	if (!ret)
		report(ic, &before, &after, out, n);
	lockfile_release(&before);
	lockfile_release(&after);
	strv_release(&w.refs);
	strv_release(&w.configs);
	free(path);
	return ret;
}
