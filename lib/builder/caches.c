/* SPDX-License-Identifier: MIT */
/* The build caches that the catalog knows, and how each is deleted. */
#include "store/caches.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "builder/buildcache.h"
#include "key/inputs.h"
#include "session/limits.h"
#include "session/recipes.h"
#include "session/session.h"
#include "sys/clock.h"
#include "sys/file.h"

static bool
is_loopback(const char *ref)
{
	return str_starts(ref, "localhost:") || str_starts(ref, "localhost/") ||
		str_starts(ref, "127.") || str_starts(ref, "[::1]");
}

/* NUMBER.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG */
static bool
ecr_command(const char *ref, struct buf *out)
{
	const char *region = strstr(ref, ".dkr.ecr.");
	const char *end = region ? strstr(region, ".amazonaws.com") : NULL;
	const char *slash = strchr(ref, '/'), *tag = strrchr(ref, ':');

	if (!end || !slash || end > slash || !tag || tag < slash)
		return false;
	region += strlen(".dkr.ecr.");
	buf_addf(out, "aws ecr batch-delete-image --region %.*s "
		 "--registry-id %.*s --repository-name %.*s "
		 "--image-ids imageTag=%s", (int)(end - region), region,
		 (int)strcspn(ref, "."), ref, (int)(tag - slash - 1), slash + 1,
		 tag + 1);
	return true;
}

/* Docker Hub and ghcr.io delete nothing through the registry's interface. */
static bool
registry_command(const char *ref, struct buf *out)
{
	const char *slash = strchr(ref, '/');
	const char *dot = strpbrk(ref, ".:");

	if (!slash || (!str_starts(ref, "localhost/") &&
		       (!dot || dot > slash)) ||
	    str_starts(ref, "docker.io/") || str_starts(ref, "ghcr.io/"))
		return false;
	if (ecr_command(ref, out))
		return true;
	buf_adds(out, "skopeo delete ");
	if (is_loopback(ref))
		buf_adds(out, "--tls-verify=false ");
	buf_addf(out, "docker://%s", ref);
	return true;
}

static const char *
command_of(struct imgcache *ic, const struct cache_row *row)
{
	struct buf out = BUF_INIT;
	const char *text = NULL;

	if (!row->is_ours || !row->exported_at)
		return NULL;
	if (!strcmp(row->type, "local")) {
		buf_adds(&out, "rm -r -- ");
		buf_add_shquoted(&out, row->place);
		text = arena_strdup(&ic->arena, out.data);
	} else if (!strcmp(row->type, "registry") &&
		   registry_command(row->place, &out)) {
		text = arena_strdup(&ic->arena, out.data);
	}
	buf_release(&out);
	return text;
}

static struct imgcache_cache
show(struct imgcache *ic, const struct cache_row *row)
{
	bool is_local = !strcmp(row->type, "local");

	return (struct imgcache_cache){
		.type = arena_strdup(&ic->arena, row->type),
		.place = arena_strdup(&ic->arena, row->place),
		.project = arena_strdup(&ic->arena, row->project),
		.image = arena_strdup(&ic->arena, row->image),
		.stage = arena_strdup(&ic->arena, row->stage),
		.size_bytes = is_local && file_is_dir(row->place) ?
			file_tree_size(row->place) : row->size_bytes,
		.exported_at = row->exported_at,
		.used_at = row->used_at,
		.command = command_of(ic, row),
	};
}

int
imgcache_caches(struct imgcache *ic, const struct imgcache_cache **out,
		size_t *n, struct imgcache_error *err)
{
	struct cache_list list = {0};
	struct imgcache_cache *v;
	size_t i;
	int ret = session_catalog(ic, CATALOG_READ, err);

	*n = 0;
	*out = NULL;
	if (!ret)
		ret = caches_list(ic->catalog, &list, err);
	v = arena_alloc(&ic->arena, (list.n + 1) * sizeof(*v));
	for (i = 0; !ret && i < list.n; i++)
		v[(*n)++] = show(ic, &list.v[i]);
	*out = v;
	cache_list_release(&list);
	return ret;
}

/* What names the caches of a recipe: all its platforms, or one of them. */
static void
labels_of(struct imgcache_recipe *r, struct strv *out)
{
	size_t i;

	strv_take(out, buildcache_label(r->recipe, inputs_platforms(r)));
	for (i = 0; i < r->recipe->platforms.n; i++)
		strv_take(out, buildcache_label(r->recipe,
						r->recipe->platforms.v[i]));
}

int
imgcache_recipe_caches(struct imgcache_recipe *r,
		       const struct imgcache_cache **out, size_t *n,
		       struct imgcache_error *err)
{
	const char *project = r->image ? r->recipe->root : NULL;
	struct cache_list list = {0};
	struct imgcache_cache *v;
	struct strv labels = {0};
	size_t i;
	int ret = recipes_check(r, err);

	*n = 0;
	*out = NULL;
	if (!ret)
		ret = session_catalog(r->ic, CATALOG_READ, err);
	if (!ret)
		ret = caches_list(r->ic->catalog, &list, err);
	if (!ret)
		labels_of(r, &labels);
	v = arena_alloc(&r->ic->arena, (list.n + 1) * sizeof(*v));
	for (i = 0; !ret && i < list.n; i++)
		if (list.v[i].image && strv_has(&labels, list.v[i].image) &&
		    str_is(list.v[i].project, project))
			v[(*n)++] = show(r->ic, &list.v[i]);
	*out = v;
	strv_release(&labels);
	cache_list_release(&list);
	return ret;
}

/* A local one that is gone has nothing left to be deleted. */
static bool
is_stale(struct imgcache_cache *c, int64_t max_age_s)
{
	if (!strcmp(c->type, "local") && !file_is_dir(c->place)) {
		c->command = NULL;
		return true;
	}
	return max_age_s > 0 && clock_now_s() - c->used_at > max_age_s;
}

int
imgcache_prune_caches(struct imgcache *ic, int64_t max_age_s, bool dry_run,
		      const struct imgcache_cache **out, size_t *n,
		      struct imgcache_error *err)
{
	const struct imgcache_cache *all;
	struct imgcache_cache *v;
	size_t i, n_all;
	int ret = session_catalog(ic, dry_run ? CATALOG_READ : CATALOG_WRITE,
				  err);

	*n = 0;
	*out = NULL;
	max_age_s = limits_cache_age(ic, max_age_s);
	if (!ret)
		ret = imgcache_caches(ic, &all, &n_all, err);
	if (ret)
		return ret;
	v = arena_alloc(&ic->arena, (n_all + 1) * sizeof(*v));
	for (i = 0; !ret && i < n_all; i++) {
		const struct cache_row row = {
			.type = all[i].type, .place = all[i].place
		};

		v[*n] = all[i];
		if (!is_stale(&v[*n], max_age_s))
			continue;
		++*n;
		if (!dry_run)
			ret = caches_forget(ic->catalog, &row, err);
	}
	*out = v;
	return ret;
}
