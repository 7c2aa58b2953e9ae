/* SPDX-License-Identifier: MIT */
/* What the catalog keeps of the caches of a build that went well. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "builder/builder.h"
#include "docker/registry.h"
#include "store/caches.h"
#include "store/jsonr.h"
#include "sys/clock.h"

/* The layers that a cache's manifest or index names, and its configuration. */
static int64_t
sum_sizes(const struct jsonr_node *doc)
{
	static const char *const lists[] = { "manifests", "layers" };
	int64_t sum = jsonr_int(doc, "/config/size", 0);
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct jsonr_node *list = jsonr_member(doc, lists[i]);
		const struct jsonr_node *n = list ? list->child : NULL;

		for (; n; n = n->next)
			sum += jsonr_int(n, "/size", 0);
	}
	return sum;
}

/* As the registry says, which others may have told more meanwhile. */
static int64_t
registry_size(struct imgcache *ic, const char *ref)
{
	struct imgcache_error ignored = {0};
	const struct jsonr_node *doc = NULL;
	struct jsonr *r = jsonr_new();
	struct buf text = BUF_INIT;
	int64_t size = -1;

	if (!registry_raw(&ic->registry, ref, &text, &ignored))
		doc = jsonr_parse(r, text.data, text.len, &ignored);
	if (doc)
		size = sum_sizes(doc);
	jsonr_free(r);
	buf_release(&text);
	return size > 0 ? size : -1;
}

static int
record(struct builder *b, const struct buildcache_use *u,
       struct imgcache_error *err)
{
	struct cache_row row = {
		.type = cache_type_name(u->type),
		.place = u->place,
		.project = b->in->r->image ? b->in->r->recipe->root : NULL,
		.image = b->caches.label,
		.stage = u->stage,
		.trigger = u->trigger,
		.is_ours = u->is_ours,
		.size_bytes = -1,
		.used_at = clock_now_s(),
	};

	if (u->direction == CACHE_FROM)
		return caches_used(b->in->ic->catalog, &row, err);
	row.exported_at = row.used_at;
	if (u->type == CACHE_REGISTRY)
		row.size_bytes = registry_size(b->in->ic, u->place);
	return caches_exported(b->in->ic->catalog, &row, err);
}

void
buildcache_commit(struct buildcache *c, struct builder *b)
{
	struct imgcache_error err = {0};
	size_t i;
	int ret = 0;

	for (i = 0; i < c->n_locals; i++)
		if (c->locals[i].dest &&
		    localcache_commit(&c->locals[i], &err) == IMGCACHE_EFAIL) {
			session_warn(b->in->ic, "the local build cache is as "
				     "it was: %s", err.text);
			error_clear(&err);
		}
	if (session_is_disabled(b->in->ic))
		return;
	for (i = 0; !ret && i < c->n_uses; i++)
		if (c->uses[i].place && !c->uses[i].failed)
			ret = record(b, &c->uses[i], &err);
	if (ret)
		session_warn(b->in->ic, "the build caches are not recorded: %s",
			     err.text);
}
