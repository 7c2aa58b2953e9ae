/* SPDX-License-Identifier: MIT */
#include "builder/pins.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "docker/builder_info.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "docker/registry.h"
#include "docker/version.h"
#include "store/images.h"
#include "store/platforms.h"

static int
knows_contexts(struct imgcache *ic, bool *knows, struct imgcache_error *err)
{
	struct engine_info info = {0};
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_info(e, &info, err);
	if (!ret)
		*knows = version_compare(info.version, 23, 0) >= 0;
	engine_info_release(&info);
	return ret;
}

static int
refuse(const struct base *b, const char *who, struct imgcache_error *err)
{
	char *pull;
	int ret;

	if (b->decided_for)
		return error_set(err, IMGCACHE_EFAIL, "'%s' cannot be pinned, "
				 "since a stage has its name, and %s another "
				 "image of that name; rename the stage, or "
				 "look the bases up anew (--pull, imgcache "
				 "lock)", b->ref, who);
	pull = b->kind == BASE_LOCAL ? mem_strdup("") :
		mem_printf("docker pull %s && ", b->pinned);
	ret = error_set(err, IMGCACHE_EFAIL, "this engine is too old to pin "
			"'%s', and %s another image of that name; run: "
			"%sdocker tag %s %s", b->ref, who, pull, b->pinned,
			b->ref);
	free(pull);
	return ret;
}

/* The engine has nothing of that name and will pull what the registry has. */
static int
check_registry(struct imgcache *ic, const struct base *b,
	       struct imgcache_error *err)
{
	struct registry_image image = {0};
	int ret;

	if (b->kind == BASE_LOCAL)
		return refuse(b, "the registry may have", err);
	ret = registry_image(&ic->registry, b->ref, session_platform(ic),
			     &image, err);
	if (!ret && strcmp(image.digest, b->digest))
		ret = refuse(b, "its registry now has", err);
	registry_image_release(&image);
	return ret;
}

/* Does the engine's own image of that name have the digest of the key? */
static int
check_base(struct imgcache *ic, const struct base *b,
	   struct imgcache_error *err)
{
	struct engine_image image = {0};
	const char *const *d;
	struct engine *e;
	bool fits;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_image(e, b->ref, &image, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = check_registry(ic, b, err);
		goto out;
	}
	if (ret)
		goto out;
	fits = b->image_id && !strcmp(image.id, b->image_id);
	for (d = image.digests; !fits && *d; d++)
		fits = str_ends(*d, b->digest);
	if (!fits)
		ret = refuse(b, "it has", err);
out:
	engine_image_release(&image);
	return ret;
}

/*
 * Does the builder take what it finds in a registry, though the engine has an
 * image of that name?
 */
static int
goes_to_registry(const struct inputs *in, const struct base *b,
		 const char *builder, bool *goes, struct imgcache_error *err)
{
	struct builder_info info = {0};
	int ret = builder_info_find(&info, NULL, builder, err);

	*goes = strcmp(info.driver, "docker") ||
		in->r->recipe->platforms.n > 1 ||
		!platform_is_same(b->decided_for,
				  session_own_platform(in->ic));
	builder_info_release(&info);
	return ret;
}

int
pins_check(struct inputs *in, const char *builder, struct imgcache_error *err)
{
	bool goes;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < in->n_bases; i++) {
		const struct base *b = &in->bases[i];

		if (!b->decided_for)
			continue;
		ret = goes_to_registry(in, b, builder, &goes, err);
		if (!ret)
			ret = check_base(in->ic, b, err);
		if (!ret && goes)
			ret = check_registry(in->ic, b, err);
	}
	return ret;
}

/* Are all of these on the engine? */
static bool
has_all(struct inputs *in, const struct image_row *row,
	const char *const *platforms, struct imgcache_error *err)
{
	struct strv loaded = {0};
	bool has = !platforms_get(in->ic->catalog, row->id, &loaded, err);

	for (; has && *platforms; platforms++)
		has = strv_has(&loaded, *platforms);
	strv_release(&loaded);
	return has;
}

/*
 * An image of ours that this one is built from, of which the engine has only
 * some platforms: where it is in a registry, the others come from there.
 */
static int
add_remote(struct inputs *in, const struct image_row *row,
	   const struct base *b, struct strv *contexts,
	   struct imgcache_error *err)
{
	bool knows;
	int ret = knows_contexts(in->ic, &knows, err);

	if (ret)
		return ret;
	if (!knows)
		return error_set(err, IMGCACHE_EFAIL, "this engine is too old "
				 "to build for several platforms from another "
				 "image of the project; use engine 23 or newer");
	if (!row->pushed_ref || !row->digest)
		return error_set(err, IMGCACHE_EFAIL, "'%s' is not here for "
				 "all platforms, and in no registry; build it "
				 "with --push first", row->ref);
	strv_pushf(contexts, "%s=docker-image://%.*s@%s", b->pinned,
		   (int)(strrchr(row->pushed_ref, ':') - row->pushed_ref),
		   row->pushed_ref, row->digest);
	return 0;
}

static int
pin_part(struct inputs *in, const struct base *b,
	 const char *const *platforms, struct strv *contexts,
	 struct imgcache_error *err)
{
	struct image_list list = {0};
	const char *engine;
	int ret = session_engine_name(in->ic, &engine, err);

	if (!ret)
		ret = images_find(in->ic->catalog, engine, b->digest, &list,
				  err);
	if (!ret && list.n && !has_all(in, &list.v[0], platforms, err))
		ret = err->code ? err->code :
			add_remote(in, &list.v[0], b, contexts, err);
	image_list_release(&list);
	return ret;
}

int
pins_for_parts(struct inputs *in, const char *const *platforms,
	       struct strv *contexts, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	if (in->r->recipe->platforms.n < 2 || session_is_disabled(in->ic))
		return 0;
	for (i = 0; !ret && i < in->n_bases; i++)
		if (in->bases[i].kind == BASE_OURS)
			ret = pin_part(in, &in->bases[i], platforms, contexts,
				       err);
	return ret;
}

int
pins_for_engine(struct inputs *in, struct strv *contexts,
		struct imgcache_error *err)
{
	bool knows = true;
	size_t i;
	int ret = 0;

	if (in->plain_contexts.n)
		ret = knows_contexts(in->ic, &knows, err);
	if (ret)
		return ret;
	if (knows || in->r->recipe->build_contexts.n) {
		strv_push_all(contexts, &in->plain_contexts);
		return 0;
	}
	for (i = 0; !ret && i < in->n_bases; i++)
		if (in->bases[i].kind == BASE_PINNED ||
		    in->bases[i].kind == BASE_LOCAL)
			ret = check_base(in->ic, &in->bases[i], err);
	return ret;
}
