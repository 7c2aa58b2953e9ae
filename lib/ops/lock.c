/* SPDX-License-Identifier: MIT */
/*
 * Writing imgcache.lock. Which bases there are is found by taking the inputs
 * of every recipe; which digests they have is asked of the registries, since
 * an image of this engine alone means nothing to the rest of the team.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ops/base.h"
#include "ops/inputs.h"
#include "ops/lockfile.h"
#include "sys/file.h"

static void
add_refs(struct strv *refs, const struct inputs *in)
{
	size_t i;

	for (i = 0; i < in->n_bases; i++)
		if ((in->bases[i].kind == BASE_PINNED ||
		     in->bases[i].kind == BASE_LOCAL) &&
		    !strchr(in->bases[i].ref, '@'))
			strv_push(refs, in->bases[i].ref);
}

static int
refs_of_project(struct imgcache *ic, struct strv *refs,
		struct imgcache_error *err)
{
	static const struct inputs_options o = { .no_lock = true };
	struct imgcache_recipe **all;
	size_t i, n;
	int ret = imgcache_recipe_all(ic, &all, &n, err);

	for (i = 0; !ret && i < n; i++) {
		struct inputs in;

		ret = inputs_take_dockerfile(all[i], &o, &in, err);
		if (!ret)
			add_refs(refs, &in);
		inputs_release(&in);
	}
	strv_sort(refs);
	strv_uniq(refs);
	return ret;
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

static int
lock_all(struct imgcache *ic, struct lockfile *l, const struct strv *refs,
	 bool update, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < refs->n; i++) {
		if (!update && lockfile_get(l, refs->v[i]))
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
	struct strv wanted = {0};
	char *path = NULL;
	int ret = 0;

	if (!ic->has_project)
		return error_set(err, IMGCACHE_EFAIL, "no imgcache.yaml in "
				 "'%s' or above it; the lock file stands "
				 "beside it", ic->dir);
	path = mem_printf("%s/imgcache.lock", ic->project.dir);
	for (; refs && *refs; refs++)
		strv_push(&wanted, *refs);
	if (!wanted.n)
		ret = refs_of_project(ic, &wanted, err);
	if (!ret)
		ret = read_twice(ic, path, update, &before, &after, err);
	if (!ret)
		ret = lock_all(ic, &after, &wanted, update, err);
	if (!ret)
		ret = lockfile_write(path, &after, err);
	if (!ret)
		report(ic, &before, &after, out, n);
	lockfile_release(&before);
	lockfile_release(&after);
	strv_release(&wanted);
	free(path);
	return ret;
}
